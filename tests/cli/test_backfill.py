"""`monitor backfill` as it is typed: what it opens, what it leaves alone, and what it says."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor.bookmark import Bookmark, Head, Interval
from monitor.crawl.platforms import platform
from monitor.scope import parse
from monitor.source import Source
from monitor.stages.backfill import Paging, carry_out, plan
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.scope_coverage import scope_coverage
from monitor.store.sources import SourceState

Type = Callable[..., Result]
NOW = datetime.now(UTC).replace(microsecond=0)
TAG = Source(platform="mastodon", kind="public", parameters={"instance": "a.example"}, topics=("tea",))
FEED = Source(platform="feeds", kind="url", parameters={"url": "https://a.example/feed"}, topics=("tea",))
ONCE = Source(platform="mastodon", kind="public", parameters={"instance": "b.example"})
PAUSED = Source(platform="mastodon", kind="public", parameters={"instance": "c.example"}, topics=("tea",))
STREAM = Source(platform="bluesky", kind="stream", parameters={"stream": "jetstream"}, topics=("tea",))
GONE = Source(platform="elsewhere", kind="x", topics=("tea",))
NEW = Source(platform="mastodon", kind="public", parameters={"instance": "d.example"}, topics=("tea",))


def mark(at: datetime) -> str:
    return str(int(at.timestamp() * 1000) << 16)


async def polled(store: Store, source: Source) -> None:
    """Read for two days without a hole but for six hours, and due in an hour."""
    await store.sources.ensure(source)
    claim = await store.leases.claim(source.id, owner="test")
    assert claim is not None
    start = NOW - timedelta(days=2)
    heads = Head(mark=mark(NOW), asked_at=NOW), Head(mark=mark(NOW - timedelta(hours=1)), asked_at=NOW - timedelta(hours=1))
    bookmark = Bookmark(heads=heads, start=mark(start), start_at=start, asked_at=NOW, version=1)
    told = (
        Interval(from_at=start, to_at=NOW, state="covered", posts=480, asked_at=NOW),
        Interval(from_at=NOW - timedelta(hours=12), to_at=NOW - timedelta(hours=6), state="failed", reason="no", asked_at=NOW),
    )
    move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=bookmark, intervals=told)
    assert await store.progress.move([move]) == [None]
    later = SourceState(state="ok", next_due=NOW + timedelta(hours=1))
    await store.sources.finish(source.id, epoch=claim.epoch, run="r", state=later)


@pytest.fixture
def sources(with_store: Callable[..., Any]) -> None:
    async def made(store: Store) -> None:
        for source in (TAG, FEED, ONCE, PAUSED, STREAM, GONE):
            await polled(store, source)
        await store.sources.pause(PAUSED.id, "resting")
        await store.sources.ensure(NEW)

    with_store(made)


def told(result: Result, *, code: int = 0) -> dict[str, Any]:
    assert result.exit_code == code, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_what_can_be_filled_and_what_not(command: Type, sources: None, with_store: Callable[..., Any]) -> None:
    found = told(command("backfill", "topic=tea&from=-24h", "--dry-run", "--json"))
    failed = {hole["source"]: hole for hole in found["holes"] if hole["state"] == "failed"}
    assert (failed[TAG.id]["fill"], failed[TAG.id]["estimated_calls"]) == (True, 3)  # ten posts an hour, forty a page
    assert "only what is newest" in failed[FEED.id]["why_not"]
    assert "is paused" in failed[PAUSED.id]["why_not"]
    assert "not asked for the past" in failed[STREAM.id]["why_not"]
    assert "no platform that is installed" in failed[GONE.id]["why_not"]
    assert ONCE.id not in failed
    assert {hole["why_not"] for hole in found["holes"] if hole["source"] == NEW.id} == {"its first poll comes first"}
    standing = with_store(lambda store: store.sources.find(TAG.id))
    assert (standing.bookmark.gaps, standing.bookmark.version) == ((), 1)


def test_opening__once__due_at_once__and_told_by_the_ledger(
    command: Type, sources: None, with_store: Callable[..., Any]
) -> None:
    result = command("backfill", "topic=tea&from=-24h", "--calls", "7")
    assert result.exit_code == 0
    assert "1 holes are to be filled, with at most 7 calls" in result.stderr
    standing = with_store(lambda store: store.sources.find(TAG.id))
    (gap,) = standing.bookmark.gaps
    assert (gap.calls, gap.top, gap.floor) == (
        7, mark(NOW - timedelta(hours=6)), str(int(mark(NOW - timedelta(hours=12))) - 1),
    )  # fmt: skip
    assert standing.next_due <= datetime.now(UTC) + timedelta(seconds=5)
    assert standing.owner is None
    coverage = told(command("coverage", "topic=tea&platform=mastodon&from=-24h", "--json"))
    holes = [hole for each in coverage["by_source"] if each["source"] == TAG.id for hole in each["holes"]]
    assert (holes[0]["state"], holes[0]["reason"]) == ("limited", "is to be filled")
    again = command("backfill", "topic=tea&from=-24h", "--calls", "50", "--json")
    assert told(again)["planned_calls"] == 0
    assert with_store(lambda store: store.sources.find(TAG.id)).bookmark == standing.bookmark


def test_source_that_is_being_read__is_left_alone__code_6(command: Type, sources: None, with_store: Callable[..., Any]) -> None:
    with_store(lambda store: store.leases.claim(TAG.id, owner="somebody"))
    found = told(command("backfill", "topic=tea&from=-24h", "--json"), code=6)
    assert found["busy"] == [TAG.id]
    standing = with_store(lambda store: store.sources.find(TAG.id))
    assert (standing.bookmark.gaps, standing.owner) == ((), "somebody")


def test_bookmark_moved_since_it_was_looked_at__nothing_is_opened(with_store: Callable[..., Any], sources: None) -> None:
    async def work(store: Store) -> tuple[str, ...]:
        scope = parse("topic=tea&platform=mastodon&from=-24h", now=NOW)
        covered = await scope_coverage(store.database, scope, now=NOW)
        rules = platform("mastodon").rules(TAG)
        planned = await plan(store, covered, lambda _: Paging(rules=rules, page_size=40), calls=9, now=NOW)
        await store.database["sources"].update_one({"_id": TAG.id}, {"$inc": {"bookmark.version": 1}})
        return await carry_out(store, planned, owner="test", now=NOW)

    assert with_store(work) == (TAG.id,)
    standing = with_store(lambda store: store.sources.find(TAG.id))
    assert (standing.bookmark.gaps, standing.bookmark.version, standing.owner) == ((), 2, None)
