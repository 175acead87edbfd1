"""Signs what we give out and recognises it: sessions, links, tokens, forms."""

import hashlib
import hmac
import secrets
import time
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadSignature, URLSafeTimedSerializer

from shared.security.permissions import Who

REMEMBERED = 4096
"""Signatures that were checked, so that a session's is not checked at each of its requests."""
LONGEST = 4096
"""Characters of a link, cookie or token; ours have a few hundred, and a browser keeps no longer cookie."""
SELF_ISSUED = "recourse_signed_"
SELF_ISSUED_SECONDS = 3600
"""Lifetime of a token made by a holder of the secret; a command makes a fresh one before it ends."""


class Signed(NamedTuple):
    """The signed value, and when it was signed."""

    value: object
    at: datetime


class Signer:
    """Signs what we give out and recognises it: each purpose has a key of its own (HKDF-SHA256, RFC 5869).

    A secret is changed by writing the new one on a line before it: the first line signs, the others still verify.
    """

    def __init__(self, secret: str) -> None:
        self._secrets = [line.strip() for line in secret.splitlines() if line.strip()]
        self._serializers: dict[str, URLSafeTimedSerializer] = {}
        self._for_forms = self._key("csrf", self._secrets[0])
        self._verified = lru_cache(REMEMBERED)(self._verify)

    @property
    def changes(self) -> bool:
        """True while an older secret still verifies."""
        return len(self._secrets) > 1

    def sign(self, purpose: str, value: object) -> str:
        return str(self._serializer(purpose).dumps(value))

    def open(self, purpose: str, signed: str) -> Signed | None:
        """The signed value, or None if the signature is not ours for this purpose; the caller checks its age."""
        if len(signed) > LONGEST:
            return None
        try:
            return self._verified(purpose, signed)
        except BadSignature:
            return None

    def _verify(self, purpose: str, signed: str) -> Signed:
        """Raises what is not remembered: strangers may not fill the memory with signatures that are none."""
        return Signed(*self._serializer(purpose).loads(signed, return_timestamp=True))

    def read(self, purpose: str, signed: str, *, seconds: float | None = None) -> object | None:
        """The value, or None where the signature or the age is not right."""
        found = self.open(purpose, signed)
        if found is None or (seconds is not None and time.time() - found.at.timestamp() > seconds):
            return None
        return found.value

    def csrf(self, bound_to: str) -> str:
        """The value that a form must send back: bound to the session, or to a stranger's cookie."""
        return hmac.new(self._for_forms, bound_to.encode(), hashlib.sha256).hexdigest()

    def session(self, who: Who, id_: str | None = None, began: float | None = None) -> str:
        """A session's cookie; without an id a new session begins."""
        began = began or time.time()
        return self.sign("session", [id_ or secrets.token_urlsafe(16), who.id, who.name, who.role, began])

    def token(self, role: str, name: str, id_: str | None = None) -> str:
        """A token for whoever holds the secret, for an hour; it says what it is when found in a log by mistake."""
        return SELF_ISSUED + self.sign("token", [id_ or f"token:{secrets.token_hex(4)}", name, role])

    def token_holder(self, bearer: str) -> Who | None:
        """The account of a self-issued token."""
        value = self.read("token", bearer.removeprefix(SELF_ISSUED), seconds=SELF_ISSUED_SECONDS)
        if not isinstance(value, list) or len(value) != 3:
            return None
        id_, name, role = map(str, value)
        return Who(id_, name, role)

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        if purpose not in self._serializers:
            keys = [self._key(purpose, secret) for secret in reversed(self._secrets)]
            settings = {"key_derivation": "none", "digest_method": hashlib.sha256}
            self._serializers[purpose] = URLSafeTimedSerializer(keys, signer_kwargs=settings)
        return self._serializers[purpose]

    def _key(self, purpose: str, secret: str) -> bytes:
        return HKDF(SHA256(), 32, None, f"recourse.{purpose}".encode()).derive(secret.encode())
