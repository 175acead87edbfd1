"""Every place where words may be found: records, rows of every table, files as bytes, what is told to the outside."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from deploy.cli.operations import database
from deploy.cli.recovery import archive
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.kafka.clients import ends, read_to, reader, topics
from tests.privacy.seeding import PREFIX, WORD

Found = dict[str, set[bytes]]


def in_files(folder: Path) -> Found:
    """Words in the bytes of every file below the folder."""
    found: Found = {}
    for path in folder.rglob("*"):
        try:
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        except FileNotFoundError:
            continue
        if here := set(WORD.findall(content)):
            found[str(path.relative_to(folder))] = here
    return found


async def in_records(at: Installation) -> tuple[Found, int]:
    """Keys, values and headers of every record of every topic, and how many there are."""
    found: Found = {}
    count = 0
    async with reader(at.cluster) as kafka:
        limits = await ends(kafka, *await topics(kafka))
        kafka.assign(list(limits))
        async for batch in read_to(kafka, limits):
            for record in batch:
                count += 1
                parts = [record.key or b"", record.value or b"", *(v for _, v in record.headers)]
                parts += [name.encode() for name, _ in record.headers]
                if here := set(WORD.findall(b"\n".join(parts))):
                    found.setdefault(record.topic, set()).update(here)
    return found, count


def in_tables(at: Installation) -> Found:
    """Every column of every table of every database, as text; bytes also as the text that they may be."""
    found: Found = {}
    for service in SERVICES:
        with psycopg.connect(database(at, service)) as conn:
            tables = conn.execute(
                "select schemaname, tablename from pg_tables where schemaname not in ('information_schema')"
            ).fetchall()
            for schema, table in tables:
                columns = conn.execute(
                    "select column_name, data_type from information_schema.columns where table_schema = %s"
                    " and table_name = %s", [schema, table],
                ).fetchall()  # fmt: skip
                for column, kind in columns:
                    said = "encode({}, 'escape')" if kind == "bytea" else "{}::text"
                    rows = conn.execute(
                        SQL("select " + said + " from {} where " + said + " like {}").format(
                            Identifier(column), Identifier(schema, table), Identifier(column), f"%{PREFIX}%"
                        )
                    ).fetchall()
                    if here := set(WORD.findall("\n".join(row[0] for row in rows).encode())):
                        found.setdefault(f"{service}.{table}", set()).update(here)
    return found


def in_backup(path: Path) -> Found:
    return {name: here for name, content in archive.members(path) if (here := set(WORD.findall(content)))}


class Collector(ThreadingHTTPServer):
    """Takes traces, as an OTLP collector does, and keeps their bytes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keep)
        self.taken: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Keep(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        self.server.taken.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Not to standard error."""


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()
