"""When a customer's words burn: move the case to the front and raise an alert."""

import time
from collections.abc import Sequence
from uuid import UUID

from services.cases.alerts.alert import raise_alert
from services.cases.case.state import Case, evolve
from services.cases.priority.priority import raise_priority
from shared.events import Event, Provenance
from shared.events.sentiments import SentimentMeasured
from shared.eventstore.store import Store
from shared.projections.fold import Opened
from shared.projections.policies import NotYet, Policy

FURIOUS = -0.8
"""Below this score a red complaint is urgent, else its priority is high."""


LOOKS, PAUSE = 100, 0.02


class CaseNotOpenYet(NotYet):
    """The words were measured before the case was opened: the batch is read again, with back-off, until it is."""


def flag_red(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """Raise the priority and an alert, once; a mention's words say nothing about a case.

    Complaints and sentiments are two topics, so the words may be here before the case. Opening is another consumer
    and waits for nobody, and whatever was measured was received: to wait here loses nothing and cannot lock.
    """
    red = [
        (record, event)
        for record, event in batch
        if isinstance(event, SentimentMeasured) and event.subject == "complaint" and event.heat == "red"
    ]
    cases = _opened(store, {event.subject_id for _, event in red})
    made: list[Event] = []
    for record, event in red:
        new = _flag(cases[event.subject_id], event, Provenance("cases.flag", event.recorded_at, record.id))
        for one in new:
            cases[event.subject_id] = evolve(cases[event.subject_id], one)
        made += new
    return made


def _flag(case: Case, measured: SentimentMeasured, by: Provenance) -> list[Event]:
    priority = "urgent" if measured.score < FURIOUS else "high"
    reason = f"Sentiment is red ({measured.score:+.2f}, {measured.model})"
    raised = raise_priority(case, priority, reason, by)
    for event in raised:
        case = evolve(case, event)
    return raised + raise_alert(case, "red-sentiment", reason, by)


def _opened(store: Store, wanted: set[UUID]) -> dict[UUID, Case]:
    """The cases, in a moment if need be: opening takes milliseconds, and backing off would look like trouble."""
    for _ in range(LOOKS):
        missing = wanted - store.existing(list(wanted))
        if not missing:
            return store.load_many(list(wanted), evolve)
        time.sleep(PAUSE)
    raise CaseNotOpenYet(f"{len(missing)} complaints were measured and have no case yet, as {min(missing)}")


policy = Policy("flag", (SentimentMeasured,), flag_red)
