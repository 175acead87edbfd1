"""Services do not know each other, the kit knows no service, and modules stay small."""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").exists())


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_there_are_six_services() -> None:
    assert SERVICES == ["cases", "intake", "reporting", "sentiment", "social", "surveys"]


def test_no_service_imports_another() -> None:
    for service in SERVICES:
        for path in modules(f"services/{service}"):
            others = {n for n in imported(path) if n.startswith("services.") and n.split(".")[1] != service}
            assert not others, (path, others)


def test_the_kit_knows_no_service() -> None:
    for path in modules("shared"):
        assert not {n for n in imported(path) if n.split(".")[0] in ("services", "deploy", "tests")}, path


def test_nothing_imports_the_composition() -> None:
    for path in modules("services") + modules("shared"):
        assert not {n for n in imported(path) if n.split(".")[0] in ("deploy", "tests")}, path


def test_only_the_composition_root_reads_settings() -> None:
    for path in modules("services") + modules("shared"):
        assert "os.environ" not in path.read_text(), path


def test_modules_are_small() -> None:
    lengths = {
        path: len(path.read_text().splitlines()) for f in ("shared", "services", "deploy") for path in modules(f)
    }
    lengths = {path: n for path, n in lengths.items() if n}
    assert max(lengths.values()) <= 300, max(lengths, key=lambda path: lengths[path])
    assert statistics.median(lengths.values()) < 120
