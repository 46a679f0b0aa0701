"""The only place that reads the wall clock, so that everything else can be given a time; and a clock that does not stop in sleep."""

import time
from datetime import UTC, datetime

# Linux stops its monotonic clock while the machine sleeps, and has this one beside it; that of macOS goes on.
_THROUGH_SLEEP: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> datetime:
    """The present moment, UTC, in whole milliseconds (all that MongoDB keeps)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def elapsed_s() -> float:
    """Seconds since some moment, those that the machine slept among them: how old something is that MongoDB has a time limit for."""
    return time.clock_gettime(_THROUGH_SLEEP)
