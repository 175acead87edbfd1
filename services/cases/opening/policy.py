"""When a complaint is received: open its case."""

from collections.abc import Sequence

from services.cases.case.state import open_case
from shared.events import By, Event
from shared.events.complaints import ComplaintReceived
from shared.eventstore.store import Store
from shared.projections.fold import Opened
from shared.projections.policies import Policy


def open_cases(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """One look for what is known already, however many complaints come at once."""
    received = {
        event.originator_id: (event, By("cases.open", event.recorded_at, record.id))
        for record, event in batch
        if isinstance(event, ComplaintReceived)
    }
    known = store.existing(list(received))
    return [made for id_, (event, by) in received.items() if id_ not in known for made in open_case(event, by)]


policy = Policy("open", (ComplaintReceived,), open_cases)
