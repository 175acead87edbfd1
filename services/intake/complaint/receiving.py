"""A complaint as received, and the receipt of every arrival: received = accepted + duplicate + refused."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

from shared.events import Event, Provenance
from shared.events.complaints import ArrivalRecorded, ComplaintReceived
from shared.events.sealed import Sealed

ARRIVALS = UUID("5d0f8f0e-5c0e-5f0b-9d3a-6d2f0f1a7c01")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 and O, 1 and I and L: references are read over the telephone."""


@dataclass(frozen=True, slots=True)
class Grievance:
    """What somebody complains about, as they say it; empty fields were not given."""

    narrative: str | None = None
    wanted: str | None = None
    organisation: str | None = None
    product: str | None = None
    sub_product: str | None = None
    issue: str | None = None
    sub_issue: str | None = None
    region: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrival:
    """Where something came from; the same `source` and `key` is the same arrival, however often it comes."""

    channel: str
    source: str
    key: str
    line: int | None = None
    fingerprint: str | None = None

    @cached_property
    def id(self) -> UUID:
        return uuid5(ARRIVALS, f"{self.source}\n{self.key}")


def new_complaint_id() -> UUID:
    """Made once, at receipt, and the case's id too (UUIDv7, RFC 9562)."""
    return uuid7()


def complaint_id_of(external_id: str, received_at: datetime) -> UUID:
    """A UUIDv7 that follows from a number given elsewhere, so that the same complaint is not taken twice."""
    milliseconds = max(0, int(received_at.timestamp() * 1000)).to_bytes(6, "big")
    digest = bytearray(hashlib.sha256(external_id.encode()).digest()[:10])
    digest[0] = 0x70 | digest[0] & 0x0F
    digest[2] = 0x80 | digest[2] & 0x3F
    return UUID(bytes=milliseconds + bytes(digest))


def reference_of(complaint_id: UUID) -> str:
    """What the customer quotes: eight letters from the id's random end, 850,000 million of them."""
    number = int.from_bytes(hashlib.sha256(complaint_id.bytes).digest()[:8], "big")
    letters = ""
    for _ in range(8):
        number, letter = divmod(number, len(ALPHABET))
        letters += ALPHABET[letter]
    return f"{letters[:4]}-{letters[4:]}"


def receive(
    complaint_id: UUID, person_id: UUID, arrival: Arrival, grievance: Grievance, by: Provenance,
    *, external_id: str | None = None, mention_id: UUID | None = None, invented: bool = False,
) -> list[Event]:  # fmt: skip
    """Accept: the receipt and the complaint, together or not at all."""
    return [
        _receipt(arrival, by, outcome="accepted", complaint_id=complaint_id),
        ComplaintReceived(
            **by.stamp(complaint_id, 1), reference=reference_of(complaint_id), channel=arrival.channel,
            person_id=person_id, external_id=external_id, mention_id=mention_id, invented=invented,
            **asdict(grievance) | {
                "narrative": Sealed.of(person_id, grievance.narrative),
                "wanted": Sealed.of(person_id, grievance.wanted),
            },
        ),
    ]  # fmt: skip


def duplicate(arrival: Arrival, complaint_id: UUID, by: Provenance) -> ArrivalRecorded:
    """It repeats a complaint that we have."""
    return _receipt(arrival, by, outcome="duplicate", complaint_id=complaint_id)


def refuse(arrival: Arrival, reasons: list[str], by: Provenance) -> ArrivalRecorded:
    """It cannot be taken; the reasons quote nobody."""
    return _receipt(arrival, by, outcome="refused", reasons=reasons)


def _receipt(arrival: Arrival, by: Provenance, **more: Any) -> ArrivalRecorded:
    return ArrivalRecorded(
        **by.stamp(arrival.id, 1), channel=arrival.channel, source=arrival.source, line=arrival.line,
        fingerprint=arrival.fingerprint, **more,
    )  # fmt: skip
