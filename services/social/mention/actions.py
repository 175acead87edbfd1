"""Actions on a mention: promote it to a complaint, dismiss it, restore it."""

from typing import Annotated
from uuid import UUID

from pydantic import AliasPath, BaseModel, Field

from services.social.mention.state import Mention, evolve
from shared.events import Event, Provenance
from shared.events.mentions import MentionDismissed, MentionPromoted, MentionRestored
from shared.events.sealed import Sealed
from shared.features.action import Actions, Position, Undo
from shared.features.codes import DISMISSALS
from shared.features.decider import Decider
from shared.problems import PersonWasErased, RuleBroken

work = Actions(
    "/social/{mention_id}", Decider[Mention]("mentions", evolve), may="mentions.work", api="/mentions/{mention_id}",
    pages=("/social/{mention_id}", "/social"),
)  # fmt: skip


class MentionIsComplaint(RuleBroken):
    """This mention is a complaint. Work on its case instead; you can close it there as out of scope."""


class MentionIsDismissed(RuleBroken):
    """This mention was dismissed. Restore it first, then create a complaint."""


class Promotion(Position):
    complaint_id: UUID = Field(
        validation_alias=AliasPath("state", "complaint_id"), description="The complaint that the mention is."
    )


class DismissMention(BaseModel):
    """The mention needs no work."""

    reason: Annotated[str, DISMISSALS] = Field(title="Reason for dismissing")


@work(
    "/promotion", title="Create complaint", said="Complaint created. Its case opens in a moment",
    answer=Promotion,
)  # fmt: skip
def promote(mention: Mention, by: Provenance) -> list[Event]:
    """Make it a complaint; asked again, the answer is the same complaint."""
    if mention.state == "promoted":
        return []
    if mention.state == "dismissed":
        raise MentionIsDismissed
    if mention.text is None:
        raise PersonWasErased
    return [
        MentionPromoted(
            **by.after(mention), complaint_id=by.new_id, person_id=mention.person_id,
            text=Sealed(mention.person_id, mention.text), captured_at=mention.captured_at, invented=mention.invented,
        )
    ]  # fmt: skip


@work("/dismissal", title="Dismiss", said="Dismissed", undo=lambda mention: Undo("/restoration"))
def dismiss(mention: Mention, asked: DismissMention, by: Provenance) -> list[Event]:
    """Say that it needs no work; said twice, it changes nothing."""
    if mention.state == "promoted":
        raise MentionIsComplaint
    if mention.state == "dismissed":
        return []
    return [MentionDismissed(**by.after(mention), reason=asked.reason)]


@work("/restoration", title="Restore", said="Restored")
def restore(mention: Mention, by: Provenance) -> list[Event]:
    """Undo a dismissal."""
    if mention.state == "promoted":
        raise MentionIsComplaint
    return [MentionRestored(**by.after(mention))] if mention.state == "dismissed" else []
