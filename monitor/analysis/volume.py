"""Volume: how many posts there were, with those that fell into hours that were not, or not wholly, collected.

Posts of covered hours are counted, not estimated; only what lies in holes is, from the same hours of the weeks before. So the
interval is a point where nothing is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from statistics import fmean
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import HOUR, Period
from monitor.analysis.interval import Interval, Z
from monitor.analysis.usual import WEEK, WEEKS, alike, excess, mean_dispersion
from monitor.errors import UsageError

# Neighbouring hours are predicted from the same past hours; over a hole of some hours, each is in effect the mean of four weeks.
_UNCERTAINTY = 1 / WEEKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """`counted` posts were stored; `posts` is what there were, with its 95 % interval, never below `counted`.

    `missing_hours` were not wholly collected. `posts` None: too little is known to say anything of the holes.
    """

    counted: int
    missing_hours: int
    posts: float | None
    interval: Interval | None


def volume(
    counts: Mapping[datetime, int],
    *,
    period: Period,
    zone: ZoneInfo,
    partial: Mapping[datetime, int] | None = None,
) -> Volume:
    """Posts of the period: those of its covered hours, and an estimate for its others.

    `counts`: posts by the start of each wholly covered hour, UTC, also of the eight weeks before; an hour without posts is 0.
    `partial`: posts stored of hours that were covered in part, which had at least so many. Hours in neither were not covered.

    A missing hour is expected to be like the same hours of the four weeks before, in the clocks of `zone`. This takes holes to
    come from the collection and not from what was said: where a platform broke down under a burst, there were more posts. An hour
    whose part alone is beyond what is usual for it is taken as that part, so that its burst does not stand for other hours. The
    interval is good for holes of some hours; it takes those of one hour a little too wide, those beyond a week too narrow.
    Raises UsageError for a period that does not begin and end at full hours of UTC.

    Source: prediction interval of a sum of negative binomial counts, normal, with variance (m + a m**2) (1 + 1/4) for each hour of
    mean m and one dispersion a for all, from the covered hours of the four weeks before (`monitor.analysis.usual`).
    """
    if any(moment.minute or moment.second or moment.microsecond for moment in (period.start, period.end)):
        raise UsageError("A volume is that of full hours of UTC; this period begins or ends within one.")
    known = {moment.astimezone(UTC): count for moment, count in counts.items()}
    parts = {moment.astimezone(UTC): count for moment, count in (partial or {}).items()}
    hours = [period.start + number * HOUR for number in range(int(period.hours))]
    missing = [hour for hour in hours if hour not in known]
    whole = sum(known[hour] for hour in hours if hour in known)
    seen = sum(parts.get(hour, 0) for hour in missing)
    counted = whole + seen
    if not missing:
        return Volume(counted=counted, missing_hours=0, posts=counted, interval=Interval(low=counted, high=counted))
    means = _means(known, missing, zone=zone)
    if means is None:
        return Volume(counted=counted, missing_hours=len(missing), posts=None, interval=None)
    dispersion = _dispersion(known, until=missing[0], zone=zone)
    variances = [(mean + dispersion * mean**2) * (1 + _UNCERTAINTY) for mean in means]
    half = Z * sqrt(sum(variances))
    expected = whole + sum(
        _expected(mean, variance, part=parts.get(hour, 0))
        for hour, mean, variance in zip(missing, means, variances, strict=True)
    )
    interval = Interval(low=max(counted, expected - half), high=max(counted, expected + half))
    return Volume(counted=counted, missing_hours=len(missing), posts=max(counted, expected), interval=interval)


def added(volumes: Iterable[Volume]) -> Volume:
    """The volume of several parts together, such as platforms; without an estimate where one part has none.

    What the estimates are off by is taken to be independent, so that the halves of their intervals add up as squares.
    """
    parts = tuple(volumes)
    counted, missing = sum(part.counted for part in parts), sum(part.missing_hours for part in parts)
    known = [(part.posts, part.interval) for part in parts if part.posts is not None and part.interval is not None]
    if len(known) < len(parts):
        return Volume(counted=counted, missing_hours=missing, posts=None, interval=None)
    posts = sum(posts for posts, _ in known)
    below = sqrt(sum((posts - interval.low) ** 2 for posts, interval in known))
    above = sqrt(sum((interval.high - posts) ** 2 for posts, interval in known))
    interval = Interval(low=max(counted, posts - below), high=posts + above)
    return Volume(counted=counted, missing_hours=missing, posts=posts, interval=interval)


def _means(known: Mapping[datetime, int], hours: Sequence[datetime], *, zone: ZoneInfo) -> list[float] | None:
    """The plain means of what is like each hour: trimmed ones, as spikes are held against, would add up to too little."""
    if not known:
        return None
    since = min(known)
    found = [alike(known, hour, since=since, zone=zone) for hour in hours]
    means = [fmean(one[0]) for one in found if one]
    return means if len(means) == len(hours) else None


def _expected(mean: float, variance: float, *, part: int) -> float:
    """Of one missing hour. A part that chance explains says nothing: the larger of it and the mean would add up to too much."""
    return part if part > mean + Z * sqrt(variance) else mean


def _dispersion(known: Mapping[datetime, int], *, until: datetime, zone: ZoneInfo) -> float:
    since = min(known)
    excesses = []
    for hour, count in known.items():
        if until - WEEKS * WEEK <= hour < until and (found := alike(known, hour, since=since, zone=zone)):
            counts, basis = found
            if basis != "all hours" and (mean := fmean(counts)) >= 1:
                excesses.append(excess(count, mean))
    return mean_dispersion(excesses)
