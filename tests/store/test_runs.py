"""Records of crawls."""

import os

from monitor.store.connection import Store


async def begin(store: Store, run_id: str, platform: str = "mastodon") -> None:
    await store.runs.start(run_id, platform=platform, arguments={"tag": "tea"}, owner="host:1")


async def test_a_run_is_seen_while_it_runs(store: Store) -> None:
    await begin(store, "r1")
    run = await store.runs.find("r1")
    assert run is not None
    assert (run.platform, run.arguments, run.pid, run.ended_at, run.reason) == (
        "mastodon",
        {"tag": "tea"},
        os.getpid(),
        None,
        None,
    )


async def test_a_finished_run_tells_how_it_went(store: Store) -> None:
    """Names with dots and dollars are ordinary here: stats and sources have them."""
    await begin(store, "r1")
    stats = {"downloader/exception/twisted.internet.TimeoutError": 2, "$odd": 1.5}
    await store.runs.finish(
        "r1", reason="finished", stats=stats, coverage={"title": 0.25}, failures={"mastodon/tag?instance=a.b": "gone"}
    )
    run = await store.runs.find("r1")
    assert run is not None
    assert (run.reason, run.stats, run.coverage) == ("finished", stats, {"title": 0.25})
    assert run.failures == {"mastodon/tag?instance=a.b": "gone"}
    assert run.ended_at is not None
    assert run.ended_at >= run.started_at


async def test_starting_again_changes_nothing(store: Store) -> None:
    await begin(store, "r1")
    before = await store.runs.find("r1")
    await begin(store, "r1", platform="hackernews")
    assert await store.runs.find("r1") == before


async def test_runs_are_listed_newest_first(store: Store) -> None:
    for number in range(3):
        await begin(store, f"r{number}")
        await store.database["runs"].update_one({"_id": f"r{number}"}, [{"$set": {"started_at": {"$add": ["$$NOW", number]}}}])
    await begin(store, "other", platform="hackernews")
    assert [run.id for run in await store.runs.list_newest(platform="mastodon", limit=2)] == ["r2", "r1"]
    assert len(await store.runs.list_newest()) == 4


async def test_a_run_that_is_not_there_is_none(store: Store) -> None:
    assert await store.runs.find("none") is None
