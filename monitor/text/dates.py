"""Moments as platforms write them, as UTC in whole milliseconds (all that MongoDB keeps).

A unit is never guessed: seconds and milliseconds have a function each, chosen by the platform file. That a date is
possible at all (2004 to tomorrow) is checked in `monitor.post` and `monitor.crawl.normalize`.
"""

from datetime import UTC, datetime, timedelta

from monitor.errors import PostError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc(text: object) -> datetime:
    """The moment that an ISO 8601 or RFC 3339 text names; without a zone it is taken as UTC, a date alone as its midnight.

    Raises PostError for anything else.
    """
    if not isinstance(text, str):
        raise PostError(f"a date is a {type(text).__name__}, not text")
    try:
        # RFC 3339 allows a leap second; Python's clock has none.
        moment = datetime.fromisoformat(text.strip().replace(":60", ":59"))
        return _whole_milliseconds(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise PostError("a date is not ISO 8601") from error


def utc_or_none(text: object) -> datetime | None:
    """`utc` for a date that a platform may leave out: None stays None."""
    return None if text is None else utc(text)


def utc_from_seconds(seconds: object) -> datetime:
    """The moment that many seconds after 1970-01-01 UTC. Raises PostError for what is no number or no year we know."""
    return _since_epoch(seconds, unit="seconds")


def utc_from_milliseconds(milliseconds: object) -> datetime:
    """The moment that many milliseconds after 1970-01-01 UTC. Raises PostError as `utc_from_seconds` does."""
    return _since_epoch(milliseconds, unit="milliseconds")


def _since_epoch(number: object, *, unit: str) -> datetime:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise PostError(f"a date is a {type(number).__name__}, not a number of {unit}")
    try:
        return _whole_milliseconds(_EPOCH + timedelta(**{unit: number}))
    except (ValueError, OverflowError) as error:
        raise PostError(f"a date is no number of {unit} since 1970") from error


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
