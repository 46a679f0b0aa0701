"""The hours of a scope: its posts by hour with what is usual for them, by local interval, by hour of the week, and the change.

Which hours count as collected `read_hours` is told (see `monitor.trends.collected`); else all since the scope's first post do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import Period, buckets, weeks_back
from monitor.analysis.change import Change, change, dispersion, previous_same_weekdays
from monitor.analysis.daily import assess_days
from monitor.analysis.rhythm import Cell, rhythm
from monitor.analysis.spike import Assessment, Sensitivity, assess
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.dirty import hour_of
from monitor.store.search import Search
from monitor.store.step_counts import HOUR, QUARTER, StepCounter
from monitor.store.volumes import Freshness
from monitor.store.window import Window

Interval = Literal["1h", "1d"]

LEARNED = timedelta(weeks=8)  # before the period: four to learn from, and four to know how usual those were


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Posts of one local interval as far as it lies in the period; `judged` None where what is usual is not known."""

    period: Period
    posts: int
    judged: Assessment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The change of the hours that are known both in the period and, by local clocks, in the weeks before; `hours` of `of` are."""

    change: Change
    before: Period
    hours: int
    of: int
    dispersion: float

    @property
    def told(self) -> str:
        """The change with its interval as people read it: `+18% (+5% to +33%)`, `new (at least +120%)`."""
        made = self.change
        if made.ratio is None:
            sure = f" (at least {made.interval.low - 1:+.0%})" if made.certain else ""
            return f"new{sure}" if made.now else "none"
        return f"{made.ratio - 1:+.0%} ({made.interval.low - 1:+.0%} to {made.interval.high - 1:+.0%})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Posts of a scope by `step` (in the period) and by hour (`known` ones alone, also those before the period), in UTC.

    The period is made of full hours of UTC. `complete_until`: hours that end later are not over yet, so they are counted, but
    neither judged nor compared.
    """

    period: Period
    zone: ZoneInfo
    step: timedelta
    steps: Mapping[datetime, int]
    known: Mapping[datetime, int]
    complete_until: datetime
    freshness: Freshness | None

    @property
    def posts(self) -> int:
        return sum(self.steps.values())

    @property
    def before(self) -> Period:
        """The latest weeks before the period with the same weekdays, by local clocks."""
        return previous_same_weekdays(self.period, zone=self.zone)

    @property
    def missing_hours(self) -> int:
        """Hours of the period that are over and were not collected, as far as is known."""
        return sum(hour not in self.known for hour in self._complete(self.period))

    def assessed(self, sensitivity: Sensitivity = "normal") -> tuple[Assessment, ...]:
        """Every known hour, also those before the period."""
        return assess(self.known, zone=self.zone, sensitivity=sensitivity)

    def volumes(self, interval: Interval, assessed: Sequence[Assessment]) -> tuple[Volume, ...]:
        """The local hours or days of the period, each held against what is usual."""
        judged = {one.start: one for one in (assessed if interval == "1h" else assess_days(assessed, zone=self.zone))}
        made = []
        for bucket in buckets(self.period, zone=self.zone, unit="hour" if interval == "1h" else "day"):
            start, end = max(bucket.start, self.period.start), min(bucket.end, self.period.end)
            count = sum(self.steps.get(start + number * self.step, 0) for number in range(int((end - start) / self.step)))
            whole = (start, end) == (bucket.start, bucket.end)
            found = judged.get(start) if whole else None
            made.append(Volume(period=Period(start=start, end=end), posts=count, judged=found))
        return tuple(made)

    def rhythm(self) -> tuple[Cell, ...]:
        """The hours of the week by local clocks, of the period's known hours."""
        known = {moment: count for moment, count in self.steps.items() if hour_of(moment) in self.known}
        return rhythm(known, zone=self.zone, width=self.step)

    def compared(self, assessed: Sequence[Assessment]) -> Compared | None:
        """Against the latest weeks before with the same weekdays; None where no hour of them is known."""
        before = self.before
        weeks = round((self.period.start - before.start) / timedelta(weeks=1))
        hours = self._complete(self.period)
        pairs = [
            (self.known[hour], self.known[earlier])
            for hour in hours
            if hour in self.known and (earlier := weeks_back(hour, weeks=weeks, zone=self.zone)) in self.known
        ]
        if not pairs:
            return None
        expected = [(one.count, one.usual.mean) for one in assessed if one.usual and one.start < self.period.start]
        spread = dispersion(expected) if len(expected) > 1 else 1.0
        made = change(now=sum(now for now, _ in pairs), before=sum(earlier for _, earlier in pairs), dispersion=spread)
        return Compared(change=made, before=before, hours=len(pairs), of=len(hours), dispersion=spread)

    def _complete(self, period: Period) -> list[datetime]:
        hours = [period.start + number * HOUR for number in range(int(period.hours))]
        return [hour for hour in hours if hour + HOUR <= self.complete_until]


async def read_hours(
    store: Store, scope: Scope, window: Window, *, now: datetime, collected: Collection[datetime] | None = None
) -> Hours:
    """Count the scope by the hour, from eight weeks before its period on (or from the weeks that it is compared with).

    `collected`: the begins of the hours, UTC, that were wholly collected; None: all since the scope's first post.
    """
    zone = ZoneInfo(scope.zone)
    period = whole_hours(window)
    begin = min(period.start - LEARNED, previous_same_weekdays(period, zone=zone).start)
    first = await Search(store.database).ends(replace(scope, begin=None, end=None).asks(now))
    since = period.start if first is None else min(hour_of(first[0]), period.start)
    counted_from = Period(start=max(hour_of(begin), since), end=period.end)
    step = HOUR if _in_whole_hours(zone, period) else QUARTER
    counted = await StepCounter(store.database).count(scope, counted_from, step=step, now=now)
    by_hour: dict[datetime, int] = {}
    for moment, count in counted.counts.items():
        hour = hour_of(moment)
        by_hour[hour] = by_hour.get(hour, 0) + count
    until = min(now, period.end)
    first_hour = since if first is None else hour_of(first[0])
    known = {
        hour: count
        for hour, count in by_hour.items()
        if hour + HOUR <= until and hour >= first_hour and (collected is None or hour in collected)
    }
    steps = {moment: count for moment, count in counted.counts.items() if moment >= period.start}
    return Hours(
        period=period, zone=zone, step=step, steps=steps, known=known, complete_until=until, freshness=counted.freshness
    )


def whole_hours(window: Window) -> Period:
    """The full hours of UTC that a window touches."""
    end = hour_of(window.to_at)
    return Period(start=window.first_hour, end=end if end == window.to_at else end + HOUR)


def _in_whole_hours(zone: ZoneInfo, period: Period) -> bool:
    """Whether the zone's clocks differ from UTC by whole hours all along, as far as its months tell."""
    days = [period.start + timedelta(days=28 * number) for number in range(int(period.hours // (28 * 24)) + 1)]
    offsets = [day.astimezone(zone).utcoffset() for day in (*days, period.end)]
    return all(offset is not None and not offset % HOUR for offset in offsets)
