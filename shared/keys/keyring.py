"""The keyring: one key per person, wrapped by the master key in the service's own table.

A key is made and stored in the transaction of the event that introduces the person. `key_changes` is the
outbox of keys made or destroyed here; the relay sends them to `people-keys` before any later event.
"""

import os
import threading
from collections.abc import Iterable
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.events.unsealing import NONCE, unseal, wrapped_by
from shared.keys.master_keys import Masters
from shared.postgres import purge

SCHEMA = f"""{purge.SCHEMA}
create table if not exists keys (person_id uuid primary key, wrapped bytea);
create table if not exists key_changes (number bigserial primary key, person_id uuid not null);
create table if not exists key_offsets (partition int primary key, next_offset bigint not null);
"""
INTRODUCE = """
with made as (insert into keys select * from unnest(%b::uuid[], %b::bytea[]) returning person_id)
insert into key_changes (person_id) select person_id from made
"""
"""Keys of people who are met for the first time, and that they are to be sent."""
REMEMBERED = 50_000


class KeyMissing(Exception):
    """The person's key is not here: not arrived yet, or destroyed."""

    def __init__(self, person: UUID) -> None:
        super().__init__(f"no key for person {person}: it has not arrived, or the person was erased")
        self.person = person


class Keyring:
    """The keys that this process remembers; what it was asked for and lacks is noted in `missing`."""

    def __init__(self, masters: Masters | bytes) -> None:
        self.masters = masters if isinstance(masters, Masters) else Masters(masters)
        self._known: dict[UUID, AESGCM] = {}
        self._gone: set[UUID] = set()
        """People whose keys need not be looked for again."""
        self._destroyed: set[UUID] = set()
        """Destroyed keys: a reader of the table from before must not bring one back."""
        self.opened: dict[bytes, object] = {}
        """Events decoded with these keys, by chain value: a service's views read the same records one after the
        other. Emptied when a key is destroyed."""
        self._lock = threading.Lock()
        self.missing: set[UUID] = set()
        self.misses = 0
        self.unsealable: UUID | None = None
        """The person whose key was last lacking when something was to be sealed."""

    def seal(self, person: UUID, text: str) -> bytes:
        key = self._known.get(person)
        if key is None:
            self.unsealable = person
            raise KeyMissing(person)
        nonce = os.urandom(NONCE)
        return nonce + key.encrypt(nonce, text.encode(), person.bytes)

    def open(self, person: UUID, box: bytes) -> str | None:
        key = self._known.get(person)
        if key is None:
            if person not in self._gone:
                self.missing.add(person)
                self.misses += 1
            return None
        return unseal(key, person, box)

    def create(self, person: UUID) -> bytes:
        """Make a key, remember it, and answer it wrapped for the table and the topic."""
        key = AESGCM.generate_key(256)
        self._remember(person, key)
        return self.masters.wrap(person, key)

    def learn(self, person: UUID, wrapped: bytes | None) -> None:
        """Take a key from the table or the topic; None says that it was destroyed. Raises `WrongMasterKey`."""
        if wrapped is None:
            self.forget(person)
            return
        self._remember(person, self.masters.unwrap(person, wrapped))

    def renewed(self, person: UUID, wrapped: bytes) -> bytes:
        """The same key under the master that wraps now."""
        if wrapped_by(wrapped) == self.masters.id:
            return wrapped
        return self.masters.wrap(person, self.masters.unwrap(person, wrapped))

    def forget(self, person: UUID) -> None:
        """The key was destroyed: from now on the person's fields read as erased."""
        with self._lock:
            self._known.pop(person, None)
            self._gone.add(person)
            self._destroyed.add(person)
            self.missing.discard(person)
            self.opened = {}

    def give_up(self, people: Iterable[UUID]) -> None:
        """Their keys are nowhere; should one come after all, it is learnt."""
        with self._lock:
            self._gone.update(people)
            self.missing.difference_update(people)

    def discard(self, people: Iterable[UUID]) -> None:
        """Keys that were made and not stored never were."""
        with self._lock:
            for person in people:
                self._known.pop(person, None)

    def absent(self, people: Iterable[UUID]) -> set[UUID]:
        """The subset of `people` whose key is not in memory."""
        return {person for person in people if person not in self._known}

    def unknown(self, people: Iterable[UUID]) -> set[UUID]:
        """The subset of `people` whose key is neither in memory nor destroyed."""
        return {person for person in people if person not in self._known and person not in self._gone}

    def _remember(self, person: UUID, key: bytes) -> None:
        with self._lock:
            if len(self._known) >= REMEMBERED:
                for oldest in list(self._known)[: REMEMBERED // 10]:
                    del self._known[oldest]
            if person not in self._destroyed:
                self._known[person] = AESGCM(key)
                self._gone.discard(person)
            self.missing.discard(person)
