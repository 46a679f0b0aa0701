"""How long posts are kept, as it is written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.retention import horizon, length, read, told


@pytest.mark.parametrize(("text", "days"), [("60d", 60), ("400d", 400), ("1440h", 60), ("36500d", 36_500)])
def test_read__a_length_from_60_days_on(text: str, days: int) -> None:
    assert read(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["59d", "1439h", "", "400", "0400d", "-400d", "36501d", "99999999d", "400 d", "1y"])
def test_read__what_is_none_or_too_short__is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="from 60d to 36500d, such as 400d"):
        read(text)


def test_length__of_any_length() -> None:
    assert (length("1h"), length("x")) == (timedelta(hours=1), None)


@pytest.mark.parametrize(("kept", "text"), [(timedelta(days=400), "400d"), (timedelta(hours=1441), "1441h")])
def test_told__is_read_as_the_same(kept: timedelta, text: str) -> None:
    assert (told(kept), read(text)) == (text, kept)


def test_horizon__is_the_begin_of_an_hour_of_utc() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    assert horizon(datetime(2026, 11, 20, 14, 10, 5, tzinfo=india)) == datetime(2026, 11, 20, 8, tzinfo=UTC)
