"""The rollup stage on the real mongod."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from monitor.post import Author, Post
from monitor.stages import rollup
from monitor.stages.rollup import Tally, roll_up_waiting
from monitor.store.connection import Store
from monitor.store.hour_claims import MOST_ATTEMPTS
from monitor.store.rollups import HourClaim, Rollups, Timing

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
AT_ONCE = Timing(settle_s=0)


def a_post(number: int, text: str = "cup") -> Post:
    return Post(
        id=f"x:{number}", platform="x", native_id=str(number), url=None, created_at=MORNING + timedelta(hours=number), text=text,
        author=Author(id="ann"), fetched_at=MORNING, seen_on=("x",),
    )  # fmt: skip


async def test_every_hour_that_was_written_to_is_counted(store: Store) -> None:
    await store.posts.upsert([a_post(number) for number in range(5)])
    assert await roll_up_waiting(Rollups(store.database, AT_ONCE)) == Tally(clean=5)
    assert await roll_up_waiting(Rollups(store.database, AT_ONCE)) == Tally()
    assert await store.database["roll_hour"].count_documents({"posts": 1, "platform": "*", "topic": "*"}) == 5


async def test_hours_just_written_to_are_counted_and_stay_open(store: Store) -> None:
    await store.posts.upsert([a_post(number) for number in range(3)])
    assert await roll_up_waiting(Rollups(store.database)) == Tally(open=3)
    assert await roll_up_waiting(Rollups(store.database)) == Tally()


async def test_two_processes_share_the_hours(store: Store) -> None:
    await store.posts.upsert([a_post(number) for number in range(20)])
    tallies = await asyncio.gather(*(roll_up_waiting(Rollups(store.database, AT_ONCE)) for _ in range(2)))
    assert sum(tally.clean for tally in tallies) == 20
    assert all(tally.clean > 0 and tally.lost == 0 for tally in tallies)


async def test_the_hours_of_a_process_that_died_are_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "LOOK_S", 0.05)
    await store.posts.upsert([a_post(0)])
    assert await Rollups(store.database, Timing(lease_s=0.5)).claim(owner="dead") is not None
    assert await roll_up_waiting(Rollups(store.database, AT_ONCE)) == Tally(clean=1)


async def test_an_hour_that_cannot_be_counted_is_set_aside__the_others_are_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Something that is no list of tags, written by somebody else."""
    await store.posts.upsert([a_post(number) for number in range(3)])
    await store.database["posts"].update_one({"_id": "x:1"}, {"$set": {"tags": 5}})
    rollups = Rollups(store.database, AT_ONCE)
    with caplog.at_level(logging.WARNING):
        assert await roll_up_waiting(rollups) == Tally(clean=2, failed=MOST_ATTEMPTS)
    assert "event=hour_failed hour=2026-11-20T09:00:00+00:00 attempt=1 reason=TypeError" in caplog.text
    assert await rollups.claims.count_set_aside() == 1
    assert (await store.database["dirty"].find_one({}))["reason"] == "TypeError"
    await store.database["posts"].update_one({"_id": "x:1"}, {"$unset": {"tags": ""}})
    await rollups.claims.retry_set_aside()
    assert await roll_up_waiting(rollups) == Tally(clean=1)


async def test_an_hour_that_another_took_over_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.posts.upsert([a_post(0)])
    count = Rollups.count

    async def slept(self: Rollups, claim: HourClaim):
        await self.database["dirty"].update_one({"owner": claim.owner}, {"$set": {"owner": "other"}, "$unset": {"until": ""}})
        monkeypatch.setattr(Rollups, "count", count)
        return await self.count(claim)

    monkeypatch.setattr(Rollups, "count", slept)
    assert await roll_up_waiting(Rollups(store.database, AT_ONCE)) == Tally(clean=1, lost=1)
