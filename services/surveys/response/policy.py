"""When a case is closed: ask the person how it was handled."""

from collections.abc import Sequence

from services.surveys.questionnaire.definition import load_questionnaires
from services.surveys.response.state import invite
from shared.events import Event, Provenance
from shared.events.cases import CaseClosed
from shared.events.surveys import SurveyInvited
from shared.eventstore.store import Store
from shared.projections.fold import Opened
from shared.projections.policies import Policy


def ask(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """One invitation per case: a case closed again after it was reopened is not asked about again."""
    wanted: dict[object, SurveyInvited] = {}
    for record, event in batch:
        if isinstance(event, CaseClosed) and (asked := load_questionnaires().at(event.recorded_at)):
            by = Provenance("surveys.invite", event.recorded_at, record.id)
            made = invite(event.originator_id, event.person_id, asked, event.recorded_at, by)
            wanted.setdefault(made.originator_id, made)
    known = store.existing([made.originator_id for made in wanted.values()])
    return [made for made in wanted.values() if made.originator_id not in known]


policy = Policy("invite", (CaseClosed,), ask)
