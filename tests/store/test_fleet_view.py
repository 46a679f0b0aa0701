"""The fleet as it is read from MongoDB."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from monitor import clock
from monitor.bookmark import Bookmark, Gap
from monitor.fleet.metrics import exposition
from monitor.post import Match, Post
from monitor.source import Source
from monitor.store.bookmarks import bookmark_document
from monitor.store.connection import Store
from monitor.store.fleet_view import FleetViews
from monitor.store.processes import Processes
from monitor.topic import Topic

JOB = {"project": "monitor", "spider": "mastodon", "args": {}, "settings": {}}


def tag(name: str) -> Source:
    return Source(platform="mastodon", kind="tag", parameters={"instance": "a.example", "tag": name}, topics=("tea",))


async def set_source(store: Store, source: Source, **fields: Any) -> None:
    await store.sources.ensure(source)
    await store.database["sources"].update_one({"_id": source.id}, {"$set": fields})


async def test_view__sources__with_their_word_their_wait_and_their_gaps(store: Store) -> None:
    now = clock.now()
    gap = Gap(top=9, floor=3, cursor=None, cursor_at=None, opened_at=now)
    await set_source(
        store,
        tag("late"),
        state="ok",
        next_due=now - timedelta(minutes=20),
        last_polled_at=now - timedelta(minutes=30),
        bookmark=bookmark_document(Bookmark(gaps=(gap,))),
    )
    await set_source(store, tag("fine"), state="ok", next_due=now + timedelta(hours=1), last_polled_at=now)
    held = {"owner": "x", "epoch": 3, "until": now + timedelta(minutes=1)}
    await set_source(store, tag("held"), state="ok", next_due=now - timedelta(minutes=20), lease=held)
    await store.sources.ensure(tag("new"))
    view = await FleetViews(store.database).read()
    found = {source.id.rpartition("=")[2]: source for source in view.sources}
    assert {name: source.word for name, source in found.items()} == {
        "late": "late",
        "fine": "ok",
        "held": "late",
        "new": "never ran",
    }
    assert (found["late"].gaps, found["fine"].gaps) == (1, 0)
    assert 1790 < (found["late"].polled_s or 0) < 1900
    assert found["fine"].waits_s < -3500
    assert found["held"].worked_on
    assert view.crawls == 1
    assert 1190 < view.longest_waits()["mastodon",] < 1300, "what is being read does not count, and what waits does"


async def test_view__jobs_by_state__and_how_long_the_first_has_waited(store: Store) -> None:
    now = clock.now()
    jobs: list[dict[str, Any]] = [
        {"_id": "1", "state": "pending", "not_before": now - timedelta(seconds=90)},
        {"_id": "2", "state": "pending", "not_before": now + timedelta(hours=1)},
        {"_id": "3", "state": "leased", "not_before": now - timedelta(hours=1)},
        {"_id": "4", "state": "dead", "not_before": now, "ended_at": now, "reason": "lost 5 times"},
    ]
    await store.database["jobs"].insert_many([{**JOB, **job} for job in jobs])
    view = await FleetViews(store.database).read()
    assert view.jobs_by_state() == {("pending",): 2, ("leased",): 1, ("dead",): 1}
    assert view.pending_s is not None
    assert 89 < view.pending_s < 120
    assert view.dead == [("mastodon", "lost 5 times")]


async def test_view__nodes_and_programs__and_which_versions_run(store: Store) -> None:
    now = clock.now()
    nodes = [
        {"_id": "a", "boot": "1", "seen_at": now, "version": "1.0", "running": 1, "max_proc": 2},
        {"_id": "b", "boot": "1", "seen_at": now - timedelta(minutes=5), "version": "0.9"},
        {"_id": "c", "boot": "1", "seen_at": now, "version": "1.1", "draining": True},
    ]
    await store.database["nodes"].insert_many(nodes)
    view = await FleetViews(store.database).read()
    assert [(node.name, node.state) for node in view.nodes] == [("a", "alive"), ("b", "silent"), ("c", "draining")]
    assert view.versions() == {"1.0": ["node a"], "1.1": ["node c"]}


async def test_view__topics__with_the_age_of_their_newest_post(store: Store, a_post: Callable[..., Post]) -> None:
    for name in ("tea", "milk"):
        await store.topics.add(Topic(id=name, name=name, query=name))
    two_hours_ago = clock.now() - timedelta(hours=2)
    await store.posts.upsert([a_post(1, created_at=two_hours_ago, topics=(Match(id="tea", version=1),))])
    view = await FleetViews(store.database).read()
    ages = {topic.id: topic.newest_s for topic in view.topics}
    assert ages["milk"] is None
    assert 7190 < (ages["tea"] or 0) < 7300


async def test_metrics__tell_counters_and_states_with_few_labels(store: Store) -> None:
    await store.sources.ensure(tag("new"))
    await store.database["jobs"].insert_one({**JOB, "_id": "1", "state": "pending", "not_before": clock.now()})
    processes = Processes(store.database)
    await processes.add({("posts", (("fate", "new"), ("platform", "mastodon"))): 5, ("unheard of", ()): 1})
    told = exposition(await FleetViews(store.database).read(), await processes.counters()).decode()
    assert 'monitor_posts_total{fate="new",platform="mastodon"} 5.0' in told
    assert 'monitor_sources{platform="mastodon",state="never ran"} 1.0' in told
    assert 'monitor_jobs{state="pending"} 1.0' in told
    assert "process_cpu_seconds_total" in told
    assert "unheard" not in told
    assert "a.example" not in told, "no source is a label"
