"""Posts against a real mongod: one document per post, whatever is delivered, by whomever, in whichever order."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pymongo
import pytest
from pymongo.errors import OperationFailure

from monitor.config import Config
from monitor.errors import StoreUnavailableError
from monitor.post import Counts, Match, Post
from monitor.store.connection import Store, open_store
from monitor.store.posts import Outcome

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def minute(minutes: int) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def counted(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.new, outcome.changed, outcome.unchanged, len(outcome.refused)


async def test_posts_are_stored_once_and_read_back(store: Store, a_post: Callable[..., Post]) -> None:
    posts = [a_post(number) for number in range(50)]
    assert counted(await store.posts.upsert(posts)) == (50, 0, 0, 0)
    assert counted(await store.posts.upsert(posts)) == (0, 0, 50, 0)
    assert await store.posts.count() == 50
    found = await store.posts.find(posts[7].id)
    assert found is not None
    assert (found.text, found.author, found.first_seen) == (posts[7].text, posts[7].author, MORNING)


async def test_nothing_at_all_is_a_delivery_too(store: Store) -> None:
    assert counted(await store.posts.upsert([])) == (0, 0, 0, 0)


async def test_an_unchanged_post_is_known_in_a_fresh_process(store: Store, config: Config, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post()])
    before = await store.database["posts"].find_one({})
    other = await open_store(config)
    assert counted(await other.posts.upsert([a_post(fetched_at=minute(60))])) == (0, 0, 1, 0)
    assert await other.database["posts"].find_one({}) == before
    await other.close()


async def test_counts_change_and_are_counted(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(1), a_post(2)])
    again = [a_post(1, counts=Counts(likes=5), fetched_at=minute(1)), a_post(2, fetched_at=minute(1)), a_post(3)]
    assert counted(await store.posts.upsert(again)) == (1, 1, 1, 0)


async def test_a_delivery_with_repeats_counts_them_as_unchanged(store: Store, a_post: Callable[..., Post]) -> None:
    outcome = await store.posts.upsert([a_post(1), a_post(1, seen_on=("b",)), a_post(2)])
    assert counted(outcome) == (2, 0, 1, 0)
    found = await store.posts.find(a_post(1).id)
    assert found is not None
    assert sorted(found.seen_on) == ["b", "example.org"]


async def test_five_edits_are_five_revisions_of_one_document(store: Store, a_post: Callable[..., Post]) -> None:
    for number in range(6):
        await store.posts.upsert([a_post(text=f"text {number}", edited_at=minute(number), fetched_at=minute(number))])
    found = await store.posts.find(a_post().id)
    assert found is not None
    assert found.text == "text 5"
    assert [revision.text for revision in found.revisions] == [f"text {number}" for number in range(5)]
    assert await store.posts.count() == 1


async def test_an_older_reading_does_not_overwrite_a_newer_one(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(text="new", counts=Counts(likes=9), fetched_at=minute(9))])
    assert counted(await store.posts.upsert([a_post(text="old", fetched_at=minute(1))])) == (0, 0, 1, 0)
    found = await store.posts.find(a_post().id)
    assert found is not None
    assert (found.text, found.revisions) == ("new", ())


async def test_readings_in_any_order_end_alike(store: Store, a_post: Callable[..., Post]) -> None:
    """What the latest reading said is stored, whatever the order and the batches that readings came in."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for case in range(20):
        readings = [a_post(case, text=f"{number}", edited_at=minute(number), fetched_at=minute(number)) for number in range(6)]
        readings += chance.sample(readings, 2)
        chance.shuffle(readings)
        cut = chance.randrange(len(readings))
        await store.posts.upsert(readings[:cut])
        await store.posts.upsert(readings[cut:])
        found = await store.posts.find(a_post(case).id)
        assert found is not None
        assert (found.text, found.fetched_at) == ("5", minute(5)), f"seed {seed} case {case}"
    assert await store.posts.count() == 20
    print(f"seed {seed}: 20 orders of 8 readings, 20 documents")


async def test_16_writers_of_the_same_posts_leave_one_document_each(
    store: Store, config: Config, a_post: Callable[..., Post]
) -> None:
    """Half of the writers have a connection of their own; each shuffles; no error surfaces and every post is new once."""
    posts = [a_post(number) for number in range(1000)]
    other = await open_store(config)

    async def write(writer: int) -> list[Outcome]:
        mine = random.Random(writer).sample(posts, len(posts))
        chosen = (store, other)[writer % 2]
        return [await chosen.posts.upsert(mine[start : start + 100]) for start in range(0, len(mine), 100)]

    outcomes = [outcome for written in await asyncio.gather(*(write(writer) for writer in range(16))) for outcome in written]
    await other.close()
    totals = [sum(column) for column in zip(*map(counted, outcomes), strict=True)]
    print(f"16 writers x 1,000 posts: {totals[0]} new, {totals[1]} changed, {totals[2]} unchanged, {totals[3]} refused")
    assert totals == [1000, 0, 15_000, 0]
    assert await store.posts.count() == 1000


async def test_16_writers_of_different_readings_end_at_the_latest(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(number) for number in range(20)])

    async def write(writer: int) -> Outcome:
        changes = {"text": f"text {writer}", "edited_at": minute(writer), "fetched_at": minute(writer)}
        return await store.posts.upsert([a_post(number, seen_on=(f"route {writer}",), **changes) for number in range(20)])

    outcomes = await asyncio.gather(*(write(writer) for writer in range(1, 17)))
    assert [outcome.refused for outcome in outcomes] == [()] * 16
    async for post in store.posts.each():
        assert post.text == "text 16"
        assert len(post.seen_on) == 17
        texts = [revision.text for revision in post.revisions]
        assert len(texts) == len(set(texts)), "no version is noted twice"


async def test_poison_is_refused_alone(store: Store, a_post: Callable[..., Post]) -> None:
    poison = [
        a_post(100, text="half a pair \ud83d"),
        a_post(101, place={"a\0b": 1}),
        a_post(102, text="x" * 17 * 1024 * 1024),
        a_post(103, place={"big": 2**70}),
    ]
    posts = [a_post(number) for number in range(46)]
    for position, bad in zip((0, 11, 30, 49), poison, strict=True):
        posts.insert(position, bad)
    outcome = await store.posts.upsert(posts)
    assert counted(outcome) == (46, 0, 0, 4)
    assert [post.native_id for post, _ in outcome.refused] == ["100", "101", "102", "103"]
    assert await store.posts.count() == 46


async def test_poison_at_each_position_of_a_page(store: Store, a_post: Callable[..., Post]) -> None:
    for position in range(50):
        posts = [a_post(50 * position + number) for number in range(49)]
        posts.insert(position, a_post(9999, text="\udc00"))
        assert counted(await store.posts.upsert(posts)) == (49, 0, 0, 1)
    assert await store.posts.count() == 50 * 49
    print("50 of 50 positions: 49 stored, 1 refused")


async def test_what_the_server_refuses_is_refused_alone(store: Store, a_post: Callable[..., Post]) -> None:
    """A validator stands for anything that only the server finds wrong with a document."""
    await store.database.command("collMod", "posts", validator={"text": {"$ne": "unwanted"}})
    await store.posts.upsert([a_post(4)])
    posts = [a_post(1), a_post(2, text="unwanted"), a_post(3), a_post(4, text="unwanted", fetched_at=minute(1))]
    outcome = await store.posts.upsert(posts)
    assert counted(outcome) == (2, 0, 0, 2)
    assert {reason for _, reason in outcome.refused} == {"MongoDB refuses the document (code 121)"}


async def test_a_refused_command_is_taken_apart(
    store: Store, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some faults of one document make the server refuse the whole command; then each is sent by itself."""
    collection = store.posts._posts
    original = collection.bulk_write

    async def picky(operations, **options):
        if any(operation._doc["_id"].endswith("/2") for operation in operations):
            raise OperationFailure("no such thing", code=15)
        return await original(operations, **options)

    monkeypatch.setattr(collection, "bulk_write", picky)
    outcome = await store.posts.upsert([a_post(number) for number in range(5)])
    assert counted(outcome) == (4, 0, 0, 1)
    assert outcome.refused[0][0].native_id == "2"


async def test_hours_of_what_changes_are_marked__and_no_others(store: Store, a_post: Callable[..., Post]) -> None:
    yesterday = MORNING - timedelta(days=1)
    await store.posts.upsert([a_post(1), a_post(2, created_at=yesterday + timedelta(minutes=59))])
    marked = {mark["_id"] async for mark in store.database["dirty"].find()}
    assert marked == {MORNING, yesterday}
    await store.database["dirty"].delete_many({})
    store.dirty._marked.clear()
    edited = a_post(2, created_at=yesterday + timedelta(minutes=59), text="Edited.", fetched_at=minute(1))
    await store.posts.upsert([a_post(1, fetched_at=minute(1)), edited])
    assert {mark["_id"] async for mark in store.database["dirty"].find()} == {yesterday}


async def test_a_date_stays_as_it_was_first_read(store: Store, a_post: Callable[..., Post]) -> None:
    """Where a feed tells no date it is the moment of reading, which is another one at every poll."""
    await store.posts.upsert([a_post(1, created_at=MORNING)])
    outcome = await store.posts.upsert([a_post(1, created_at=MORNING + timedelta(hours=5), fetched_at=minute(1))])
    assert counted(outcome) == (0, 0, 1, 0)
    stored = await store.posts.find(a_post(1).id)
    assert stored is not None
    assert stored.created_at == MORNING


async def test_a_post_that_another_platform_names_as_its_own_stays_as_it_is(store: Store, a_post: Callable[..., Post]) -> None:
    """A hostile feed may carry any guid, a later edit and even a deletion."""
    await store.posts.upsert([a_post(1, text="The author's words.")])
    hostile = a_post(1, platform="feeds", text="Other words.", edited_at=minute(2), fetched_at=minute(3), seen_on=("feeds/x",))
    gone = a_post(1, platform="feeds", deleted_at=minute(3), fetched_at=minute(4), seen_on=("feeds/y",))
    for reading in (hostile, gone):
        await store.posts.upsert([reading])
    stored = await store.posts.find(a_post(1).id)
    assert stored is not None
    assert (stored.text, stored.deleted_at, stored.revisions) == ("The author's words.", None, ())


async def test_posts_are_read_newest_first_across_pages(store: Store, a_post: Callable[..., Post]) -> None:
    """More than one page, with many posts of one moment at the border."""
    posts = [a_post(number, created_at=minute(-(number // 400))) for number in range(1100)]
    await store.posts.upsert(posts)
    read = [post async for post in store.posts.each()]
    assert sorted(post.id for post in read) == sorted(post.id for post in posts)
    assert [post.created_at for post in read] == sorted((post.created_at for post in posts), reverse=True)


async def test_posts_are_counted_by_platform_and_topic(store: Store, a_post: Callable[..., Post]) -> None:
    tea = (Match(id="tea", version=1),)
    await store.posts.upsert([a_post(1, topics=tea), a_post(2, platform="hackernews", topics=tea), a_post(3)])
    assert await store.posts.count(platform="mastodon") == 2
    assert await store.posts.count(topic="tea") == 2
    assert [post.native_id async for post in store.posts.each(platform="hackernews", topic="tea")] == ["2"]


@pytest.mark.parametrize("how", [{"closeConnection": True}, {"errorCode": 14031}, {"errorCode": 10107}])
@pytest.mark.parametrize("command", ["find", "insert", "update"])
async def test_an_outage_is_told_and_the_repeat_ends_well(faulty: Store, a_post, fail, command: str, how) -> None:
    """At each command of the upsert: told as an outage, and the same call again leaves one document per post."""
    await faulty.posts.upsert([a_post(number) for number in range(5)])
    posts = [a_post(number, counts=Counts(likes=1), fetched_at=minute(1)) for number in range(10)]
    fail(command, **how)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1"), pymongo.timeout(1):
        await faulty.posts.upsert(posts)
    fail()
    assert sum(counted(await faulty.posts.upsert(posts))) == 10
    assert await faulty.posts.count() == 10
    assert [post.counts.likes async for post in faulty.posts.each()] == [1] * 10
