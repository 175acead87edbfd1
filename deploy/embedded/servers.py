"""Both servers for a data folder, or the existing ones that were named instead."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.embedded.kafka import start_kafka
from deploy.embedded.postgres import start_postgres
from deploy.embedded.process import claimed


@contextmanager
def servers(
    data: Path, say: Callable[[str], None], kafka: str | None = None, postgres: str | None = None
) -> Iterator[dict[str, str]]:
    """Own the data folder and both servers, whose addresses it yields as settings; what we started, we stop."""

    def embedded_postgres() -> str:
        server = start_postgres(data)
        running.callback(server.stop)
        return server.url()

    def embedded_kafka() -> str:
        server = start_kafka(data, say=say)
        running.callback(server.stop)
        return server.bootstrap

    ours = [name for name, named in (("PostgreSQL", postgres), ("Kafka", kafka)) if not named]
    with claimed(data), ExitStack() as running:
        if ours:
            say(f"Starting {' and '.join(ours)}")
        # The pool is left only when both threads are done: whatever fails, all that runs is stopped.
        with ThreadPoolExecutor(2) as pool:
            kafka_at = pool.submit(lambda: kafka or embedded_kafka())
            postgres_at = pool.submit(lambda: postgres or embedded_postgres())
        yield {"kafka": kafka_at.result(), "postgres": postgres_at.result()}
