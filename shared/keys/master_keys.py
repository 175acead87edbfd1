"""The master keys: the first wraps each person's key, all of them open.

A file is read again when it changes: a running service follows without a restart.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from shared.events.unsealing import NONCE, MasterKeyNotValid, ciphers, parse, unwrap, wrapped_by
from shared.problems import Unavailable


class WrongMasterKey(Unavailable):
    """A key was wrapped by another master key than those that are known here."""


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
        if key := unwrap(self._ciphers, person, wrapped):
            return key
        raise WrongMasterKey(
            f"A person's key was wrapped by master key {wrapped_by(wrapped) or '(without an id)'}, and the ones that"
            f" are known here are: {', '.join(self.ids)}. Give this service the right one."
        )

    def _take(self, keys: Sequence[bytes]) -> None:
        """All in one step, as other threads may be wrapping."""
        if keys:
            self._ciphers = ciphers(*keys)

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
