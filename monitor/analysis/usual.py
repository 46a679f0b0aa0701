"""What is usual for an hour: the mean of its like in the weeks before, and how widely such hours vary.

The history is a mapping from the start of each hour, UTC, to its count. An hour that was not wholly collected must be absent,
not 0: silence and a collector that was down are told apart by nothing else.

Source: method and constants were chosen on simulated series against z-scores, EWMA, medians and Poisson tests; of the family of
Farrington and others 1996, JRSS A 159:547, and Noufaily and others 2013, Statistics in Medicine 32:1206, who find outbreaks so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Literal
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import HOUR, weeks_back
from monitor.analysis.negative_binomial import NegativeBinomial

Basis = Literal["hour of week", "hour of day", "all hours"]

WEEKS = 4
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
# Ages of the history from which each basis is used; before the first there is nothing to hold an hour against.
FIRST = DAY
BY_HOUR_OF_DAY = timedelta(days=3)
BY_HOUR_OF_WEEK = timedelta(weeks=2)
FEWEST_LIKE = 4  # so that two are left when the smallest and the largest are dropped
SMALLEST_MEAN = 0.2  # below it one post would already be remarkable
SMALLEST_DISPERSION, LARGEST_DISPERSION = 0.02, 2.0
LEARNING_DISPERSION = 0.3
FEWEST_FOR_DISPERSION = 24
TRIMMED = 0.02  # of the largest excesses, so that past bursts do not hide the next
ENOUGH = 10  # values of a mean: the twelve hours of the week that are alike in four weeks, without smallest and largest


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """Mean and variance of posts to expect in an hour, and from which hours they were learned.

    The basis "all hours" means that less than three days are known: such figures are marked as learning. `values`: of how many
    hours `mean` is the mean.
    """

    mean: float
    dispersion: float
    basis: Basis
    values: int = ENOUGH

    @property
    def variance(self) -> float:
        # A mean of n values is itself uncertain by an n-th of the variance of one; more than ten values are less alike, not surer.
        return (self.mean + self.dispersion * self.mean**2) * (1 + 1 / min(self.values, ENOUGH))

    @property
    def distribution(self) -> NegativeBinomial:
        return NegativeBinomial(mean=self.mean, variance=self.variance)


def usual_mean(
    history: Mapping[datetime, int], hour: datetime, *, since: datetime, zone: ZoneInfo
) -> tuple[float, Basis, int] | None:
    """The trimmed mean of the hours that are like this one, their basis, and of how many values; None where `alike` finds none.

    Without the smallest and the largest, except on the basis of all hours, where it is the median. Never below 0.2.
    """
    found = alike(history, hour, since=since, zone=zone)
    if found is None:
        return None
    counts, basis = found
    kept = sorted(counts) if basis == "all hours" else sorted(counts)[1:-1]
    return max(SMALLEST_MEAN, median(kept) if basis == "all hours" else fmean(kept)), basis, len(kept)


def alike(
    history: Mapping[datetime, int], hour: datetime, *, since: datetime, zone: ZoneInfo
) -> tuple[list[int], Basis] | None:
    """The counts of the hours that are like this one by local clocks, and their basis; None in the first 24 hours.

    Of the last four weeks: the same hour of the week and its two neighbours; while less than two weeks are known (`since` is the
    first hour known) or fewer than four such hours, the same hour of all days and its neighbours; below three days all.
    """
    age = hour - since
    if age < FIRST:
        return None
    if age >= BY_HOUR_OF_WEEK:
        counts = _present(history, [weeks_back(hour, weeks=weeks, zone=zone) for weeks in range(1, WEEKS + 1)])
        if len(counts) >= FEWEST_LIKE:
            return counts, "hour of week"
    if age >= BY_HOUR_OF_DAY:
        counts = _present(history, [hour - days * DAY for days in range(1, 7 * WEEKS + 1)])
        if len(counts) >= FEWEST_LIKE:
            return counts, "hour of day"
    every = _present_every(history, since=max(since, hour - WEEKS * WEEK), until=hour)
    return (every, "all hours") if every else None


def excess(count: int, mean: float) -> float:
    """One hour's own estimate of the dispersion: how much more than a Poisson count it varies, over the mean squared."""
    return ((count - mean) ** 2 - mean) / mean**2


def pooled_dispersion(excesses: Sequence[float]) -> float:
    """The mean of the excesses of all hours with a mean of at least 1, without the largest 2 %, held within 0.02 to 2.

    One figure for all hours: a single hour of the week has four values, far too few to tell a variance by. 0.3 while there
    are fewer than 24.
    """
    return mean_dispersion(sorted(excesses)[: len(excesses) - int(TRIMMED * len(excesses))])


def mean_dispersion(excesses: Sequence[float]) -> float:
    """The plain mean of the excesses, held likewise: bursts of the past are a part of what can come again."""
    if len(excesses) < FEWEST_FOR_DISPERSION:
        return LEARNING_DISPERSION
    return min(LARGEST_DISPERSION, max(SMALLEST_DISPERSION, fmean(excesses)))


def _present(history: Mapping[datetime, int], hours: Sequence[datetime]) -> list[int]:
    around = (near for hour in hours for near in (hour - HOUR, hour, hour + HOUR))
    return [history[near] for near in around if near in history]


def _present_every(history: Mapping[datetime, int], *, since: datetime, until: datetime) -> list[int]:
    hours = int((until - since) / HOUR)
    return [history[moment] for moment in (since + number * HOUR for number in range(hours)) if moment in history]
