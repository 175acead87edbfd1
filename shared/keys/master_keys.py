"""The master keys: the first wraps each person's key, all of them open.

What is wrapped begins with a short id of its master, so that two can stand side by side while the keys go from one to
the next. A file is read again when it changes: a running service follows without a restart.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.problems import Unavailable

ID, NONCE = 4, 12
BARE = NONCE + 32 + 16
"""Bytes of a key as it was wrapped before the id stood in front."""


class MasterKeyNotValid(Exception):
    """The text is not a master key."""


class WrongMasterKey(Unavailable):
    """A key was wrapped by another master key than those that are known here."""


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


def wrapped_by(wrapped: bytes) -> str | None:
    """The id of the master that wrapped it; None for what is older than the ids."""
    return None if len(wrapped) == BARE else wrapped[:ID].hex()


class Masters:
    """At least one; from `file`, where one is given, for as long as it can be read."""

    def __init__(self, *keys: bytes, file: Path | None = None) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._take(keys)
        self._refresh()

    @property
    def id(self) -> str:
        """The id of the key that wraps."""
        return self.ids[0]

    @property
    def ids(self) -> tuple[str, ...]:
        self._refresh()
        return tuple(id_.hex() for id_ in self._ciphers)

    def wrap(self, person: UUID, key: bytes) -> bytes:
        self._refresh()
        nonce = os.urandom(NONCE)
        first, cipher = next(iter(self._ciphers.items()))
        return first + nonce + cipher.encrypt(nonce, key, person.bytes)

    def unwrap(self, person: UUID, wrapped: bytes) -> bytes:
        """Raises `WrongMasterKey`, which says what is known and what is not."""
        self._refresh()
        by = wrapped_by(wrapped)
        tried = list(self._ciphers.items()) if by is None else [(wrapped[:ID], self._ciphers.get(wrapped[:ID]))]
        box = wrapped if by is None else wrapped[ID:]
        for _, cipher in tried:
            try:
                if cipher is not None:
                    return cipher.decrypt(box[:NONCE], box[NONCE:], person.bytes)
            except InvalidTag:
                continue
        raise WrongMasterKey(
            f"A person's key was wrapped by master key {by or '(without an id)'}, and the ones that are known here are:"
            f" {', '.join(self.ids)}. Give this service the right one."
        )

    def _take(self, keys: Sequence[bytes]) -> None:
        """All in one step, as other threads may be wrapping."""
        if keys:
            self._ciphers = {id_of(key): AESGCM(key) for key in keys}

    def _refresh(self) -> None:
        if self._file is None:
            return
        try:
            state = self._file.stat()
            seen = (state.st_ino, state.st_mtime_ns, state.st_size)
            if seen != self._seen:
                self._take(parse(self._file.read_text()))
                self._seen = seen
        except (OSError, MasterKeyNotValid) as error:
            if self._seen is None:
                raise MasterKeyNotValid(f"{self._file} holds no master key that can be read.") from error
