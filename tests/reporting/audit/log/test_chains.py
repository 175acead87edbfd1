"""A chain names each record that does not fit, once, and goes on."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.audit.findings import Finding
from services.reporting.audit.log.chains import Chain
from shared.kafka.records import Record, chain, read
from tests.feeding import Feeder
from tests.scenarios.reporting import closed

Tamper = Callable[[list[Record], int], None]


def log(count: int = 9) -> list[Record]:
    """One partition as a relay fills it, its positions far apart as those of a busy service are."""
    feeder = Feeder("")
    records = []
    for number in range(1, count + 1):
        feeder._positions = number * 10 - 1
        (raw,) = feeder.records(closed(1, number, number))
        records.append(read(raw)._replace(offset=number - 1))
    return records


def walk(records: Sequence[Record], end: tuple[int, bytes] | None = None) -> list[Finding]:
    walked = Chain("cases", records[0].partition)
    for record in records:
        walked.take(record)
    if end:
        walked.ends_at(*end)
    return walked.findings()


def change_value(records: list[Record], at: int) -> None:
    records[at] = records[at]._replace(value=records[at].value.replace(b"ines", b"inez"))


def change_type(records: list[Record], at: int) -> None:
    records[at] = records[at]._replace(name="case.reopened.v1")


def change_link(records: list[Record], at: int) -> None:
    records[at] = records[at]._replace(chain=bytes(32))


def take_out(records: list[Record], at: int) -> None:
    del records[at]


def slip_in(records: list[Record], at: int) -> None:
    """A stranger copies a record's form and takes a position that is free."""
    made = records[at]._replace(
        position=records[at].position + 1, previous=records[at].position, chain=b"x" * 32, offset=99
    )
    records.insert(at + 1, made)


def slip_in_far_ahead(records: list[Record], at: int) -> None:
    made = records[at]._replace(position=10**9, previous=10**9 - 1, chain=b"x" * 32, offset=99)
    records.insert(at + 1, made)


def slip_in_well_chained(records: list[Record], at: int) -> None:
    """A stranger who computes the chain as a relay does."""
    before, value = records[at], b'{"forged":true}'
    position = before.position + 1
    link = chain(before.chain, position, before.name, value)
    made = before._replace(position=position, previous=before.position, value=value, chain=link, offset=99)
    records.insert(at + 1, made)


def repeat_with_other_bytes(records: list[Record], at: int) -> None:
    records.insert(at + 1, records[at]._replace(value=b"{}", offset=99))


ALL: list[tuple[Tamper, str, int]] = [
    (change_value, "changed", 0), (change_type, "changed", 0), (change_link, "changed", 0), (take_out, "missing", 0),
    (slip_in, "added", 1), (slip_in_far_ahead, "added", 10**9), (slip_in_well_chained, "added", 1),
    (repeat_with_other_bytes, "added", 0),
]  # fmt: skip


def test_what_a_relay_sent_is_in_order() -> None:
    assert walk(log()) == []


@given(st.integers(0, 8), st.integers(0, 8))
def test_what_is_sent_again_is_no_finding(first: int, last: int) -> None:
    """A relay that crashed begins again from what it recorded."""
    records = log()
    assert walk(records[: last + 1] + records[min(first, last) :]) == []


@pytest.mark.parametrize(("tamper", "kind", "shift"), ALL, ids=lambda value: getattr(value, "__name__", None))
@pytest.mark.parametrize("at", [0, 4, 7])
def test_one_tampering_is_one_finding(tamper: Tamper, kind: str, shift: int, at: int) -> None:
    records = log()
    position = 10**9 if shift == 10**9 else records[at].position + shift
    tamper(records, at)
    assert [(found.kind, found.position) for found in walk(records)] == [(kind, position)]


def test_two_tamperings_far_apart_are_two_findings() -> None:
    records = log()
    change_value(records, 6)
    take_out(records, 2)
    assert [(found.kind, found.position) for found in walk(records)] == [("missing", 30), ("changed", 70)]


def test_a_log_whose_beginning_is_gone_says_so_once() -> None:
    assert [(found.kind, found.position) for found in walk(log()[3:])] == [("missing", 30)]


def test_the_end_is_the_one_that_the_owner_recorded() -> None:
    records = log()
    end = (records[-1].position, records[-1].chain)
    assert walk(records, end) == []
    assert [(found.kind, found.position) for found in walk(records[:-2], end)] == [("missing", 90)]
    change_value(records, 8)
    assert [found.kind for found in walk(records)] == ["added"], "nobody tells whether a relay sent it"
    assert [found.kind for found in walk(records, end)] == ["changed"]


def test_a_log_that_was_rewritten_whole_does_not_end_as_the_owner_recorded() -> None:
    records = log()
    end = (records[-1].position, records[-1].chain)
    change_value(records, 3)
    link = records[2].chain
    for index in range(3, 9):
        link = chain(link, records[index].position, records[index].name, records[index].value)
        records[index] = records[index]._replace(chain=link)
    assert walk(records) == []
    assert [(found.kind, found.position) for found in walk(records, end)] == [("changed", 90)]
