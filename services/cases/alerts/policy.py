"""Policy on the sentiment of a complaint: raise the priority of its case or raise an alert, as the rules say."""

import time
from collections.abc import Sequence
from functools import reduce
from uuid import UUID

from services.cases.alerts.rules import RULES
from services.cases.case.state import Case, evolve
from shared.events import Event, Provenance
from shared.events.sentiments import SentimentMeasured
from shared.eventstore.store import Store
from shared.projections.fold import Opened
from shared.projections.policies import NotYet, Policy

LOOKS, PAUSE = 100, 0.02


class CaseNotOpenYet(NotYet):
    """The words were measured before the case was opened: the batch is read again, with back-off, until it is."""


def flag(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """Apply the rules once; the sentiment of a mention says nothing about a case.

    Complaints and sentiments are two topics, so the words may be here before the case. Opening is another consumer
    and waits for nobody, and whatever was measured was received: to wait here loses nothing and cannot lock.
    """
    met = [
        (record, event, rules)
        for record, event in batch
        if isinstance(event, SentimentMeasured) and event.subject == "complaint" and (rules := RULES().met(event))
    ]
    cases = _opened(store, {event.subject_id for _, event, _ in met})
    made: list[Event] = []
    for record, event, rules in met:
        by = Provenance("cases.flag", event.recorded_at, record.id)
        for rule in rules:
            new = rule.apply(cases[event.subject_id], event, by)
            cases[event.subject_id] = reduce(evolve, new, cases[event.subject_id])
            made += new
    return made


def _opened(store: Store, wanted: set[UUID]) -> dict[UUID, Case]:
    """The cases, in a moment if need be: opening takes milliseconds, and backing off would look like trouble."""
    for _ in range(LOOKS):
        missing = wanted - store.existing(list(wanted))
        if not missing:
            return store.load_many(list(wanted), evolve)
        time.sleep(PAUSE)
    raise CaseNotOpenYet(f"{len(missing)} complaints were measured and have no case yet, as {min(missing)}")


policy = Policy("flag", (SentimentMeasured,), flag)
