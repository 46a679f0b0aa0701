"""When posts of the simulated world appear: a diurnal cycle, hour by hour, and one planted spike. Pure arithmetic.

The number of posts in an hour is the difference of a cumulative function, so that the k-th post of a platform is the same
post however often, and up to whatever moment, the world is asked for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import floor

HOUR = timedelta(hours=1)
# Posts per hour of a UTC day, relative to the mean of 1: quiet at night, a peak in the late afternoon and evening.
DIURNAL = (
    0.55, 0.45, 0.38, 0.34, 0.34, 0.40, 0.55, 0.75, 0.95, 1.10, 1.18, 1.22,
    1.25, 1.30, 1.38, 1.45, 1.50, 1.52, 1.50, 1.42, 1.30, 1.15, 1.06, 0.96,
)  # fmt: skip
_BEFORE_HOUR = tuple(accumulate(DIURNAL, initial=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """Posts beyond the ordinary about one subject, from `from_at` (a whole hour) for `hours` hours."""

    subject: str
    from_at: datetime
    hours: int
    posts_per_hour: int  # on each platform that it reaches

    @property
    def to_at(self) -> datetime:
        return self.from_at + self.hours * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How many posts of one platform appear in each hour after `start` (midnight UTC)."""

    start: datetime
    per_day: float
    spike: Spike | None

    def ordinary(self, hour: int) -> int:
        """Posts of the hour that begins `hour` hours after the start, without those of the spike."""
        return self._cumulated(hour + 1) - self._cumulated(hour)

    def beyond(self, hour: int) -> int:
        """Posts that the spike adds to that hour."""
        if self.spike is None:
            return 0
        moment = self.start + hour * HOUR
        return self.spike.posts_per_hour if self.spike.from_at <= moment < self.spike.to_at else 0

    def _cumulated(self, hour: int) -> int:
        days, rest = divmod(hour, 24)
        return floor((days + _BEFORE_HOUR[rest] / _BEFORE_HOUR[24]) * self.per_day)
