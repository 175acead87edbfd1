"""The link by which a customer follows their complaint: it ends after a while, and can be stopped before.

A link carries the complaint's id, its generation and when it was made, and our signature; no name and no address.
Whoever holds it reads the complaint, so a stopped generation opens nothing ever again, and the next is sent only to
the address that we know.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from shared.events import Event, Provenance
from shared.events.complaints import LinkRevoked
from shared.problems import NotFound, RuleBroken
from shared.security.signing import Signer

PURPOSE = "complaint"


class LinkStopped(RuleBroken):
    """This link was turned off and no longer works."""

    status = 410


class LinkExpired(RuleBroken):
    """This link has expired."""

    status = 410


@dataclass(frozen=True, slots=True)
class Link:
    """The content of a link that we signed."""

    complaint_id: UUID
    generation: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one complaint: which generation works now."""

    complaint_id: UUID
    version: int = 0
    generation: int = 0


def links_id(complaint_id: UUID) -> UUID:
    """The aggregate beside the complaint."""
    return uuid5(complaint_id, "links")


def evolve(links: Links | None, event: Event) -> Links:
    """Fold one event."""
    if not isinstance(event, LinkRevoked):
        raise TypeError(f"{event.type} is no event of links")
    links = links or Links(event.complaint_id)
    return replace(links, version=event.originator_version, generation=event.generation + 1)


def revoke(links: Links, by: Provenance) -> list[Event]:
    """Stop every link that there is."""
    stamp = by.stamp(links_id(links.complaint_id), links.version + 1)
    return [LinkRevoked(**stamp, complaint_id=links.complaint_id, generation=links.generation)]


def make(signer: Signer, public_url: str, complaint_id: UUID, generation: int = 0) -> str:
    """The address that is sent to the customer."""
    return f"{public_url}/complain/track/{sign(signer, complaint_id, generation)}"


def sign(signer: Signer, complaint_id: UUID, generation: int = 0) -> str:
    return signer.sign(PURPOSE, f"{complaint_id}/{generation}" if generation else str(complaint_id))


def read(signer: Signer, signed: str) -> Link:
    """Read the link, whether or not it still works; raises `NotFound` if we did not sign it."""
    found = signer.open(PURPOSE, signed)
    if found is None:
        raise NotFound("This link is not complete. Open it again from the message we sent you.")
    complaint_id, _, generation = str(found.value).partition("/")
    return Link(UUID(complaint_id), int(generation or 0), found.at)


def ensure_open(link: Link, links: Links, oldest: datetime) -> None:
    """Raises `LinkStopped` or `LinkExpired`."""
    if link.generation < links.generation:
        raise LinkStopped
    if link.made_at < oldest:
        raise LinkExpired
