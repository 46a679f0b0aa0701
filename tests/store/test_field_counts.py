"""Fields by deployed version, and the version that is stopped for one it lost."""

from typing import Any

from monitor.fleet.field_guard import stop_worse_versions
from monitor.store.connection import Store
from monitor.store.field_counts import FieldCounts


def egg(version: str, order: str, **more: Any) -> dict[str, Any]:
    return {"_id": f"monitor:{version}", "project": "monitor", "version": version, "order": order, **more}


async def test_counts__of_several_crawls__are_added_up_under_the_names_of_fields(store: Store) -> None:
    counts = FieldCounts(store.database)
    for _ in range(2):
        await counts.add(platform="mastodon", version="1.2", posts=10, known={"author.handle": 10, "text": 9, "title": 0})
    (found,) = await counts.list_all()
    assert (found.platform, found.version, found.posts) == ("mastodon", "1.2", 20)
    assert found.known == {"author.handle": 20, "text": 18}


async def test_guard__a_version_lost_a_field__is_stopped_once_and_the_reason_names_it(store: Store) -> None:
    counts, eggs = FieldCounts(store.database), store.database["eggs"]
    await eggs.insert_many([egg("10", "b"), egg("9", "a")])
    await counts.add(platform="mastodon", version="9", posts=500, known={"author.handle": 500})
    await counts.add(platform="mastodon", version="10", posts=500, known={})
    assert [(drop.version, drop.name) for drop in await stop_worse_versions(counts)] == [("10", "author.handle")]
    assert await stop_worse_versions(counts) == []
    stopped = await eggs.find_one({"_id": "monitor:10"})
    assert stopped is not None
    assert stopped["stopped"]["reason"] == (
        "the field author.handle of mastodon is known in 0% of posts, and was in 100% by version 9"
    )
    assert await counts.versions() == {"9": True, "10": False}


async def test_guard__no_older_version_to_go_on_with__nothing_is_stopped(store: Store) -> None:
    counts, eggs = FieldCounts(store.database), store.database["eggs"]
    await eggs.insert_many([egg("10", "b"), egg("9", "a", stopped={"reason": "a person"})])
    await counts.add(platform="mastodon", version="9", posts=500, known={"text": 500})
    await counts.add(platform="mastodon", version="10", posts=500, known={})
    assert await stop_worse_versions(counts) == []
    assert (await counts.versions())["10"]


async def test_ran__the_version_of_a_job__none_where_it_is_none_of_a_node(store: Store) -> None:
    job = {"_id": "j1", "project": "monitor", "spider": "mastodon", "state": "leased"}
    await store.database["jobs"].insert_many([{**job, "ran": "9"}, {**job, "_id": "j2"}])
    counts = FieldCounts(store.database)
    assert [await counts.ran(job_id) for job_id in ("j1", "j2", "j3")] == ["9", None, None]
