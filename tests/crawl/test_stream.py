"""A stream, listened to: by the class itself against servers in this process, without a database."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from monitor import clock
from monitor.bookmark import Bookmark, Head
from monitor.config import load
from monitor.crawl import stream as module
from monitor.crawl.batch import MOST_FRAMES, Batch
from monitor.crawl.frame import Frame
from monitor.crawl.normalize import normalize_page
from monitor.crawl.stream import REWIND_MS, Stream
from monitor.crawl.stream_item import MISSED, StreamItem
from monitor.errors import RefusedError, ReplyError
from monitor.query.parse import parse
from monitor.source import Source
from spiders.bluesky import Bluesky

SETTINGS = {"DOWNLOAD_MAXSIZE": 200_000, "USER_AGENT": "test", "MONITOR_LONGEST_WAIT_S": 30.0}
LONGEST_S = 10.0
NOW_MS = int(datetime.now(UTC).timestamp() * 1000)  # of the import, then of the beginning of each test


class Settings(dict[str, Any]):
    def getint(self, name: str) -> int:
        return int(self[name])

    def getfloat(self, name: str) -> float:
        return float(self[name])


@dataclass
class Known:
    """The posts that are stored, of which no topic asks for privacy."""

    ids: set[str] = field(default_factory=set)

    async def stored(self, post_ids: Collection[str]) -> set[str]:
        return self.ids & set(post_ids)


def spider_at(address: str, *, database: str = "test", limit: int | None = None, known: set[str] | None = None) -> Bluesky:
    spider = Bluesky()

    async def keeping() -> Known:
        return Known(known or set())

    config = load({"MONITOR_DATABASE": database})
    spider.session = SimpleNamespace(stopping=False, keeping=keeping, config=config, run="run")  # type: ignore[assignment]
    spider.given = SimpleNamespace(base_url=address)  # type: ignore[assignment]
    spider.settings = Settings(SETTINGS)  # type: ignore[assignment]
    spider.posts_left = limit
    return spider


def stream_of(
    spider: Bluesky, *, version: str = "jetstream", head: int | None = None, query: str | None = None, **more: Any
) -> Stream:
    heads = () if head is None else (Head(mark=head, asked_at=moment(head)),)
    bookmark = Bookmark(
        heads=heads, start=head, start_at=None if head is None else moment(head), asked_at=heads and moment(head)
    )
    parameters = {"stream": version, **({} if query is None else {"query": query})}
    source = Source(platform="bluesky", kind="stream", parameters=parameters)
    return Stream(
        spider,
        source,
        bookmark if heads else Bookmark(),
        epoch=1,
        pages=10_000,
        term=None if query is None else parse(query),
        **more,
    )


@pytest.fixture(autouse=True)
def begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that was heard minutes ago is asked for from then on: the frames must be of now."""
    monkeypatch.setitem(globals(), "NOW_MS", int(datetime.now(UTC).timestamp() * 1000))


def moment(mark: int) -> datetime:
    return datetime.fromtimestamp(mark / 1000, UTC)


async def heard(stream: Stream, *, until: Callable[[list[StreamItem]], bool] = lambda _: False) -> list[StreamItem]:
    """Be the pipelines: the items in their order, each committed; the stream is stopped when `until` says so."""
    items: list[StreamItem] = []
    async with asyncio.timeout(LONGEST_S):
        async for item in stream.items():
            assert isinstance(item, StreamItem)
            normalize_page(stream.spider, item)
            item.commit()
            item.committed.set_result(None)
            items.append(item)
            if until(items):
                stream.spider.session.stopping = True  # type: ignore[misc]
    return items


def texts(items: list[StreamItem]) -> list[str]:
    return [post.text for item in items for post in item.posts]


def frame(number: int, *, mark: int | None = None, **record: Any) -> str:
    told = {"text": f"Post {number}.", "createdAt": moment(NOW_MS).isoformat(), **record}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3k{number:08}", "rev": "1", "record": told}
    return json.dumps({"did": "did:plc:wren", "time_us": (mark or NOW_MS + number) * 1000, "kind": "commit", "commit": commit})


def deletion(number: int, *, mark: int) -> str:
    commit = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": f"3k{number:08}", "rev": "2"}
    return json.dumps({"did": "did:plc:wren", "time_us": mark * 1000, "kind": "commit", "commit": commit})


@dataclass
class Server:
    """A server that sends what `script` yields for each connection; `asked` are the cursors, `sent` counts frames."""

    address: str = ""
    asked: list[int | None] = field(default_factory=list)
    sent: int = 0
    words: int = 0


@asynccontextmanager
async def serving(
    script: Callable[[int], Any], *, status: Callable[[int], tuple[int, Any]] | None = None
) -> AsyncIterator[Server]:
    """`script(connection)` is an iterable of frames, after which the connection stays open; a frame of None closes it."""
    server = Server()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        number = len(server.asked)
        cursor = request.rel_url.query.get("cursor")
        server.asked.append(None if cursor is None else int(cursor))
        if status is not None and (refusal := status(number))[0]:
            return web.json_response(refusal[1], status=refusal[0])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for sent in script(number):
            if sent is None:
                await socket.close()
                return socket
            await socket.send_str(sent)
            server.sent += 1
        async for _ in socket:
            server.words += 1
        return socket

    runner = web.ServerRunner(web.Server(handle, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.address = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses to speak of between two tries."""
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(module, "LOOK_S", 0.02)


async def test_items__a_drop__goes_on_some_seconds_before_the_last_frame_and_says_nothing_to_the_server():
    async with serving(lambda number: [frame(1), frame(2), None] if number == 0 else [frame(2), frame(3)]) as server:
        items = await heard(stream_of(spider_at(server.address)), until=lambda items: "Post 3." in texts(items))
    assert texts(items) == ["Post 1.", "Post 2.", "Post 3."]
    assert server.asked[1] == (NOW_MS + 2 - REWIND_MS) * 1000
    assert items[-1].move is not None
    assert [head.mark for head in items[-1].move.bookmark.heads] == [NOW_MS + 3]
    assert items[-1].move.bookmark.gaps == ()
    assert server.words == 0


async def test_items__ledger__covers_from_the_first_frame_to_the_last_without_a_hole():
    async with serving(lambda _: [frame(number) for number in range(1, 1201)]) as server:
        items = await heard(stream_of(spider_at(server.address)), until=lambda items: len(texts(items)) == 1200)
    spans = [(each.from_at, each.to_at, each.state) for item in items for each in item.move.intervals]
    assert len(items) >= 1200 // MOST_FRAMES
    assert spans[0][0] == moment(NOW_MS + 1)
    assert spans[-1][1] == moment(NOW_MS + 1200)
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert {state for _, _, state in spans} == {"covered"}


@pytest.mark.parametrize(("query", "state", "gaps"), [(None, "capped", 0), ("post", "limited", 1)], ids=["all", "a query"])
async def test_items__stream_begins_later_than_asked__is_a_hole_and_for_a_query_a_gap(query, state, gaps):
    head = NOW_MS - 3_600_000
    async with serving(lambda _: [frame(1), frame(2)]) as server:
        items = await heard(stream_of(spider_at(server.address), head=head, query=query), until=lambda items: True)
    (hole,) = [each for each in items[0].move.intervals if each.state != "covered"]
    assert (hole.state, hole.reason, hole.from_at, hole.to_at) == (state, MISSED, moment(head), moment(NOW_MS + 1))
    assert [(gap.floor, gap.top) for gap in items[0].move.bookmark.gaps] == [(head, NOW_MS + 1)] * gaps


async def test_items__limit__is_kept_to_the_post_and_the_next_run_goes_on_behind_it():
    async with serving(lambda _: [frame(number) for number in range(1, 50)]) as server:
        items = await heard(stream_of(spider_at(server.address, limit=7)))
    assert len(texts(items)) == 7
    assert items[-1].move.bookmark.heads[0].mark == NOW_MS + 7


async def test_items__query__keeps_what_says_it_and_moves_on_with_the_others():
    script = [frame(1, text="Tea."), frame(2, text="Teapots."), frame(3, text="More #tea"), frame(4)]
    async with serving(lambda _: script) as server:
        items = await heard(
            stream_of(spider_at(server.address), query="tea"), until=lambda items: items[-1].marks[1] == NOW_MS + 4
        )
    assert texts(items) == ["Tea.", "More #tea"]


async def test_items__deletion__of_what_is_stored_or_new_is_told__of_strangers_not():
    known = {"at://did:plc:wren/app.bsky.feed.post/3k00000090"}
    script = [frame(1), deletion(1, mark=NOW_MS + 2), deletion(90, mark=NOW_MS + 3), deletion(91, mark=NOW_MS + 4)]
    async with serving(lambda _: script) as server:
        items = await heard(
            stream_of(spider_at(server.address, known=known)), until=lambda items: items[-1].marks[1] == NOW_MS + 4
        )
    gone = [post.id.rpartition("/")[2] for item in items for post in item.posts if post.deleted_at is not None]
    assert gone == ["3k00000001", "3k00000090"]


BROKEN = [
    "{",
    "\x00",
    '{"kind": "commit"}',
    frame(1)[:-1],
    "[]",
    json.dumps({"time_us": 1}),
    "7",
    frame(2).replace("Post 2.", "\\ud800"),
]


@pytest.mark.parametrize("query", [None, "post"])
async def test_items__frames_that_cannot_be_read__are_set_aside_alone(query):
    script = [
        sent
        for number, bad in enumerate(BROKEN)
        for sent in (frame(10 + number), bad, *[frame(50 + 3 * number + more) for more in range(3)])
    ]
    async with serving(lambda _: script) as server:
        items = await heard(stream_of(spider_at(server.address), query=query), until=lambda items: len(texts(items)) >= 32)
    refused = [each for item in items for each in item.refused]
    assert {f"Post {10 + number}." for number in range(len(BROKEN))} <= set(texts(items))
    assert len(refused) == 7  # half of a surrogate pair is cleaned, not refused


async def test_items__frame_from_the_future__does_not_hide_what_follows():
    async with serving(lambda _: [frame(1), frame(2, mark=NOW_MS + 10**10), frame(3)]) as server:
        items = await heard(stream_of(spider_at(server.address)), until=lambda items: "Post 3." in texts(items))
    assert items[-1].move.bookmark.heads[0].mark == NOW_MS + 3


async def test_items__frame_too_large__is_stepped_over_and_leaves_a_hole():
    large = frame(2, text="x" * 300_000)

    def script(number: int) -> list[str]:
        asked = server.asked[number]
        assert asked is not None
        return [sent for mark, sent in ((1, frame(1)), (2, large), (5000, frame(5000))) if (NOW_MS + mark) * 1000 >= asked]

    async with serving(script) as server:
        items = await heard(stream_of(spider_at(server.address)), until=lambda items: "Post 5000." in texts(items))
    holes = [(each.from_at, each.to_at) for item in items for each in item.move.intervals if each.state == "capped"]
    assert holes == [(moment(NOW_MS + 1), moment(NOW_MS + 5000))]


async def test_items__silence__is_taken_for_a_dead_connection(monkeypatch):
    monkeypatch.setattr(module, "SILENCE_S", 1.0)
    async with serving(lambda number: [frame(number + 1)]) as server:
        await heard(stream_of(spider_at(server.address)), until=lambda items: len(items) == 3)
    assert len(server.asked) == 3


async def test_items__cursor_too_old__begins_with_the_oldest_there_is():
    def refusal(number: int) -> tuple[int, Any]:
        return (400, {"error": "CursorTooOld", "message": "floor 7"}) if number == 0 else (0, None)

    async with serving(lambda _: [frame(1)], status=refusal) as server:
        stream = stream_of(spider_at(server.address), version="jetstream-v2", head=NOW_MS - 10**9)
        items = await heard(stream, until=lambda items: True)
    assert server.asked[1] == 10**15
    assert [each.state for each in items[0].move.intervals] == ["covered", "capped"]


async def test_items__refused_for_good__says_so_and_asks_no_more():
    async with serving(lambda _: [], status=lambda _: (400, {"error": "InvalidRequest", "message": "no"})) as server:
        with pytest.raises(RefusedError):
            await heard(stream_of(spider_at(server.address)))
    assert len(server.asked) == 1


async def test_items__server_keeps_failing__is_left_for_later():
    async with serving(lambda _: [], status=lambda _: (503, {})) as server:
        with pytest.raises(module.RetryLater):
            await heard(stream_of(spider_at(server.address)))
    assert len(server.asked) == module.TRIES


async def test_items__consumer_too_slow__connects_again():
    slow = json.dumps({"$type": "error", "error": "ConsumerTooSlow"})
    async with serving(lambda number: [frame(1), slow] if number == 0 else [frame(2)]) as server:
        items = await heard(stream_of(spider_at(server.address)), until=lambda items: "Post 2." in texts(items))
    assert texts(items) == ["Post 1.", "Post 2."]


async def test_items__present_is_reached__ends_by_itself():
    present = moment(NOW_MS + 3)
    async with serving(lambda _: [frame(number) for number in range(1, 6)]) as server:
        items = await heard(stream_of(spider_at(server.address), present=present))
    assert texts(items) == ["Post 1.", "Post 2.", "Post 3."]


async def test_items__nothing_more_to_be_heard_up_to_the_present__ends_too(monkeypatch):
    monkeypatch.setattr(module, "CAUGHT_UP_S", 1.0)
    async with serving(lambda _: [frame(1)]) as server:
        items = await heard(stream_of(spider_at(server.address), present=moment(NOW_MS + 10**6)))
    assert texts(items) == ["Post 1."]


async def test_items__deadline__ends_it(monkeypatch):
    """It has passed once the frame is heard, and no sooner."""
    async with serving(lambda _: [frame(1)]) as server:
        stream, real = stream_of(spider_at(server.address), deadline=datetime.now(UTC) + timedelta(hours=1)), clock.now
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=2 if stream.counted["frames"] else 0))
        assert texts(await heard(stream)) == ["Post 1."]


async def test_items__slow_store__slows_the_sender_and_little_is_held_in_memory():
    """4 KB frames, as many as the server can get rid of: what the operating system holds is all that it is ahead by."""
    words = "tea " * 1000
    most, ahead = 20_000, 0
    async with serving(lambda _: (frame(number, text=words) for number in range(1, most))) as server:
        stream, taken, sent = stream_of(spider_at(server.address)), 0, 0
        async for item in stream.items():
            assert len(item.page.rows) <= MOST_FRAMES
            taken += len(item.page.rows)
            await asyncio.sleep(0.1)
            ahead = max(ahead, server.sent - stream.counted["frames"])
            normalize_page(stream.spider, item)
            item.commit()
            item.committed.set_result(None)
            if taken > 2000 and not sent:
                sent = server.sent
                stream.spider.session.stopping = True  # type: ignore[misc]
    print(f"\nslow store: taken {taken}, sent {sent}, at most {ahead} frames ({ahead * 4 // 1000} MB) ahead in the sockets")
    assert stream.counted["frames"] == taken
    assert ahead < 6000
    assert sent < most / 2


async def test_items__simulated_posts__do_not_enter_the_real_database():
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        socket.headers["X-Simulated"] = "yes"
        await socket.prepare(request)
        return socket

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    with pytest.raises(RefusedError, match="simulator"):
        await heard(stream_of(spider_at(address, database="monitor")))
    await runner.cleanup()


async def test_items__most_posts_unreadable__is_taken_for_a_changed_api(monkeypatch):
    monkeypatch.setattr(module, "MOST_UNREADABLE", 8)
    async with serving(lambda _: [frame(number, text=None) for number in range(1, 40)]) as server:
        with pytest.raises(ReplyError, match="changed"):
            await heard(stream_of(spider_at(server.address), query="tea"))


def test_batch__cut_to_some_rows__ends_with_the_frame_of_the_last():
    batch = Batch()
    for mark in range(1, 7):
        told = Frame(tells="post" if mark % 2 else "identity", mark=mark, row=mark)
        batch.heard(told, size_bytes=10)
        if told.tells == "post":
            batch.keep(told)
    assert batch.first(2).marks == [1, 2, 3]
    assert [told.row for _, told in batch.first(2).rows] == [1, 3]
    assert batch.first(3) is batch
    assert batch.first(0).marks == []
