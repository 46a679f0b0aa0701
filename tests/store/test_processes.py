"""Signs of life, and counters that only grow."""

from dataclasses import replace
from datetime import UTC, datetime

from monitor.fleet.pulse import beating
from monitor.store.connection import Store
from monitor.store.processes import SILENT_S, Process, Processes

SCORER = Process(id="a:1", role="score", host="a", pid=1, version="1.0", started_at=datetime(2026, 11, 20, tzinfo=UTC))


async def test_beat__is_read_back_alive(store: Store) -> None:
    processes = Processes(store.database)
    await processes.beat(replace(SCORER, memory_bytes=7))
    await processes.beat(replace(SCORER, memory_bytes=8))
    (found,) = await processes.list_all()
    assert replace(found, silent_s=0.0) == replace(SCORER, memory_bytes=8)
    assert found.alive


async def test_beat__silent_for_long__is_dead_and_then_forgotten(store: Store) -> None:
    processes, stored = Processes(store.database), store.database["processes"]
    await processes.beat(SCORER)
    back = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": SILENT_S + 1}}
    await stored.update_one({"_id": SCORER.id}, [{"$set": {"seen_at": back}}])
    assert [each.alive for each in await processes.list_all()] == [False]
    await stored.update_one({"_id": SCORER.id}, {"$set": {"seen_at": datetime(2026, 1, 1, tzinfo=UTC)}})
    await processes.beat(replace(SCORER, id="b:2"))
    assert [each.id for each in await processes.list_all()] == ["b:2"]


async def test_counters__of_two_processes__are_added_up_by_name_and_labels(store: Store) -> None:
    processes = Processes(store.database)
    mastodon, bluesky = (("platform", "mastodon"),), (("platform", "bluesky"),)
    for _ in range(2):
        await processes.add({("pages", mastodon): 2, ("pages", bluesky): 1, ("pages", ()): 0})
    assert await processes.counters() == {("pages", bluesky): 2.0, ("pages", mastodon): 4.0}


async def test_beating__ends__hands_over_what_was_counted_and_is_forgotten(store: Store) -> None:
    processes = Processes(store.database)
    async with beating(store, "score") as pulse:
        pulse.count("scored_posts", 3, outcome="labelled")
        pulse.count("scored_posts", 4, outcome="labelled")
    counters = await processes.counters()
    assert counters["scored_posts", (("outcome", "labelled"),)] == 7.0
    assert counters["process_cpu_seconds", (("role", "score"),)] > 0
    assert await processes.list_all() == []
