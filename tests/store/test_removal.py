"""Removing posts with all that is kept of them: in batches, again, and what was written meanwhile."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.labels.judgement import Judgement
from monitor.post import Author, Post
from monitor.stages.indexing import index_waiting
from monitor.store import removal
from monitor.store.connection import Store
from monitor.store.dirty import hour_of
from monitor.store.document import document
from monitor.store.erasures import Erasures
from monitor.store.horizon import Horizons
from monitor.store.hour_count import HourCount
from monitor.store.labels import Labels
from monitor.store.quarantine import Refused, ReplyContext
from monitor.store.removal import Removal
from monitor.store.word_index import Timing, WordIndex, entries_of

Made = Callable[..., Any]
AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERYWHERE = ("posts", "search", "labels", "quarantine", "roll_hour", "roll_top_hour")
REPLY = ReplyContext(url="https://example.org/api", status=200, fetched_at=AT)
INDEXED = Timing(settle_s=0)


def judged(post: Post) -> Judgement:
    return Judgement(post=post.id, label_set="s", rater="r", label="positive", rating=None, at=AT, file="f")


def row(post_id: str) -> Refused:
    return Refused(
        platform="mastodon", source_id="s", reason="no", kind="PostError", raw=post_id.encode(), reply=REPLY, post_id=post_id
    )


async def contents(store: Store, *names: str) -> dict[str, list[Any]]:
    return {name: await store.database[name].find().sort("_id", 1).to_list() for name in names or EVERYWHERE}


async def counted(store: Store) -> dict[str, list[Any]]:
    """The rollups that the stored posts make."""
    hours: dict[datetime, HourCount] = {}
    async for stored in store.database["posts"].find():
        hour = hour_of(stored["created_at"])
        hours.setdefault(hour, HourCount(hour)).add(stored)
    rollups = [each for _, hour in sorted(hours.items()) for each in hour.rollups()]
    tops = [each for _, hour in sorted(hours.items()) for each in hour.tops()]
    return {"roll_hour": sorted(rollups, key=lambda one: one["_id"]), "roll_top_hour": sorted(tops, key=lambda one: one["_id"])}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "AT_ONCE", 7)


@pytest.fixture
async def filled(store: Store, many_posts: Made, roll_up: Made) -> list[Post]:
    """Posts of six hours around AT, with labels, rows in quarantine, entries of the word index and rollups."""
    posts = many_posts(random.Random(5), 120, AT - 3 * HOUR, AT + 3 * HOUR)
    await WordIndex(store.database).prepare()
    await store.posts.upsert(posts)
    await Labels(store.database).put([judged(post) for post in posts[::5]])
    await store.quarantine.add([row(post.id) for post in posts[::4]])
    await index_waiting(WordIndex(store.database, INDEXED))
    await roll_up()
    return posts


async def test_before__all_of_what_is_older_goes__and_nothing_else(
    store: Store, filled: list[Post], roll_up: Callable[[], Awaitable[Any]], few: None
) -> None:
    old = {post.id for post in filled if post.created_at < AT}
    young_posts = [each for each in (await contents(store, "posts"))["posts"] if each["_id"] not in old]
    assert 30 < len(old) < 90
    work = Removal(store.database)
    expected = await work.count_before(AT)
    await work.before(AT)
    assert dict(work.removed) == expected
    assert min(expected[name] for name in EVERYWHERE) > 3
    left = await contents(store)
    assert left["posts"] == young_posts
    assert {each["_id"] for each in left["search"]} == {each["_id"] for each in young_posts}
    assert {name: left[name] for name in ("roll_hour", "roll_top_hour")} == await counted(store)
    assert len(left["labels"]) == sum(post.id not in old for post in filled[::5])
    assert len(left["quarantine"]) == sum(post.id not in old for post in filled[::4])
    # The stage finds their hours marked, and comes to the same.
    await roll_up()
    assert await contents(store) == left


async def test_before__again__removes_nothing(store: Store, filled: list[Post]) -> None:
    await Removal(store.database).before(AT)
    again = Removal(store.database)
    await again.before(AT)
    assert not again.removed.total()
    assert not sum((await again.count_before(AT)).values())


async def test_before__row_met_before__goes_though_nobody_knows_its_post(store: Store) -> None:
    await store.quarantine.add([row("x:1"), row("x:2")])
    (met, *_), rows = await store.quarantine.list_newest(), store.database["quarantine"]
    await rows.update_one({"_id": met.id}, {"$set": {"first_at": AT - HOUR}})
    await Removal(store.database).before(AT)
    assert [each["_id"] for each in await rows.find().to_list()] != [met.id]
    assert await store.quarantine.count() == 1


async def test_of_accounts__their_posts_go_with_what_shares_them__and_their_hours_are_counted_anew(
    store: Store, filled: list[Post], roll_up: Callable[[], Awaitable[Any]], few: None, a_post: Made
) -> None:
    ann = ("mastodon", "author3")
    mine = [post.id for post in filled if (post.platform, post.author.id) == ann and post.deleted_at is None]
    assert len(mine) > 2
    sharing = [
        a_post(1000 + number, author=Author(id="bob"), kind="repost", repost_of=post_id, created_at=AT)
        for number, post_id in enumerate(mine * 4)
    ]
    await store.posts.upsert(sharing)
    gone = {*mine, *(post.id for post in sharing)}
    work = Removal(store.database)
    told = await work.count_of_accounts([ann])
    assert (told["posts"], told["shared"]) == (len(mine), len(sharing))
    await work.of_accounts([ann])
    await roll_up()
    left = await contents(store)
    assert {each["_id"] for each in left["posts"]} == {post.id for post in filled} - gone
    assert {name: left[name] for name in ("roll_hour", "roll_top_hour")} == await counted(store)
    assert gone.isdisjoint({each["_id"] for each in left["search"]} | {each["post"] for each in left["labels"]})
    outcome = await store.posts.upsert(sharing)  # known by the posts that they share
    assert outcome.erased == len(sharing)


async def test_sweep__what_a_slow_writer_brought_after_it_was_removed__goes_with_the_hours_mark(
    store: Store, a_post: Made, roll_up: Callable[[], Awaitable[Any]]
) -> None:
    """It had looked before the horizon moved and somebody asked for erasure, and wrote after both had been carried out."""
    await Horizons(store.database).advance(AT, why="older than 60d")
    await Erasures(store.database).add_accounts([("mastodon", "ann@example.org")])
    late = [a_post(1, created_at=AT - HOUR, author=Author(id="bob")), a_post(2), a_post(3, author=Author(id="bob"))]
    await store.dirty.mark({hour_of(post.created_at) for post in late})
    await store.database["posts"].insert_many([document(post.filled(first_seen=AT)) for post in late])
    await roll_up()
    left = await contents(store)
    assert [each["_id"] for each in left["posts"]] == [late[2].id]
    assert {name: left[name] for name in ("roll_hour", "roll_top_hour")} == await counted(store)


async def test_sweep__share_of_an_erased_authors_post__goes_too(
    store: Store, a_post: Made, roll_up: Callable[[], Awaitable[Any]]
) -> None:
    """Its writer had looked before the post that it shares was remembered, and wrote after that was removed."""
    await Erasures(store.database).add_accounts([("mastodon", "ann@example.org")])
    await Erasures(store.database).add_posts([a_post(1).id])
    bob = {"author": Author(id="bob"), "kind": "repost"}
    late = [a_post(2, repost_of=a_post(1).id, **bob), a_post(3, repost_of=a_post(9).id, **bob)]
    await store.dirty.mark({hour_of(post.created_at) for post in late})
    await store.database["posts"].insert_many([document(post.filled(first_seen=AT)) for post in late])
    await roll_up()
    assert [each["_id"] for each in (await contents(store, "posts"))["posts"]] == [late[1].id]


async def test_sweep__post_of_an_erased_author_that_came_with_its_shares__takes_them_along(
    store: Store, a_post: Made, roll_up: Callable[[], Awaitable[Any]]
) -> None:
    """Nobody had remembered that post yet; its share is of a later hour, which is swept first."""
    await Erasures(store.database).add_accounts([("mastodon", "ann@example.org")])
    late = [a_post(1), a_post(2, repost_of=a_post(1).id, created_at=AT + HOUR, author=Author(id="bob"), kind="repost")]
    await store.dirty.mark({hour_of(post.created_at) for post in late})
    await store.database["posts"].insert_many([document(post.filled(first_seen=AT)) for post in late])
    await roll_up()
    assert (await contents(store, "posts"))["posts"] == []
    assert (await store.posts.upsert([late[1]])).erased == 1


async def test_entry_of_a_removed_post__of_a_process_that_died_while_it_indexed__goes_when_another_takes_over(
    store: Store, a_post: Made
) -> None:
    await WordIndex(store.database).prepare()
    await store.posts.upsert([a_post(1), a_post(2)])
    dying = WordIndex(store.database, Timing(settle_s=0, lease_s=0))
    claim, build = await dying.claim(owner="dying"), await dying.build()
    assert claim is not None
    assert build is not None
    await dying.index(claim, build)
    await store.database["posts"].delete_one({"_id": a_post(1).id})  # by somebody who looked for its entry before that
    await index_waiting(WordIndex(store.database, INDEXED))
    assert [each["_id"] for each in (await contents(store, "search"))["search"]] == [a_post(2).id]


async def test_authors__by_id_first__then_by_handle_with_or_without_host(store: Store, a_post: Made) -> None:
    people = [("1", "Ann@a.example"), ("2", "ann@b.example"), ("3", "bob"), ("bob", None)]
    await store.posts.upsert(
        [a_post(number, author=Author(id=name, handle=handle)) for number, (name, handle) in enumerate(people)]
    )
    asked = {"ann": ["1", "2"], "ANN@a.example": ["1"], "bob": ["bob"], "3": ["3"], "an": []}
    work = Removal(store.database)
    found = {name: [each["_id"] for each in await work.authors("mastodon", {name})] for name in asked}
    assert found == asked
    assert await work.authors("bluesky", {"ann"}) == []
    assert await work.authors("mastodon", {"$author.handle"}) == []


async def test_entries_of_a_time__are_found_by_an_index__that_no_search_is_planned_by(store: Store) -> None:
    search = store.database["search"]
    old = {"created_at": {"$lt": AT}}
    told = [
        await search.find(each).sort("created_at", -1).explain()
        for each in (entries_of(old["created_at"]), {"terms": "tea", **old})
    ]
    plans = [str(each["queryPlanner"]) for each in told]
    assert ["COLLSCAN" in each for each in plans] == [False, False]
    assert ["build_1_created_at_-1" in each for each in plans] == [True, False]
