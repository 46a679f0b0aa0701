"""A bookmark survives the way through BSON, marks with their types."""

from datetime import UTC, datetime

import bson
from hypothesis import given
from hypothesis import strategies as st

from monitor.bookmark import Again, Bookmark, Gap, Head
from monitor.store.bookmarks import bookmark_document, bookmark_of
from monitor.store.reading import CODEC

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
MARKS = st.integers() | TEXTS | st.integers(min_value=2**62, max_value=2**90)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
GAPS = st.builds(
    Gap,
    top=MARKS,
    floor=st.none() | MARKS,
    cursor=st.none() | TEXTS,
    cursor_at=st.none() | MOMENTS,
    opened_at=MOMENTS,
    tries=st.integers(0, 9),
    reason=st.none() | TEXTS,
    since=st.none() | MOMENTS,
    top_at=st.none() | MOMENTS,
    floor_at=st.none() | MOMENTS,
)
BOOKMARKS = st.builds(
    Bookmark,
    heads=st.lists(st.builds(Head, mark=MARKS, asked_at=MOMENTS), max_size=3).map(tuple),
    gaps=st.lists(GAPS, max_size=3).map(tuple),
    start=st.none() | MARKS,
    asked_at=st.none() | MOMENTS,
    again=st.none() | st.builds(Again, after=MARKS, upto=MARKS, began_at=MOMENTS),
    validators=st.dictionaries(st.sampled_from(["etag", "last-modified", "int"]), TEXTS, max_size=2),
    seen=st.lists(TEXTS, max_size=3).map(tuple),
    version=st.integers(0, 2**40),
)


@given(BOOKMARKS)
def test_a_bookmark_survives_the_way_through_bson(bookmark: Bookmark) -> None:
    assert bookmark_of(bson.decode(bson.encode(bookmark_document(bookmark)), codec_options=CODEC)) == bookmark


@given(MARKS)
def test_a_mark_keeps_its_type(mark: int | str) -> None:
    """9 and "9" sort differently, and so do 64-bit integers and what BSON makes of them."""
    stored = bson.decode(bson.encode(bookmark_document(Bookmark(start=mark))), codec_options=CODEC)
    assert type(bookmark_of(stored).start) is type(mark)


def test_a_field_added_later_gets_its_default() -> None:
    stored = bookmark_document(Bookmark(seen=("a",), version=3))
    del stored["seen"], stored["again"]
    assert bookmark_of(stored) == Bookmark(version=3)


def test_moments_lose_only_their_microseconds() -> None:
    asked_at = datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
    assert bookmark_document(Bookmark(asked_at=asked_at))["asked_at"] == asked_at.replace(microsecond=123000)
