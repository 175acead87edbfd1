"""What the model card claims is what the model does."""

import pytest

from services.sentiment.card.card import GOEMOTIONS, Scores
from services.sentiment.measuring.model import facts, measure
from tests.serving import DATA

FOLDER = DATA / "text" / "goemotions"
NEGATIVE = {
    "anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief", "nervousness",
    "remorse", "sadness",
}  # fmt: skip
POSITIVE = {
    "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy", "love", "optimism",
    "pride", "relief",
}  # fmt: skip


@pytest.mark.skipif(not FOLDER.exists(), reason=f"the labelled comments are not at {FOLDER}")
def test_the_figures_on_the_public_test_set_hold() -> None:
    names = (FOLDER / "labels.txt").read_text().split()
    counts = dict.fromkeys(Scores.__slots__, 0)
    for line in (FOLDER / "test.tsv").read_text().splitlines():
        text, numbers, _ = line.split("\t")
        felt = {names[int(number)] for number in numbers.split(",")}
        found = measure(text)
        good, bad = bool(felt & POSITIVE), bool(felt & NEGATIVE)
        if good is not bad:
            counts["comments"] += 1
            counts["right"] += found.score > 0 if good else found.score < 0
            counts["silent"] += found.score == 0
        angry, red = bool(felt & {"anger", "disgust"}), found.heat == "red"
        counts["angry"] += angry
        counts["angry_red"] += angry and red
        counts["red"] += red
        counts["red_rightly"] += red and bad
    assert Scores(**counts) == GOEMOTIONS


def test_the_words_left_out_are_single_and_in_lower_case() -> None:
    assert len(facts()) > 80
    assert all(word.isalpha() and word.islower() for word in facts())
