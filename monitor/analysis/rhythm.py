"""Hour of the day by day of the week: when people post, by local clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import HOUR
from monitor.errors import UsageError

DAYS_IN_WEEK, HOURS_IN_DAY = 7, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One hour of the week: `weekday` 0 is Monday. `hours` is how long of it was counted: an hour skipped in spring is missing."""

    weekday: int
    hour: int
    posts: int
    hours: float

    @property
    def posts_per_hour(self) -> float | None:
        """None when this hour of the week was never counted, which is not the same as silence."""
        return self.posts / self.hours if self.hours else None


def rhythm(counts: Mapping[datetime, int], *, zone: ZoneInfo, width: timedelta = HOUR) -> tuple[Cell, ...]:
    """The 168 cells, Monday 0:00 first. `counts` holds posts of `width` from each key on; what was not collected is left out.

    Raises UsageError when a count lies across a local full hour (hours of UTC in Kathmandu): give minutes for such zones.
    """
    posts = [0] * (DAYS_IN_WEEK * HOURS_IN_DAY)
    spans = [timedelta()] * (DAYS_IN_WEEK * HOURS_IN_DAY)
    for moment, count in counts.items():
        there = moment.astimezone(zone)
        past = timedelta(minutes=there.minute, seconds=there.second, microseconds=there.microsecond)
        if past + width > HOUR:
            raise UsageError(
                f"The count of {moment.isoformat()} lies across a full hour of {zone.key}: give counts of a shorter time (minutes)."
            )
        at = there.weekday() * HOURS_IN_DAY + there.hour
        posts[at] += count
        spans[at] += width
    return tuple(
        Cell(weekday=at // HOURS_IN_DAY, hour=at % HOURS_IN_DAY, posts=posts[at], hours=spans[at] / HOUR)
        for at in range(DAYS_IN_WEEK * HOURS_IN_DAY)
    )
