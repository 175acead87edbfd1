"""Seeded accounts, from a file that holds argon2 hashes: the embedded mode's, and a small firm's.

The file is the truth: whoever is taken out of it, or given another role in it, is so for every service that reads it
within seconds, whatever their session says.
"""

import asyncio
import time
import tomllib
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.security.permissions import Who
from shared.telemetry import log

LOOK_AGAIN = 2.0
AT_ONCE = 2
"""Each hash takes 64 MiB for a tenth of a second: more at once would let strangers fill the memory."""
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$vJqdgMgL+k+Hq5f1JiODOg$iItarICWLQOk197GgaHcHuwv1EwaUovghi5BezDDLKA"
"""The hash of a password that was thrown away: an address that we do not have takes as long as a wrong password."""


class Accounts:
    """Hashes with RFC 9106's second recommended parameters; where none is named there are no accounts here."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._read: dict[str, Any] = {}
        self._changed = 0
        self._looked = -LOOK_AGAIN

    async def sign_in(self, email: str, password: str) -> Who | None:
        """The account, if both are right; the event loop goes on meanwhile."""
        email = email.strip().lower()
        found = self._entries(fresh=True).get(email)
        hashed = found["password"] if found else NOBODY
        async with self._turns:
            right = await asyncio.to_thread(self._verify, hashed, password)
        if not right or found is None:
            return None
        return Who(email, found["name"], found["role"])

    def now(self, who: Who) -> Who | None:
        """The account as it is now; None where it is no more. Without a file here, as the session says."""
        if self._path is None:
            return who
        found = self._entries().get(who.id)
        return Who(who.id, found["name"], found["role"]) if found else None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
        if self._hasher.check_needs_rehash(hashed):
            self._strengthen(hashed, self._hasher.hash(password))
        return True

    def _strengthen(self, weak: str, strong: str) -> None:
        """Write the hash with today's parameters, where the file can be written."""
        assert self._path is not None
        aside = self._path.with_suffix(".strengthened")
        try:
            aside.touch(mode=0o600)
            aside.write_text(self._path.read_text().replace(weak, strong))
            aside.rename(self._path)
        except OSError as error:
            log.warning("a weak password hash stays: the file of accounts is read-only", error=type(error).__name__)

    def _entries(self, *, fresh: bool = False) -> dict[str, Any]:
        """Accounts in the file; none if it cannot be read, so that nobody is let in."""
        if self._path is None or (not fresh and time.monotonic() - self._looked < LOOK_AGAIN):
            return self._read
        self._looked = time.monotonic()
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                self._read, self._changed = tomllib.loads(self._path.read_text()), changed
        except (OSError, tomllib.TOMLDecodeError) as error:
            log.error("the file of accounts cannot be read", error=type(error).__name__)
            self._read, self._changed = {}, 0
        return self._read
