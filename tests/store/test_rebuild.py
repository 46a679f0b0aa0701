"""Marking every hour."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.post import Post
from monitor.store.connection import Store
from monitor.store.rebuild import LONG_AGO, Rebuild

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)


async def test_every_hour_that_has_posts_or_rollups_is_marked(store: Store, a_post: Callable[..., Post]) -> None:
    posts = [a_post(number, created_at=HOUR + timedelta(minutes=number * 50)) for number in range(4)]
    await store.posts.upsert(posts)
    await store.database["dirty"].delete_many({})
    gone = {"_id": "x", "hour": HOUR - timedelta(days=1), "platform": "x", "topic": "*"}
    await store.database["roll_hour"].insert_one(gone)
    assert await Rebuild(store.database).mark_all() == 4
    marked = await store.database["dirty"].distinct("_id")
    assert marked == [gone["hour"], *(HOUR + timedelta(hours=number) for number in range(3))]


async def test_a_mark_that_announces_writes_stays__and_so_does_a_claim(store: Store, a_post: Callable[..., Post]) -> None:
    await store.posts.upsert([a_post(created_at=HOUR)])
    held = {"owner": "x", "until": HOUR, "counted_at": HOUR, "attempts": 5}
    await store.database["dirty"].update_one({"_id": HOUR}, {"$set": held})
    before = await store.database["dirty"].find_one({"_id": HOUR})
    await Rebuild(store.database).mark_all()
    after = await store.database["dirty"].find_one({"_id": HOUR})
    assert before is not None
    assert after == {name: before[name] for name in ("_id", "marked_at", "owner", "until")}
    assert after["marked_at"] > LONG_AGO


async def test_rollups_that_were_changed_by_hand_are_put_right(
    store: Store, a_post: Callable[..., Post], roll_up: Callable[[], Awaitable[Any]]
) -> None:
    await store.posts.upsert([a_post(created_at=HOUR)])
    await roll_up()
    await store.database["roll_hour"].update_many({}, {"$set": {"posts": 99}})
    await Rebuild(store.database).mark_all()
    await roll_up()
    assert await store.database["roll_hour"].distinct("posts") == [1]
