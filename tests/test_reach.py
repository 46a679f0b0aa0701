"""How far back a source is wanted: what its first page proves, and the gap that leads back to `since`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.advance import advance
from monitor.bookmark import Bookmark, Mark, Step
from monitor.paging import Facts, Rules
from monitor.post import EARLIEST
from monitor.reach import let_go, reach_back
from monitor.source import Order

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def at(mark: Mark) -> datetime:
    return BEGIN + timedelta(milliseconds=int(mark))


ORDERS: tuple[Order, ...] = ("newest", "oldest")
RULES = {order: Rules(order=order, overlap=timedelta(minutes=10), marked_at=at) for order in ORDERS}


@pytest.mark.parametrize("kind", ORDERS)
def test_first_page__shows_all_there_is__what_lies_before_it_is_proven_back_to_since(kind: Order) -> None:
    """And is not asked for again by the next poll."""
    known, since, now = RULES[kind], at(0), at(1_000_000)
    facts = Facts(
        marks=(900_000, 800_000), asked_at=now, began_at=now, top_at=at(900_000), bottom_at=at(800_000), end=True, posts=2
    )
    move = advance(Bookmark(), Step(), facts, rules=known, since=since)
    assert [(told.from_at, told.to_at, told.state) for told in move.intervals] == [(since, now, "covered")]
    assert reach_back(move.bookmark, since, rules=known, now=now) == move.bookmark
    older = reach_back(move.bookmark, at(-1000), rules=known, now=now)
    assert [gap.since for gap in older.gaps] == [at(-1000)]


def test_first_page__shows_all_that_is_kept__what_lies_before_is_capped() -> None:
    known = replace(RULES["newest"], window=timedelta(seconds=500))
    facts = Facts(marks=(900_000,), asked_at=at(1_000_000), top_at=at(900_000), bottom_at=at(900_000), end=True, posts=1)
    move = advance(Bookmark(), Step(), facts, rules=known, since=at(0))
    told = sorted((one.from_at, one.to_at, one.state) for one in move.intervals)
    assert told == [(at(0), at(500_000), "capped"), (at(500_000), at(1_000_000), "covered")]


def test_let_go__closes_the_gap_that_leads_back_to_it_alone() -> None:
    known = RULES["newest"]
    first = Facts(marks=(900_000,), asked_at=at(1_000_000), top_at=at(900_000), bottom_at=at(900_000), posts=1)
    bookmark = advance(Bookmark(), Step(), first, rules=known, since=EARLIEST).bookmark
    assert [gap.since for gap in bookmark.gaps] == [EARLIEST]
    assert let_go(bookmark, at(0)) == bookmark
    assert let_go(bookmark, EARLIEST).gaps == ()
