"""Claims on hours: one owner at a time, writes that are void after the lease, marks that go no sooner than they may."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.post import Match, Post
from monitor.store import rollups as rollups_module
from monitor.store.commit import DEADLINE_S
from monitor.store.connection import OPERATION_MS, Store
from monitor.store.dirty import MARKED_FOR_S, SETTLE_S
from monitor.store.hour_claims import MOST_ATTEMPTS
from monitor.store.rollups import HourClaim, Rollups, Timing

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)
AT_ONCE = Timing(settle_s=0)


async def mark(store: Store, hour: datetime = HOUR) -> None:
    await store.database["dirty"].update_one({"_id": hour}, {"$currentDate": {"marked_at": True}}, upsert=True)


async def claimed(rollups: Rollups, owner: str = "test") -> HourClaim:
    claim = await rollups.claim(owner=owner)
    assert claim is not None
    return claim


async def hours_posts(store: Store) -> list[int]:
    return [
        int(rollup["posts"])
        async for rollup in store.database["roll_hour"].find({"platform": "*", "topic": "*"}).sort("hour", 1)
    ]


async def roll_up(rollups: Rollups) -> str:
    held, count = await rollups.count(await claimed(rollups))
    await rollups.write(held, count)
    return await rollups.settle(held)


async def test_the_newest_hour_is_claimed_first__and_each_once(store: Store) -> None:
    hours = [HOUR + timedelta(hours=number) for number in (1, 0, 2)]
    for hour in hours:
        await mark(store, hour)
    claims = await asyncio.gather(*(Rollups(store.database).claim(owner=f"owner{number}") for number in range(5)))
    assert sorted(claim.hour for claim in claims if claim) == sorted(hours)
    await store.database["dirty"].update_many({}, {"$unset": {"until": ""}})
    assert (await claimed(Rollups(store.database))).hour == max(hours)


async def test_an_hour_of_a_dead_process_is_free_when_its_lease_ends(store: Store) -> None:
    await mark(store)
    rollups = Rollups(store.database)
    assert (await claimed(rollups)).attempts == 1
    assert await rollups.claim(owner="other") is None
    assert await rollups.claims.waiting()
    await store.database["dirty"].update_one({}, [{"$set": {"until": {"$subtract": ["$$NOW", 1]}}}])
    assert (await claimed(rollups, "other")).attempts == 2


async def test_a_late_write_of_an_owner_whose_lease_ended_is_void(store: Store, a_post: Callable[..., Post]) -> None:
    """It counted before the topic's last match was taken away; another has counted since."""
    await store.posts.upsert([a_post(created_at=HOUR, topics=(Match(id="tea", version=1),))])
    brief = Rollups(store.database, Timing(settle_s=0, lease_s=0.3, reserve_s=0))
    held, stale = await brief.count(await claimed(brief))
    await store.database["posts"].update_many({}, {"$unset": {"topics": ""}})
    await store.posts.upsert([a_post(2, created_at=HOUR)])
    await asyncio.sleep(0.35)
    assert await roll_up(Rollups(store.database, AT_ONCE)) == "clean"
    await brief.write(held, stale)
    assert await brief.settle(held) == "lost"
    assert await hours_posts(store) == [2]
    assert await store.database["roll_hour"].distinct("topic") == ["*"]


async def test_a_late_removal_of_an_owner_whose_lease_ended_is_void(store: Store, a_post: Callable[..., Post]) -> None:
    await mark(store)
    brief = Rollups(store.database, Timing(settle_s=0, lease_s=0.3, reserve_s=0))
    held, empty = await brief.count(await claimed(brief))
    await store.posts.upsert([a_post(created_at=HOUR)])
    await asyncio.sleep(0.35)
    assert await roll_up(Rollups(store.database, AT_ONCE)) == "clean"
    await brief.write(held, empty)
    assert await hours_posts(store) == [1]


async def test_an_hour_that_was_not_written_is_not_settled(store: Store, a_post: Callable[..., Post]) -> None:
    """The reserve has begun, so the write was void, although nobody else holds the hour."""
    await store.posts.upsert([a_post(created_at=HOUR)])
    slow = Rollups(store.database, Timing(settle_s=0, lease_s=60, reserve_s=60))
    assert await roll_up(slow) == "lost"
    assert await hours_posts(store) == []
    assert await store.database["dirty"].count_documents({"counted_at": None}) == 1


async def test_a_mark_that_was_renewed_during_the_count_stays(store: Store) -> None:
    await mark(store)
    rollups = Rollups(store.database, AT_ONCE)
    held, count = await rollups.count(await claimed(rollups))
    await asyncio.sleep(0.002)  # the server's clock has milliseconds
    await mark(store)
    await rollups.write(held, count)
    assert await rollups.settle(held) == "open"
    assert await roll_up(Rollups(store.database, Timing(settle_s=0, again_s=0))) == "clean"
    assert await store.database["dirty"].count_documents({}) == 0


async def test_a_young_mark_stays__its_hour_is_counted_and_due_again_after_a_while(store: Store) -> None:
    await mark(store)
    assert await roll_up(Rollups(store.database)) == "open"
    assert await Rollups(store.database).claim(owner="test") is None
    assert not await Rollups(store.database).claims.waiting()
    assert await Rollups(store.database, Timing(again_s=0)).claim(owner="early") is not None


async def test_a_count_that_is_later_than_the_writes_is_not_repeated_before_the_mark_may_go(store: Store) -> None:
    await mark(store)
    assert await roll_up(Rollups(store.database)) == "open"
    await store.database["dirty"].update_one({}, [{"$set": {"marked_at": {"$subtract": ["$marked_at", 11_000]}}}])
    assert await Rollups(store.database, Timing(again_s=0)).claim(owner="test") is None
    await store.database["dirty"].update_one({}, [{"$set": {"marked_at": {"$subtract": ["$marked_at", 120_000]}}}])
    assert await roll_up(Rollups(store.database)) == "clean"


async def test_an_hour_that_ends_every_process_is_left_alone__and_tried_again_when_asked(store: Store) -> None:
    await mark(store)
    deadly = Rollups(store.database, Timing(lease_s=0))
    assert [(await claimed(deadly)).attempts for _ in range(MOST_ATTEMPTS)] == list(range(1, MOST_ATTEMPTS + 1))
    assert await deadly.claim(owner="test") is None
    assert (await deadly.claims.waiting(), await deadly.claims.count_set_aside()) == (False, 1)
    await deadly.claims.retry_set_aside()
    assert await roll_up(Rollups(store.database, AT_ONCE)) == "clean"
    assert await deadly.claims.count_set_aside() == 0


async def test_a_long_count_holds_on_to_its_claim(
    store: Store, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in pages of three, of which several are of one millisecond; each post is counted once."""
    monkeypatch.setattr(rollups_module, "_READ_AT_ONCE", 3)
    moments = [HOUR + timedelta(milliseconds=number // 7) for number in range(20)]
    await store.posts.upsert([a_post(number, created_at=moment) for number, moment in enumerate(moments)])
    rollups = Rollups(store.database, AT_ONCE)
    claim = await claimed(rollups)
    await store.database["dirty"].update_one({}, [{"$set": {"until": {"$subtract": ["$until", 40_000]}}}])
    held, count = await rollups.count(replace(claim, until=claim.until - timedelta(seconds=40)))
    assert held.until > claim.until - timedelta(seconds=30)
    assert [rollup["posts"] for rollup in count.rollups()] == [20, 20]


async def test_many_rollups_are_written_in_several_commands(
    store: Store, a_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups_module, "_WRITTEN_AT_ONCE_BYTES", 400)
    topics = tuple(Match(id=f"t{number}", version=1) for number in range(9))
    await store.posts.upsert([a_post(created_at=HOUR, topics=topics, tags=("$tea", "$$NOW"))])
    assert await roll_up(Rollups(store.database, AT_ONCE)) == "clean"
    assert await store.database["roll_hour"].count_documents({"posts": 1}) == 20
    assert await store.database["roll_top_hour"].count_documents({"tags.key": {"$all": ["$tea", "$$NOW"]}}) == 20


def test_nothing_is_written_after_the_lease__however_long_the_last_write_takes() -> None:
    timing = Timing()
    assert OPERATION_MS / 1000 < timing.reserve_s < timing.lease_s / 2


def test_hours_are_counted_again_until_most_writes_have_come() -> None:
    timing = Timing()
    assert MARKED_FOR_S < timing.late_s < timing.settle_s == SETTLE_S
    assert timing.settle_s > MARKED_FOR_S + 2 * DEADLINE_S
