"""Configuration: TOML files of code lists and rules, which a firm may replace by name in a folder of its own."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
Place = tuple[int | str, ...]

CONFIG: dict[str, "ConfigFile[Any]"] = {}
"""Files and folders that the imported modules read, by their name in the firm's folder."""


class ConfigNotValid(ValueError):
    """Files break rules: the message says file, line and rule of each."""


class ConfigFile(Generic[T]):
    """One file, read once, when first asked for or checked; `kind` is what it holds, as pydantic reads it."""

    firm: ClassVar[Path | None] = None
    """The folder whose files stand in for ours."""
    value: T | None = None

    def __init__(self, path: Path, kind: Any) -> None:
        self.path, self.model = path, TypeAdapter(kind)
        CONFIG[path.name] = self

    def __call__(self) -> T:
        if self.value is None:
            self.value = self._load()
        return self.value

    def _load(self) -> Any:
        [path] = self.paths(self.path.name)
        return read(path, self.model)

    def paths(self, pattern: str) -> list[Path]:
        """The files of that pattern beside ours, each of them the firm's where it has one of that name."""
        folders = [self.path.parent] + ([self.firm] if self.firm else [])
        found = {path.relative_to(folder): path for folder in folders for path in folder.glob(pattern)}
        return [found[name] for name in sorted(found)]


class ConfigFolder(ConfigFile[dict[str, T]]):
    """All files of a folder by their names without `.toml`."""

    def _load(self) -> dict[str, T]:
        return {path.stem: read(path, self.model) for path in self.paths(f"{self.path.name}/*.toml")}


def use(folder: Path | None) -> None:
    """Read everything anew from here on, and the files of this folder in place of ours."""
    if folder is not None and not folder.is_dir():
        raise ConfigNotValid(f"{folder} is no folder")
    ConfigFile.firm = folder
    for config in CONFIG.values():
        config.value = None


def check() -> None:
    """Read all that the imported modules read; raises `ConfigNotValid` with everything that is wrong."""
    found = []
    for config in CONFIG.values():
        try:
            config()
        except ConfigNotValid as error:
            found.append(str(error))
    if found:
        raise ConfigNotValid("\n".join(found))


def read(path: Path, model: TypeAdapter[Any]) -> Any:
    """Read and validate the file."""
    try:
        text = path.read_text("utf-8")
        return model.validate_python(tomllib.loads(text), context=path.stem)
    except UnicodeDecodeError as error:
        raise ConfigNotValid(f"{path}: not UTF-8, at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        said, _, where = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", where)
        raise ConfigNotValid(f"{path}:{line[1] if line else len(text.splitlines())}: {said}") from None
    except ValidationError as error:
        lines = dict(_lines(text))
        raise ConfigNotValid("\n".join(_said(path, lines, one) for one in error.errors())) from None


def _said(path: Path, lines: dict[Place, int], error: Any) -> str:
    """The line of the key that is wrong, or of the table in which one is missing."""
    place: Place = error["loc"]
    known = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in lines), ())
    where = f"{path}:{lines[known]}" if known else str(path)
    name = ".".join(str(part) for part in place)
    return f"{where}: {name + ': ' if name else ''}{error['msg'].removeprefix('Value error, ')}"


def _lines(text: str) -> Iterator[tuple[Place, int]]:
    """Line numbers of tables and of keys that begin a line."""
    table: Place = ()
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*\[\[\s*([\w-]+)\s*\]\]", line):
            counts[head[1]] = counts.get(head[1], -1) + 1
            table = (head[1], counts[head[1]])
            yield table, number
        elif head := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            table = tuple(head[1].split("."))
            yield table, number
        elif key := re.match(r"\s*\"?([\w-]+)\"?\s*=", line):
            yield (*table, key[1]), number
