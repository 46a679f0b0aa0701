"""A judgement: what one person says one post is, in one set of labels; and what several of them say together. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import get_args

from monitor.errors import UsageError
from monitor.post import Label

SENTIMENT = "sentiment"  # the set that is meant where none is named
SENTIMENTS: tuple[str, ...] = tuple(sorted(get_args(Label)))
UNNAMED = "unnamed"  # the rater where nobody says who it was
LONGEST_LABEL = 60
SET_HELP = "use a to z, digits, - and _, at most 40 characters, such as sentiment or stance"

_SET = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SYNONYMS = {
    **dict.fromkeys(("positive", "pos", "+", "1", "+1", "1.0"), "positive"),
    **dict.fromkeys(("neutral", "neu", "0", "0.0"), "neutral"),
    **dict.fromkeys(("negative", "neg", "-", "-1", "-1.0"), "negative"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`label`, `rating` (a number, higher is better) or both, by `rater`, of the post with the id `post`; `file`: read from there."""

    post: str
    label_set: str
    rater: str
    label: str | None
    rating: float | None
    at: datetime
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What all raters together say of posts. `ties`: posts of which no label was given most often; they have no label."""

    labels: Mapping[str, str]
    ratings: Mapping[str, float]
    ties: frozenset[str]


def label_set(name: str) -> str:
    """The name of a set as it is stored. Raises UsageError."""
    if _SET.fullmatch(name) is None:
        raise UsageError(f"{name[:50]!r} is no name of a label set: {SET_HELP}.")
    return name


def canonical(label: str, *, label_set: str) -> str:
    """A label as it is stored: lower case, one space between words; of sentiment, one of the three. Raises UsageError."""
    folded = " ".join(label.split()).casefold()
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in folded[:LONGEST_LABEL])
    if label_set == SENTIMENT:
        if folded not in _SYNONYMS:
            raise UsageError(
                f"the label {shown!r} is none of {', '.join(SENTIMENTS)} (or pos, neu, neg); "
                "for other labels name a set of their own with --set"
            )
        return _SYNONYMS[folded]
    if not folded or len(folded) > LONGEST_LABEL or not folded.isprintable():
        raise UsageError(f"the label {shown!r} is no label: write 1 to {LONGEST_LABEL} characters that can be printed")
    return folded


def of_sentiment(labels: Collection[str]) -> bool:
    """Whether these labels are those that scorers of sentiment give."""
    return bool(labels) and set(labels) <= set(SENTIMENTS)


def verdict(judgements: Iterable[Judgement]) -> Verdict:
    """The label that most raters gave each post, and the mean of their ratings; of one set."""
    labels: dict[str, Counter[str]] = {}
    ratings: dict[str, list[float]] = {}
    for each in judgements:
        if each.label is not None:
            labels.setdefault(each.post, Counter())[each.label] += 1
        if each.rating is not None:
            ratings.setdefault(each.post, []).append(each.rating)
    first = {post: counted.most_common(2) for post, counted in labels.items()}
    ties = frozenset(post for post, most in first.items() if len(most) > 1 and most[0][1] == most[1][1])
    return Verdict(
        labels={post: most[0][0] for post, most in first.items() if post not in ties},
        ratings={post: fmean(given) for post, given in ratings.items()},
        ties=ties,
    )
