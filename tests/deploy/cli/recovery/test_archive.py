"""A file that is not whole is refused, wherever it was touched."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.cli.recovery import archive
from deploy.cli.recovery.archive import Damaged, Manifest

CONTENT = [os.urandom(3000), b"plain " * 2000]


def written(path: Path) -> Path:
    table = archive.Table(columns=["a"], rows=2, sha256=hashlib.sha256(b"".join(CONTENT)).hexdigest())
    service = archive.Service(position=2, relayed=2, tables={"cases_events": table}, sequences={})
    manifest = Manifest(
        recourse="0", made_at=datetime.now(UTC), prefix="", topics={"cases": 4}, access={}, services={"cases": service}
    )
    with archive.writing(path) as add:
        for number, content in enumerate(CONTENT):
            add(archive.part("cases/cases_events", number), content)
        add(archive.MANIFEST, manifest.model_dump_json().encode())
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "backup.tar.gz")
    assert archive.checked(path).events == 2
    assert [content for name, content in archive.members(path) if name != archive.MANIFEST] == CONTENT
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_one_bit_anywhere_is_seen_or_says_nothing(tmp_path: Path) -> None:
    """A few bits say nothing, such as the time in gzip's header: what is read is the same."""
    path = written(tmp_path / "backup.tar.gz")
    whole, members, unseen = path.read_bytes(), list(archive.members(path)), 0
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            archive.checked(path)
        except Damaged:
            continue
        assert list(archive.members(path)) == members
        unseen += 1
    assert unseen < len(whole) / 100


def test_one_that_ends_early_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "backup.tar.gz")
    whole = path.read_bytes()
    for length in (0, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            archive.checked(path)


def test_a_table_that_is_not_what_the_manifest_says_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "backup.tar.gz")
    other = list(archive.members(path))
    with archive.writing(path) as add:
        for name, content in other:
            add(name, content.replace(b"plain", b"false") if name.startswith("cases") else content)
    with pytest.raises(Damaged, match="cases_events"):
        archive.checked(path)


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), archive.writing(tmp_path / "backup.tar.gz") as add:
        add("cases/cases_events.000000", b"1")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
