"""Tokens of machines: 256 random bits that we keep only as a SHA-256, with scopes, an end and a revocation.

A fast hash is enough for a secret that nobody can guess; argon2 is for what people choose.
"""

import hashlib
import secrets

from pydantic import AwareDatetime, BaseModel, Field

PREFIX = "recourse_"
"""A token says what it is when it is found in a log or a repository by mistake."""


class Token(BaseModel):
    """A token as it is stored; the token itself is shown once and kept nowhere."""

    name: str = Field(description="Shown in the audit trail.")
    role: str
    scopes: frozenset[str] | None = Field(None, description="The only actions it may do, of those that its role may.")
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    def works(self, now: float) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at.timestamp() > now)


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """The digest under which a token is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor(known_by: str) -> str:
    """The name of a token in events and in `recourse token`."""
    return f"token:{known_by[:12]}"
