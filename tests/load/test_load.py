"""Every benchmark runs with small counts: figures come, and nothing is lost. What they say about time is not tested."""

import json
from collections.abc import Iterator

import pytest

from tests.load import page, scaling
from tests.load.benchmarks import BENCHMARKS
from tests.load.measuring import Figure, Run, percentile
from tests.processes import Site, running


@pytest.fixture(scope="module")
def installation() -> Iterator[Site]:
    with running() as site:
        yield site


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark_gives_figures(name: str, installation: Site) -> None:
    figures = BENCHMARKS[name](installation, True)
    assert len({one.what for one in figures}) == len(figures) > 0
    assert all(one.value > 0 for one in figures if one.limit is not None), figures
    run = Run.of(name, figures, installation)
    assert Run.read(json.loads(json.dumps(run.json()))).figures == figures
    assert page.table(run).count("\n| ") == len(figures) + 2


def test_percentile_is_the_smallest_value_that_the_share_does_not_exceed() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.01, 0.5, 0.95, 0.99, 1.0)] == [1, 50, 95, 99, 100]
    assert percentile([7.0], 0.5) == percentile([7.0], 0.99) == 7


def test_pages_show_the_kept_figures() -> None:
    for path, text in page.pages().items():
        assert path.read_text() == text


def test_each_benchmark_has_its_place_on_the_page() -> None:
    for name in BENCHMARKS:
        assert page.BLOCK.format(name, "").splitlines()[0] in page.PERFORMANCE.read_text()
    for name in scaling.BLOCKS:
        assert page.BLOCK.format(name, "").splitlines()[0] in page.SCALING.read_text()


def test_a_table_takes_the_place_that_is_marked_for_it() -> None:
    def text(first: str) -> str:
        return "\n".join([page.BLOCK.format("one", first), "between", page.BLOCK.format("two", "kept\n")])

    assert page.filled(text("old\n\nlines\n"), {"one": "| \\1 |\n"}) == text("| \\1 |\n")


def test_change_is_shown_against_an_earlier_run() -> None:
    before = Run("x", "2026-01-01", "abc", {}, [Figure("events", 100, "/s")])
    after = Run("x", "2026-01-02", "def", {}, [Figure("events", 150, "/s", 300, "bare")])
    assert "+50%, was 100" in page.text(after, before)
    assert "limit 300 (bare): 0.50 times" in page.text(after, None)
