"""Hands a reply over for sending when the time to take it back is over."""

from collections.abc import Sequence

from services.cases.case.actions import decider
from services.cases.conversation.reply import release
from services.cases.conversation.view import ReplyRow, unsent
from shared.events.sealed import Sealed
from shared.eventstore.store import Saved
from shared.features.decider import Asked
from shared.features.timer import Timer
from shared.service.runtime import Runtime


async def _release(runtime: Runtime, row: ReplyRow, asked: Asked) -> Sequence[Saved]:
    assert row.case_id and row.person_id and row.subject is not None and row.body is not None
    subject, body = Sealed(row.person_id, row.subject), Sealed(row.person_id, row.body)
    decision = await decider.decide(
        runtime, row.case_id, lambda case, by: release(case, row.reply_id, subject, body, by), asked, str(row.reply_id)
    )
    return decision.saved


sending = Timer("replies", unsent, _release)
