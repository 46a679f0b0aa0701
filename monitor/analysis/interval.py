"""95 % intervals of shares, of means and of differences of shares: how far a figure could be off by the luck of the draw.

All are functions of counts. They say nothing of what a wrong scorer (`monitor.analysis.correction`) or a hole in the
collection does; only where the size of the whole is known (`whole`) do they shrink as more of it is seen.
"""

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist

from monitor.errors import UsageError

LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)  # 1.95996
# Below it the mean of a skewed quantity is not yet near enough to normal: such a mean is shown as "few".
FEWEST_FOR_A_MEAN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, the number of posts it rests on, and its 95 % interval; interval None: too few to tell."""

    value: float
    posts: int
    interval: Interval | None


def wilson(hits: float, trials: float, *, whole: float = inf) -> Interval:
    """The score interval of the share `hits / trials`; 0 to 1 without trials.

    `whole`: how many there are of which `trials` were seen at random. The interval is then one of the share among the whole
    and is a point when all were seen; infinite: of the share that the process has in the long run. Fractions are taken, so
    that counts can be divided by an over-dispersion first. Raises UsageError unless 0 <= hits <= trials <= whole.

    Source: Wilson 1927, JASA 22:209; recommended by Brown, Cai, DasGupta 2001, Statistical Science 16:101. Finite whole:
    the sample counts for `trials * (whole - 1) / (whole - trials)` draws (Cochran 1977, Sampling Techniques, section 3.3).
    """
    if not 0 <= hits <= trials <= whole:
        raise UsageError(f"No share can be made of {hits} hits in {trials} of {whole}: each must be at most the next.")
    if trials == 0:
        return Interval(low=0.0, high=1.0)
    share = hits / trials
    if trials == whole:
        return Interval(low=share, high=share)
    draws = trials if whole == inf else trials * (whole - 1) / (whole - trials)
    weight = Z**2 / draws
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * sqrt(share * (1 - share) / draws + weight / (4 * draws))
    # At the ends the bound is exactly 0 or 1; rounding would leave it a hair inside or outside.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == trials else min(1.0, middle + half)
    return Interval(low=low, high=high)


def mean_estimate(*, total: float, squares: float, posts: int, whole: float = inf) -> Estimate:
    """The mean of a quantity from its sum and its sum of squares; no interval below 30 posts.

    `whole` as in `wilson`. Raises UsageError without posts, or when sum and squares belong to no set of numbers.

    Source: central limit theorem, variance with n - 1; finite population factor 1 - n / N (Cochran 1977, section 2.6).
    """
    if not 0 < posts <= whole:
        raise UsageError(f"No mean can be made of {posts} posts of {whole}.")
    mean = total / posts
    spread = squares - posts * mean**2
    if spread < -1e-9 * max(1.0, squares):
        raise UsageError("The sum of squares is smaller than any numbers with this sum can have.")
    if posts < FEWEST_FOR_A_MEAN:
        return Estimate(value=mean, posts=posts, interval=None)
    error = sqrt(max(0.0, spread) / (posts - 1) / posts * (1 - posts / whole))
    return Estimate(value=mean, posts=posts, interval=Interval(low=mean - Z * error, high=mean + Z * error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """So many of so many."""

    hits: int
    trials: int

    @property
    def share(self) -> float:
        return self.hits / self.trials

    @property
    def interval(self) -> Interval:
        return wilson(self.hits, self.trials)


def difference(now: Hits, before: Hits) -> Interval:
    """The interval of share now minus share before, of two independent sets of posts; 0 outside of it: they differ.

    Raises UsageError when one of them is empty.

    Source: Newcombe 1998, Statistics in Medicine 17:873, method 10 (Wilson intervals, squared and added).
    """
    if not now.trials or not before.trials:
        raise UsageError("Two shares can only be compared when each rests on at least one post.")
    change = now.share - before.share
    below = sqrt((now.share - now.interval.low) ** 2 + (before.interval.high - before.share) ** 2)
    above = sqrt((now.interval.high - now.share) ** 2 + (before.share - before.interval.low) ** 2)
    return Interval(low=max(-1.0, change - below), high=min(1.0, change + above))
