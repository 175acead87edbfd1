"""Opens sealed fields: each person's key comes on the topic `people-keys`, wrapped by the master key.

What is wrapped begins with a short id of its master, as two stand side by side while the keys go from one to the next.
"""

import hashlib
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ID, NONCE = 4, 12
BARE = NONCE + 32 + 16
"""Bytes of a key as it was wrapped before the id stood in front."""


class MasterKeyNotValid(Exception):
    """The text is no master key."""


def parse(text: str) -> list[bytes]:
    """One key or several, the first of which wraps; 64 hexadecimal digits each, with space between."""
    try:
        keys = [bytes.fromhex(word) for word in text.split()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != 32 for key in keys):
        raise MasterKeyNotValid("The master key is 64 hexadecimal digits; several of them stand with space between.")
    return keys


def id_of(master: bytes) -> bytes:
    return hashlib.sha256(b"recourse master key" + master).digest()[:ID]


def ciphers(*masters: bytes) -> dict[bytes, AESGCM]:
    """By the id of the master."""
    return {id_of(master): AESGCM(master) for master in masters}


def wrapped_by(wrapped: bytes) -> str | None:
    """The id of the master that wrapped it; None for what is older than the ids."""
    return None if len(wrapped) == BARE else wrapped[:ID].hex()


def unwrap(masters: Mapping[bytes, AESGCM], person: UUID, wrapped: bytes) -> bytes | None:
    """A person's key; None where no master opens it."""
    bare = wrapped_by(wrapped) is None
    box = wrapped if bare else wrapped[ID:]
    for cipher in masters.values() if bare else filter(None, [masters.get(wrapped[:ID])]):
        try:
            return cipher.decrypt(box[:NONCE], box[NONCE:], person.bytes)
        except InvalidTag:
            continue
    return None


def unseal(key: AESGCM, person: UUID, box: bytes) -> str:
    try:
        return key.decrypt(box[:NONCE], box[NONCE:], person.bytes).decode()
    except InvalidTag:
        raise ValueError(f"a sealed field does not open with the key of person {person}") from None


def person_of(key: bytes) -> UUID | None:
    """The person of a record on `people-keys`; nobody where it keeps compaction going, or a stranger wrote it."""
    try:
        return UUID(key.decode())
    except ValueError:
        return None


class PeopleKeys:
    """The keys of one that only reads: hand it every record of `people-keys`, and give it to `decode`."""

    def __init__(self, master_key: str) -> None:
        self._masters = ciphers(*parse(master_key))
        self._keys: dict[UUID, AESGCM] = {}

    def learn(self, key: bytes | None, value: bytes | None) -> None:
        """The key and the value of a record; a record without a value says that the person was erased."""
        if (person := person_of(key or b"")) is not None:
            self._keys.pop(person, None)
            if value and (opened := unwrap(self._masters, person, value)):
                self._keys[person] = AESGCM(opened)

    def open(self, person: UUID, box: bytes) -> str | None:
        """None where the person was erased."""
        key = self._keys.get(person)
        return None if key is None else unseal(key, person, box)
