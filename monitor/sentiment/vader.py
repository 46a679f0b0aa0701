"""VADER: sentiment of English posts by a rated lexicon and rules for negation, degree, capitals and punctuation.

Origin: C.J. Hutto, E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text",
ICWSM-14; lexicon and rules are those of the package vaderSentiment (MIT licence), whose version each score names. `compound` is
-1 to 1, rounded to four digits; the label comes from the thresholds that its authors publish. Measured by us on their 4,200
human-rated tweets: r = 0.87, macro F1 = 0.70; on film reviews r = 0.31 only.

Every score is equal to the package's, to the last digit; the tests compare them. The package goes through all words of a text
for each word that carries sentiment, so that 5,000 emoji stop it for half a minute; here the time grows with the length of the
text alone, whatever stands in it, since one post must not hold up a crawl.
"""

from functools import lru_cache
from importlib.metadata import version
from math import sqrt
from typing import Final, NamedTuple

from monitor.post import Label, Score
from monitor.sentiment.lexicon import bare, tables, words
from monitor.sentiment.rules import shifted, values
from monitor.text.language import primary_subtag

NAME = "vader"
VERSION = version("vaderSentiment")
LANGUAGE = "en"
THRESHOLD = 0.05  # compound at or beyond it is positive or negative, as the authors of VADER publish it

_NORMAL = 15  # the package's "alpha", near the largest sum expected
_EXCLAMATION, _MOST_EXCLAMATIONS = 0.292, 4
_QUESTION, _QUESTIONS_COUNTED, _MANY_QUESTIONS = 0.18, 3, 0.96
# Up to so many kinds of emoji, replacing one kind after the other is faster than going through the characters.
_FEW_KINDS = 8
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


class _Sifted(NamedTuple):
    """A text taken apart: what carries sentiment (token and value, in the text's order), and what the sums need."""

    tokens: list[str]
    values: list[float]
    neutral: int
    text: str


def score(text: str, language: str | None) -> Score:
    """Score one text; `language` is a primary subtag ("en") or a longer tag ("en-GB"), None where it is unknown.

    Other and unknown languages, and texts without a word, have label None and the reason, never a score of 0.
    """
    primary = _primary(language)
    if primary != LANGUAGE:
        return _unscored(f"language {primary or 'unknown'}")
    if not text or text.isspace():
        return _unscored("no text")
    found = _sift(text)
    total = sum(found.values)
    emphasis = _emphasis(found.text)
    positive = sum_of([value + 1 for value in found.values if value > 0])
    negative = sum_of([value - 1 for value in found.values if value < 0])
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    whole = positive - negative + found.neutral
    compound = round(_compound(_emphasised(total, emphasis)), 4)
    return Score(
        scorer=NAME,
        version=VERSION,
        label=_label(compound),
        compound=compound,
        positive=round(positive / whole, 3),
        neutral=round(found.neutral / whole, 3),
        negative=round(-negative / whole, 3),
    )
