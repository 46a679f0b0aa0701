"""A page on its way: what its commit says of the bookmark and the ledger."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.advance import MOST_TRIES
from monitor.bookmark import Bookmark, Gap, Head, Step
from monitor.crawl.page_item import PageItem
from monitor.page import Page, Reply
from monitor.paging import Rules
from monitor.post import Author, Post
from monitor.source import Source

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
SOURCE = Source(platform="mastodon", kind="public", parameters={"instance": "birds.example"})
RULES = Rules(order="newest", overlap=timedelta(minutes=10))
GAP = Gap(
    top=50, floor=10, cursor="c", cursor_at=AT, opened_at=AT, top_at=AT - timedelta(hours=1), floor_at=AT - timedelta(hours=2)
)
NEWEST = Step()
HEAD = Head(mark=90, asked_at=AT - timedelta(hours=1))
KNOWN = Bookmark(heads=(HEAD,), gaps=(GAP,), start=1, asked_at=AT - timedelta(hours=1), version=7)


def post(number: int, *, created_at: datetime = AT) -> Post:
    return Post(
        id=str(number), platform="mastodon", native_id=str(number), url=None, created_at=created_at, text="x",
        author=Author(id="7"),
    )  # fmt: skip


async def item(page: Page, *, step: Step = NEWEST, bookmark: Bookmark = KNOWN, **changes: Any) -> PageItem:
    told: dict[str, Any] = {
        "source": SOURCE, "reply": Reply(200, {"etag": "e"}, b"", "https://birds.example/x", AT), "rules": RULES, "epoch": 3,
        "run": "run", "asked_at": AT, "began_at": AT, "posts": [post(mark) for mark in page.marks if mark is not None],
    }  # fmt: skip
    return PageItem(page=page, step=step, bookmark=bookmark, **{**told, **changes})


async def test_commit__carries_what_the_store_needs() -> None:
    page = await item(Page([{}, {}], [100, 95]))
    commit = page.commit()
    assert (commit.source_id, commit.epoch, commit.run) == (SOURCE.id, 3, "run")
    assert (commit.posts, commit.refused) == (page.posts, [])
    assert (commit.reply.url, commit.reply.status) == ("https://birds.example/x", 200)
    assert commit.bookmark.version == 8


async def test_commit__remembers_its_move_for_the_walk() -> None:
    page = await item(Page([{}], [100]))
    commit = page.commit()
    assert page.move is not None
    assert page.facts is not None
    assert (page.move.bookmark, page.facts.marks) == (commit.bookmark, (100,))


async def test_commit__pinned_rows_take_no_part() -> None:
    page = await item(Page([{}, {}], [None, 95]))
    page.commit()
    assert page.facts is not None
    assert page.facts.marks == (95,)


async def test_facts__times_come_from_the_marks_where_they_tell_any() -> None:
    rules = Rules(order="newest", overlap=RULES.overlap, marked_at=lambda mark: AT - timedelta(seconds=int(mark)))
    page = await item(Page([{}, {}], [30, 20]), rules=rules)
    page.commit()
    assert page.facts is not None
    assert (page.facts.top_at, page.facts.bottom_at) == (AT - timedelta(seconds=30), AT - timedelta(seconds=20))


async def test_facts__marks_tell_no_time__the_posts_do_without_those_from_the_future() -> None:
    posts = [post(1, created_at=AT - timedelta(hours=5)), post(2, created_at=AT + timedelta(days=2)), post(3, created_at=AT)]
    page = await item(Page([{}] * 3, [3, 2, 1]), posts=posts)
    page.commit()
    assert page.facts is not None
    assert (page.facts.top_at, page.facts.bottom_at) == (AT, AT - timedelta(hours=5))


async def test_facts__an_old_post_that_came_today__is_not_how_far_back_the_page_reaches() -> None:
    """Its mark is of today; the pinned one has none, and the one from tomorrow was written by a wrong clock."""
    ages_h = [-20, 1, 2, 5 * 365 * 24, 4, 5, 6, 7, 9 * 365 * 24]
    posts = [post(number, created_at=AT - timedelta(hours=age)) for number, age in enumerate(ages_h)]
    marks = [90, 80, 70, 60, 50, 40, 30, 20, None]
    page = await item(Page([{}] * 9, marks), posts=posts)
    page.post_marks = list(marks)
    page.commit()
    assert page.facts is not None
    assert (page.facts.top_at, page.facts.bottom_at) == (AT, AT - timedelta(hours=4))


async def test_facts__all_rows_were_refused__no_time_is_known_and_the_bookmark_still_moves() -> None:
    page = await item(Page([{}], [100]), posts=[])
    commit = page.commit()
    assert page.facts is not None
    assert (page.facts.top_at, page.facts.posts) == (None, 0)
    assert commit.bookmark.heads[0].mark == 100


async def test_commit__the_platform_refused_the_step__the_gap_keeps_its_size_and_forgets_its_cursor() -> None:
    page = await item(Page([], []), step=Step(cursor="c", until=50, floor=10), refusal="it no longer knows the cursor")
    commit = page.commit()
    (gap,) = commit.bookmark.gaps
    assert (gap.top, gap.floor, gap.cursor, gap.tries) == (50, 10, None, 1)
    assert gap.reason == "it no longer knows the cursor"
    assert (commit.bookmark.version, commit.bookmark.heads, commit.intervals) == (8, KNOWN.heads, ())
    assert page.facts is not None
    assert page.move is not None
    assert not page.move.progress


async def test_commit__refused_too_often__the_gap_is_given_up_and_said_to_have_failed() -> None:
    bookmark = KNOWN
    for _ in range(MOST_TRIES):
        assert bookmark.gaps
        page = await item(Page([], []), step=Step(until=50, floor=10), bookmark=bookmark, refusal="gone")
        commit = page.commit()
        bookmark = commit.bookmark
    assert bookmark.gaps == ()
    assert [(told.state, told.from_at, told.to_at) for told in commit.intervals] == [("failed", GAP.floor_at, GAP.top_at)]


@given(st.lists(st.integers(1, 200), max_size=8), st.booleans(), st.sampled_from([None, "refused"]))
async def test_commit__whatever_the_page_says__the_version_is_one_higher_and_the_heads_never_go_back(
    marks: list[int], end: bool, refusal: str | None
) -> None:
    step = Step(until=50, floor=10) if refusal else Step()
    page = await item(Page([{}] * len(marks), marks, end=end), step=step, refusal=refusal)
    moved = page.commit().bookmark
    assert moved.version == KNOWN.version + 1
    assert moved.heads[0].mark == max([HEAD.mark, *([] if refusal else marks)])


async def test_committed__is_open_until_somebody_says_how_it_ended() -> None:
    page = await item(Page([], []))
    assert not page.committed.done()
    assert repr(page) == f"<PageItem {SOURCE.id} 0 rows>"
