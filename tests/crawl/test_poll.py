"""One poll of one source: page after page, each only when the one before is durable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import clock
from monitor.bookmark import Bookmark, Head, Step
from monitor.crawl import poll as poll_module
from monitor.crawl.keeping import Keeping
from monitor.crawl.page_item import PageItem
from monitor.crawl.poll import Poll
from monitor.errors import CursorRefusedError, LeaseLostError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.paging import Rules
from monitor.post import Author, Post
from monitor.source import Order, Source

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
SOURCE = Source(platform="chirp", kind="tag", parameters={"tag": "tea"}, since=datetime(2020, 1, 1, tzinfo=UTC))


@dataclass
class Running:
    stopping: bool = False
    run: str = "run"

    async def keeping(self) -> Keeping:
        """No topic asks for privacy."""
        return Keeping(None, (), None)  # type: ignore[arg-type]


@dataclass
class Chirp:
    """A platform that shows posts 1 to `newest`, newest first, `size` a page; every ask is noted."""

    newest: int = 9
    size: int = 3
    name: str = "chirp"
    order: Order = "newest"
    posts_left: int | None = None
    session: Running = field(default_factory=Running)
    asked: list[Step] = field(default_factory=list)
    sent: list[Ask] = field(default_factory=list)
    replies: Callable[[Ask], Any] | None = None

    def rules(self, source: Source) -> Rules:
        return Rules(order=self.order, overlap=timedelta(0))

    def ask(self, source: Source, step: Step) -> Ask:
        self.asked.append(step)
        return Ask("/posts", {"until": step.until})

    def read(self, reply: Reply, asked: Asked) -> Page | list[Ask]:
        if reply.json == "ids":
            return [Ask(f"/item/{number}") for number in range(12)]
        rows = reply.json["posts"]
        return Page(rows, [row["id"] for row in rows], end=not rows)

    def gather(self, replies: list[Reply], asked: Asked) -> Page:
        return Page([reply.json for reply in replies], [reply.json["id"] for reply in replies], end=True)

    async def fetch(self, _spider: Any, _source: Source, ask: Ask, *, cursor: str | None = None) -> Reply:
        self.sent.append(ask)
        if self.replies is not None:
            answered = self.replies(ask)
            if isinstance(answered, Exception):
                raise answered
            if answered is not None:
                return answered  # type: ignore[no-any-return]
        top = ask.parameters["until"]
        first = self.newest if top is None else top - 1
        ids = [number for number in range(first, first - self.size, -1) if number > 0]
        return reply_of({"posts": [{"id": number} for number in ids]})


def reply_of(told: Any, status: int = 200) -> Reply:
    import json

    return Reply(status, {}, json.dumps(told).encode(), "https://chirp.example/posts", AT)


@pytest.fixture
def chirp(monkeypatch: pytest.MonkeyPatch) -> Chirp:
    platform = Chirp()
    monkeypatch.setattr(poll_module, "fetch", platform.fetch)
    return platform


def polled(chirp: Any, *, bookmark: Bookmark | None = None, source: Source = SOURCE, pages: int = 50) -> Poll:
    return Poll(chirp, source, bookmark or Bookmark(), epoch=1, pages=pages)


def stored(item: PageItem) -> list[int]:
    """Do what the pipelines do with a page, up to its acknowledgement; returns the ids."""
    item.posts = [
        Post(
            id=str(row["id"]), platform="chirp", native_id=str(row["id"]), url=None, created_at=AT - timedelta(hours=10),
            text="x", author=Author(id="7"),
        )
        for row in item.page.rows
    ]  # fmt: skip
    item.commit()
    item.committed.set_result(None)
    return [row["id"] for row in item.page.rows]


async def walked(poll: Poll) -> list[list[int]]:
    return [stored(item) async for item in poll.items()]


async def test_items__walks_to_the_end_and_counts_what_was_committed(chirp: Chirp) -> None:
    poll = polled(chirp)
    assert await walked(poll) == [[9, 8, 7], [6, 5, 4], [3, 2, 1], []]
    assert (poll.posts, poll.bookmark.gaps, poll.bookmark.version) == (9, (), 4)
    assert poll.bookmark.heads[0].mark == 9


async def test_items__clock_is_ten_minutes_fast__the_bookmark_has_the_servers_time(chirp: Chirp) -> None:
    """Else what is settled by it would be settled ten minutes too early, for right clocks, too."""
    fast: Any = chirp
    poll = Poll(fast, SOURCE, Bookmark(), epoch=1, pages=50, ahead=timedelta(minutes=-10))
    before = clock.now()
    await walked(poll)
    assert poll.bookmark.asked_at is not None
    assert before <= poll.bookmark.asked_at + timedelta(minutes=10) <= clock.now()


async def test_items__the_next_page_is_asked_for_only_when_this_one_is_durable(chirp: Chirp) -> None:
    items: AsyncIterator[PageItem] = polled(chirp).items()
    item = await anext(items)
    following = asyncio.ensure_future(anext(items))
    await asyncio.sleep(0.01)
    assert (len(chirp.sent), following.done()) == (1, False)
    stored(item)
    await following
    assert len(chirp.sent) == 2


async def test_items__the_commit_failed__the_walk_ends_there_and_says_why(chirp: Chirp) -> None:
    poll = polled(chirp)
    items: AsyncIterator[PageItem] = poll.items()
    item = await anext(items)
    item.committed.set_exception(LeaseLostError("taken"))
    with pytest.raises(LeaseLostError):
        await anext(items)
    assert (len(chirp.sent), poll.bookmark) == (1, Bookmark())


async def test_items__the_crawl_is_stopping__nothing_more_is_asked(chirp: Chirp) -> None:
    poll = polled(chirp)
    async for item in poll.items():
        stored(item)
        chirp.session.stopping = True
    assert len(chirp.sent) == 1
    assert poll.bookmark.gaps, "what was not read stays an open gap"


async def test_items__out_of_pages__stops_with_a_reason_and_leaves_the_gap(chirp: Chirp) -> None:
    poll = polled(chirp, pages=2)
    assert await walked(poll) == [[9, 8, 7], [6, 5, 4]]
    assert poll.walk.stopped == "page budget used"
    assert poll.bookmark.gaps[0].top == 4


@pytest.mark.parametrize(("limit", "ids"), [(1, [9]), (3, [9, 8, 7]), (4, [9, 8, 7, 6]), (100, list(range(9, 0, -1)))])
async def test_items__limit__is_exact(chirp: Chirp, limit: int, ids: list[int]) -> None:
    chirp.posts_left = limit
    assert [number for page in await walked(polled(chirp)) for number in page] == ids


async def test_items__limit_within_a_page__the_rest_of_it_is_read_the_next_time(chirp: Chirp) -> None:
    chirp.posts_left = 2
    poll = polled(chirp)
    assert await walked(poll) == [[9, 8]]
    chirp.posts_left = None
    following = await walked(polled(chirp, bookmark=poll.bookmark))
    assert {number for page in following for number in page} == set(range(1, 10))


async def test_items__without_since__only_the_newest_page(chirp: Chirp) -> None:
    assert await walked(polled(chirp, source=Source(platform="chirp", kind="tag"))) == [[9, 8, 7]]


async def test_items__forward_under_a_limit__the_oldest_of_the_page_are_kept(chirp: Chirp) -> None:
    """What lies below the highest mark counts as read, so the newest of a page must not be taken first."""
    chirp.order, chirp.posts_left = "oldest", 2
    chirp.replies = lambda _ask: reply_of({"posts": [{"id": 15}, {"id": 14}, {"id": 13}]})
    known = Bookmark(heads=(Head(mark=12, asked_at=AT - timedelta(days=1)),), start=1, asked_at=AT - timedelta(days=1))
    poll = polled(chirp, bookmark=known, source=Source(platform="chirp", kind="tag"))
    assert await walked(poll) == [[14, 13]]
    assert poll.bookmark.heads[0].mark == 14


async def test_items__304__is_nothing_new(chirp: Chirp) -> None:
    chirp.order = "whole"
    chirp.replies = lambda _ask: Reply(304, {}, b"", "https://chirp.example/", AT)
    known = Bookmark(validators={"If-None-Match": '"e"'}, seen=("1",), asked_at=AT, version=4)
    poll = polled(chirp, bookmark=known)
    (item,) = [item async for item in committing(poll)]
    assert item.page.unchanged
    assert chirp.sent[0].headers == {"If-None-Match": '"e"'}
    assert (poll.bookmark.seen, poll.bookmark.version) == (("1",), 5)


async def committing(poll: Poll) -> AsyncIterator[PageItem]:
    async for item in poll.items():
        stored(item)
        yield item


@pytest.mark.parametrize("told", [{"other": 1}, [], None, 7, "text", {"posts": None}, {"posts": [{}]}, {"posts": [7]}])
async def test_items__another_shape_than_known__is_a_reply_error_that_quotes_nothing(chirp: Chirp, told: Any) -> None:
    chirp.replies = lambda _ask: reply_of(told)
    with pytest.raises(ReplyError, match="has not the shape that chirp is known for") as refused:
        await walked(polled(chirp))
    assert "text" not in str(refused.value)


async def test_items__a_page_of_many_asks__keeps_their_order(chirp: Chirp) -> None:
    chirp.replies = lambda ask: reply_of("ids" if ask.path == "/posts" else {"id": 100 - int(ask.path.rpartition("/")[2])})
    assert await walked(polled(chirp)) == [[100 - number for number in range(12)]]


async def test_items__one_of_many_asks_fails__the_page_fails(chirp: Chirp) -> None:
    """Its rows would be missing, and the bookmark would go past them."""

    def answer(ask: Ask) -> Any:
        return ReplyError("cut") if ask.path == "/item/7" else reply_of("ids" if ask.path == "/posts" else {"id": 1})

    chirp.replies = answer
    poll = polled(chirp)
    with pytest.raises(ReplyError, match="cut"):
        await walked(poll)
    assert poll.bookmark == Bookmark()


@pytest.mark.parametrize("error", [CursorRefusedError("unknown cursor"), RefusedError("no deeper")])
async def test_items__a_step_below_is_refused__the_gap_notes_it_and_other_errors_do_not_hide(
    chirp: Chirp, error: Exception
) -> None:
    chirp.replies = lambda ask: error if ask.parameters["until"] == 4 else None
    poll = polled(chirp)
    pages = [(stored(item), item.refusal) async for item in poll.items()]
    assert pages[:3] == [([9, 8, 7], None), ([6, 5, 4], None), ([], str(error))]
    (gap,) = poll.bookmark.gaps
    assert (gap.top, gap.tries >= 1) == (4, True)


async def test_items__the_first_page_is_refused__is_raised(chirp: Chirp) -> None:
    chirp.replies = lambda _ask: RefusedError("blocked")
    with pytest.raises(RefusedError, match="blocked"):
        await walked(polled(chirp))
