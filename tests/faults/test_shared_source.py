"""Two topics that want the same of a platform: one source, polled once for both, as often as it brings something new."""

import asyncio
from collections import Counter
from typing import Any

from monitor.config import load
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source
from monitor.store.connection import open_store
from monitor.topic import Topic

RATE, BACKLOG = 20, 400
EVERY_S = 600
# Tenths of the interval, by lot, so that sources do not stay in step.
JITTER = 0.1
TOPICS = (Topic(id="tagged", name="Tagged", query="#endless", every_s=EVERY_S), Topic(id="said", name="Said", query="endless"))
SOURCE = Source(platform="mastodon", kind="tag", parameters={"tag": "endless", "instance": LOCAL_HOST})


def wait_s(database: Any) -> float:
    """How long the one source waits for its next poll."""
    (source,) = database.sources().values()
    return float((source["next_due"] - source["last_polled_at"]).total_seconds())


def watched(database: Any) -> None:
    async def made() -> None:
        store = await open_store(load({"MONGODB_URI": database.uri, "MONITOR_DATABASE": database.name}))
        for topic in TOPICS:
            await store.topics.add(topic)
            await store.sources.ensure(Source(**{**_fields(SOURCE), "topics": (topic.id,)}))
        await store.close()

    asyncio.run(made())


def _fields(source: Source) -> dict[str, Any]:
    return {"platform": source.platform, "kind": source.kind, "parameters": source.parameters}


def test_shared_source__two_topics__each_page_is_asked_once_and_its_posts_are_of_both(simulate, crawl, databases, seed: int):
    platforms = simulate("--seed", str(seed), "--posts", "100", "--endless", f"{RATE},{BACKLOG}")
    database = databases("shared")
    watched(database)
    assert crawl("first", database, base_url=platforms.mastodon).ended(within_s=120) == 0
    first_wait_s = wait_s(database)
    database._all["sources"].update_many({}, [{"$set": {"next_due": "$$NOW"}}])
    assert crawl("second", database, base_url=platforms.mastodon).ended(within_s=120) == 0
    asked = [Counter((one["path"], one["query"]) for one in platforms.requests(name)) for name in ("first", "second")]
    (source,) = database.sources().values()
    told = Counter(tuple(sorted(match["id"] for match in post["topics"])) for post in database.posts({"tags": "endless"}))
    print(
        f"\nseed {seed}: requests of two passes {[pages.total() for pages in asked]}, most of one page "
        f"{[max(pages.values()) for pages in asked]}; posts by topics {dict(told)}; waits {first_wait_s:.0f} s at first, then "
        f"{wait_s(database):.0f} s at {source['rate']['per_hour']:,.0f} new posts an hour"
    )
    assert source["topics"] == ["tagged", "said"]
    assert [max(pages.values()) for pages in asked] == [1, 1]
    assert set(told) == {("said", "tagged")}
    assert told.total() >= 40
    # Nothing is known at first, so the fresher topic decides; then what the source brought, no more often than once a minute.
    assert EVERY_S * (1 - JITTER) <= first_wait_s <= EVERY_S
    assert 60 * (1 - JITTER) <= wait_s(database) <= 60 * (1 + JITTER)
    assert database.skipped() == 0
