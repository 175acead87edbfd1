"""A mention: captured once, then made a complaint, dismissed, or brought back."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.events import Event, Provenance
from shared.events.mentions import MentionCaptured, MentionDismissed, MentionPromoted, MentionRestored
from shared.events.sealed import Sealed, plaintext

State = Literal["new", "promoted", "dismissed"]


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody said, in the form that all networks have in common."""

    network: str
    external_id: str
    text: str
    kind: str = "post"
    author: str | None = None
    handle: str | None = None
    url: str | None = None
    posted_at: datetime | None = None
    language: str | None = None
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """The state of one mention after its events; `text` is None once its author is erased."""

    id: UUID
    person_id: UUID
    text: str | None
    version: int
    captured_at: datetime
    state: State = "new"
    complaint_id: UUID | None = None
    invented: bool = False


def pseudonym(secret: str, *parts: str) -> UUID:
    """An id that follows from what is known on the network, for nobody but us: without the secret it cannot be
    guessed back from a public handle or post (UUIDv8, RFC 9562)."""
    digest = bytearray(hmac.new(secret.encode(), "\n".join(("social", *parts)).encode(), hashlib.sha256).digest()[:16])
    digest[6] = 0x80 | digest[6] & 0x0F
    digest[8] = 0x80 | digest[8] & 0x3F
    return UUID(bytes=bytes(digest))


def mention_id(secret: str, post: Post) -> UUID:
    """The same post is the same mention, however often it is delivered."""
    return pseudonym(secret, "mention", post.network, post.external_id)


def author_id(secret: str, post: Post, generation: int) -> UUID:
    """The same author keeps one id until they are erased; then they are somebody new."""
    if post.handle is None:
        return pseudonym(secret, "author of", str(generation), post.network, post.external_id)
    return pseudonym(secret, "author", str(generation), post.network, post.handle.strip().lstrip("@").lower())


def evolve(mention: Mention | None, event: Event) -> Mention:
    """Fold one event."""
    if isinstance(event, MentionCaptured):
        text = plaintext(event.text)
        return Mention(
            event.originator_id, event.person_id, text, event.originator_version, event.recorded_at,
            invented=event.invented,
        )  # fmt: skip
    assert mention is not None
    state = replace(mention, version=event.originator_version)
    match event:
        case MentionPromoted():
            return replace(state, state="promoted", complaint_id=event.complaint_id)
        case MentionDismissed():
            return replace(state, state="dismissed")
        case MentionRestored():
            return replace(state, state="new")
    raise TypeError(f"{event.type} is no event of a mention")


def capture(id_: UUID, person_id: UUID, post: Post, by: Provenance) -> list[Event]:
    """Take the post in."""
    return [
        MentionCaptured(
            **by.stamp(id_, 1), network=post.network, kind=post.kind, person_id=person_id,
            external_id=Sealed(person_id, post.external_id), author=Sealed.of(person_id, post.author),
            handle=Sealed.of(person_id, post.handle), url=Sealed.of(person_id, post.url),
            text=Sealed(person_id, post.text), language=post.language, invented=post.invented,
        )
    ]  # fmt: skip
