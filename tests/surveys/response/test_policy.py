"""When a case is closed, its person is asked: once, whatever comes again."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from services.surveys.response.policy import policy
from services.surveys.response.state import response_id
from shared.events import Event
from shared.events.surveys import SurveyInvited
from shared.eventstore.store import Store
from shared.kafka.records import read
from shared.keys.keyring import Keyring
from tests.feeding import Feeder
from tests.scenarios.surveys import CLOSED, closed


async def test_a_closed_case_is_asked_about_once(postgres: Callable[[str], str]) -> None:
    url = postgres("surveys")
    feeder, store = Feeder(url), Store("surveys", url, Keyring(bytes(32)))

    def react(*events: Event) -> Sequence[Event]:
        records = map(read, feeder.records(*events))
        return policy.react(store, list(zip(records, events, strict=True)))

    try:
        made = react(closed(1), closed(2), closed(1, version=9, at=CLOSED + timedelta(days=3)))
        assert [event.originator_id for event in made] == [response_id(UUID(int=n), "handling") for n in (1, 2)]
        assert isinstance(made[0], SurveyInvited)
        assert made[0].caused_by == f"cases/{UUID(int=1)}/5"
        store.put(made)
        assert react(closed(1, version=12, at=CLOSED + timedelta(days=9))) == []
    finally:
        store.close()
