"""A stretch of time, platforms and a topic, and the cuts that divide it into minutes, hours or days of a time zone. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from monitor.store.dirty import hour_of

EVERYTHING = "*"  # stands for "whatever topic, or none" where rollups have a topic
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From one whole minute (inclusive) to another (exclusive), UTC; no platforms means all, no topic means all posts."""

    from_at: datetime
    to_at: datetime
    platforms: tuple[str, ...] = ()
    topic: str | None = None

    def __post_init__(self) -> None:
        for moment in (self.from_at, self.to_at):
            if moment.tzinfo is not UTC or moment != _minute_of(moment):
                raise ValueError(f"{moment} is not a whole minute of UTC")
        if self.from_at >= self.to_at:
            raise ValueError(f"nothing lies between {self.from_at} and {self.to_at}")

    @classmethod
    def around(
        cls, from_at: datetime, to_at: datetime, *, platforms: tuple[str, ...] = (), topic: str | None = None
    ) -> "Window":
        """Make the smallest window that holds two moments of any zone, the later one excluded. Raises ValueError without any."""
        begin, end = from_at.astimezone(UTC), to_at.astimezone(UTC)
        whole_end = _minute_of(end) if end == _minute_of(end) else _minute_of(end) + MINUTE
        return cls(from_at=_minute_of(begin), to_at=whole_end, platforms=platforms, topic=topic)

    @property
    def first_hour(self) -> datetime:
        """The hour in which it begins."""
        return hour_of(self.from_at)

    def between(self, from_at: datetime, to_at: datetime) -> "Window":
        """The same of another stretch of time."""
        return Window(from_at=from_at, to_at=to_at, platforms=self.platforms, topic=self.topic)


def minutes(window: Window) -> tuple[datetime, ...]:
    """Cut at every minute; like all cuts, from the window's begin to its end, both included."""
    count = int((window.to_at - window.from_at) / MINUTE)
    return tuple(window.from_at + number * MINUTE for number in range(count + 1))


def hours(window: Window, zone: tzinfo = UTC) -> tuple[datetime, ...]:
    """Cut at every full hour of a zone's clocks, of which some differ from UTC by half an hour."""
    return _cuts(window, _full_hours(window.from_at, zone))


def days(window: Window, zone: tzinfo) -> tuple[datetime, ...]:
    """Cut where a day begins in a zone; where clocks change, a day has 23 or 25 hours."""
    return _cuts(window, _midnights(window.from_at, zone))


def _cuts(window: Window, moments: Iterator[datetime]) -> tuple[datetime, ...]:
    found = [window.from_at]
    for moment in moments:
        if moment >= window.to_at:
            break
        if moment > window.from_at:
            found.append(moment)
    return (*found, window.to_at)


def _full_hours(moment: datetime, zone: tzinfo) -> Iterator[datetime]:
    while True:
        moment += timedelta(minutes=60 - moment.astimezone(zone).minute)
        # Where clocks changed by half an hour meanwhile, this is half past, and the hour lasts longer.
        if moment.astimezone(zone).minute == 0:
            yield moment


def _midnights(moment: datetime, zone: tzinfo) -> Iterator[datetime]:
    day = moment.astimezone(zone).date()
    while True:
        day += timedelta(days=1)
        # A midnight that clocks skip is read by the clock before the change, which is the moment of the change; of two
        # midnights the first is taken.
        yield datetime.combine(day, time.min, zone).astimezone(UTC)


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
