"""When a source is polled next, on real crawls: a shared source once, by what it brought, and within the allowance."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.config import load
from monitor.crawl.interval import calls_per_day, every_s_of, rate_after
from monitor.rate import Rate
from monitor.simulator.process import log_of
from monitor.source import Source
from monitor.store.connection import open_store
from monitor.topic import Topic

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TAG = {"instance": "chatter.example", "tag": "coffee"}


def a_poll(**changes: Any) -> Any:
    return SimpleNamespace(**{"behind": False, "calls": 1, "new": 20, "rows": None} | changes)


def standing(rate: Rate | None = None, polled_at: datetime | None = NOW - timedelta(hours=1)) -> Any:
    return SimpleNamespace(rate=rate, last_polled_at=polled_at)


def test_the_rate_is_of_what_is_new__not_of_a_first_poll_or_of_what_was_missed() -> None:
    known = Rate(per_hour=5, per_call=5)
    made = rate_after(standing(), a_poll(), NOW)
    assert made is not None
    assert made.per_hour == pytest.approx(20)
    assert rate_after(standing(polled_at=None), a_poll(), NOW) is None
    assert rate_after(standing(known), a_poll(behind=True), NOW) is known
    assert rate_after(standing(known), a_poll(calls=0), NOW) is known


def test_the_smallest_of_the_topics_counts__and_the_largest_allowance_that_is_paid_for() -> None:
    assert every_s_of(("a", "b", "c"), {"a": 600, "b": 60}) == 60
    assert every_s_of(("c",), {"a": 600}) is None
    allowances = {"": 300, "STACKEXCHANGE_KEY": 10_000}
    assert calls_per_day(allowances, load({})) == 300
    assert calls_per_day(allowances, load({"STACKEXCHANGE_KEY": "x"})) == 10_000
    assert calls_per_day({}, load({})) is None


async def test_two_topics_one_source__it_is_polled_once__and_sooner_than_the_quicker_topic_asks(
    simulator: Mapping[str, Any], stored: Any, crawled: Callable[..., Any]
) -> None:
    store = await open_store(load())
    for name, every_s in (("one", 300), ("two", 120)):
        await store.topics.add(Topic(id=name, name=name, query="coffee", every_s=every_s))
        await store.sources.ensure(Source(platform="mastodon", kind="tag", parameters=TAG, topics=(name,)))
    before = log_of(simulator)["last"]
    for _ in range(2):  # the second finds nothing due
        assert crawled("mastodon", "-a", f"base_url={simulator['mastodon']}").code == 0
    asked = [entry["url"] if "url" in entry else entry["path"] for entry in log_of(simulator, since=before)["requests"]]
    print(f"two topics, one source: {len(asked)} calls")
    assert len([each for each in asked if "timelines/tag/coffee" in each]) == len(asked) == 1
    (found,) = await store.sources.list_all()
    assert found.source.topics == ("one", "two")
    assert found.last_polled_at is not None
    assert 100 <= (found.next_due - found.last_polled_at).total_seconds() <= 121
    matched = [[match["id"] for match in post["topics"]] for post in stored["posts"].find({"topics.0": {"$exists": True}})]
    assert matched
    assert all(each == ["one", "two"] for each in matched)
    await store.close()
