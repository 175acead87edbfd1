"""The acknowledgement promises the final response by the day that the rule names."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from services.intake.message.letters import acknowledgement_id
from services.intake.message.policy import acknowledge
from services.intake.message.view import outbox
from services.intake.person.state import Contact, identify
from shared.events import Provenance
from shared.events.complaints import ComplaintReceived, MessageWritten
from shared.service.runtime import Runtime
from shared.service.settings import Settings
from tests.published import on_test_broker
from tests.serving import MASTER, SECRET

BY = Provenance("test", datetime(2026, 3, 14, 16, 30, tzinfo=UTC))
PERSON, COMPLAINT = UUID(int=1), UUID(int=2)


async def test_the_final_response_is_promised_within_eight_weeks_of_receipt(postgres: Callable[[str], str]) -> None:
    """DISP 1.6.2R: received on 14 March 2026, answered by 9 May at the latest."""
    given = Settings(postgres=postgres("intake"), kafka="nowhere", master_key=MASTER.hex(), secret=SECRET)
    runtime = Runtime("intake", given, [outbox], [acknowledge(given)])
    async with on_test_broker(runtime) as publish:
        await runtime.commits.save([identify(PERSON, Contact(email="ada@example.org"), BY)])
        received = ComplaintReceived(**BY.stamp(COMPLAINT, 1), reference="R7K2-M9QX", channel="web", person_id=PERSON)
        await publish(received)
        letter = await asyncio.to_thread(runtime.store.load, acknowledgement_id(COMPLAINT), lambda _, event: event)
    assert isinstance(letter, MessageWritten)
    assert "our final response by 9 May 2026 at the latest" in str(letter.body.text)
