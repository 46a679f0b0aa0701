"""Moments as people type them: `-7d`, `today`, a day, RFC 3339. Pure: the present and the zone are given.

A relative moment stays relative until somebody asks when it is, so that a link to "the last week" means the last week tomorrow, too.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.analysis.bucket import Period, Unit, buckets

HELP = "-7d, now, today, yesterday, -1w/w (the begin of last week), a day such as 2026-11-01, or 2026-11-01T08:00:00Z"
# Every zone's clocks can be turned into UTC and back in these, and `-9999w` lies among them.
FIRST_YEAR, LAST_YEAR = 1800, 9998

_ALIASES = {"today": "now/d", "yesterday": "-1d/d"}
_RELATIVE = re.compile(r"(?:now|-?(\d{1,4})([mhdw]))(/[hdw])?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PLUS_LOST = re.compile(r"(.+T[\d:.]+) (\d\d:\d\d)")  # addresses say + for a blank
_UNITS: Mapping[str, Unit] = {"h": "hour", "d": "day", "w": "week"}
_ELAPSED = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_BY_CLOCK = {"d": timedelta(days=1), "w": timedelta(weeks=1)}
_INSTANT = timedelta(microseconds=1)


def read(text: str) -> str | None:
    """The canonical form of a moment, None for what is none. What has a zone is told in UTC, in whole milliseconds."""
    typed = _ALIASES.get(text, text)
    if found := _RELATIVE.fullmatch(typed):
        number, unit, floor = found[1], found[2], found[3] or ""
        return f"-{int(number)}{unit}{floor}" if number and int(number) else f"now{floor}"
    try:
        told = datetime.fromisoformat(_PLUS_LOST.sub(r"\1+\2", typed))
    except ValueError:
        return None
    if not FIRST_YEAR <= told.year <= LAST_YEAR:
        return None
    if _DAY.fullmatch(typed):
        return typed
    return None if told.utcoffset() is None else written(told)


def written(moment: datetime) -> str:
    """RFC 3339 in UTC: `2026-11-01T08:00:00Z`, with milliseconds where there are some."""
    utc = moment.astimezone(UTC)
    utc = utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds").replace("+00:00", "Z")


def moment_at(canonical: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """When a canonical moment is, in UTC: days, weeks and what is rounded down by the clocks of the zone.

    `-1d` is the same time yesterday, which where clocks change is 23 or 25 hours ago; `-24h` are always 24 hours.
    """
    if _DAY.fullmatch(canonical):
        return datetime.combine(date.fromisoformat(canonical), time.min, zone).astimezone(UTC)
    found = _RELATIVE.fullmatch(canonical)
    if found is None:
        return datetime.fromisoformat(canonical)
    moment = _back(now.astimezone(UTC), int(found[1] or 0), found[2] or "h", zone)
    if found[3] is None:
        return moment
    return buckets(Period(start=moment, end=moment + _INSTANT), zone=zone, unit=_UNITS[found[3][1]])[0].start


def _back(now: datetime, number: int, unit: str, zone: ZoneInfo) -> datetime:
    if unit in _ELAPSED:
        return now - number * _ELAPSED[unit]
    # Arithmetic within one zone goes by its clocks.
    return (now.astimezone(zone) - number * _BY_CLOCK[unit]).astimezone(UTC)
