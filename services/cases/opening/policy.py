"""Policy on received complaints: open a case for each."""

from collections.abc import Sequence
from uuid import uuid5

from services.cases.alerts.crisis import with_alert
from shared.events import Event, Provenance
from shared.events.cases import AspectRaised, CaseOpened
from shared.events.complaints import ComplaintReceived
from shared.events.sealed import plaintext
from shared.eventstore.store import Store
from shared.projections.fold import Opened
from shared.projections.policies import Policy


def open_case(received: ComplaintReceived, by: Provenance) -> list[Event]:
    """One complaint, one case under the same id; what the customer chose is its primary aspect."""
    case_id = received.originator_id
    return [
        CaseOpened(
            **by.stamp(case_id, 1), reference=received.reference, person_id=received.person_id,
            channel=received.channel, received_at=received.happened_at, organisation=received.organisation,
            region=received.region, invented=received.invented,
        ),
        AspectRaised(
            **by.stamp(case_id, 2), aspect_id=uuid5(case_id, "primary"), primary=True, product=received.product,
            sub_product=received.sub_product, issue=received.issue, sub_issue=received.sub_issue,
        ),
    ]  # fmt: skip


def open_cases(store: Store, batch: Sequence[Opened]) -> list[Event]:
    """One query for what is known already, however many complaints come at once."""
    received = {
        event.originator_id: (event, Provenance("cases.open", event.recorded_at, record.id))
        for record, event in batch
        if isinstance(event, ComplaintReceived)
    }
    known = store.existing(list(received))
    return [
        made
        for id_, (event, by) in received.items()
        if id_ not in known
        for made in with_alert(open_case(event, by), [plaintext(event.narrative), plaintext(event.wanted)], by)
    ]


policy = Policy("open", (ComplaintReceived,), open_cases)
