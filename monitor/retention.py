"""How long posts are kept, as people write it (`400d`), and up to which hour that removes them. Pure."""

import re
from datetime import UTC, datetime, timedelta

# Weeks before the period are what figures are compared with: with fewer, spikes and changes could not be told.
LEAST = timedelta(days=60)
PATTERN = "^[1-9][0-9]*[smhd]$"
SAYS = "write how long posts are kept, from 60d to 36500d, such as 400d"
_LENGTH = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MOST = timedelta(days=36_500)


def read(text: str) -> timedelta:
    """The length of a text such as `400d`. Raises ValueError, with the sentence to print, for what is none or is too short."""
    kept = length(text)
    if kept is None or not LEAST <= kept <= _MOST:
        raise ValueError(SAYS)
    return kept


def length(text: str) -> timedelta | None:
    """The same of any length; None where it is none."""
    found = _LENGTH.fullmatch(text)
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None


def told(kept: timedelta) -> str:
    """In whole days where it can be: `400d`."""
    seconds = round(kept.total_seconds())
    unit = next(unit for unit in "dhms" if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def horizon(moment: datetime) -> datetime:
    """The begin of the hour, UTC, that a moment lies in: hours are removed whole, so that their figures stay those of their posts."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
