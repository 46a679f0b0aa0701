"""Rows that are stored already: told by the memory of a shift, by the store to another process, and never where anything differs."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.bookmark import Bookmark, Gap, Head, Step
from monitor.config import Config
from monitor.crawl import repeats as module
from monitor.crawl.normalize import normalize_page
from monitor.crawl.page_item import PageItem, Repeat
from monitor.crawl.repeats import Repeats
from monitor.errors import StoreUnavailableError
from monitor.page import Page, Reply
from monitor.paging import Rules
from monitor.post import Author, Post
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.topic import Topic

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE = Source(platform="mastodon", kind="tag", parameters={"instance": "birds.example", "tag": "x"})
RULES = Rules(order="newest", overlap=timedelta(minutes=10))
REPLY = Reply(200, {}, b"", "https://birds.example/x", AT)
A, B = Repeat("bird:90", AT), Repeat("bird:80", AT)
TOPIC = Topic(id="t", name="T", query="x")
READ = Bookmark(heads=(Head(mark=100, asked_at=AT),), start=1, asked_at=AT, version=5)


class Birds:
    """A platform of rows {"id", "text"}."""

    def __init__(self) -> None:
        self.read = 0

    def post(self, row: Mapping[str, Any], _reply: Reply) -> Post:
        self.read += 1
        return Post(
            id=f"bird:{row['id']}", platform="mastodon", native_id=str(row["id"]), url=None, created_at=AT, text=row["text"],
            author=Author(id="1"),
        )  # fmt: skip

    def identity(self, row: Mapping[str, Any], _reply: Reply) -> str:
        return f"bird:{row['id']}"


class Reader:
    """One process that reads pages: find, normalise, store, remember, as the pipelines do."""

    def __init__(self, store: Store) -> None:
        self.store, self.repeats, self.birds = store, Repeats(), Birds()

    async def page(
        self, *rows: Any, bookmark: Bookmark = READ, epoch: int = 1, topics: Any = (), source: Source = SOURCE
    ) -> PageItem:
        marks = [row["id"] if isinstance(row, dict) else None for row in rows]
        item = PageItem(
            source=source, page=Page(rows, marks), reply=REPLY, step=Step(), rules=RULES, bookmark=bookmark, epoch=epoch, run="r",
            asked_at=AT, began_at=AT,
        )  # fmt: skip
        await self.repeats.find(item, self.birds, self.store, topics)
        normalize_page(self.birds, item)
        commit = item.commit()
        await self.store.posts.write(commit.posts, commit.rows)
        self.repeats.remember(item)
        return item


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    opened = await open_store(config)
    yield opened
    await opened.close()


def after(item: PageItem) -> Bookmark:
    assert item.move is not None
    return item.move.bookmark


async def test_find__the_next_poll_of_the_shift__reads_only_what_changed(store: Store) -> None:
    reader = Reader(store)
    first = await reader.page({"id": 90, "text": "a"}, {"id": 80, "text": "b"})
    again = await reader.page({"id": 90, "text": "a"}, {"id": 80, "text": "changed"}, bookmark=after(first), epoch=2)
    assert again.repeats == {0: A}
    assert [post.text for post in again.posts] == ["changed"]
    assert reader.birds.read == 3
    third = await reader.page({"id": 90, "text": "a"}, {"id": 80, "text": "changed"}, bookmark=after(again), epoch=3)
    assert (third.repeats, third.posts) == ({0: A, 1: B}, [])


async def test_find__another_process__asks_the_store(store: Store) -> None:
    await Reader(store).page({"id": 90, "text": "a"}, {"id": 80, "text": "b"})
    other = Reader(store)
    again = await other.page({"id": 90, "text": "a"}, {"id": 80, "text": "changed"}, {"id": 70, "text": "new"})
    assert again.repeats == {0: A}
    assert other.birds.read == 2


async def test_find__a_post_that_is_back_as_it_was__is_read(store: Store) -> None:
    """As one that was deleted and restored: its last row was another."""
    reader = Reader(store)
    bookmark, read = READ, []
    for epoch, text in enumerate(("a", "b", "a", "a")):
        item = await reader.page({"id": 90, "text": text}, bookmark=bookmark, epoch=epoch)
        bookmark = after(item)
        read.append([post.text for post in item.posts])
    assert read == [["a"], ["b"], ["a"], []]


async def test_find__another_source_saw_it_change__the_old_row_is_read(store: Store) -> None:
    reader = Reader(store)
    other = Source(platform="mastodon", kind="tag", parameters={"instance": "birds.example", "tag": "y"})
    first = await reader.page({"id": 90, "text": "a"})
    await reader.page({"id": 90, "text": "b"}, source=other)
    again = await reader.page({"id": 90, "text": "a"}, bookmark=after(first), epoch=2)
    assert again.repeats == {}
    found = await store.posts.find("bird:90")
    assert found is not None
    assert found.text == "a"


async def test_find__two_rows_of_one_post__are_both_read_each_time(store: Store) -> None:
    reader = Reader(store)
    first = await reader.page({"id": 90, "text": "a"}, {"id": 90, "text": "b"})
    again = await reader.page({"id": 90, "text": "a"}, {"id": 90, "text": "b"}, bookmark=after(first), epoch=2)
    assert again.repeats == {}


async def test_find__repeats_count_as_unchanged_posts(store: Store) -> None:
    reader = Reader(store)
    first = await reader.page({"id": 90, "text": "a"})
    commit = (await reader.page({"id": 90, "text": "a"}, bookmark=after(first), epoch=2)).commit()
    assert (commit.repeats, commit.posts) == (1, [])
    assert [interval.posts for interval in commit.intervals] == [1]


async def test_find__somebody_else_moved_the_bookmark__memory_is_not_trusted(store: Store) -> None:
    """As after a restored backup: the posts that memory knows may be gone."""
    reader = Reader(store)
    await reader.page({"id": 90, "text": "a"})
    await store.database["posts"].delete_many({})
    again = await reader.page({"id": 90, "text": "a"}, bookmark=READ, epoch=2)
    assert (again.repeats, len(again.posts)) == ({}, 1)
    assert await store.posts.count() == 1


async def test_find__a_new_version_of_a_topic__everything_is_read_again(store: Store) -> None:
    reader = Reader(store)
    first = await reader.page({"id": 90, "text": "a"}, topics=((TOPIC, None),))
    changed = Topic(id="t", name="T", query="y", version=2)
    again = await reader.page({"id": 90, "text": "a"}, bookmark=after(first), epoch=2, topics=((changed, None),))
    assert again.repeats == {}


async def test_find__a_row_that_is_refused__is_refused_each_time(store: Store) -> None:
    reader = Reader(store)
    first = await reader.page({"id": 90})
    again = await reader.page({"id": 90}, bookmark=after(first), epoch=2)
    assert [len(item.refused) for item in (first, again)] == [1, 1]


async def test_find__a_row_that_is_no_json__takes_the_whole_way(store: Store) -> None:
    item = await Reader(store).page({"id": 90, "text": "a", "more": object()})
    assert (item.digests, item.repeats, len(item.refused)) == ([None], {}, 1)


async def test_find__the_store_is_away__nothing_is_taken_for_stored(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailableError("away")

    await Reader(store).page({"id": 90, "text": "a"})
    monkeypatch.setattr(store.posts, "rows", away)
    assert (await Reader(store).page({"id": 90, "text": "a"})).repeats == {}


UNREAD = Bookmark(
    heads=READ.heads, start=1, asked_at=AT, version=5,
    gaps=(Gap(top=90, floor=50, cursor=None, cursor_at=None, opened_at=AT),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("bookmark", "looked"),
    [(READ, True), (Bookmark(), False), (UNREAD, False), (Bookmark(seen=("80",)), True)],
    ids=["read before", "never asked", "in a gap", "an entry of a feed"],
)
async def test_find__only_what_may_be_stored__is_looked_up(
    store: Store, monkeypatch: pytest.MonkeyPatch, bookmark: Bookmark, looked: bool
) -> None:
    asked: list[str] = []

    async def rows(ids: list[str], *, route: str) -> dict[str, Any]:
        asked.extend(ids)
        return {}

    monkeypatch.setattr(store.posts, "rows", rows)
    await Reader(store).page({"id": 80, "text": "a"}, bookmark=bookmark)
    assert asked == (["bird:80"] if looked else [])


async def test_remember__more_rows_than_are_kept__memory_starts_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 1)
    reader = Reader(store)
    first = await reader.page({"id": 90, "text": "a"}, {"id": 80, "text": "b"})
    again = await reader.page({"id": 90, "text": "a"}, {"id": 80, "text": "b"}, bookmark=after(first), epoch=2)
    assert again.repeats == {0: A, 1: B}  # by the store
    assert reader.birds.read == 2
