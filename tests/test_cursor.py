"""A cursor goes through an address and back; anything else is refused in words."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cursor import Cursor, read
from monitor.errors import UsageError

MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))


@settings(max_examples=40, deadline=None)
@given(MOMENTS, st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_a_cursor_survives_the_way_through_an_address(created_at: datetime, post_id: str) -> None:
    cursor = Cursor(created_at, post_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", str(cursor))
    assert read(f" {cursor}\n") == cursor


@pytest.mark.parametrize(
    "text", ["", "tea", "é", "MTIz", "MTIzLA", "dGVhLHRlYQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LHg", "x" * 5000]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="This is no cursor"):
        read(text)
