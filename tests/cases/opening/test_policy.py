"""A complaint becomes one case, a red sentiment moves it to the front, whichever comes first and however often."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from services.cases.alerts import policy as alerts
from services.cases.alerts.policy import CaseNotOpenYet, flag
from services.cases.opening import policy as opening
from services.cases.opening.policy import open_cases
from shared.events import Event, Provenance
from shared.events.cases import AlertRaised, CaseOpened, PriorityChanged
from shared.eventstore.store import Conflict, Store
from shared.keys.keyring import Keyring
from tests.scenarios.cases import (
    INES,
    batch,
    close_case,
    complaint,
    complaint_id,
    decision,
    folded,
    opened,
    primary_id,
    resolve_aspect,
    sentiment,
)


@pytest.fixture
def store(postgres: Callable[[str], str]) -> Iterator[Store]:
    made = Store("cases", postgres("cases_policy"), Keyring(bytes(32)))
    yield made
    made.close()


def flagged(number: int, score: float, priority: str, version: int = 3) -> list[Event]:
    measured = sentiment(number, score, "red")
    by = Provenance("cases.flag", measured.recorded_at, measured.id)
    reason = f"Sentiment is red ({score:+.2f}, lexicon-1)"
    return [
        PriorityChanged(**by.stamp(complaint_id(number), version), priority=priority, reason=reason),
        AlertRaised(**by.stamp(complaint_id(number), version + 1), kind="red-sentiment", reason=reason),
    ]


def test_each_complaint_opens_one_case_however_often_it_comes(store: Store) -> None:
    made = open_cases(store, batch(complaint(1), complaint(2), complaint(1)))
    assert made == [*opened(1), *opened(2)]
    store.put(made)
    assert open_cases(store, batch(complaint(1), complaint(2), complaint(3))) == opened(3)


def test_two_that_open_the_same_case_do_not_both_succeed(store: Store) -> None:
    store.put(open_cases(store, batch(complaint(1))))
    with pytest.raises(Conflict):
        store.put(opened(1))


def test_a_thousand_complaints_are_opened_in_one_save(store: Store) -> None:
    made = open_cases(store, batch(*(complaint(n) for n in range(1000))))
    assert len(store.put(made)) == 2000
    assert sum(isinstance(event, CaseOpened) for event in made) == 1000


def test_red_raises_the_priority_and_one_alert(store: Store) -> None:
    store.put([*opened(1), *opened(2), *opened(3)])
    batch_ = batch(sentiment(1, -0.7, "red"), sentiment(2, -0.9, "red"), sentiment(3, -0.4, "amber"))
    made = flag(store, batch_)
    assert made == [*flagged(1, -0.7, "high"), *flagged(2, -0.9, "urgent")]
    assert flag(store, batch_) == made
    store.put(made)
    assert flag(store, batch_) == []


def test_two_red_texts_in_one_batch_raise_it_twice_and_alert_once(store: Store) -> None:
    store.put(opened(1))
    made = flag(store, batch(sentiment(1, -0.7, "red"), sentiment(1, -0.9, "red", of="wanted")))
    assert made[:2] == flagged(1, -0.7, "high")
    assert [(event.type, event.originator_version) for event in made[2:]] == [("case.priority-changed", 5)]
    store.put(made)


def test_a_mention_and_a_closed_case_are_left_alone(store: Store) -> None:
    events = opened(1)
    events += resolve_aspect(folded(events), primary_id(1), decision("withdrawn"), INES)
    store.put([*events, *close_case(folded(events), INES)])
    assert flag(store, batch(sentiment(1, -0.9, "red"), sentiment(7, -0.9, "red", subject="mention"))) == []


def test_words_that_come_before_the_case_wait_for_it(store: Store) -> None:
    """Opening is another consumer: it saves while this one waits."""
    answers: list[Sequence[Event]] = []
    waiting = threading.Thread(target=lambda: answers.append(flag(store, batch(sentiment(1, -0.9, "red")))))
    waiting.start()
    store.put(open_cases(store, batch(complaint(1))))
    waiting.join()
    assert answers == [flagged(1, -0.9, "urgent")]


def test_words_without_a_case_are_read_again_and_not_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LOOKS", 2)
    with pytest.raises(CaseNotOpenYet, match=str(complaint_id(1))):
        flag(store, batch(sentiment(1, -0.9, "red")))
    store.put(opened(1))
    assert flag(store, batch(sentiment(1, -0.9, "red"))) == flagged(1, -0.9, "urgent")


def test_policies_are_two_groups_so_that_one_cannot_hold_up_the_other() -> None:
    assert {(one.name, one.topics) for one in (opening.policy, alerts.policy)} == {
        ("open", ("complaints",)),
        ("flag", ("sentiments",)),
    }


@pytest.mark.parametrize(
    "words",
    [
        "I would like to kill myself over this debt.", "I don’t want\nto live like this.", "SUICIDE? Ask my bank.",
        "Ich will nicht mehr leben.", "J'ai envie de mourir.", "Quiero morir, y el banco no contesta.",
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["narrative", "wanted"])
def test_words_of_harm_open_an_urgent_case_with_an_alert(store: Store, words: str, field: str) -> None:
    received = complaint(1, **{field: words})
    made = open_cases(store, batch(received))
    assert [event.type for event in made[2:]] == ["case.priority-changed", "case.alert-raised"]
    case = folded(made)
    assert (case.priority, case.alerts) == ("urgent", ("risk-of-harm",))


@pytest.mark.parametrize("words", ["The fees kill me, myself and the shop.", "My card was charged twice.", "¿?"])
def test_other_words_open_a_case_like_any(store: Store, words: str) -> None:
    assert len(open_cases(store, batch(complaint(1, narrative=words)))) == 2
