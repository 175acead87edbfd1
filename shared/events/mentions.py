"""Events of `social`: posts, comments, reviews and direct messages about the firm."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event
from shared.events.codes import CODES_OPENED, Code, MentionKind
from shared.events.sealed import Sealed


class MentionEvent(Event):
    """`originator_id` is the mention."""

    topic = "mentions"


class MentionCaptured(MentionEvent):
    """Somebody said something about the firm in public, or wrote to one of its accounts."""

    type = "mention.captured"
    version = 2
    upcasts = CODES_OPENED
    sentence = "Mention captured on {network}"
    details = ("kind", "language")
    introduces = "person_id"

    network: str = Field(description="For example `mastodon`, `x`, `reviews`.")
    kind: MentionKind = Field("post", description="What it is.")
    person_id: UUID = Field(description="Its author.")
    external_id: Sealed = Field(description="Its id on the network.")
    author: Sealed | None = Field(None, description="The author's name there.")
    handle: Sealed | None = Field(None, description="The author's address there.")
    url: Sealed | None = Field(None, description="Where it can be read.")
    text: Sealed = Field(description="What it says, as plain text.")
    language: str | None = Field(None, description="BCP 47, as the network says.")
    invented: bool = Field(False, description="True for demonstration data.")


class MentionPromoted(MentionEvent):
    """The mention is a complaint; `intake` receives it under this id."""

    type = "mention.promoted"
    sentence = "Complaint created from the mention"

    complaint_id: UUID = Field(description="The complaint that it becomes.")
    person_id: UUID = Field(description="Its author, who complains.")
    text: Sealed = Field(description="What it says: the complaint's narrative.")
    captured_at: AwareDatetime | None = Field(None, description="When the firm received the mention.")
    invented: bool = Field(False, description="True for demonstration data.")


class MentionDismissed(MentionEvent):
    """The mention needs no work."""

    type = "mention.dismissed"
    sentence = "Mention dismissed"
    details = ("reason",)

    reason: Annotated[str, Code("dismissals")] = Field(description="Why; names nobody.")


class MentionRestored(MentionEvent):
    """A dismissal was undone."""

    type = "mention.restored"
    sentence = "Mention restored"
