"""Hours of the week are those of local clocks, and an hour that did not exist is not silence."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.rhythm import rhythm
from monitor.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def cell(cells, *, weekday, hour):
    return cells[24 * weekday + hour]


def one_an_hour(start, days):
    first = start.astimezone(UTC)
    return {first + number * HOUR: 1 for number in range(24 * days)}


@given(st.dictionaries(st.integers(0, 5000), st.integers(0, 9), max_size=60))
def test_rhythm__loses_nothing(counts):
    cells = rhythm({datetime(2026, 1, 1, tzinfo=UTC) + hour * HOUR: count for hour, count in counts.items()}, zone=BERLIN)
    assert len(cells) == 168
    assert sum(one.posts for one in cells) == sum(counts.values())
    assert sum(one.hours for one in cells) == len(counts)
    assert [(one.weekday, one.hour) for one in cells] == [(day, hour) for day in range(7) for hour in range(24)]


def test_rhythm__by_local_clocks():
    cells = rhythm({datetime(2026, 6, 1, 22, tzinfo=UTC): 3}, zone=BERLIN)  # Tuesday 0:00
    assert cell(cells, weekday=1, hour=0).posts == 3


def test_rhythm__clocks_go_forward__the_missing_hour_was_never_counted():
    cells = rhythm(one_an_hour(datetime(2026, 3, 26, tzinfo=BERLIN), 4), zone=BERLIN)
    assert cell(cells, weekday=6, hour=2).posts_per_hour is None
    assert cell(cells, weekday=6, hour=3).posts_per_hour == 1


def test_rhythm__clocks_go_back__the_hour_counts_twice_as_long():
    cells = rhythm(one_an_hour(datetime(2026, 10, 22, tzinfo=BERLIN), 4), zone=BERLIN)
    assert (cell(cells, weekday=6, hour=2).posts, cell(cells, weekday=6, hour=2).posts_per_hour) == (2, 1)


def test_rhythm__hours_of_utc_in_kathmandu__are_refused_and_minutes_taken():
    zone, moment = ZoneInfo("Asia/Kathmandu"), datetime(2026, 6, 1, 12, tzinfo=UTC)
    with pytest.raises(UsageError, match="Kathmandu"):
        rhythm({moment: 3}, zone=zone)
    cells = rhythm({moment: 3}, zone=zone, width=timedelta(minutes=1))
    assert cell(cells, weekday=0, hour=17).posts == 3
