"""What a certificate counts as not gone yet."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from deploy.cli.people import certificate
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.eventstore.store import Store
from shared.keys.keyring import Keyring
from shared.postgres.pools import lasting_pool
from shared.postgres.purge import rewrite
from shared.projections import versions
from tests.serving import MASTER


async def test_a_generation_that_is_being_filled_may_hold_words_and_so_may_the_log(
    postgres: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is dropped it is gone from the folder, and from the log when that is cut."""
    url = postgres("certified")
    monkeypatch.setattr(certificate, "database", lambda at, service: url)
    at = Installation(url="", kafka="", postgres=url, secret="", master_key="00" * 32, smtp="")
    Store("cases", url, Keyring(MASTER)).close()

    async def unwritten() -> tuple[str, ...]:
        return (await certificate._held(at, "cases", uuid4(), None)).unwritten

    async with lasting_pool(url, max_size=4) as pool, pool.connection() as conn:
        await conn.execute(versions.SCHEMA)
        assert await unwritten() == ()
        view = next(view for view in SERVICES["cases"].views if any(table.personal for table in view.tables))
        filled = {f"{table.name}_g2" for table in view.tables}
        async with versions.building(pool, view):
            assert set(await unwritten()) == filled
        assert set(await unwritten()) == filled
        assert (await rewrite(conn)).log_cut
        assert await unwritten() == ()
