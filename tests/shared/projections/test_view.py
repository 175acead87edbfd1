"""Tables fold what derives from an event, one event into many rows, and aggregates by their own rules."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from shared.events import EVENTS, Provenance
from shared.events.cases import AlertRaised, CaseClosed, CaseEvent, CaseReopened
from shared.projections.view import Table, View
from tests.feeding import Feeder

BY = Provenance("ines@example.org", datetime(2026, 3, 14, 9, 30, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Counter:
    version: int = 0
    alerts: tuple[str, ...] = ()


def evolve(counter: Counter | None, event: CaseEvent) -> Counter:
    counter = counter or Counter()
    if isinstance(event, AlertRaised):
        counter = replace(counter, alerts=(*counter.alerts, event.kind))
    return replace(counter, version=event.originator_version)


@dataclass(slots=True)
class CounterRow:
    case_id: UUID
    version: int = 0
    alerts: int = 0
    seen: int = 0
    state: bytes | None = None


@dataclass(slots=True)
class WordRow:
    word: str
    times: int = 0


counters = Table("counters", CounterRow)
said = Table("said", WordRow)
view = View("counters", 1, [counters, said])


@counters.of_aggregate(CaseEvent, Counter, evolve)
def row_of(row: CounterRow, counter: Counter) -> None:
    row.version, row.alerts = counter.version, len(counter.alerts)


@counters.on(CaseEvent)
def seen(row: CounterRow, event: CaseEvent) -> None:
    row.seen += 1


@said.on(AlertRaised, keys=lambda event: event.reason.split())
def spoken(row: WordRow, event: AlertRaised) -> None:
    row.times += 1


def test_a_table_hears_every_event_that_derives_from_its_base() -> None:
    assert {name for name, event in EVENTS.items() if issubclass(event, CaseEvent)} == counters.types


async def test_an_aggregate_is_folded_by_its_own_rules_batch_after_batch(postgres: Callable[[str], str]) -> None:
    one, two, feeder = uuid4(), uuid4(), Feeder(postgres("counters"))
    await feeder.feed(
        view,
        AlertRaised(**BY.stamp(one, 1), kind="clock", reason="a b"),
        AlertRaised(**BY.stamp(two, 1), kind="clock", reason="b"),
    )
    rows = await feeder.feed(
        view, CaseReopened(**BY.stamp(one, 2), reason="c"), CaseClosed(**BY.stamp(one, 3), person_id=uuid4())
    )
    assert {id_: (r["version"], r["alerts"], r["seen"]) for id_, r in rows["counters"].items()} == {
        one: (3, 1, 3), two: (1, 1, 1),
    }  # fmt: skip
    assert {word: row["times"] for word, row in rows["said"].items()} == {"a": 1, "b": 2}


def test_a_state_with_a_set_is_refused() -> None:
    """Its order would differ between two builds of the same view."""

    @dataclass(frozen=True)
    class Loose:
        marks: frozenset[str] = frozenset()

    with pytest.raises(TypeError, match="use a tuple"):
        counters.of_aggregate(CaseEvent, Loose, lambda state, event: Loose())(lambda row, state: None)


def test_a_table_without_a_place_for_the_state_is_refused() -> None:
    with pytest.raises(TypeError, match="needs a field `state"):
        said.of_aggregate(CaseEvent, Counter, evolve)
