"""Memory that strangers can fill has an end, in bytes: signatures that are none, long names, long records."""

import gc
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.sentiment.measuring.model import measure
from shared.events import Provenance
from shared.events.cases import NoteAdded
from shared.events.sealed import Sealed
from shared.http.edge import _network
from shared.http.rate_limits import Delays, Limiter, Rate
from shared.kafka.chain import Checked
from shared.kafka.records import chain, read
from shared.keys.keyring import Keyring
from shared.projections.decoding import open_events
from shared.security.permissions import Who
from shared.security.signing import LONGEST, Signer
from tests.feeding import Feeder

SIGNER = Signer("a secret")
LIMITER, DELAYS = Limiter(Rate(1, 3600)), Delays()
KEYRING = Keyring(bytes(32))
MOST = 2_000_000


def long(number: int, length: int = 64_000) -> str:
    return f"{number:0{length}}"


def cut(number: int, length: int) -> str:
    """A link of ours with other words in it."""
    head, _, end = SIGNER.sign("complaint", "x").partition(".")
    return f"{head}{long(number, length - len(head) - len(end) - 1)}.{end}"


FILLS: dict[str, tuple[int, Callable[[int], object]]] = {
    "links": (400, lambda n: SIGNER.open("complaint", cut(n, 64_000))),
    "short links": (4_000, lambda n: SIGNER.open("complaint", cut(n, LONGEST))),
    "tokens that sign for themselves": (400, lambda n: SIGNER.token_holder(cut(n, 64_000))),
    "accounts": (400, lambda n: LIMITER.wait(long(n))),
    "addresses that guess": (400, lambda n: DELAYS.tried(long(n))),
    "addresses": (400, lambda n: _network(str(n) + long(n))),
    "records": (400, lambda n: chain(bytes(32), n, "note.added.v1", long(n).encode())),
    "words": (4_000, lambda n: measure(long(n, 399))),
}


@pytest.mark.parametrize(("times", "fill"), FILLS.values(), ids=FILLS)
def test_nothing_of_it_is_kept(times: int, fill: Callable[[int], object]) -> None:
    fill(0)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(1, times):
            fill(number)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < MOST
    finally:
        tracemalloc.stop()


async def test_a_long_event_is_opened_anew_for_each_reader_and_a_short_one_once(
    postgres: Callable[[str], str],
) -> None:
    feeder, person, case = Feeder(postgres("remembered")), uuid4(), uuid4()
    stamps = [Provenance("ines", datetime(2026, 3, 14, tzinfo=UTC)).stamp(case, n) for n in (1, 2)]
    events = [
        NoteAdded(**stamp, note_id=uuid4(), text=Sealed(person, text))
        for stamp, text in zip(stamps, ("x" * 20_000, "short"), strict=True)
    ]
    records = [read(record) for record in feeder.records(*events)]
    first, second = [await open_events(Checked(records), feeder.keyring, None) for _ in range(2)]
    assert [event for _, event in first] == [event for _, event in second] == events
    assert [one[1] is two[1] for one, two in zip(first, second, strict=True)] == [False, True]


def test_a_signature_of_ours_is_checked_once() -> None:
    cookie = SIGNER.session(Who("hanna@example.org", "Hanna", "handler"))
    assert SIGNER.open("session", cookie) is SIGNER.open("session", cookie) is not None
