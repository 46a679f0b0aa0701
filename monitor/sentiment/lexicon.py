"""What VADER knows of a token, looked up once per spelling: its rating, and the rules it takes part in.

Lexicon, emoji and word lists are those of the package vaderSentiment 3.3.2 (MIT licence), read from it and not copied. Most
tokens of a post take part in no rule; of them nothing is known (None), so that the rules can pass over them.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from string import punctuation

# Some 100 bytes each. Beyond that all are forgotten: the tokens in daily use are back within a few posts.
MOST_REMEMBERED = 1 << 16
# No token that takes part in a rule is longer than 19 characters without its punctuation; longer ones are addresses, or meant
# to fill the memory, and are looked at each time.
LONGEST_REMEMBERED = 40

# Words that rules name: those that may change what a word near them is worth, as do the negations, boosters and phrases of the
# package's own lists, and all. Left out are common words that matter only beside one of these, as in "at least" and "kind of":
# the rules read them in the text when they need to, and not every "at" and "of" that they come by.
_STIRRING = frozenset({"no", "kind", "least", "this"})
_NAMED = _STIRRING | {"but", "doubt", "never", "so", "without"}
# It makes a negation of whatever it stands in.
_NOT = "n't"
# The package takes what is left after stripping for a word only from three characters on; shorter ones were emoticons.
_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """What the rules know of a token; tokens that are alike to them share one, which keeps those in use in the processor's cache.

    `named`: in lower case, if a rule names it, else empty. `rating` None: not in the lexicon. `rated`: the same, but 0 for what
    has no value of its own, such as a booster. `boost` and `negates`: what it does to a rated word behind it, if it is not rated
    itself. `idiomatic`: it tells of phrases, see `Tables`. `stirs`: it may change what it or one of the next three words is
    worth; without such a word a rated word is worth its rating.
    """

    named: str
    rating: float | None
    rated: float
    upper: bool
    boost: float
    negates: bool
    idiomatic: bool
    stirs: bool


_alike = cache(Word)  # 190 for all that the package lists, and no text can make more than some hundreds


class Words(dict[str, Word | None]):
    """What is known of each token as it stands in a text; bounded, filled on the way."""

    def __init__(self, tables: "Tables") -> None:
        super().__init__()
        self.tables = tables

    def __missing__(self, token: str) -> Word | None:
        word = self.tables.word(token)
        if len(token) <= LONGEST_REMEMBERED:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[token] = word
        return word


@dataclass(frozen=True, slots=True)
class Phrases:
    """What several words are worth together, joined by one space: idioms, and boosters such as "kind of"."""

    idioms: Mapping[str, float]
    boosters: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The package's tables. `emoji`: those of one code point, with their description.

    `idiom_words`: of each phrase the rated words, else the longest. That is enough to find it, since it counts only where it is
    before a rated word or has that in it; and "the", "to" and "of" need not be looked at wherever they stand.
    """

    ratings: Mapping[str, float]
    boosters: Mapping[str, float]
    negations: frozenset[str]
    phrases: Phrases
    idiom_words: frozenset[str]
    emoji: Mapping[str, str]

    def word(self, token: str) -> Word | None:
        """Look a token up; None where no rule knows it."""
        lower = bare(token).lower()
        rating = self.ratings.get(lower)
        boost = self.boosters.get(lower, 0.0)
        negates = lower in self.negations or _NOT in lower
        idiomatic = lower in self.idiom_words
        stirs = bool(boost) or negates or idiomatic or lower in _STIRRING
        named = lower if lower in _NAMED else ""
        if rating is not None:
            return _alike(named, rating, 0.0 if boost else rating, token.isupper(), 0.0, False, idiomatic, stirs)
        return _alike(named, None, 0.0, token.isupper(), boost, negates, idiomatic, stirs) if stirs or named else None


def bare(token: str) -> str:
    """The token without the ASCII punctuation around it; as it is where that leaves too little for a word."""
    stripped = token.strip(punctuation)
    return stripped if len(stripped) >= _SHORTEST_WORD else token


def _telling(phrase: Sequence[str], ratings: Container[str]) -> list[str]:
    return [word for word in phrase if word in ratings] or [max(phrase, key=len)]


@cache
def tables() -> Tables:
    """Read the package's tables: 40 ms with its import, once and not when this module is imported."""
    package = import_module("vaderSentiment.vaderSentiment")
    analyzer = package.SentimentIntensityAnalyzer()
    phrases = [phrase.split() for phrase in (*package.SPECIAL_CASES, *package.BOOSTER_DICT) if " " in phrase]
    return Tables(
        ratings=analyzer.lexicon,
        boosters=package.BOOSTER_DICT,
        negations=frozenset(package.NEGATE),
        phrases=Phrases(idioms=package.SPECIAL_CASES, boosters=package.BOOSTER_DICT),
        idiom_words=frozenset(word for phrase in phrases for word in _telling(phrase, analyzer.lexicon)),
        # The package looks at one character at a time, so emoji of several code points are never met whole.
        emoji={emoji: description for emoji, description in analyzer.emojis.items() if len(emoji) == 1},
    )


@cache
def words() -> Words:
    """The one store of looked-up tokens of this process."""
    return Words(tables())
