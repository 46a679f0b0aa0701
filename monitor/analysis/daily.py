"""Local days held against what is usual for them: the hours' means added up, with a dispersion of days.

Hours of one day rise and fall together, so a band of days made of independent hours would be far too narrow; how widely days vary is
learned from the days themselves. Source: as `monitor.analysis.usual`, a step up.
"""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import HOUR, Period, buckets
from monitor.analysis.spike import Assessment
from monitor.analysis.usual import WEEKS, Usual, excess, pooled_dispersion

_DAYS_POOLED = timedelta(weeks=WEEKS)


def assess_days(hours: Sequence[Assessment], *, zone: ZoneInfo) -> tuple[Assessment, ...]:
    """Judge each local day of which all hours are judged, oldest first, each by those before it.

    None where local days do not begin at full hours of UTC, as in Kathmandu. The basis is that of the day's first hour.
    """
    if not hours:
        return ()
    by_start = {one.start: one for one in hours}
    period = Period(start=hours[0].start, end=hours[-1].start + HOUR)
    pool: deque[tuple[datetime, float]] = deque()
    judged = []
    for day in buckets(period, zone=zone, unit="day"):
        its = [by_start.get(day.start + number * HOUR) for number in range(round(day.hours))]
        usuals = [one.usual for one in its if one is not None and one.usual is not None]
        if len(usuals) < len(its) or len(its) != day.hours or day.start.minute:
            continue
        while pool and pool[0][0] < day.start - _DAYS_POOLED:
            pool.popleft()
        mean = sum(usual.mean for usual in usuals)
        usual = Usual(
            mean=mean,
            dispersion=pooled_dispersion([value for _, value in pool]),
            basis=usuals[0].basis,
            values=usuals[0].values,
        )
        count = sum(one.count for one in its if one is not None)
        known = usual.distribution
        made = Assessment(
            start=day.start.astimezone(UTC), count=count, usual=usual, p_more=known.at_least(count), p_fewer=known.at_most(count),
            threshold=hours[0].threshold,
        )  # fmt: skip
        if mean >= 1 and usual.basis != "all hours":
            # As with hours: a crisis does not become usual in a day.
            pool.append((day.start, excess(min(count, known.quantile(1 - made.threshold)) if made.spike else count, mean)))
        judged.append(made)
    return tuple(judged)
