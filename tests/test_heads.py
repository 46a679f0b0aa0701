"""Where the next walk may stop: late posts of sources that were empty, and pages that prove nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.advance import advance
from monitor.bookmark import Bookmark, Mark, Step
from monitor.heads import floor_of
from monitor.paging import Facts, Rules
from monitor.source import Order
from monitor.walk import Walk

BEGIN = datetime(2026, 11, 1, 11, 55, tzinfo=UTC)
OVERLAP = timedelta(minutes=15)
PAGE = 20

Answer = Callable[[Step, datetime], tuple[list[int], bool]]


def at(mark: Mark) -> datetime:
    """A mark is the second of posting."""
    return BEGIN + timedelta(seconds=int(mark))


def shows(posts: dict[int, float], *, ends: bool = True) -> Answer:
    """A platform with these posts by mark, each visible from a second, none below a floor; `ends`: it says which page is the last."""

    def answer(step: Step, now: datetime) -> tuple[list[int], bool]:
        seen = sorted(mark for mark, second in posts.items() if at(second) <= now and mark >= int(step.floor or 0))
        rows = [
            mark for mark in seen if (step.until is None or mark < step.until) and (step.after is None or mark > step.after)
        ]
        shown = rows[:PAGE] if step.after is not None else rows[-PAGE:]
        return shown[::-1], ends and len(rows) <= PAGE

    return answer


def poll(
    bookmark: Bookmark, answer: Answer, second: float, rules: Rules, *, since: datetime | None = None
) -> tuple[Bookmark, set[int], list[Step]]:
    """One poll, with what it stored and what it asked."""
    walk, now, stored, steps = Walk(rules=rules, pages=100), at(second), set[int](), list[Step]()
    while step := walk.next_step(bookmark, now=now):
        rows, end = answer(step, now)
        times = (at(rows[0]), at(rows[-1])) if rows else (None, None)
        facts = Facts(marks=tuple(rows), end=end, asked_at=now, began_at=at(second), top_at=times[0], bottom_at=times[1])
        move = advance(bookmark, step, facts, rules=rules, since=since)
        walk.took(step, move, facts)
        bookmark, now = move.bookmark, now + timedelta(seconds=0.1)
        stored.update(rows)
        steps.append(step)
    return bookmark, stored, steps


def rules_of(order: Order, *, timed: bool = True) -> Rules:
    return Rules(order=order, overlap=OVERLAP, **({"marked_at": at} if timed else {}))


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("empty_before", [0, 2])
@pytest.mark.parametrize("since", [None, BEGIN - timedelta(days=30)])
def test_first_post_of_a_source__one_before_it_that_is_shown_late__is_found(
    order: Order, timed: bool, ends: bool, empty_before: int, since: datetime | None
) -> None:
    """Written 5 s before it and shown 5 minutes later, while others go on: nothing above the first post leads to it."""
    posts = {310: 310.0, 305: 600.0} | {second: float(second) for second in range(700, 2000, 60)}
    answer, bookmark, stored = shows(posts, ends=ends), Bookmark(), set[int]()
    for second in (*(0, 315)[:empty_before], 330, 590, 700, 1000, 1400, 1990):
        bookmark, found, _ = poll(bookmark, answer, second, rules_of(order, timed=timed), since=since)
        stored |= found
    # Without an end that is told, an empty poll before and `since`, nobody knows that nothing lies before the first post.
    unknown = {305} if not (ends or empty_before or since) else set()
    assert {mark for mark, second in posts.items() if second <= 1990} - stored - unknown == set()


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("timed", [True, False])
def test_source_was_empty__a_burst_of_many_pages_follows__all_of_it_is_read(order: Order, timed: bool) -> None:
    posts = {second: float(second) for second in range(310, 500)}
    bookmark, _, _ = poll(Bookmark(), shows(posts), 0, rules_of(order, timed=timed))
    bookmark, _, _ = poll(bookmark, shows(posts), 300, rules_of(order, timed=timed))
    bookmark, stored, steps = poll(bookmark, shows(posts), 600, rules_of(order, timed=timed))
    assert stored == set(posts)
    assert bookmark.gaps == ()
    assert len(steps) <= len(posts) // PAGE + 2


def test_rows_without_marks_and_a_cursor__prove_nothing() -> None:
    """There is more behind the cursor, and nobody knows where."""
    before, _, _ = poll(Bookmark(), shows({100: 100.0}), 1000, rules_of("newest"))
    facts = Facts(marks=(), cursor="next", asked_at=at(2000))
    move = advance(before, Step(), facts, rules=rules_of("newest"))
    assert (move.progress, move.intervals) == (False, ())
    assert (move.bookmark.heads, move.bookmark.asked_at) == (before.heads, before.asked_at)
    assert floor_of(move.bookmark, OVERLAP) == floor_of(before, OVERLAP)
