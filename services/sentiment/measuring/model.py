"""The seam to the model: how a text sounds, how much it burns, and which words decided.

The lexicon and the rules are VADER's (Hutto and Gilbert 2014), applied sentence by sentence as its authors advise for
longer texts. Their `polarity_scores` reads the whole text again for every word with feeling; the rules reach no
further than three words, so here each such word is weighed within its neighbourhood. The figures are the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from string import punctuation
from typing import Any

from vaderSentiment import vaderSentiment

from shared.events.sentiments import DecidingWord, Heat

VADER: Any = vaderSentiment

MODEL = "vader-3.3.2+1"
"""The lexicon's release and the number of what is set up here: any change of figures is a new number."""
MEASURED = 4000
"""Characters that are measured: 97 of 100 real narratives are shorter."""
LONGEST = 400
"""The most characters of a sentence, for people who write without full stops."""
AMBER = -0.15
"""At or below this score somebody is displeased."""
BITTER = -0.3
"""At or below this score, one outcry makes a text red."""
OUTCRY = -0.75
"""A sentence at or below this is one: it takes two strong words, or one that is shouted."""
TIRADE = (3, -0.55)
"""So many sentences with feeling, and at or below this score on average, make a text red without an outcry."""
DECIDING = 12
"""The most words that are named as deciding."""
FACTS = Path(__file__).parent / "facts.txt"
"""Words that name the matter of a complaint, not a feeling: the lexicon's figures for them are not used."""

ANGER = {"😡": "angry face", "🤬": "furious face", "🖕": "insulting hand"}
"""Emojis whose official names (a pouting face) the lexicon does not know."""

SENTENCES = re.compile(rf"[^.!?\n]{{1,{LONGEST}}}(?![^\s.!?])[.!?]*")
NEAR = 3
LONGEST_WORD = 40
"""Characters of a word that is remembered."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The model's measurement of one text."""

    score: float
    heat: Heat
    deciding: tuple[DecidingWord, ...]
    """Each weighs VADER's -4 to 4, turned by negations before it."""


def measure(text: str) -> Measurement:
    """The mean of the sentences that show a feeling; a text without any is neutral and green."""
    scores: list[float] = []
    found: list[DecidingWord] = []
    for sentence in SENTENCES.finditer(text, 0, MEASURED):
        score, words = weigh(sentence.group(), sentence.start())
        if score:
            scores.append(score)
            found += words
    if not scores:
        return Measurement(0.0, "green", ())
    score = round(sum(scores) / len(scores), 4)
    strongest = sorted(found, key=lambda word: -abs(word.weight))[:DECIDING]
    return Measurement(score, heat_of(scores), tuple(sorted(strongest, key=lambda word: word.start)))


def heat_of(scores: Sequence[float]) -> Heat:
    """Red takes two things: bitter as a whole, and an outcry in one sentence or no end of bitter ones."""
    mean = sum(scores) / len(scores)
    if mean > AMBER:
        return "green"
    outcry = mean <= BITTER and min(scores) <= OUTCRY
    tirade = len(scores) >= TIRADE[0] and mean <= TIRADE[1]
    return "red" if outcry or tirade else "amber"


def weigh(sentence: str, at: int = 0) -> tuple[float, list[DecidingWord]]:
    """The sentence's compound score, and its words with feeling, by their places in a text in which it begins `at`."""
    analyzer = _analyzer()
    plain, places = sentence, None
    if not sentence.isascii() and not analyzer.emojis.keys().isdisjoint(sentence):
        plain, places = _describe_emojis(sentence, analyzer.emojis)
    raw = plain.split()
    if not any(map(_shows, raw)):
        return 0.0, []
    words = list(map(VADER.SentiText._strip_punc_if_word, raw))
    weights = _weights(analyzer, words)
    score: float = analyzer.score_valence(analyzer._but_check(words, weights), plain.strip())["compound"]
    spots = list(re.finditer(r"\S+", plain))
    return score, [_place(spots[i], weight, places, at) for i, weight in enumerate(weights) if weight]


def _shows(word: str) -> bool:
    """True if the word may show a feeling; most words of a sentence do not, and people use few of all words."""
    return (_in_lexicon if len(word) <= LONGEST_WORD else _in_lexicon.__wrapped__)(word)


@lru_cache(maxsize=50_000)
def _in_lexicon(word: str) -> bool:
    low = word.lower()
    return not _analyzer().lexicon.keys().isdisjoint((low, low.strip(punctuation)))


class _Neighbourhood:
    """The words that VADER's rules can see from one word; capitals count against the whole sentence."""

    def __init__(self, words: Sequence[str], shouted: bool) -> None:
        self.words_and_emoticons, self.is_cap_diff = words, shouted


def _weights(analyzer: Any, words: list[str]) -> list[float]:
    shouted = VADER.allcap_differential(words)
    weights = [0.0] * len(words)
    for i, word in enumerate(words):
        low = word.lower() if _shows(word) else ""
        if low in analyzer.lexicon and low not in VADER.BOOSTER_DICT and words[i : i + 2] != ["kind", "of"]:
            before = min(i, NEAR)
            near = _Neighbourhood(words[i - before : i + NEAR], shouted)
            weights[i] = analyzer.sentiment_valence(0, near, word, before, [])[0]
    return weights


def _describe_emojis(sentence: str, emojis: dict[str, str]) -> tuple[str, list[int]]:
    """Emojis in words, as VADER puts them, and where in the sentence each character of the result comes from."""
    plain, places = "", []
    spaced = True
    for i, character in enumerate(sentence):
        words = emojis.get(character)
        piece = character if words is None else words if spaced else f" {words}"
        plain += piece
        places += [i] * len(piece)
        spaced = words is None and character == " "
    return plain, places


def _place(spot: re.Match[str], weight: float, places: list[int] | None, at: int) -> DecidingWord:
    start, end = spot.span()
    if spot.group().strip(punctuation):
        start += len(spot.group()) - len(spot.group().lstrip(punctuation))
        end -= len(spot.group()) - len(spot.group().rstrip(punctuation))
    if places is not None:
        start, end = places[start], places[end - 1] + 1
    return DecidingWord(start=at + start, end=at + end, weight=round(weight, 3))


def facts() -> frozenset[str]:
    """The words of `facts.txt`."""
    lines = FACTS.read_text().splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _analyzer() -> Any:
    analyzer = VADER.SentimentIntensityAnalyzer()
    for word in facts():
        analyzer.lexicon.pop(word, None)
    analyzer.emojis.update(ANGER)
    return analyzer
