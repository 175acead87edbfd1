"""The arithmetic of docs/scaling.md, with figures that can be reckoned by hand."""

import re
from collections.abc import Callable, Mapping

import pytest

from tests.load import page, scaling
from tests.load.measuring import Figure, Run

COSTS = {"intake": 0.7, "cases": 1.4, "sentiment": 0.35, "reporting": 0.7, "social": 0.05, "surveys": 0.05}
EVENTS = {"intake": 2, "cases": 2, "sentiment": 1}


def run(name: str, *figures: Figure) -> Run:
    return Run(name, "2026-01-01", "abc", {"cores": "2"}, figures)


@pytest.fixture
def runs() -> Mapping[str, Run]:
    """10,000 complaints of five events, 0.5 KB in Kafka."""
    measured = [
        Figure("events stored, sent and read", 5_000, "/s", 40_000, "bare INSERT of 50,000 events"),
        *(Figure(f"CPU of {name} per 1,000 complaints", cost, "s") for name, cost in COSTS.items()),
        Figure("CPU of postgresql per 1,000 complaints", 1.4, "s"),
        Figure("CPU of kafka per 1,000 complaints", 0.4, "s"),
        *(Figure(f"events per complaint by {name}", n, "") for name, n in EVENTS.items()),
        Figure("log of Kafka per complaint", 0.5, "KB"),
        Figure("written ahead by PostgreSQL per complaint", 10, "KB"),
        Figure("database of intake per complaint", 4, "KB"),
        Figure("database of cases per complaint", 6, "KB"),
    ]  # fmt: skip
    return {
        "end-to-end": run("end-to-end", *measured),
        "acceptance": run("acceptance", Figure("64 clients: CPU of intake per 1,000", 2.1, "s")),
        "relay": run("relay", Figure("events relayed", 8_000, "/s")),
        "letters": run("letters", Figure("letters handed over", 50, "/s")),
    }


def cells(table: str) -> dict[str, list[str]]:
    """The last columns of each row by the first."""
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in table.splitlines() if line.startswith("|")]
    return {row[0]: row[2:] for row in rows}


def test_a_rate_needs_processes_partitions_and_tables(runs: Mapping[str, Run]) -> None:
    found = cells(scaling.needs(runs))
    assert found["events"] == ["50,000 /s"]
    assert found["processes of cases, a core each"] == ["20"]
    assert found["processes of surveys, a core each"] == ["1"]
    assert found["the same, a request for each complaint"] == ["30"]
    assert found["partitions of a topic"] == ["32"]
    assert found["cores for postgresql"] == ["20"]
    assert found["event tables of cases"] == ["1"]


def test_partitions_are_enough_for_requests_of_one_complaint_each(runs: Mapping[str, Run]) -> None:
    asked = run("acceptance", Figure("64 clients: CPU of intake per 1,000", 2.8, "s"))
    found = cells(scaling.needs({**runs, "acceptance": asked}))
    assert found["the same, a request for each complaint"] == ["40"]
    assert found["partitions of a topic"] == ["64"]


def test_bytes_are_counted_with_their_copies(runs: Mapping[str, Run]) -> None:
    found = cells(scaling.bytes_of(runs))
    assert found["Kafka"] == ["1.5 GB", "15 MB/s", "484 TB"]
    assert found["PostgreSQL, kept"] == ["10.2 GB", "102 MB/s", "3,229 TB"]


def test_the_lowest_ceiling_comes_first(runs: Mapping[str, Run]) -> None:
    found = cells(scaling.ceilings(runs))
    rates = [int(values[0].replace(",", "")) for name, values in list(found.items())[2:]]
    assert rates == sorted(rates)
    assert next(iter(list(found)[2:])) == "the mailer, if each is acknowledged"
    assert found["a process of intake, a request for each"] == ["476"]
    assert found["the relay of cases"] == ["4,000"]
    assert found["the event table of sentiment"] == ["40,000"]
    assert found["a server of kafka on this machine"] == ["5,000"]


@pytest.mark.parametrize("block", scaling.BLOCKS.values(), ids=scaling.BLOCKS)
def test_every_row_that_a_formula_names_is_measured(block: Callable[..., str], runs: Mapping[str, Run]) -> None:
    """Words in italics are rows; `…` stands for several."""
    rows = {one.what for of in runs.values() for one in of.figures}
    for name in re.findall(r"\*([^*]+)\*", block(runs)):
        begins = re.compile(re.escape(name).replace(" … ", ".*").replace("\\ …\\ ", ".*").replace(", all", ""))
        assert any(begins.search(row) for row in rows), name


def test_arithmetic_waits_for_all_that_it_needs(runs: Mapping[str, Run]) -> None:
    assert set(runs) == page.ARITHMETIC
