"""Another process of a service, that leads in its timers and effects until it is killed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

from deploy.installation import Installation
from deploy.services import SERVICES
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from tests.clock import SharedClock
from tests.serving import MASTER, SECRET, until

LEADS = """
select count(*) = cardinality(%(names)s) from pg_locks join unnest(%(names)s::text[]) as name
on objid = hashtext('recourse.' || name)::bigint & 4294967295
where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
"""
Process = asyncio.subprocess.Process


@asynccontextmanager
async def replica(module: str, given: Settings, leads: Sequence[str], *more: object) -> AsyncIterator[Process]:
    """`python -m module` with these settings, once it leads in all of these; killed at the latest in the end."""
    words = [module, given.postgres, given.kafka, given.topic_prefix, *map(str, more)]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *words)
    try:
        async with await psycopg.AsyncConnection.connect(given.postgres, autocommit=True) as conn:

            async def leading() -> bool:
                return await (await conn.execute(LEADS, {"names": list(leads)})).fetchone() == (True,)

            await until(leading, 60)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        assert await process.wait() == -signal.SIGKILL


@asynccontextmanager
async def another(service: str, given: Settings, leads: str, folder: Path) -> AsyncIterator[Process]:
    """Of that service, by the clock in the folder."""
    async with replica(__name__, given, [leads], service, folder) as process:
        yield process


def arguments() -> tuple[Installation, Sequence[str]]:
    """Arguments that `replica` gave this process."""
    postgres, bootstrap, prefix, *more = sys.argv[1:]
    given = Installation(
        postgres=postgres, kafka=bootstrap, topic_prefix=prefix, master_key=MASTER.hex(), secret=SECRET
    )  # fmt: skip
    return given, more


def run(runtime: Runtime) -> None:
    """Until it is killed."""

    async def serve() -> None:
        app = runtime.application(runtime.service)
        async with app.router.lifespan_context(app):
            await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    given, (service, folder) = arguments()
    runtime: Runtime = SERVICES[service].build(given).state.runtime
    runtime.clock = SharedClock(Path(folder))
    run(runtime)
