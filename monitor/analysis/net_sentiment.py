"""Net sentiment: how far positive posts outweigh negative ones, by the labels of one scorer.

These are figures about what the scorer said; `monitor.analysis.correction` brings in how often it is wrong.
"""

from dataclasses import dataclass
from math import hypot, inf

from monitor.analysis.interval import Estimate, Hits, Interval, mean_estimate, wilson
from monitor.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Posts by label of one scorer; those without a label are `unscored` and take part in no share."""

    negative: int
    neutral: int
    positive: int
    unscored: int = 0

    def __post_init__(self) -> None:
        if min(self.negative, self.neutral, self.positive, self.unscored) < 0:
            raise UsageError("A count of labels is negative.")

    @property
    def scored(self) -> int:
        return self.negative + self.neutral + self.positive


def net_sentiment(labels: Labels, *, whole: float = inf) -> Estimate | None:
    """(positive - negative) / scored, in -1 to 1, with its 95 % interval; None when nothing is scored.

    The interval is the normal one of the mean of values -1, 0 and 1, cut at -1 and 1, and absent below 30 scored posts.
    `whole` as in `wilson`.

    Source: the balance of opinion of business surveys (OECD 2003, Business Tendency Surveys: A Handbook); its variance is
    that of a difference of multinomial shares, (p + q - (p - q)**2) / n, here with n - 1.
    """
    if not labels.scored:
        return None
    estimate = mean_estimate(
        total=labels.positive - labels.negative,
        squares=labels.positive + labels.negative,
        posts=labels.scored,
        whole=max(whole, labels.scored),
    )
    if estimate.interval is None:
        return estimate
    within = Interval(low=max(-1.0, estimate.interval.low), high=min(1.0, estimate.interval.high))
    return Estimate(value=estimate.value, posts=estimate.posts, interval=within)


def mean_compound(*, total: float, squares: float, scored: int, whole: float = inf) -> Estimate | None:
    """The mean of the compound scores, from their sum and sum of squares (what rollups keep); None when nothing is scored."""
    if not scored:
        return None
    return mean_estimate(total=total, squares=squares, posts=scored, whole=max(whole, scored))


def negative_share(labels: Labels, *, whole: float = inf) -> Estimate | None:
    """The share of negative posts among the scored ones, with its Wilson interval; None when nothing is scored."""
    if not labels.scored:
        return None
    hits = Hits(hits=labels.negative, trials=labels.scored)
    interval = wilson(labels.negative, labels.scored, whole=max(whole, labels.scored))
    return Estimate(value=hits.share, posts=labels.scored, interval=interval)


def net_difference(one: Labels, other: Labels) -> Interval | None:
    """The interval of the one net sentiment minus the other, of two independent sets of posts; 0 outside of it: they differ.

    None where one of them has no interval. Source: Newcombe's method 10 for shares (`monitor.analysis.interval`), which puts two
    intervals together by squares, carried over to other figures by Zou, Donner 2008, Statistics in Medicine 27:1693.
    """
    first, second = net_sentiment(one), net_sentiment(other)
    if first is None or second is None or first.interval is None or second.interval is None:
        return None
    change = first.value - second.value
    below = hypot(first.value - first.interval.low, second.interval.high - second.value)
    above = hypot(first.interval.high - first.value, second.value - second.interval.low)
    return Interval(low=max(-2.0, change - below), high=min(2.0, change + above))
