"""VADER: sentiment of English posts by a rated lexicon and rules for negation, degree, capitals and punctuation.

Origin: C.J. Hutto, E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text",
ICWSM-14; lexicon and rules are those of the package vaderSentiment (MIT licence), whose version each score names. `compound` is
-1 to 1, rounded to four digits; the label comes from the thresholds that its authors publish. Measured by us on their 4,200
human-rated tweets: r = 0.87, macro F1 = 0.70; on film reviews r = 0.31 only.

Every score is equal to the package's, to the last digit; the tests compare them. The package goes through all words of a text
for each word that carries sentiment, so that 5,000 emoji stop it for half a minute; here the time grows with the length of the
text alone, whatever stands in it, since one post must not hold up a crawl.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib.metadata import version
from math import sqrt
from typing import Final

from monitor.post import Label, Score
from monitor.sentiment.lexicon import bare, words
from monitor.sentiment.rules import values
from monitor.text.language import primary_subtag

NAME = "vader"
VERSION = version("vaderSentiment")
LANGUAGE = "en"
THRESHOLD = 0.05  # compound at or beyond it is positive or negative, as the authors of VADER publish it

_NORMAL = 15.0  # the package's "alpha", near the largest sum expected
_EXCLAMATION, _MOST_EXCLAMATIONS = 0.292, 4
_MANY_EXCLAMATIONS = _MOST_EXCLAMATIONS * _EXCLAMATION
_QUESTION, _QUESTIONS_COUNTED, _MANY_QUESTIONS = 0.18, 3, 0.96
# Up to so many emoji, replacing one after the other is faster than going through the characters.
_FEW = 8
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# Platforms use a few dozen tags, but anybody may send another.
_TAGS_REMEMBERED = 512


class Vader:
    """The scorer that comes with the program."""

    name: Final = NAME
    version: Final = VERSION
    fast: Final = True
    languages: Final = frozenset({LANGUAGE})

    def score(self, text: str, language: str | None) -> Score:
        """Score one text, as the function `score` does."""
        return score(text, language)

    def why(self, text: str, language: str | None) -> list[tuple[str, float]]:
        """What drove the score of one text, as the function `why` tells; empty where there is none."""
        return [] if score(text, language).label is None else why(text)


def score(text: str, language: str | None) -> Score:
    """Score one text; `language` is a primary subtag ("en") or a longer tag ("en-GB"), None where it is unknown.

    Other and unknown languages, and texts without a word, have label None and the reason, never a score of 0.
    """
    if language != LANGUAGE and (primary := _primary(language)) != LANGUAGE:
        return _unscored(f"language {primary or 'unknown'}")
    tokens, _, found, read = _sift(text)
    if not tokens:
        return _unscored("no text")
    emphasis = _emphasis(read)
    positive = negative = 0.0
    for value in found:
        if value > 0.0:
            positive += value + 1.0  # one more, since a neutral word counts as one
        else:
            negative += 1.0 - value
    if positive > negative:
        positive += emphasis
    elif positive < negative:
        negative += emphasis
    neutral = len(tokens) - len(found)
    whole = positive + negative + neutral
    total = sum(found)
    if total > 0.0:
        total += emphasis
    elif total < 0.0:
        total -= emphasis
    compound = round(total / sqrt(total * total + _NORMAL), 4)
    return Score(
        scorer=NAME,
        version=VERSION,
        label=_label(compound),
        compound=compound,
        positive=round(positive / whole, 3),
        neutral=round(neutral / whole, 3),
        negative=round(negative / whole, 3),
    )


def why(text: str) -> list[tuple[str, float]]:
    """What drove the score of an English text: (word, contribution) in the order of the text, marks for emphasis last.

    Contributions are in the units of the lexicon (a word is rated -4 to 4) and have all rules applied; x, their sum, makes the
    compound x / sqrt(x * x + 15). Emoji stand as the words of their description. Empty where nothing carries sentiment.
    """
    tokens, places, found, read = _sift(text)
    drove = [(bare(tokens[place]), value) for place, value in zip(places, found, strict=True)]
    total, emphasis = sum(found), _emphasis(read)
    if total and emphasis:
        marks = "!" * min(read.count("!"), _MOST_EXCLAMATIONS) + "?" * min(read.count("?"), _QUESTIONS_COUNTED + 1)
        drove.append((marks, emphasis if total > 0 else -emphasis))
    return drove


def _sift(text: str) -> tuple[list[str], list[int], list[float], str]:
    """Take a text apart: its tokens, the places of those that carry sentiment, what each is worth, and the text as read."""
    known = words()
    if not text.isascii():
        text = _described(text, known.tables.emoji)
    tokens = text.split()
    mixed = not text.isupper() or not all(map(str.isupper, tokens))
    places, found = values(tokens, list(map(known.__getitem__, tokens)), known.tables.phrases, mixed=mixed)
    return tokens, places, found, text


def _described(text: str, emoji: Mapping[str, str]) -> str:
    """Put the description of each emoji in its place; what follows directly stays joined to its last word, as in the package."""
    signs: Collection[str] = _BEYOND_ASCII.findall(text)
    if len(signs) > _FEW:
        signs = emoji.keys() & set(signs)
        if len(signs) > _FEW:
            return "".join([f" {emoji[sign]}" if sign in signs else sign for sign in text])
    for sign in signs:
        if sign in emoji:
            text = text.replace(sign, f" {emoji[sign]}")
    return text


def _emphasis(text: str) -> float:
    exclamations, questions = text.count("!"), text.count("?")
    emphasis = exclamations * _EXCLAMATION if exclamations < _MOST_EXCLAMATIONS else _MANY_EXCLAMATIONS
    if questions > 1:
        emphasis += questions * _QUESTION if questions <= _QUESTIONS_COUNTED else _MANY_QUESTIONS
    return emphasis


@lru_cache(_TAGS_REMEMBERED)
def _primary(language: str | None) -> str | None:
    return primary_subtag(language)


def _unscored(reason: str) -> Score:
    return Score(scorer=NAME, version=VERSION, reason=reason)


def _label(compound: float) -> Label:
    if compound >= THRESHOLD:
        return "positive"
    return "negative" if compound <= -THRESHOLD else "neutral"
