"""The seal of the log: each checkpoint has the root of every partition's tree, and is signed.

The text is a C2SP checkpoint in a signed note (c2sp.org/tlog-checkpoint), with Ed25519. `check.py` says what is in it.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.reporting.audit.check import Head, key_id, leaf_hash, root_of
from shared.events import Event, Provenance
from shared.events.reports import CheckpointSealed
from shared.problems import RuleBroken

SEAL: UUID = uuid5(NAMESPACE_URL, "recourse:seal")
"""The one aggregate whose events are the checkpoints."""


class LogShrank(RuleBroken):
    """The log lacks events of the last checkpoint, so no checkpoint was created. Run `recourse audit verify`."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The state after the last checkpoint."""

    number: int
    at: datetime
    size: int
    key: str
    note: str


def evolve(seal: Seal | None, event: Event) -> Seal:
    """The last checkpoint says all."""
    assert isinstance(event, CheckpointSealed)
    return Seal(event.originator_version, event.recorded_at, event.size, event.key, event.note)


def seal(
    state: Seal | None, heads: Mapping[str, Head], before: Mapping[str, Head], key: "SealKey", by: Provenance
) -> list[CheckpointSealed]:
    """The next checkpoint; `before` are the log's own roots at the sizes that were sealed last."""
    for place, head in sealed_heads(state.note).items() if state else ():
        if before.get(place) != head:
            raise LogShrank(f"{place} does not begin with what was sealed before. Run `recourse audit verify`.")
    number = state.number + 1 if state else 1
    lines = [f"{place} {head.size} {_text(head.root)}" for place, head in heads.items() if head.size]
    size, root = sum(head.size for head in heads.values()), root_of([leaf_hash(line.encode()) for line in lines])
    sealed = f"checkpoint {number} {by.at.isoformat(timespec='seconds').replace('+00:00', 'Z')}"
    note = key.signed([key.origin, str(size), _text(root), sealed, *lines])
    return [
        CheckpointSealed(
            **by.stamp(SEAL, number), size=size, root=_text(root), key=key.verifier, note=note,
        )
    ]  # fmt: skip


def sealed_heads(note: str) -> dict[str, Head]:
    """The partitions in a note of ours, without checking its signature."""
    lines = (line.split(" ") for line in note.partition("\n\n")[0].split("\n")[4:])
    return {place: Head(int(size), b64decode(root)) for place, size, root in lines}


@dataclass(frozen=True)
class SealKey:
    """An Ed25519 key, from its 32 bytes, and the name of the log that it signs for."""

    origin: str
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, secret: bytes, url: str) -> "SealKey":
        """The log is called by the host of the installation's address."""
        return cls(urlsplit(url).netloc, Ed25519PrivateKey.from_private_bytes(secret))

    @property
    def verifier(self) -> str:
        """The verifier key: name, key id and public key."""
        public = self.private.public_key().public_bytes_raw()
        return f"{self.origin}+{key_id(self.origin, public).hex()}+{_text(bytes([1]) + public)}"

    def signed(self, lines: Sequence[str]) -> str:
        """The lines as a signed note."""
        text = "".join(f"{line}\n" for line in lines)
        id_ = key_id(self.origin, self.private.public_key().public_bytes_raw())
        return f"{text}\n\u2014 {self.origin} {_text(id_ + self.private.sign(text.encode()))}\n"


def _text(data: bytes) -> str:
    return b64encode(data).decode()
