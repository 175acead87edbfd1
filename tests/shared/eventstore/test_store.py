"""Events are stored all or nothing, in order, and a version is taken once."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from shared.events import Event, Provenance
from shared.events.cases import CaseReopened, NoteAdded
from shared.events.people import PersonErased, PersonIdentified
from shared.events.sealed import Sealed
from shared.eventstore.group_commit import Committer
from shared.eventstore.store import Conflict, Store
from shared.kafka.progress import Advance, OutOfOrder
from shared.keys.keyring import KeyMissing, Keyring

BY = Provenance("test", datetime(2026, 3, 14, tzinfo=UTC))


def fact(aggregate: UUID, version: int, reason: str = "because") -> CaseReopened:
    return CaseReopened(**BY.stamp(aggregate, version), reason=reason)


def last(_: Event | None, event: Event) -> Event:
    return event


@pytest.fixture
def url(postgres: Callable[[str], str]) -> str:
    return postgres("store")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = Store("cases", url, Keyring(bytes(32)))
    yield made
    made.close()


def test_processes_that_start_together_all_start(url: str) -> None:
    """Each sees to the tables: one that waits for another's lock, which waits for its own, would end."""
    together = Barrier(4)

    def start(_: int) -> None:
        for _ in range(5):
            together.wait(10)
            Store("cases", url, Keyring(bytes(32))).close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == [None] * 4


def test_all_that_the_url_says_holds_for_the_store(url: str) -> None:
    """Such as `sslmode`: its connections carry what people wrote, and their keys."""
    store = Store("cases", make_conninfo(url, application_name="mine", sslmode="allow"), Keyring(bytes(32)))
    with store.recorder.datastore.get_connection() as conn:  # type: ignore[attr-defined]
        assert conn.info.get_parameters().items() >= {"application_name": "mine", "sslmode": "allow"}.items()
    store.close()


def test_positions_follow_the_order_of_the_events(store: Store) -> None:
    aggregate = uuid4()
    saved = store.put([fact(aggregate, 1), fact(aggregate, 2)])
    assert [s.position for s in saved] == sorted(s.position for s in saved)
    loaded = store.load(aggregate, last)
    assert loaded == saved[1].event


def test_a_taken_version_stores_nothing_of_the_save(store: Store) -> None:
    aggregate, other = uuid4(), uuid4()
    store.put([fact(aggregate, 1)])
    with pytest.raises(Conflict):
        store.put([fact(other, 1), fact(aggregate, 1)])
    assert store.load(other, last) is None
    assert store.existing([aggregate, other]) == {aggregate}


def test_a_save_of_many_large_events_returns(store: Store) -> None:
    saved = store.put([fact(uuid4(), 1, "x" * 5000) for _ in range(1000)])
    assert len(saved) == 1000


def test_a_person_met_twice_keeps_their_key(store: Store, url: str) -> None:
    person = uuid4()
    store.put([PersonIdentified(**BY.stamp(person, 1), name=Sealed(person, "N"), preferred_channel="email")])
    store.close()
    again = Store("cases", url, Keyring(bytes(32)))
    read = again.load(person, last)
    assert isinstance(read, PersonIdentified)
    assert read.name == Sealed(person, "N")
    again.close()


def test_an_erased_person_reads_as_erased_and_cannot_be_written_about(store: Store) -> None:
    person, case = uuid4(), uuid4()
    store.put([PersonIdentified(**BY.stamp(person, 1), name=Sealed(person, "N"), preferred_channel="email")])
    store.put([PersonErased(**BY.stamp(person, 2), reason="asked")])
    states = store.load_many([person], lambda seen, event: [*(seen or []), event])
    assert states[person][0].name == Sealed(person, None)
    with pytest.raises(KeyMissing):
        store.put([NoteAdded(**BY.stamp(case, 1), note_id=uuid4(), text=Sealed(person, "x"))])


def test_the_keys_of_a_failed_save_are_not_kept(store: Store, url: str) -> None:
    person, aggregate = uuid4(), uuid4()
    store.put([fact(aggregate, 1)])
    identified = PersonIdentified(**BY.stamp(person, 1), name=Sealed(person, "N"), preferred_channel="email")
    with pytest.raises(Conflict):
        store.put([identified, fact(aggregate, 1)])
    with psycopg.connect(url) as conn:
        assert conn.execute("select count(*) from keys where person_id = %s", [person]).fetchone() == (0,)
    store.put([identified])
    fresh = Store("cases", url, Keyring(bytes(32)))
    read = fresh.load(person, last)
    assert isinstance(read, PersonIdentified)
    assert read.name == Sealed(person, "N")
    fresh.close()


def test_progress_moves_only_from_where_it_was_seen(store: Store) -> None:
    store.put([fact(uuid4(), 1)], advances=[Advance("p", "complaints", 0, 0, 7, 1)])
    lost = uuid4()
    with pytest.raises(OutOfOrder):
        store.put([fact(lost, 1)], advances=[Advance("p", "complaints", 0, 0, 8, 2)])
    assert store.load(lost, last) is None


async def test_commands_that_arrive_together_share_a_transaction(store: Store, url: str) -> None:
    commits = Committer(store)
    await asyncio.gather(*(commits.save([fact(uuid4(), 1)]) for _ in range(20)))
    with psycopg.connect(url) as conn:
        row = conn.execute("select count(*), count(distinct xmin::text) from cases_events").fetchone()
    assert row == (20, 1)


async def test_of_commands_that_arrive_together_only_the_loser_fails(store: Store, url: str) -> None:
    commits = Committer(store)
    aggregate = uuid4()
    attempts = [commits.save([fact(aggregate, 1, str(n))]) for n in range(2)]
    others = [commits.save([fact(uuid4(), 1)]) for _ in range(20)]
    answers = await asyncio.gather(*attempts, *others, return_exceptions=True)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    assert all(isinstance(answer, list) for answer in answers[2:])
    with psycopg.connect(url) as conn:
        assert conn.execute("select count(*) from cases_events").fetchone() == (21,)


async def test_a_decision_is_taken_again_on_what_others_wrote(store: Store) -> None:
    commits = Committer(store)
    aggregate = uuid4()
    store.put([fact(aggregate, 1)])

    def decide(state: Event) -> list[Event]:
        return [fact(aggregate, state.originator_version + 1)]

    await asyncio.gather(*[commits.decide(aggregate, last, decide) for _ in range(4)])
    loaded = store.load(aggregate, last)
    assert loaded is not None
    assert loaded.originator_version == 5
