"""Spikes and drops: hours with far more or far fewer posts than is usual for them.

`assess` walks a history hour by hour; each hour is judged only by those before it, so that the judgement of a past hour is what
was to be seen when it ended. What is usual is learned in `monitor.analysis.usual`.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import HOUR
from monitor.analysis.usual import WEEK, WEEKS, Usual, excess, pooled_dispersion, usual_mean
from monitor.errors import UsageError

Sensitivity = Literal["low", "normal", "high"]

# The chance that a usual hour is taken for a spike: one in 100,000, 10,000 or 1,000 (there are 8,766 hours in a year).
THRESHOLDS: Mapping[Sensitivity, float] = {"low": 1e-5, "normal": 1e-4, "high": 1e-3}
FEWEST_POSTS = 5  # fewer in an hour are no spike, and no drop where fewer were expected
BAND = 0.9  # of usual hours lie in the band that is shown as usual
_HOURS_POOLED = int(WEEKS * WEEK / HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One hour (`start`, UTC), held against what was usual for it; `usual` None: less than a day is known.

    `p_more` is the chance that a usual hour has so many posts or more, `p_fewer` so few or fewer.
    """

    start: datetime
    count: int
    usual: Usual | None
    p_more: float
    p_fewer: float
    threshold: float

    @property
    def spike(self) -> bool:
        return self.usual is not None and self.p_more < self.threshold and self.count >= FEWEST_POSTS

    @property
    def drop(self) -> bool:
        return self.usual is not None and self.p_fewer < self.threshold and self.usual.mean >= FEWEST_POSTS

    @property
    def times_usual(self) -> float | None:
        return self.count / self.usual.mean if self.usual else None

    @property
    def band(self) -> tuple[int, int] | None:
        """From which to which count an hour is usual: nine of ten such hours."""
        if self.usual is None:
            return None
        known = self.usual.distribution
        return known.quantile((1 - BAND) / 2), known.quantile((1 + BAND) / 2)


@dataclass(slots=True)
class _Walk:
    """What is known while walking: counts with past spikes cut down, and the excess of each hour that was none, as old as the pool."""

    zone: ZoneInfo
    threshold: float
    since: datetime
    history: dict[datetime, int] = field(default_factory=dict)
    excesses: deque[tuple[datetime, float]] = field(default_factory=deque)

    def usual(self, hour: datetime) -> Usual | None:
        found = usual_mean(self.history, hour, since=self.since, zone=self.zone)
        if found is None:
            return None
        while self.excesses and self.excesses[0][0] < hour - _HOURS_POOLED * HOUR:
            self.excesses.popleft()
        mean, basis, values = found
        dispersion = pooled_dispersion([value for _, value in self.excesses])
        return Usual(mean=mean, dispersion=dispersion, basis=basis, values=values)

    def judge(self, hour: datetime, count: int) -> Assessment:
        usual = self.usual(hour)
        known = usual.distribution if usual else None
        return Assessment(
            start=hour,
            count=count,
            usual=usual,
            p_more=known.at_least(count) if known else 1.0,
            p_fewer=known.at_most(count) if known else 1.0,
            threshold=self.threshold,
        )

    def learn(self, judged: Assessment) -> None:
        count = judged.count
        if judged.usual is not None:
            if judged.spike:
                # The largest count that is no spike: a long crisis does not become usual in a day, but does within weeks. How widely
                # usual hours vary is not learned from it: the later hours of a spike would be hidden by the first.
                count = min(count, judged.usual.distribution.quantile(1 - self.threshold))
            elif judged.usual.mean >= 1 and judged.usual.basis != "all hours":
                self.excesses.append((judged.start, excess(count, judged.usual.mean)))
        self.history[judged.start] = count


def assess(counts: Mapping[datetime, int], *, zone: ZoneInfo, sensitivity: Sensitivity = "normal") -> tuple[Assessment, ...]:
    """Judge every hour given, oldest first; the first day is only learned from.

    `counts`: posts by the start of each hour; an hour that was not wholly collected is left out (it is then neither judged nor
    learned from), one without posts is 0. Give eight weeks before the hours of interest: four to learn from, and four to know how
    usual those were. The zone is where the posts' authors live, whose clocks make the daily cycle. Some 0.1 ms an hour.

    The tail is that of a negative binomial with the mean of the same hours of the week and one dispersion for all; an hour is a
    spike when the tail is below the threshold and there are at least 5 posts. Raises UsageError for a key that begins no hour of
    UTC, and for a negative count.

    Source: see `monitor.analysis.usual`; what it finds and how often it errs on simulated series is held by
    tests/analysis/test_spike.py.
    """
    hours = sorted((moment.astimezone(UTC), count) for moment, count in counts.items())
    for hour, count in hours:
        if hour.minute or hour.second or hour.microsecond or count < 0:
            raise UsageError(f"Hourly counts begin at full hours of UTC and are not negative; see {hour.isoformat()}: {count}.")
    if not hours:
        return ()
    walk = _Walk(zone=zone, threshold=THRESHOLDS[sensitivity], since=hours[0][0])
    judged = []
    for hour, count in hours:
        judged.append(walk.judge(hour, count))
        walk.learn(judged[-1])
    return tuple(judged)


def spikes(counts: Mapping[datetime, int], *, zone: ZoneInfo, sensitivity: Sensitivity = "normal") -> tuple[Assessment, ...]:
    """The hours of `assess` that are spikes, oldest first."""
    return tuple(one for one in assess(counts, zone=zone, sensitivity=sensitivity) if one.spike)
