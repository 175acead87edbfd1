"""Sessions of people who signed in: a signed cookie that every service can check, and that can be ended.

The cookie holds the session's id, the account and when it began. It is renewed while it is used, ends an hour after it
was last used and twelve after it began, and a new id is made at each sign-in, so that an id planted before it is worth
nothing. Signing out is told to all services (`revocations.py`).
"""

import time
from dataclasses import dataclass
from typing import Any

from shared.security.accounts import Accounts
from shared.security.permissions import Who
from shared.security.revocations import Access
from shared.security.signing import Signer

RENEW_AFTER = 300.0


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; `due` where the cookie is old enough to be renewed."""

    id: str
    who: Who
    began: float
    due: bool = False


class Cookies:
    """The names and attributes of our cookies. `__Host-` binds one to this host and to https (RFC 6265bis)."""

    def __init__(self, secure: bool) -> None:
        prefix = "__Host-" if secure else ""
        self.session, self.visitor = f"{prefix}recourse_session", f"{prefix}recourse_visitor"
        self._attributes = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"

    def set(self, name: str, value: str) -> str:
        """Until the browser is closed; the session's own limits are in its signature."""
        return f"{name}={value}; {self._attributes}"

    def delete(self, name: str) -> str:
        return self.set(name, "") + "; Max-Age=0"


class Sessions:
    """`idle` and `longest` in seconds."""

    def __init__(
        self, signer: Signer, access: Access, accounts: Accounts, *, idle: float, longest: float, secure: bool
    ) -> None:
        self._signer, self._access, self._accounts = signer, access, accounts
        self.idle, self.longest = idle, longest
        self.cookies = Cookies(secure)

    def read(self, cookie: str) -> Session | None:
        """The session, where it is ours, in time, not ended, and its account is still there."""
        found = self._signer.open("session", cookie)
        if found is None or not isinstance(found.value, list) or len(found.value) != 5:
            return None
        id_, account, name, role, began = found.value
        now, age = time.time(), time.time() - found.at.timestamp()
        if age > self.idle or now - began > self.longest or self._access.ended(id_, account, began):
            return None
        who = self._accounts.now(Who(account, name, role))
        return None if who is None else Session(id_, who, began, age > min(RENEW_AFTER, self.idle / 4))

    def begin(self, who: Who) -> str:
        """The cookie of a new session."""
        return self._signer.session(who)

    def renew(self, session: Session) -> str | None:
        """The same session for another while; None where it was ended meanwhile."""
        if self._access.ended(session.id, session.who.id, session.began):
            return None
        return self._signer.session(session.who, session.id, session.began)

    async def end(self, session: Session) -> None:
        """Everywhere; raises `Unavailable` where only here."""
        await self._access.end_session(session.id, session.began + self.longest)


def cookies_of(header: str) -> dict[str, str]:
    """The first of each name: a browser sends the one with the longer path first, and ours have none."""
    found: dict[str, Any] = {}
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value)
    return found
