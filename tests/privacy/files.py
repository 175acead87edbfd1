"""Looks for bytes in files, as whoever holds a stolen disk would."""

from collections.abc import Iterable, Mapping
from pathlib import Path


def holding(folder: Path, words: Iterable[bytes]) -> dict[str, set[bytes]]:
    """Each file below `folder` that has one of the words in it, and which; a file that goes meanwhile has none."""
    sought = set(words)
    found: dict[str, set[bytes]] = {}
    for path in folder.rglob("*"):
        try:
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        except FileNotFoundError:
            continue
        if here := {word for word in sought if word in content}:
            found[str(path.relative_to(folder))] = here
    return found


def below(found: Mapping[str, set[bytes]], part: str) -> dict[str, set[bytes]]:
    """Those whose path begins so."""
    return {path: words for path, words in found.items() if path.startswith(part)}
