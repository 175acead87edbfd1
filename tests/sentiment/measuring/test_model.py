"""The model weighs as VADER does, names the words that decided, and keeps red for what burns."""

import csv
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment.measuring import model
from services.sentiment.measuring.model import AMBER, BITTER, MEASURED, OUTCRY, TIRADE, heat_of, measure, weigh
from tests.serving import DATA

NARRATIVES = DATA / "cfpb" / "narratives_10000.csv"


def deciding(text: str) -> list[str]:
    return [text[word.start : word.end] for word in measure(text).deciding]


@pytest.mark.parametrize(
    ("text", "heat"),
    [
        ("You people are thieves and liars, worst bank ever!!", "red"),
        ("Terrible! The worst bank. I hate it.", "red"),
        ("😡😡😡", "red"),
        ("Still waiting for my refund, this is awful.", "amber"),
        ("This is not good.", "amber"),
        ("Thank you, that was quick and friendly.", "green"),
        ("I opened the account on 3 March.", "green"),
        ("My stolen card has a debt and I dispute the charges under the Fair Credit Reporting Act.", "green"),
    ],
)
def test_heat_is_for_feeling_and_not_for_the_matter(text: str, heat: str) -> None:
    assert measure(text).heat == heat


def test_the_words_that_decided_are_found_where_they_stand() -> None:
    assert deciding("It was (horrible)... Staff were rude, 😡 and late.") == ["horrible", "rude", "😡"]


def test_a_negation_turns_the_word_that_follows() -> None:
    plain, negated = measure("They were helpful."), measure("They were not helpful.")
    assert plain.deciding[0].weight > 0 > negated.deciding[0].weight
    assert plain.score > 0 > negated.score


def test_nothing_said_with_feeling_is_neutral() -> None:
    assert measure("  \n XXXX 12/03/2020 \n").score == 0.0
    assert measure("").deciding == ()


def test_what_comes_after_the_measured_part_changes_nothing() -> None:
    text = "The letter came. " * (MEASURED // 17) + " " * 17
    assert measure(text + "I hate you, thieves and liars.") == measure(text)


def test_one_bitter_word_in_a_long_calm_text_is_not_red() -> None:
    calm = "The branch was friendly. Everyone was kind and the app works great. "
    assert measure(calm * 3 + "I hate the horrible, disgusting fees!").heat == "green"


@given(st.lists(st.floats(-1, 1).filter(bool), min_size=1, max_size=20))
def test_red_needs_a_bitter_whole_and_an_outcry_or_a_tirade(scores: list[float]) -> None:
    mean = sum(scores) / len(scores)
    outcry = mean <= BITTER and min(scores) <= OUTCRY
    tirade = len(scores) >= TIRADE[0] and mean <= TIRADE[1]
    assert (heat_of(scores) == "red") is (outcry or tirade)
    assert (heat_of(scores) == "green") is (mean > AMBER)


EMOJI = "😡😍🤬🙂"
PIECES = st.sampled_from(
    ["not", "good", "BAD", "kind", "of", "no", "but", "least", "never", "so", "horrible!", "the", "😡", " 😍", "(sad)",
     ":)", "without", "doubt", "very", "love", "LOVE", "ugly?", "hardly", "yeah", "right", "the bomb", "\n", "é", "1,5"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map(" ".join) | st.text(max_size=60) | st.text(EMOJI + " ab!?:)(", max_size=30))
def test_a_sentence_weighs_as_in_the_library(sentence: str) -> None:
    score, words = weigh(sentence)
    assert score == model._analyzer().polarity_scores(sentence)["compound"]
    assert all(0 <= word.start < word.end <= len(sentence) for word in words)


@given(st.text(max_size=5000) | st.lists(PIECES, max_size=600).map("".join))
def test_any_text_is_measured(text: str) -> None:
    found = measure(text)
    assert -1 <= found.score <= 1
    assert list(found.deciding) == sorted(found.deciding, key=lambda word: word.start)
    assert all(0 <= word.start < word.end <= min(len(text), MEASURED) for word in found.deciding)


@pytest.mark.skipif(not NARRATIVES.exists(), reason=f"the real narratives are not at {NARRATIVES}")
def test_few_of_the_real_narratives_are_red() -> None:
    """A flag that is on every tenth complaint is not looked at any more."""
    csv.field_size_limit(1_000_000)
    with NARRATIVES.open(newline="", encoding="utf-8") as file:
        texts = [row["Consumer complaint narrative"] for row in csv.DictReader(file)]
    heats = Counter(measure(text).heat for text in texts)
    assert heats.total() == 10_000
    assert 200 < heats["red"] < 1000, heats
    assert heats["amber"] > 3 * heats["red"], heats
    differ = [
        sentence.group()
        for text in texts[:300]
        for sentence in model.SENTENCES.finditer(text, 0, MEASURED)
        if model._analyzer().polarity_scores(sentence.group())["compound"] != weigh(sentence.group())[0]
    ]
    assert differ == []
