"""Engagement: how often people reacted to posts, where the platforms say so."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from monitor.post import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """The reactions to `known` posts; of `unknown` ones the platform told nothing, so that `total` is a lower bound."""

    total: int
    known: int
    unknown: int
    median: float | None


def engagement(counts: Counts) -> int | None:
    """Likes, reposts, replies and quotes together; None when the platform told none of them.

    Views take no part: they are a thousand times the rest and few platforms tell them. Where there are no likes but a score of
    votes for and against (Lemmy, Hacker News), that stands for them, and counts as 0 when it is negative.

    Source: the sum that the platforms' own dashboards call engagements; no weights, since none have a foundation.
    """
    liked = counts.likes
    if liked is None and counts.score is not None:
        liked = max(0, counts.score)
    told = [count for count in (liked, counts.reposts, counts.replies, counts.quotes) if count is not None]
    return sum(told) if told else None


def total_engagement(posts: Iterable[int | None]) -> Engagement:
    """Sum up the engagement of single posts; the median is of the known ones, since one viral post makes any mean."""
    known, unknown = [], 0
    for count in posts:
        if count is None:
            unknown += 1
        else:
            known.append(count)
    return Engagement(total=sum(known), known=len(known), unknown=unknown, median=median(known) if known else None)
