"""A consumer reads a partition in which strangers write, records repeat, or something is missing."""

from dataclasses import replace
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord

from shared.kafka.chain import STRANGER, Checked, Checkpoint, check_chain
from shared.kafka.records import FIRST_CHAIN, chain, headers, read

VALUE = b'{"recorded_at":"2026-03-14T09:30:00Z"}'
PLACE = ("cases", 0)
NAME = "case.opened.v2"
Raw = ConsumerRecord[bytes, bytes]


def raw(offset: int, made: Any) -> Raw:
    """A record as Kafka hands it over."""
    return Raw("cases", 0, offset, 0, 0, b"k", VALUE, None, 1, len(VALUE), made)


def sent(*positions: int) -> list[Raw]:
    """As a relay would send them, one after the other."""
    found: list[Raw] = []
    previous, link = 0, FIRST_CHAIN
    for offset, position in enumerate(positions):
        link = chain(link, position, NAME, VALUE)
        found.append(raw(offset, _headers(position, previous, link)))
        previous = position
    return found


def forged(offset: int, position: int, previous: int) -> Raw:
    """By somebody who knows the form, and not the chain's last value."""
    return raw(offset, _headers(position, previous, b"\1" * 32))


def _headers(position: int, previous: int, link: bytes) -> list[tuple[str, bytes | None]]:
    made = headers(
        topic="cases", key="k", version=1, name=NAME, value=VALUE, service="cases", position=position,
        previous=previous, chained=link, trace=None,
    )  # fmt: skip
    return list(made)


def at(*records: Raw, checkpoint: Checkpoint | None = None) -> Checked:
    return check_chain("view", records, {PLACE: checkpoint} if checkpoint else {}, frozenset({"case.opened"}))


def taken(found: Checked) -> list[int]:
    return [record.position for record in found.records]


def shifted(record: Raw, by: int) -> Raw:
    return replace(record, offset=record.offset + by)


def test_what_a_relay_sends_is_taken_in_and_the_stand_is_its_end() -> None:
    found = at(*sent(3, 5, 9))
    assert (taken(found), found.dead, found.gap) == ([3, 5, 9], [], None)
    [step] = found.advances
    assert (step.seen, step.position, step.next_offset, step.link) == (0, 9, 3, found.records[2].chain)


@pytest.mark.parametrize(("position", "previous"), [(6, 5), (6, 4), (10**15, 5), (10**15, 4), (10**15, 10**14)])
def test_a_stranger_is_set_aside_once_the_chain_goes_on_without_it(position: int, previous: int) -> None:
    """Above all one that claims a position far ahead: taken for true, all that follows would look old."""
    first, second, third = sent(3, 5, 9)
    found = at(first, second, forged(2, position, previous), shifted(third, 1))
    assert taken(found) == [3, 5, 9]
    assert [(dead.raw.offset, dead.error) for dead in found.dead] == [(2, STRANGER)]
    assert found.gap is None
    assert found.advances[0].next_offset == 4


def test_until_then_nothing_behind_it_is_taken_and_it_is_read_again() -> None:
    first, second, _ = sent(3, 5, 9)
    found = at(first, second, forged(2, 10**15, 5), raw(3, []))
    assert (taken(found), found.dead) == ([3, 5], [])
    assert found.gap is not None
    assert (found.gap.next_offset, "chain value" in str(found.gap)) == (2, True)
    assert (found.advances[0].position, found.advances[0].next_offset) == (5, 2)


def test_what_is_missing_stays_a_gap_however_much_follows() -> None:
    first, _, third, fourth = sent(3, 5, 9, 12)
    found = at(first, third, fourth)
    assert (taken(found), found.dead) == ([3], [])
    assert found.gap is not None
    assert (found.gap.seen, found.gap.previous) == (3, 5)


def test_what_was_missing_and_is_sent_again_closes_the_gap() -> None:
    first, second, third = sent(3, 5, 9)
    found = at(first, third, shifted(second, 1), shifted(third, 1))
    assert (taken(found), found.gap) == ([3, 5, 9], None)


def test_garbage_behind_a_stranger_is_set_aside_with_it() -> None:
    first, second, third = sent(3, 5, 9)
    found = at(first, second, forged(2, 7, 6), raw(3, []), shifted(third, 2))
    assert [dead.raw.offset for dead in found.dead] == [2, 3]
    assert taken(found) == [3, 5, 9]


def test_a_record_that_was_changed_stops_the_partition() -> None:
    first, second, third = sent(3, 5, 9)
    found = at(first, replace(second, value=VALUE + b" "), third)
    assert taken(found) == [3]
    assert found.gap is not None


def test_garbage_that_was_set_aside_is_not_when_it_comes_again() -> None:
    [first] = sent(3)
    found = at(raw(0, []), shifted(first, 1), raw(2, []), checkpoint=Checkpoint(3, 2, read(first).chain))
    assert [dead.raw.offset for dead in found.dead] == [2]


def test_garbage_does_not_hide_what_stands_before_it() -> None:
    """As after the database has lost its last commits: the batch at hand begins with garbage, further on."""
    first, second, third = sent(3, 5, 9)
    checkpoint = Checkpoint(3, 1, read(first).chain)
    found = at(raw(2, []), shifted(third, 1), checkpoint=checkpoint)
    assert ([dead.raw.offset for dead in found.dead], found.advances) == ([2], [])
    assert found.gap is not None
    assert found.gap.next_offset == 1
    assert at(raw(2, []), checkpoint=checkpoint).advances == []
    assert taken(at(second, raw(2, []), shifted(third, 1), checkpoint=checkpoint)) == [5, 9]


def test_copies_are_read_and_change_nothing() -> None:
    first, second = sent(3, 5)
    found = at(first, second, shifted(first, 2), shifted(second, 2))
    assert (taken(found), found.dead, found.gap) == ([3, 5], [], None)
    assert (found.advances[0].position, found.advances[0].next_offset) == (5, 4)


def test_a_copy_does_not_hide_what_stands_before_it() -> None:
    """Nor do copies that come then; else what the database has lost would be a gap for ever."""
    first, second, third = sent(3, 5, 9)
    checkpoint, copy = Checkpoint(3, 1, read(first).chain), shifted(first, 2)
    assert at(copy, checkpoint=checkpoint).advances == []
    found = at(copy, shifted(third, 1), checkpoint=checkpoint)
    assert found.gap is not None
    assert (found.gap.next_offset, found.advances) == (1, [])
    assert taken(at(second, copy, shifted(third, 1), checkpoint=checkpoint)) == [5, 9]


def test_without_a_known_chain_value_the_next_record_is_believed() -> None:
    _, second, third = sent(3, 5, 9)
    found = at(second, third, checkpoint=Checkpoint(3, 1, None))
    assert (taken(found), found.gap) == ([5, 9], None)
