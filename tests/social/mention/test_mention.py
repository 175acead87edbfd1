"""A mention is captured once, promoted once, and a dismissal can be undone."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.social.mention.actions import (
    DismissMention,
    MentionIsComplaint,
    MentionIsDismissed,
    dismiss,
    promote,
    restore,
)
from services.social.mention.state import (
    Mention,
    Post,
    author_id,
    capture,
    evolve,
    mention_id,
)
from shared.events import Event, Provenance
from shared.events.mentions import MentionCaptured, MentionDismissed, MentionPromoted, MentionRestored
from shared.events.sealed import Sealed
from shared.problems import PersonWasErased, RuleBroken

AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
MENTION, PERSON, COMPLAINT = uuid4(), uuid4(), uuid4()
BY = Provenance("handler@example.org", AT, new_id=COMPLAINT)
SPAM = DismissMention(reason="spam")
POST = Post(
    "mastodon", "https://social.example/1", "My card was charged twice.", "comment", "Ann", "ann@social.example",
    "https://social.example/@ann/1", AT - timedelta(hours=1), "en",
)  # fmt: skip
CAPTURED = capture(MENTION, PERSON, POST, Provenance("token:1", AT, occurred_at=POST.posted_at))
DISMISSED = MentionDismissed(**BY.stamp(MENTION, 2), reason="spam")
RESTORED = MentionRestored(**BY.stamp(MENTION, 3))
PROMOTED = MentionPromoted(
    **BY.stamp(MENTION, 2), complaint_id=COMPLAINT, person_id=PERSON, text=Sealed(PERSON, POST.text), captured_at=AT
)


def after(*events: Event) -> Mention:
    state = reduce(evolve, [*CAPTURED, *events], None)
    assert state is not None
    return state


def test_all_that_names_the_author_is_sealed_under_their_key() -> None:
    [captured] = CAPTURED
    assert captured == (
        MentionCaptured(
            **Provenance("token:1", AT, occurred_at=AT - timedelta(hours=1)).stamp(MENTION, 1), network="mastodon",
            kind="comment", person_id=PERSON, external_id=Sealed(PERSON, "https://social.example/1"),
            author=Sealed(PERSON, "Ann"), handle=Sealed(PERSON, "ann@social.example"),
            url=Sealed(PERSON, "https://social.example/@ann/1"), text=Sealed(PERSON, "My card was charged twice."),
            language="en",
        )
    )  # fmt: skip


def test_a_promotion_takes_the_words_along() -> None:
    assert promote(after(), BY) == [PROMOTED]


def test_a_promoted_mention_stays_the_complaint_that_it_is() -> None:
    assert promote(after(PROMOTED), BY) == []
    assert after(PROMOTED).complaint_id == COMPLAINT


def test_a_complaint_is_not_dismissed_or_restored() -> None:
    with pytest.raises(MentionIsComplaint):
        dismiss(after(PROMOTED), SPAM, BY)
    with pytest.raises(MentionIsComplaint):
        restore(after(PROMOTED), BY)


def test_a_dismissal_says_why_once() -> None:
    assert dismiss(after(), SPAM, BY) == [DISMISSED]
    assert dismiss(after(DISMISSED), DismissMention(reason="not-about-us"), BY) == []


def test_a_dismissed_mention_is_restored_before_it_is_promoted() -> None:
    with pytest.raises(MentionIsDismissed):
        promote(after(DISMISSED), BY)
    assert restore(after(DISMISSED), BY) == [RESTORED]
    assert restore(after(), BY) == []
    assert [type(event) for event in promote(after(DISMISSED, RESTORED), BY)] == [MentionPromoted]


def test_a_promotion_tells_when_the_mention_came_to_us() -> None:
    (promoted,) = promote(after(DISMISSED, RESTORED), Provenance("handler@example.org", AT + timedelta(days=3)))
    assert isinstance(promoted, MentionPromoted)
    assert promoted.captured_at == AT


def test_an_erased_author_has_nothing_to_promote() -> None:
    erased = CAPTURED[0].model_copy(update={"text": Sealed(PERSON, None)})
    with pytest.raises(PersonWasErased):
        promote(evolve(None, erased), BY)


@given(st.lists(st.sampled_from(["promote", "dismiss", "restore"]), max_size=12))
def test_whatever_is_done_there_is_at_most_one_complaint_and_no_gap(deeds: list[str]) -> None:
    state, made = after(), list[Event]()
    for deed in deeds:
        try:
            match deed:
                case "promote":
                    events = promote(state, BY)
                case "dismiss":
                    events = dismiss(state, SPAM, BY)
                case _:
                    events = restore(state, BY)
        except RuleBroken:
            continue
        made += events
        state = reduce(evolve, events, state)
    assert [event.originator_version for event in made] == list(range(2, 2 + len(made)))
    promotions = [event for event in made if isinstance(event, MentionPromoted)]
    assert len(promotions) <= 1
    assert (state.state == "promoted") is bool(promotions)
    assert not promotions or made[-1] is promotions[0]


def test_ids_follow_from_the_post_and_only_with_the_secret() -> None:
    assert mention_id("secret", POST) == mention_id("secret", POST)
    assert mention_id("secret", POST) != mention_id("other secret", POST)
    assert mention_id("secret", POST) != mention_id("secret", Post("x", POST.external_id, POST.text))
    assert mention_id("secret", POST).version == 8
    assert isinstance(mention_id("secret", POST), UUID)


def test_an_author_is_one_person_until_erased() -> None:
    other = Post("mastodon", "2", "Again.", handle="@Ann@social.example")
    elsewhere = Post("x", "2", "Again.", handle="ann@social.example")
    assert author_id("secret", POST, 0) == author_id("secret", other, 0)
    assert author_id("secret", POST, 0) != author_id("secret", elsewhere, 0)
    assert author_id("secret", POST, 0) != author_id("secret", POST, 1)


def test_authors_without_a_handle_are_not_taken_for_one() -> None:
    one, two = Post("reviews", "1", "Bad."), Post("reviews", "2", "Bad.")
    assert author_id("secret", one, 0) != author_id("secret", two, 0)
