"""Local hours, days, weeks and months as intervals of real time, and counts gathered into them.

The invariant: the buckets of a period touch each other, overlap nowhere and hold it whole, also where clocks are changed (a
local day of 23 or 25 hours) and where a zone left out a day. No counts are cut: what does not fit is refused.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from monitor.errors import UsageError

Unit = Literal["hour", "day", "week", "month"]

HOUR = timedelta(hours=1)
_DAYS_BEYOND_ANY_MONTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `start`, included, to `end`, excluded; of any zone, kept in UTC. Also one bucket of a longer period."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise UsageError("A period begins and ends at moments with a time zone.")
        # Moments of one zone are compared by their clocks, which go wrong in an hour that exists twice.
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise UsageError(f"A period ends after it begins; this one is from {self.start} to {self.end}.")

    @property
    def hours(self) -> float:
        """Real hours: 23 or 25 for a local day on which clocks are changed."""
        return (self.end - self.start) / HOUR


def buckets(period: Period, *, zone: ZoneInfo, unit: Unit) -> tuple[Period, ...]:
    """All buckets that the period touches, oldest first, each whole, as moments in UTC; weeks begin on Monday.

    Where clocks go back the hour exists twice and is two buckets; where they move by half an hour (Lord Howe), a bucket of
    half an hour is made. Source: tz database rules as read by zoneinfo (PEP 495 for hours that exist twice or not at all).
    """
    made: list[Period] = []
    start = _floor(period.start, zone=zone, unit=unit)
    while start < period.end:
        end = _next(start, zone=zone, unit=unit)
        made.append(Period(start=start, end=end))
        start = end
    return tuple(made)


def gather(
    counts: Mapping[datetime, int], *, into: Sequence[Period], width: timedelta = HOUR
) -> tuple[tuple[Period, int], ...]:
    """The sum of the counts in each bucket, zeros included; each count holds for `width` from the moment that is its key.

    Raises UsageError for a count that lies outside all buckets or across the edge of one: the hours of UTC cannot be cut at
    midnight in Kathmandu (UTC+5:45), the minutes can.
    """
    starts = [bucket.start for bucket in into]
    sums = [0] * len(starts)
    for key, count in counts.items():
        moment = key.astimezone(UTC)
        at = bisect_right(starts, moment) - 1
        if at < 0 or moment >= into[at].end:
            raise UsageError(f"The count of {moment.isoformat()} lies outside of the period asked for.")
        if moment + width > into[at].end:
            raise UsageError(
                f"The count of {moment.isoformat()} lies across {into[at].end.isoformat()}, where a local bucket begins: "
                "give counts of a shorter time (minutes) for this time zone."
            )
        sums[at] += count
    return tuple(zip(into, sums, strict=True))


def weeks_back(moment: datetime, *, weeks: int, zone: ZoneInfo) -> datetime:
    """The moment at which local clocks showed the same time on the same weekday, so many weeks before; in UTC.

    An hour that exists twice gives its first pass, one that does not exist the same distance after the change.
    """
    there = moment.astimezone(zone)
    # `there` knows its pass (fold) through an ambiguous hour; the target is looked up by the clock alone.
    return _at(there.replace(tzinfo=None, fold=0) - timedelta(weeks=weeks), zone)


def _at(clock: datetime, zone: ZoneInfo) -> datetime:
    return clock.replace(tzinfo=zone).astimezone(UTC)


def _floor(moment: datetime, *, zone: ZoneInfo, unit: Unit) -> datetime:
    there = moment.astimezone(zone)
    if unit == "hour":
        return moment - _past_the_hour(there)
    day = there.date()
    if unit == "week":
        day -= timedelta(days=day.weekday())
    elif unit == "month":
        day = day.replace(day=1)
    return _at(datetime.combine(day, time()), zone)


def _next(start: datetime, *, zone: ZoneInfo, unit: Unit) -> datetime:
    there = start.astimezone(zone)
    if unit == "hour":
        return start + HOUR - _past_the_hour(there)
    day = there.date()
    while True:
        if unit == "month":
            day = (day.replace(day=1) + timedelta(days=_DAYS_BEYOND_ANY_MONTH)).replace(day=1)
        else:
            day += timedelta(days=1 if unit == "day" else 7 - day.weekday())
        end = _at(datetime.combine(day, time()), zone)
        if end > start:  # not so for a day that the zone left out (Samoa, 30 December 2011)
            return end


def _past_the_hour(there: datetime) -> timedelta:
    return timedelta(minutes=there.minute, seconds=there.second, microseconds=there.microsecond)
