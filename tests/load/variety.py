"""Events of the kinds that an import does not bring: people, letters to them, mentions, surveys and answers."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from deploy.cli.operations import database
from shared.events import Event, Provenance
from shared.events.complaints import MessageSent, MessageWritten
from shared.events.mentions import MentionCaptured
from shared.events.people import PersonIdentified
from shared.events.sealed import Sealed
from shared.events.surveys import Answer, SurveyAnswered, SurveyInvited
from shared.eventstore.store import Store
from shared.keys.keyring import Keyring
from tests.load.filling import CHUNK, NOW, stories
from tests.processes import Site


def add_variety(site: Site, people: int) -> None:
    """So many people, each with a letter that was sent, a mention, and a survey that was answered."""
    keyring = Keyring(site.at.masters())
    stores = {name: Store(name, database(site.at, name), keyring) for name in ("intake", "social", "surveys")}
    texts = [text for text, _ in stories(people)]
    for first in range(0, people, CHUNK):
        some = [(uuid4(), text) for text in texts[first : first + CHUNK]]
        stores["intake"].put([event for person, text in some for event in _written(person, text)])
        stores["social"].put([_mentioned(person, text) for person, text in some])
        stores["surveys"].put([event for person, text in some for event in _asked(person, text)])
    for store in stores.values():
        store.close()


def _by() -> Provenance:
    return Provenance("load", NOW)


def _written(person: UUID, text: str) -> Sequence[Event]:
    """Somebody without an address for mail, and a letter that has gone out: nothing is left for the mailer."""
    message, complaint = uuid4(), uuid4()
    return [
        PersonIdentified(
            **_by().stamp(person, 1), name=Sealed(person, f"Person {person.hex[:6]}"),
            phone=Sealed(person, "+44 20 7946 0000"), preferred_channel="phone",
        ),
        MessageWritten(
            **_by().stamp(message, 1), complaint_id=complaint, person_id=person, purpose="reply", channel="letter",
            to=Sealed(person, "1 High Street"), subject=Sealed(person, "Your complaint"), body=Sealed(person, text),
        ),
        MessageSent(**_by().stamp(message, 2), complaint_id=complaint, attempt=1),
    ]  # fmt: skip


def _mentioned(person: UUID, text: str) -> Event:
    return MentionCaptured(
        **_by().stamp(uuid4(), 1), network="reviews", kind="review", person_id=person,
        external_id=Sealed(person, uuid4().hex), author=Sealed(person, "Somebody"), text=Sealed(person, text[:500]),
    )  # fmt: skip


def _asked(person: UUID, text: str) -> Sequence[Event]:
    response, about = uuid4(), {"case_id": uuid4(), "questionnaire": "handling.v1", "person_id": person}
    answers = [
        Answer(question="ease", kind="choice", choice=3),
        Answer(question="words", kind="text", text=Sealed(person, text[:200])),
    ]
    return [
        SurveyInvited(**_by().stamp(response, 1), **about, expires_at=NOW),
        SurveyAnswered(**_by().stamp(response, 2), **about, answers=answers),
    ]
