"""The only place that reads the wall clock, so that everything else can be given a time."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, UTC, in whole milliseconds (all that MongoDB keeps)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
