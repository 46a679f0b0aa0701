"""Shares of a whole: each topic's share of voice, each label's or platform's share of the posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from monitor.analysis.interval import Interval, wilson
from monitor.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`posts` of all counted belong to `key`; `share` and its 95 % Wilson interval lie in 0 to 1."""

    key: str
    posts: int
    share: float
    interval: Interval


def shares(counts: Mapping[str, int], *, whole: float = inf) -> tuple[Share, ...]:
    """The share of each key in the sum of all, largest first, then by name; empty when nothing was counted at all.

    Share of voice is this over the topics compared. A post that belongs to two of them counts for both, so the sum is one of
    mentions; `monitor.analysis.overlap` tells how many that are. `whole` as in `wilson`: how many there would have been
    without holes; what was missed is taken to be mixed like what was seen. Raises UsageError for a negative count.

    Source: Wilson 1927; each share by itself, not all at once.
    """
    if any(count < 0 for count in counts.values()):
        raise UsageError("A count of posts is negative; shares are made of counts.")
    total = sum(counts.values())
    if not total:
        return ()
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(
        Share(key=key, posts=count, share=count / total, interval=wilson(count, total, whole=max(whole, total)))
        for key, count in ordered
    )
