"""What VADER knows of a token, looked up once per spelling: its rating, and the rules it takes part in.

Lexicon, emoji and word lists are those of the package vaderSentiment 3.3.2 (MIT licence), read from it and not copied. Most
tokens of a post take part in no rule; they all share the one value `PLAIN`, so that the rules can pass over them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import punctuation

# Some 100 bytes each. Beyond that all are forgotten: the tokens in daily use are back within a few posts.
MOST_REMEMBERED = 1 << 16
# No token that takes part in a rule is longer than 19 characters without its punctuation; longer ones are addresses, or meant
# to fill the memory, and are looked at each time.
LONGEST_REMEMBERED = 40

# Words that a rule names besides the negations, boosters and idioms of the package's own lists.
_NAMED = frozenset({"so", "this", "never", "without", "doubt", "or", "nor", "no", "least", "at", "very", "kind", "of", "but"})
# Of an idiom, or of a booster in two words, each word counts; "n't" makes a negation of whatever it ends or stands in.
_NOT = "n't"
# The package takes what is left after stripping for a word only from three characters on; shorter ones were emoticons.
_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One spelling of one token. `rating` None: not in the lexicon. `rated`: it has a value of its own, being no booster."""

    lower: str
    rating: float | None
    rated: bool
    upper: bool
    boost: float
    negates: bool
    idiomatic: bool


PLAIN = Word(lower="", rating=None, rated=False, upper=False, boost=0.0, negates=False, idiomatic=False)


class Words(dict[str, Word]):
    """What is known of each token as it stands in a text; bounded, filled on the way."""

    def __init__(self, tables: "Tables") -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, token: str) -> Word:
        word = self._tables.word(token)
        if len(token) <= LONGEST_REMEMBERED:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[token] = word
        return word


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The package's tables. `idioms` and `boosters` hold phrases of several words, joined by one space, too."""

    ratings: Mapping[str, float]
    boosters: Mapping[str, float]
    negations: frozenset[str]
    idioms: Mapping[str, float]
    idiom_words: frozenset[str]
    emoji: Mapping[str, str]

    def word(self, token: str) -> Word:
        """Look a token up; `PLAIN` where no rule knows it."""
        lower = bare(token).lower()
        rating = self.ratings.get(lower)
        boost = self.boosters.get(lower, 0.0)
        negates = lower in self.negations or _NOT in lower
        idiomatic = lower in self.idiom_words
        if rating is None and not (boost or negates or idiomatic or lower in _NAMED):
            return PLAIN
        return Word(lower, rating, rating is not None and not boost, token.isupper(), boost, negates, idiomatic)


def bare(token: str) -> str:
    """The token without the ASCII punctuation around it; as it is where that leaves too little for a word."""
    stripped = token.strip(punctuation)
    return stripped if len(stripped) >= _SHORTEST_WORD else token


@cache
def tables() -> Tables:
    """Read the package's tables: 25 ms, once and not at import."""
    from vaderSentiment import vaderSentiment as package

    analyzer = package.SentimentIntensityAnalyzer()
    phrases = [phrase for phrase in (*package.SPECIAL_CASES, *package.BOOSTER_DICT) if " " in phrase]
    return Tables(
        ratings=analyzer.lexicon,
        boosters=package.BOOSTER_DICT,
        negations=frozenset(package.NEGATE),
        idioms=package.SPECIAL_CASES,
        idiom_words=frozenset(word for phrase in phrases for word in phrase.split()),
        # The package looks at one character at a time, so emoji of several code points are never met whole.
        emoji={emoji: description for emoji, description in analyzer.emojis.items() if len(emoji) == 1},
    )


@cache
def words() -> Words:
    """The one store of looked-up tokens of this process."""
    return Words(tables())
