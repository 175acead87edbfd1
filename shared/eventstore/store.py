"""The event store: `eventsourcing` on PostgreSQL, with a recorder and a mapper of our own.

The recorder writes one plain transaction under the library's table lock, so that ids commit in order and a
tailing relay misses nothing. In the same transaction go new keys and, for policies, how far they have read.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, IntegrityError, Mapper, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.utils import Environment
from psycopg.sql import SQL, Identifier
from pydantic_core import PydanticSerializationError

from shared.events import Event, decode, wire_name
from shared.eventstore import requests
from shared.eventstore.requests import Request
from shared.kafka import progress
from shared.kafka.progress import Advance
from shared.keys.keyring import INTRODUCE, KeyMissing, Keyring
from shared.keys.keyring import SCHEMA as KEYS
from shared.postgres import purge
from shared.postgres.migrations import add_column
from shared.postgres.pools import make_lasting
from shared.telemetry import ACCEPTED

S = TypeVar("S")
TOLD_BY_URL = ("POSTGRES_DBNAME", "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER", "POSTGRES_PASSWORD")
"""Placeholders for settings that the library requires; our pool takes them from the URL, as it does `sslmode`."""
Fold = Callable[[S | None, Event], S]


class Conflict(Exception):
    """Somebody else wrote the same version first: load again and decide again."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A stored event and its position, for which a reader may wait (`at_least`)."""

    event: Event
    position: int


@dataclass(slots=True)
class Beside:
    """Rows written in the transaction of the events beside them."""

    traces: Sequence[str | None] = ()
    """Of each event."""
    new_keys: Mapping[UUID, bytes] = field(default_factory=dict)
    destroyed_keys: Sequence[UUID] = ()
    advances: Sequence[Advance] = ()
    requests: Sequence[tuple[Request, int]] = ()
    """Requests that the save answers, each with how many of the events are its own, in their order."""


class Recorder(PostgresApplicationRecorder):
    """Binary arrays in one INSERT: no text composites, no pipeline, no hang on large saves."""

    def __init__(self, datastore: PostgresDatastore, *args: Any, **kwargs: Any) -> None:
        super().__init__(datastore, *args, **kwargs)
        table = Identifier(self.events_table_name)
        trace = add_column(self.events_table_name, "trace", "text")
        self.sql_create_statements += [SQL(s).format() for s in (trace, KEYS, requests.SCHEMA, progress.SCHEMA)]
        self._insert = SQL(
            "insert into {} (originator_id, originator_version, topic, state, trace) select * from"
            " unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %t::text[]) returning notification_id"
        ).format(table)
        self._claim = SQL("begin; set local lock_timeout = '{}s'; lock table {} in exclusive mode; notify {}").format(
            SQL(str(self.datastore.lock_timeout)), table, Identifier(self.channel_name)
        )

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """One transaction: keys, events, progress; ids come back in the order of the events."""
        beside: Beside = kwargs.get("beside") or Beside([None] * len(stored_events))
        with self.datastore.get_connection() as conn, conn.cursor() as cursor:
            cursor.execute(self._claim)  # begins; the pool commits what returns, and rolls back what raises
            if beside.advances:
                progress.write(cursor, beside.advances)
            if beside.new_keys:
                cursor.execute(INTRODUCE, [list(beside.new_keys), list(beside.new_keys.values())])
            if beside.destroyed_keys:
                people = sorted(beside.destroyed_keys)  # in one order, as whoever follows keys writes them
                cursor.execute(
                    "insert into keys select unnest(%b::uuid[]), null"
                    " on conflict (person_id) do update set wrapped = null",
                    [people],
                )
                cursor.execute("insert into key_changes (person_id) select unnest(%b::uuid[])", [people])
                cursor.execute(purge.NOTE, [["keys"]])
            rows = [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events]
            ids, *columns = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [])
            positions = []
            if rows:
                cursor.execute(self._insert, [ids, *columns, beside.traces])
                positions = [row["notification_id"] for row in cursor.fetchall()]
            if beside.requests:
                requests.insert(cursor, beside.requests, ids, positions)
            return positions


class EventMapper(Mapper[UUID]):
    """Event <-> the bytes that are stored and sent."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        try:
            state = domain_event.model_dump_json(context=self.keyring, exclude_none=True).encode()
        except PydanticSerializationError:
            person, self.keyring.unsealable = self.keyring.unsealable, None
            if person is None:
                raise
            raise KeyMissing(person) from None
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=wire_name(domain_event),
            state=state,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return decode(stored_event.topic, stored_event.state, self.keyring)


class Store(Application[UUID]):
    """One service's events. Synchronous, as the library is: callers on an event loop use a thread."""

    def __init__(self, service: str, url: str, keyring: Keyring) -> None:
        self.name = service
        self.keyring = keyring
        self._writing, self._url = threading.Lock(), url
        # One process at a time makes tables: two that start together would lock each other out.
        with psycopg.connect(url, autocommit=True) as held:
            held.execute("select pg_advisory_lock(hashtext('recourse.store'))")
            super().__init__(
                {
                    "PERSISTENCE_MODULE": "eventsourcing.postgres",
                    "APPLICATION_RECORDER_TOPIC": "shared.eventstore.store:Recorder",
                    **dict.fromkeys(TOLD_BY_URL, "-"),
                    "POSTGRES_LOCK_TIMEOUT": "10",
                    "POSTGRES_POOL_SIZE": "2",
                }
            )

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        factory = super().construct_factory(env)
        make_lasting(factory.datastore, self._url)  # type: ignore[attr-defined]
        return factory

    def construct_mapper(self) -> Mapper[UUID]:
        return EventMapper(self.keyring)

    def load(self, originator_id: UUID, fold: Fold[S]) -> S | None:
        """The state after all of the aggregate's events, None where there are none."""
        return self.load_many([originator_id], fold).get(originator_id)

    def load_many(self, ids: Sequence[UUID], fold: Fold[S]) -> dict[UUID, S]:
        """The states of many aggregates in one query; those without events are not in the answer."""
        rows = self._select(
            "select topic, state from {} where originator_id = any(%b) order by originator_id, originator_version", ids
        )
        states: dict[UUID, S] = {}
        for event in self._open([(row["topic"], row["state"]) for row in rows]):
            states[event.originator_id] = fold(states.get(event.originator_id), event)
        return states

    def existing(self, ids: Sequence[UUID]) -> set[UUID]:
        """The subset of `ids` that already have an event."""
        first = "select originator_id from {} where originator_version = 1 and originator_id = any(%b)"
        return {row["originator_id"] for row in self._select(first, ids)}

    def put(
        self,
        events: Sequence[Event],
        *,
        traces: Mapping[str, str] | None = None,
        advances: Sequence[Advance] = (),
        requests: Sequence[tuple[Request, int]] = (),
    ) -> list[Saved]:
        """All or nothing; raises `Conflict` where a version is taken, or a request was answered meanwhile.

        `traces` are by the event's id. A key that was made for a save that failed is forgotten: it is in no table and
        on no topic.
        """
        with self._writing:
            beside = Beside(
                [(traces or {}).get(event.id) for event in events], self._introduce(events),
                [event.originator_id for event in events if event.type == "person.erased"], advances, requests,
            )  # fmt: skip
            try:
                stored = [self.mapper.to_stored_event(event) for event in events]
                positions = self.recorder.insert_events(stored, beside=beside) or []
            except BaseException as error:
                self.keyring.discard(beside.new_keys)
                if isinstance(error, IntegrityError):
                    raise Conflict(str(error)) from error
                raise
            for person in beside.destroyed_keys:
                self.keyring.forget(person)
        ACCEPTED.labels(self.name).inc(len(events))
        return [Saved(event, position) for event, position in zip(events, positions, strict=True)]

    @property
    def table(self) -> str:
        return f"{self.name}_events"

    def _select(self, statement: str, ids: Collection[UUID]) -> list[dict[str, Any]]:
        """Rows of these; `{}` in the statement stands for the table of events."""
        with self.recorder.datastore.get_connection() as conn:  # type: ignore[attr-defined]
            found: list[dict[str, Any]] = conn.execute(
                SQL(statement).format(Identifier(self.table)), [list(ids)]
            ).fetchall()
        return found

    def _open(self, closed: Sequence[tuple[str, bytes]]) -> list[Event]:
        """Decode; keys that are not remembered come from the table, what that lacks reads as erased."""
        while True:  # what was let go meanwhile is missed anew
            events = [decode(name, state, self.keyring) for name, state in closed]
            wanted = set(self.keyring.missing)
            lacking = self._learn(wanted)
            self.keyring.missing -= wanted
            if lacking == wanted:
                return events

    def _introduce(self, events: Sequence[Event]) -> dict[UUID, bytes]:
        """Keys for people who are met here for the first time."""
        met = {getattr(event, event.introduces) for event in events if event.introduces}
        return {person: self.keyring.create(person) for person in self._learn(self.keyring.absent(met))}

    def _learn(self, people: set[UUID]) -> set[UUID]:
        """Take these people's keys from the table; answers whose it does not hold."""
        rows = self._select("select person_id, wrapped from keys where person_id = any(%b)", people) if people else []
        for row in rows:
            self.keyring.learn(row["person_id"], row["wrapped"])
        return people - {row["person_id"] for row in rows}
