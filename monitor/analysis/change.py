"""Change against an earlier period of the same kind: which period that is, and how sure the change is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, inf
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import Period, weeks_back
from monitor.analysis.interval import Interval, wilson
from monitor.errors import UsageError

WEEKS_IN_A_YEAR = 52  # whole weeks, so that weekdays fall on weekdays
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`ratio` is now / before (1.18: plus 18 %); None when there was nothing before. The interval may end at infinity."""

    now: int
    before: int
    ratio: float | None
    interval: Interval

    @property
    def certain(self) -> bool:
        """Whether the 95 % interval leaves out "no change"."""
        return 1.0 not in self.interval


def previous(period: Period) -> Period:
    """The period of the same real length that ends where this one begins."""
    return Period(start=period.start - (period.end - period.start), end=period.start)


def previous_same_weekdays(period: Period, *, zone: ZoneInfo) -> Period:
    """The latest period before this one that has the same local weekdays and times of day: as many whole weeks back as it takes.

    A Monday is held against the Monday before, 30 days against those that began five weeks earlier. By local clocks, so that
    it holds 23 or 25 hours more or less where clocks were changed in one of the two.
    """
    local = period.end.astimezone(zone).replace(tzinfo=None) - period.start.astimezone(zone).replace(tzinfo=None)
    return _earlier(period, weeks=max(1, ceil(local / _WEEK)), zone=zone)


def year_before(period: Period, *, zone: ZoneInfo) -> Period:
    """The period 52 weeks earlier: the same weekdays, and the date one or two days off."""
    return _earlier(period, weeks=WEEKS_IN_A_YEAR, zone=zone)


def change(*, now: int, before: int, dispersion: float = 1.0) -> Change:
    """How many times as many as before, with a 95 % interval of the ratio of the two rates.

    `dispersion`: how many times the variance of the counts is their mean, see `dispersion`; with 1, the counts are taken for
    Poisson, and the interval is too narrow for posts that answer each other. Raises UsageError for negative counts.

    Source: given their sum, the first of two Poisson counts is binomial (Przyborowski, Wilenski 1940, Biometrika 31:313); the
    Wilson interval of that share, turned into odds. Counts divided by the dispersion: McCullagh, Nelder 1989, section 6.2.
    """
    if min(now, before) < 0 or dispersion <= 0:
        raise UsageError("Counts that are compared are not negative, and their dispersion is above zero.")
    of_both = wilson(now / dispersion, now / dispersion + before / dispersion)
    interval = Interval(low=_odds(of_both.low), high=_odds(of_both.high))
    return Change(now=now, before=before, ratio=now / before if before else None, interval=interval)


def dispersion(pairs: Iterable[tuple[int, float]]) -> float:
    """Variance over mean of hourly counts around what was expected of each (count, expected); at least 1.

    Expectations of 0 are left out. Raises UsageError for fewer than two others.

    Source: Pearson's statistic over its degrees of freedom (McCullagh, Nelder 1989, Generalized Linear Models, section 6.2.4).
    """
    parts = [(count - expected) ** 2 / expected for count, expected in pairs if expected > 0]
    if len(parts) < 2:
        raise UsageError("Dispersion needs at least two hours in which posts were expected.")
    return max(1.0, sum(parts) / (len(parts) - 1))


def _earlier(period: Period, *, weeks: int, zone: ZoneInfo) -> Period:
    """Where clocks were changed in between, so that it would be of no length, it is as long as the period."""
    start, end = (weeks_back(moment, weeks=weeks, zone=zone) for moment in (period.start, period.end))
    return Period(start=start, end=end if end > start else start + (period.end - period.start))


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else inf
