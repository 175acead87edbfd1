"""Who asks, and the one function that says what they may do: list, page, search, export and stream ask it alike.

Staff sign in with an account; customers come by a signed link; machines send a token. OpenID Connect has its place
in `Accounts.sign_in`: whatever vouches for a person ends in a `Who`.
"""

import hashlib
import hmac
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from itsdangerous import BadSignature, URLSafeTimedSerializer

Role = Literal["handler", "leader", "quality", "compliance", "auditor", "admin", "machine", "customer"]
STAFF: frozenset[str] = frozenset({"handler", "leader", "quality", "compliance", "auditor", "admin"})
EVERYONE: frozenset[str] = STAFF | {"machine", "customer", "anonymous"}
SESSION_SECONDS = 12 * 3600

MAY: dict[str, frozenset[str]] = {
    "complaints.make": EVERYONE,
    "complaints.read": STAFF | {"machine"},
    "complaints.import": frozenset({"leader", "compliance", "admin", "machine"}),
    "cases.read": STAFF | {"machine"},
    "cases.work": frozenset({"handler", "leader", "admin", "machine"}),
    "mentions.read": STAFF | {"machine"},
    "mentions.work": frozenset({"handler", "leader", "admin", "machine"}),
    "surveys.read": STAFF | {"machine"},
    "reports.read": STAFF | {"machine"},
    "audit.read": frozenset({"leader", "quality", "compliance", "auditor", "admin", "machine"}),
    "mailbox.read": STAFF,
    "people.erase": frozenset({"compliance", "admin"}),
    "operate": frozenset({"admin"}),
}


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with a role; `subject` is the one thing that a customer's link opens."""

    id: str
    name: str
    role: str
    subject: str | None = None


ANONYMOUS = Who("anonymous", "Anonymous", "anonymous")


def may(who: Who, action: str, subject: str | None = None) -> bool:
    """Staff by role; a customer only what their link names."""
    if who.role == "customer":
        return action == "complaints.make" or (subject is not None and subject == who.subject)
    return who.role in MAY[action]


class Signer:
    """Signed links, sessions and tokens: what we gave out and can recognise, by purpose and age."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def sign(self, purpose: str, value: object) -> str:
        return str(URLSafeTimedSerializer(self._secret, salt=f"recourse.{purpose}").dumps(value))

    def read(self, purpose: str, signed: str, *, seconds: int | None = None) -> object | None:
        """The value, or None where the signature or the age is not right."""
        try:
            value: object = URLSafeTimedSerializer(self._secret, salt=f"recourse.{purpose}").loads(
                signed, max_age=seconds
            )
        except BadSignature:
            return None
        return value

    def csrf(self, visitor: str) -> str:
        """The value that a form must send back: bound to the visitor's cookie."""
        return hmac.new(self._secret.encode(), f"csrf:{visitor}".encode(), hashlib.sha256).hexdigest()

    def session(self, who: Who) -> str:
        return self.sign("session", [who.id, who.name, who.role])

    def token(self, role: str, name: str) -> str:
        """A machine's token; it says what it is when found in a log by mistake."""
        return "recourse_" + self.sign("token", [f"token:{secrets.token_hex(4)}", name, role])

    def who(self, session: str | None, bearer: str | None) -> Who:
        """Whoever the cookie or the token speaks for, else anonymous."""
        value = None
        if bearer is not None:
            value = self.read("token", bearer.removeprefix("recourse_"))
        elif session is not None:
            value = self.read("session", session, seconds=SESSION_SECONDS)
        if isinstance(value, list) and len(value) == 3:
            return Who(*map(str, value))
        return ANONYMOUS


class Accounts:
    """Seeded accounts of the embedded mode, from a file that holds argon2 hashes."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(8))

    def sign_in(self, email: str, password: str) -> Who | None:
        """The account, if both are right; a wrong address takes as long as a wrong password."""
        accounts = tomllib.loads(self._path.read_text()) if self._path and self._path.exists() else {}
        found = accounts.get(email.strip().lower())
        try:
            self._hasher.verify(found["password"] if found else self._nobody, password)
        except VerificationError:
            return None
        return Who(email.strip().lower(), found["name"], found["role"]) if found else None
