"""Pages: their newest and oldest mark, and what is left of them under a limit; asks and replies."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.bookmark import Mark, order
from monitor.page import Ask, Page, Reply

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
INTEGERS = st.integers(0, 10**6)
IDS = st.from_regex(r"[1-9][0-9]{0,8}", fullmatch=True)


@st.composite
def pages(draw: st.DrawFn) -> Page:
    """Pages as platforms send them: marks of one kind, in any order, some rows without one."""
    marks = draw(st.one_of(st.lists(st.none() | INTEGERS, max_size=12), st.lists(st.none() | IDS, max_size=12)))
    return Page(list(range(len(marks))), marks, cursor="next", end=draw(st.booleans()))


def of(page: Page) -> dict[Any, Mark | None]:
    return dict(zip(page.rows, page.marks, strict=True))


def test_page__as_many_marks_as_rows() -> None:
    with pytest.raises(ValueError, match="2 rows needs as many marks, not 1"):
        Page([1, 2], [3])


def test_top_and_bottom__unordered_and_pinned_rows() -> None:
    page = Page(["pin", "a", "b", "c"], [None, "1000", "99", "998"])
    assert (page.top, page.bottom) == ("1000", "99")


def test_top_and_bottom__no_row_has_a_mark__there_is_none() -> None:
    assert (Page(["pin"], [None]).top, Page([], []).bottom) == (None, None)


@given(pages(), st.integers(0, 15))
def test_first__keeps_the_first_rows_with_their_marks(page: Page, most: int) -> None:
    kept = page.first(most)
    assert list(kept.rows) == list(page.rows)[:most]
    assert list(kept.marks) == list(page.marks)[:most]


@given(pages(), st.integers(0, 15))
def test_first_and_oldest__rows_left_out__neither_cursor_nor_end_lead_past_them(page: Page, most: int) -> None:
    for kept in (page.first(most), page.oldest(most)):
        if len(kept.rows) < len(page.rows):
            assert (kept.cursor, kept.end) == (None, False)
        else:
            assert kept is page


@given(pages(), st.integers(0, 15))
def test_oldest__keeps_that_many_rows_in_their_order_each_with_its_mark(page: Page, most: int) -> None:
    kept, all_rows = page.oldest(most), of(page)
    assert len(kept.rows) == min(most, len(page.rows))
    assert list(kept.rows) == sorted(kept.rows)
    assert of(kept) == {row: all_rows[row] for row in kept.rows}


@given(pages(), st.integers(0, 15))
def test_oldest__nothing_that_is_left_out_is_older_than_what_is_kept(page: Page, most: int) -> None:
    """A walk forward in time goes on above the top: what lay below it would never be asked for again."""
    kept = page.oldest(most)
    left = [mark for row, mark in of(page).items() if row not in kept.rows and mark is not None]
    if kept.top is not None:
        assert all(order(kept.top) <= order(mark) for mark in left)


def test_reply__repr_holds_no_post() -> None:
    assert repr(Reply(200, {}, b'["a secret post"]', "https://a.org", AT)) == "<Reply 200 17 bytes>"


def test_page__repr_holds_no_post() -> None:
    assert repr(Page(["a secret post"], [1])) == "<Page 1 rows>"


def test_reply__json__is_decoded_once() -> None:
    reply = Reply(200, {}, b'{"a": [1]}', "https://a.org", AT)
    assert reply.json is reply.json


def test_reply__no_whole_json__raises_value_error() -> None:
    with pytest.raises(ValueError):
        _ = Reply(200, {}, b'{"a": [1', "https://a.org", AT).json


def test_ask__further_headers__win_and_leave_the_first_ask_alone() -> None:
    ask = Ask("/x", headers={"Accept": "a", "X": "1"})
    assert ask.with_headers({"Accept": "b"}).headers == {"Accept": "b", "X": "1"}
    assert ask.headers == {"Accept": "a", "X": "1"}
