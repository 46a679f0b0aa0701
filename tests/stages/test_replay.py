"""Replay of the quarantine, on the real mongod: what a mended parser makes of rows that were set aside."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.crawl.raw import set_aside
from monitor.errors import PostError
from monitor.page import Reply
from monitor.post import Author, Post
from monitor.stages.replay import Replayed, replay
from monitor.store.connection import Store
from monitor.store.quarantine import LARGEST_RAW_BYTES, Refused, ReplyContext
from monitor.text.tolerant import Unreadable
from monitor.topic import Topic

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
REPLY = ReplyContext(url="https://example.org/api", status=200, fetched_at=MORNING, headers={"etag": "x"})
SOURCE = "mastodon/tag?instance=example.org&tag=tea%20time"


class Mended:
    """A platform's reader after the mending: it takes every row with a number."""

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        if "number" not in row:
            raise PostError("number is missing")
        return Post(
            id=f"{reply.url}/{row['number']}",
            platform="mastodon",
            native_id=str(row["number"]),
            url=None,
            created_at=MORNING,
            text=row.get("text", "I love this tea, it is wonderful."),
            language="en",
            author=Author(id="ann"),
            links=tuple(row.get("links", ())),
        )


READERS = {"mastodon": Mended()}


def a_row(row: Any, *, source: str = SOURCE) -> Refused:
    platform = source.partition("/")[0]
    return Refused(platform=platform, source_id=source, reason="old reason", kind="KeyError", raw=set_aside(row), reply=REPLY)


async def test_replay__parser_was_mended__all_are_stored_and_the_quarantine_is_empty(store: Store) -> None:
    await store.quarantine.add([a_row({"number": number}) for number in range(1000)])
    done = await replay(store, READERS, store.quarantine.each())
    assert done == Replayed(stored=1000)
    assert (await store.posts.count(), await store.quarantine.count()) == (1000, 0)


async def test_replay__row_is_still_broken__stays_with_the_new_reason(store: Store) -> None:
    await store.quarantine.add([a_row({"number": 1}), a_row({"text": "nothing else"})])
    assert await replay(store, READERS, store.quarantine.each()) == Replayed(stored=1, refused=1)
    (kept,) = await store.quarantine.list_newest()
    assert (kept.refused.reason, kept.refused.kind, kept.times) == ("number is missing", "PostError", 2)
    assert kept.refused == replace(a_row({"text": "nothing else"}), reason="number is missing", kind="PostError")


async def test_replay__repeated__changes_nothing(store: Store) -> None:
    """As after a replay that was killed between storing the posts and removing their rows."""
    for _ in range(2):
        await store.quarantine.add([a_row({"number": 1})])
        await replay(store, READERS, store.quarantine.each())
    assert (await store.posts.count(), await store.quarantine.count()) == (1, 0)


async def test_replayed_post__is_as_complete_as_a_crawled_one(store: Store) -> None:
    """Matched with the topics of its platform, scored, with the moment and the route of its fetch and its raw row."""
    await store.topics.add(Topic(id="tea", name="tea", query="tea", platforms=("mastodon",)))
    await store.topics.add(Topic(id="elsewhere", name="tea", query="tea", platforms=("hackernews",)))
    await store.quarantine.add([a_row({"number": 7})])
    await replay(store, READERS, store.quarantine.each())
    post = await store.posts.find("https://example.org/api/7")
    assert post is not None
    assert post.sentiment is not None
    assert ([match.id for match in post.topics], post.sentiment.label) == (["tea"], "positive")
    assert (post.fetched_at, post.seen_on, bool(post.raw)) == (MORNING, ("mastodon/example.org",), True)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (a_row({"number": 1}, source="gone/query?query=x"), "there is no platform gone"),
        (a_row({"number": 1, "counter": Unreadable("NaN")}), "the row holds NaN"),
        (replace(a_row({}), raw=b""), "the row was not kept whole and cannot be read again"),
        (a_row({"number": "x" * 2000}), "id is longer than 1000 bytes"),
    ],
)
async def test_replay__what_cannot_become_a_post__says_why(store: Store, row: Refused, reason: str) -> None:
    await store.quarantine.add([row])
    assert await replay(store, READERS, store.quarantine.each()) == Replayed(refused=1)
    (kept,) = await store.quarantine.list_newest()
    assert kept.refused.reason == reason


async def test_replay__row_was_kept_cut__stays_the_one_row_it_is(store: Store) -> None:
    await store.quarantine.add([replace(a_row({}), raw=b"x" * (LARGEST_RAW_BYTES + 1))])
    assert await replay(store, READERS, store.quarantine.each()) == Replayed(refused=1)
    assert await store.quarantine.count() == 1


async def test_replay__post_is_refused_by_the_store__stays_and_its_neighbours_are_stored(store: Store) -> None:
    too_large = a_row({"number": 2, "links": [f"https://example.org/{number}/{'x' * 60_000}" for number in range(300)]})
    await store.quarantine.add([a_row({"number": 1}), too_large, a_row({"number": 3})])
    assert await replay(store, READERS, store.quarantine.each()) == Replayed(stored=2, refused=1)
    (kept,) = await store.quarantine.list_newest()
    assert kept.id == too_large.id
    assert kept.refused.reason.startswith("The post cannot be stored: ")


async def test_nothing_to_replay(store: Store) -> None:
    assert await replay(store, READERS, store.quarantine.each()) == Replayed()
