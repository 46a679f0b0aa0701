"""Holes that are filled by real crawls of simulated platforms: all posts of that time, none twice, within the calls that were given."""

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from monitor.advance import refuse
from monitor.bookmark import Bookmark, Head, Interval, Step
from monitor.cli import monitor
from monitor.config import Config
from monitor.crawl.platforms import platform
from monitor.simulator.people import LOCAL_HOST
from monitor.simulator.process import log_of, simulated
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.store.progress import Move

NOW = datetime.now(UTC).replace(microsecond=0)  # of the import, then of the beginning of the world
PUBLIC = Source(platform="mastodon", kind="public", parameters={"instance": LOCAL_HOST}, topics=("t",))
PYTHON = Source(platform="hackernews", kind="query", parameters={"query": "python"}, topics=("t",))
LEASE_S = 2
LONGEST_S = 240.0  # of a crawl, on a machine that has much else to do
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world() -> Iterator[Mapping[str, Any]]:
    """Two days of a world that stands still, so that what it shows does not change while it is read."""
    now = datetime.now(UTC).replace(microsecond=0)
    arguments = ["--seed", "5", "--days", "2", "--posts", "5200", "--delay", "40", "--now", now.isoformat()]
    with pytest.MonkeyPatch.context() as patch, simulated(arguments) as addresses:
        patch.setitem(globals(), "NOW", now)
        yield addresses


@pytest.fixture
def at(config: Config, stored: Any) -> Callable[..., Any]:
    """Do something with the open store of this test's database."""

    def run(work: Callable[[Store], Any]) -> Any:
        async def opened() -> Any:
            store = await open_store(config)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(opened())

    return run


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "scrapy", "crawl", "-L", "WARNING", "-s", "MONITOR_PACE_S=0", *words]


def crawled(*words: str) -> int:
    """The exit code of a crawl that is let run to its end."""
    done = subprocess.run(command(*words), cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    return done.returncode


def typed(*words: str) -> dict[str, Any]:
    ended = CliRunner().invoke(monitor, [*words, "--json"])
    assert ended.exit_code == 0, (ended.exception, ended.stderr)
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def shown_by_mastodon(world: Mapping[str, Any], since: datetime) -> set[str]:
    """Ids of the public timeline from `since` on, read page by page without any code of ours."""
    found: dict[str, datetime] = {}
    below: dict[str, Any] = {}
    while True:
        address = f"{world['mastodon']}/api/v1/timelines/public?{urlencode({'limit': 40, **below})}"
        with urllib.request.urlopen(address, timeout=30) as reply:
            rows = json.load(reply)
        found |= {row["id"]: datetime.fromisoformat(row["created_at"]) for row in rows}
        if not rows or min(found.values()) < since:
            return {number for number, created_at in found.items() if created_at >= since}
        below = {"max_id": min(found, key=int)}


def asked_below(world: Mapping[str, Any], *, since: int) -> int:
    """How many pages below a mark were asked for."""
    return sum("max_id=" in entry["query"] for entry in log_of(world, since=since)["requests"])


def last_request(world: Mapping[str, Any]) -> int:
    return int(log_of(world, since=2**31)["last"])


def silenced(world: Mapping[str, Any], switches: list[dict[str, Any]] | None = None) -> int:
    """How many requests were ever left without an answer; `switches` are put on before, in place of the faults that are."""
    body, method = (None, "GET") if switches is None else (json.dumps({"faults": switches}).encode(), "PUT")
    request = urllib.request.Request(f"{world['control']}/_simulator/faults", body, method=method)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return int(json.load(reply)["happened"].get("silence", 0))


def killed_after(pages: int, world: Mapping[str, Any], *words: str) -> None:
    """Begin a crawl and SIGKILL it once it has read its newest page and so many below a mark, and waits for the next one in vain."""
    since = last_request(world)
    before = silenced(world, [{"name": "silence", "platform": "mastodon", "after": 1 + pages}])
    crawl = subprocess.Popen(command(*words), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + LONGEST_S
    while silenced(world) == before:
        assert time.monotonic() < until
        assert crawl.poll() is None, crawl.communicate()[1]
        time.sleep(0.02)
    assert asked_below(world, since=since) == pages
    crawl.send_signal(signal.SIGKILL)
    crawl.communicate()
    silenced(world, [])


def test_never_asked__budget_kill_and_resume__all_posts_none_twice(
    world: Mapping[str, Any], stored: Any, at: Callable[..., Any]
) -> None:
    server = ("-a", f"base_url={world['mastodon']}")
    lease = ("-s", f"MONITOR_LEASE_S={LEASE_S}")
    since = NOW - timedelta(hours=20)
    scope = f"topic=t&from={since.isoformat().replace('+00:00', 'Z')}"
    at(lambda store: store.sources.ensure(PUBLIC))
    assert crawled("mastodon", *server) == 0
    before = typed("coverage", scope)
    assert before["states"]["never asked"] > 0.8

    dry = typed("backfill", scope, "--dry-run")
    (hole,) = [hole for hole in dry["holes"] if hole["fill"]]
    assert stored["sources"].find_one({}, {"bookmark.gaps": 1})["bookmark"]["gaps"] == []

    # Twelve calls, in the middle of which the crawl is killed.
    first, budget = last_request(world), 12
    assert typed("backfill", scope, "--calls", str(budget))["planned_calls"] == budget
    version = stored["sources"].find_one({})["bookmark"]["version"]
    assert typed("backfill", scope, "--calls", str(budget))["planned_calls"] == 0  # it is open already
    assert stored["sources"].find_one({})["bookmark"]["version"] == version
    killed_after(4, world, "mastodon", *server, *lease)
    between = typed("coverage", scope)
    while stored["sources"].find_one({"lease.until": {"$gt": datetime.now(UTC)}}):
        time.sleep(0.1)
    at(lambda store: store.sources.resume(PUBLIC.id))
    assert crawled("mastodon", *server, *lease) == 0
    spent = asked_below(world, since=first)
    (limited,) = [hole for hole in typed("coverage", scope)["by_source"][0]["holes"] if hole["state"] == "limited"]
    assert limited["reason"] == "the calls for filling it are used up"
    assert stored["sources"].find_one({})["bookmark"]["gaps"] == []
    assert spent <= budget + 1  # the page under way when it was killed is asked for again

    # And the rest.
    rest = typed("backfill", scope, "--calls", "200")["planned_calls"]
    second = last_request(world)
    assert crawled("mastodon", *server, *lease) == 0
    after = typed("coverage", scope)
    found = {post["native_id"] for post in stored["posts"].find({"created_at": {"$gte": since}})}
    shown = shown_by_mastodon(world, since)
    print(
        f"mastodon: {hole['estimated_calls']} calls estimated; {spent} of {budget} spent with a kill, then "
        f"{asked_below(world, since=second)} of {rest}; covered {before['every']:.3f} -> {between['every']:.3f} -> "
        f"{after['every']:.3f}; {len(found)} posts stored, {len(shown)} shown, {len(found ^ shown)} differ"
    )
    assert asked_below(world, since=second) <= rest
    assert len(shown) > 400
    assert found == shown
    assert stored["posts"].count_documents({}) == len(stored["posts"].distinct("native_id"))
    holes = after["by_source"][0]["holes"]
    assert [hole["state"] for hole in holes] == ["never asked"]  # since the last poll
    assert datetime.fromisoformat(holes[0]["from"]) >= NOW
    again = typed("backfill", scope, "--calls", "50")
    assert (again["planned_calls"], [hole["why_not"] for hole in again["holes"]]) == (0, ["is read by the next poll"])


def test_failed_hole_in_the_middle__is_read_and_nothing_else(
    world: Mapping[str, Any], stored: Any, at: Callable[..., Any]
) -> None:
    server = ("-a", f"base_url={world['hackernews']}", "-s", "MONITOR_PAGES_PER_POLL=1")
    at(lambda store: stopped(store, NOW - timedelta(hours=40)))
    assert crawled("hackernews", *server) == 0
    at(refused_for_good)
    since = NOW - timedelta(hours=42)
    scope = f"topic=t&from={since.isoformat().replace('+00:00', 'Z')}"
    before = typed("coverage", scope)
    assert before["by_source"][0]["holes"][0]["state"] == "failed"
    assert stored["sources"].find_one({})["bookmark"]["gaps"] == []
    known, first = stored["posts"].count_documents({}), last_request(world)
    filled = typed("backfill", scope, "--calls", "9")
    assert crawled("hackernews", "-a", f"base_url={world['hackernews']}") == 0
    after = typed("coverage", scope)
    asked = [entry for entry in log_of(world, since=first)["requests"] if entry["platform"] == "hackernews"]
    failed = before["by_source"][0]["holes"][0]
    begin, end = (datetime.fromisoformat(failed[key]) for key in ("from", "to"))
    found = {post["native_id"] for post in stored["posts"].find({"created_at": {"$gte": begin, "$lt": end}})}
    shown = shown_by_search(world, begin, end)
    print(
        f"hackernews: {len(asked)} calls, {filled['planned_calls']} of them allowed; covered {before['every']:.3f} -> "
        f"{after['every']:.3f}; {known} posts before, {len(found)} in the hole, {len(shown)} shown, {len(found ^ shown)} differ"
    )
    assert [hole["state"] for hole in after["by_source"][0]["holes"]] == ["never asked"]
    assert found == shown
    assert len(shown) > 20
    assert stored["posts"].count_documents({}) == len(stored["posts"].distinct("native_id"))
    assert len(asked) <= filled["planned_calls"] + 2  # and the newest page of the poll, which comes first


def shown_by_search(world: Mapping[str, Any], begin: datetime, end: datetime) -> set[str]:
    bounds = f"created_at_i>={int(begin.timestamp())},created_at_i<{int(end.timestamp())}"
    asked = {
        "query": "python",
        "tags": "(story,comment,poll,job)",
        "hitsPerPage": 1000,
        "numericFilters": bounds,
        "typoTolerance": "false",
    }
    with urllib.request.urlopen(f"{world['hackernews']}/api/v1/search_by_date?{urlencode(asked)}", timeout=30) as reply:
        return {hit["objectID"] for hit in json.load(reply)["hits"]}


async def stopped(store: Store, stop: datetime) -> None:
    """As if the source had been read without a hole for a week, up to then."""
    mark = int(stop.timestamp())
    bookmark = Bookmark(
        heads=(Head(mark=mark, asked_at=stop), Head(mark=mark - 3600, asked_at=stop - timedelta(hours=1))),
        start=mark - 7 * 86_400,
        start_at=stop - timedelta(days=7),
        asked_at=stop,
    )
    read = Interval(from_at=stop - timedelta(days=7), to_at=stop, state="covered", posts=500, asked_at=stop)
    await store.sources.ensure(PYTHON)
    await moved(store, lambda _: (bookmark, (read,)))


async def refused_for_good(store: Store) -> None:
    """What eight refusals of a gap come to."""
    rules = platform("hackernews").rules(PYTHON)

    def given_up(bookmark: Bookmark) -> tuple[Bookmark, tuple[Interval, ...]]:
        told: tuple[Interval, ...] = ()
        for _ in range(8):
            (gap,) = bookmark.gaps
            move = refuse(bookmark, Step(until=gap.top), reason="the server refused", asked_at=datetime.now(UTC), rules=rules)
            bookmark, told = move.bookmark, move.intervals
        return bookmark, told

    await moved(store, given_up)
    await store.sources.resume(PYTHON.id)


async def moved(store: Store, change: Callable[[Bookmark], tuple[Bookmark, tuple[Interval, ...]]]) -> None:
    claim = await store.leases.claim(PYTHON.id, owner="test")
    assert claim is not None
    bookmark, told = change(claim.bookmark)
    bookmark = replace(bookmark, version=claim.bookmark.version + 1)
    assert await store.progress.move(
        [Move(source_id=PYTHON.id, epoch=claim.epoch, run="test", bookmark=bookmark, intervals=told)]
    ) == [None]
    await store.leases.release(PYTHON.id, epoch=claim.epoch)
