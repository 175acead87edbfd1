"""A backup as a file: a gzipped tar of binary COPY streams, cut in parts, with a manifest at its end.

The file is whole or refused: gzip's checksum covers every byte, and the manifest names the SHA-256 of every table.
It never holds the master key: without the key that wraps them, the people's keys in it open nothing.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from deploy.cli.console import Refused
from deploy.files import replacing

PART = 16 * 1024 * 1024
"""Bytes: a part is held in memory, as a tar says how long a member is before the member."""
MANIFEST = "manifest.json"
Add = Callable[[str, bytes], None]
"""Adds a member; it is in the file, compressed, when the call returns."""


class Damaged(Refused):
    """The file is not what a backup wrote: nothing of it is used."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(_Frozen):
    """One table as it was; its members are `service/table.000000` and so on."""

    columns: list[str]
    rows: int
    sha256: str = Field(description="Of its parts, joined.")


class Service(_Frozen):
    """One database as it was."""

    position: int = Field(description="The highest position of its events.")
    relayed: int = Field(description="Up to where they were in Kafka.")
    tables: dict[str, Table]
    sequences: dict[str, int]


class Manifest(_Frozen):
    """The contents of a backup."""

    format: Literal[1] = 1
    recourse: str
    made_at: AwareDatetime
    prefix: str
    topics: dict[str, int] = Field(description="Partitions by topic: another number would give other chains.")
    access: dict[str, Any] = Field(description="Tokens and ended sessions, as the topic of that name said.")
    services: dict[str, Service]

    @property
    def events(self) -> int:
        return sum(one.tables[f"{name}_events"].rows for name, one in self.services.items())


@contextmanager
def writing(path: Path) -> Iterator[Add]:
    """Readable by its owner alone."""
    with (
        replacing(path) as file,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as tar,
    ):

        def add(name: str, content: bytes) -> None:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            tar.addfile(member, io.BytesIO(content))

        yield add


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content, in their order; raises `Damaged` at the end at the latest."""
    try:
        with gzip.open(path) as zipped:
            with tarfile.open(fileobj=zipped, mode="r|") as tar:
                for member in tar:
                    content = tar.extractfile(member)
                    if content is None:
                        raise Damaged(f"{path} holds something that is no file: {member.name}")
                    yield member.name, content.read()
            while zipped.read(PART):  # what follows the last member is under gzip's checksum too
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise Damaged(f"{path} is damaged or no backup ({error}). Take another copy of it.") from error


def checked(path: Path) -> Manifest:
    """Read all of the file, and compare every table with the manifest; raises `Damaged`."""
    sums: dict[str, hashlib._Hash] = {}
    manifest = None
    for name, content in members(path):
        if name == MANIFEST:
            manifest = content
        else:
            sums.setdefault(table_of(name), hashlib.sha256()).update(content)
    if manifest is None:
        raise Damaged(f"{path} has no manifest: it is no backup, or one that was never finished.")
    try:
        read = Manifest.model_validate_json(manifest)
    except ValidationError as wrong:
        raise Damaged(f"{path} was written by another release of Recourse: {wrong.errors()[0]['msg']}.") from wrong
    named = {f"{name}/{table}": of.sha256 for name, one in read.services.items() for table, of in one.tables.items()}
    for table in sorted(named.keys() | sums.keys()):
        if table not in sums or sums[table].hexdigest() != named.get(table):
            raise Damaged(f"{path} is damaged: {table} is not what was written. Take another copy of it.")
    return read


def parts(content: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """At least one."""
    waiting = bytearray()
    for chunk in content:
        waiting += chunk
        if len(waiting) >= PART:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def part(table: str, number: int) -> str:
    return f"{table}.{number:06}"


def table_of(member: str) -> str:
    return member.rpartition(".")[0]
