"""Elections while pages are committed: step-downs of a set of one and of three servers, and the death of a primary.

What was acknowledged is there afterwards, once; a commit that meets an election waits for its end.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.config import load
from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.store.commit import Committer
from monitor.store.connection import open_store

STEP_DOWNS, STEP_DOWNS_SOAKED, WALKS = 6, 20, 8
PAUSE_S = 0.5  # of undisturbed work before each election, at most
HELD_S = 0.5  # without an election a commit takes a tenth of that
GOES_ON_S = 20.0  # the driver needs a second more than the election to find the new primary
CRAWL_STEP_DOWNS, BACKLOG = 1, 400


@dataclass
class Load:
    """Walks that commit page after page until `over`, each the next as soon as the last is acknowledged."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0  # commits under way
    ended: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    slowest_s: float = 0.0

    async def walk(self, walking: Any) -> None:
        while not self.over.is_set():
            begun = time.monotonic()
            self.inside += 1
            await walking.page()
            self.inside -= 1
            self.ended.release()
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            await asyncio.sleep(0.02)

    async def goes_on(self) -> None:
        """Return when as many commits have ended from now on as there are walks, twice."""
        self.ended = asyncio.Semaphore(0)
        for _ in range(2 * WALKS):
            await self.ended.acquire()


async def fault(load: Load, change: Callable[[], Any], rng: random.Random) -> tuple[int, float, Any]:
    """One election at a random moment, and then until every walk goes on.

    Returns (commits under way at that moment, the slowest commit since, what `change` returned).
    """
    await asyncio.sleep(rng.uniform(0.1, PAUSE_S))
    load.slowest_s, inside = 0.0, load.inside
    changed = await asyncio.to_thread(change)
    await asyncio.wait_for(load.goes_on(), GOES_ON_S)
    return inside, load.slowest_s, changed


@pytest.mark.parametrize("size", [1, 3])
async def test_step_downs__while_eight_walks_commit__all_that_was_acknowledged_is_there_once(
    size: int, replica_set, walk, seed: int, soak: bool
) -> None:
    rng, step_downs = random.Random(seed), STEP_DOWNS_SOAKED if soak else STEP_DOWNS
    servers = await asyncio.to_thread(replica_set, size)
    first_term = servers.term()
    store = await open_store(load({"MONGODB_URI": servers.uri, "MONITOR_DATABASE": "step_down"}))
    committer, pressure = Committer(store), Load()
    walks = [await walk(store, committer, f"walk{number}") for number in range(WALKS)]
    working = [asyncio.create_task(pressure.walk(each)) for each in walks]
    faults = [await fault(pressure, servers.step_down, rng) for _ in range(step_downs - 2 * (size > 1))]
    if size > 1:
        faults.append(await fault(pressure, servers.kill_primary, rng))
        servers.start(faults[-1][2])
        faults.append(await fault(pressure, servers.step_down, rng))
    before = sum(each.acknowledged for each in walks)
    await asyncio.sleep(PAUSE_S)
    pressure.over.set()
    refused = [error for error in await asyncio.gather(*working, return_exceptions=True) if error is not None]
    wrong = [sentence for each in walks for sentence in await each.wrong()]
    pages, posts, elections = sum(each.acknowledged for each in walks), await store.posts.count(), servers.term() - first_term
    await store.close()
    print(
        f"\nseed {seed}: {size} servers, {len(faults)} faults, {elections} elections; commits under way at each "
        f"{[inside for inside, _, _ in faults]}, the slowest around each {[round(slowest, 1) for _, slowest, _ in faults]} s; "
        f"pages acknowledged {pages}, posts stored {posts}, refused {len(refused)}, wrong {len(wrong)}"
    )
    assert refused == []
    assert wrong == []
    assert posts == 10 * pages
    assert pages > before > WALKS * len(faults)
    assert elections >= len(faults)
    assert min(slowest for _, slowest, _ in faults) > HELD_S
    assert sum(inside for inside, _, _ in faults) >= len(faults)


def test_step_downs_and_a_dead_primary__while_a_real_crawl_collects__nothing_lost_or_doubled(
    replica_set, simulate, crawl, own_database, until, seed: int, soak: bool
) -> None:
    """Claim, renewals, commits, ledger and the end of the poll, across elections."""
    rng, step_downs = random.Random(seed), STEP_DOWNS_SOAKED if soak else CRAWL_STEP_DOWNS
    backlog = BACKLOG * step_downs // CRAWL_STEP_DOWNS
    servers = replica_set(3)
    database, first_term = own_database(servers.uri), servers.term()
    platforms = simulate("--seed", str(seed), "--posts", "100", "--delay", "150", "--endless", f"20,{backlog}")
    arguments = {"tag": "endless", "instance": LOCAL_HOST, "since": f"-{backlog // 20}s", "base_url": platforms.mastodon}
    collecting = crawl("collecting", database, **arguments)
    platforms.await_ask(collecting)
    versions = []
    for change in (*[servers.step_down] * step_downs, servers.kill_primary):
        versions.append(sum(database.versions().values()))
        until(lambda: sum(database.versions().values()) > versions[-1] + 1, within_s=30, what="two more pages are committed")
        time.sleep(rng.uniform(0, 0.5))
        assert collecting.running(), collecting.said()
        change()
    ended_at, codes = datetime.now(UTC), [collecting.ended(within_s=120)]
    codes.append(crawl("after", database, **arguments).ended(within_s=60))
    log, (source,) = platforms.log(), database.sources().values()
    compared = compare(log["posts"], database.posts())
    print(
        f"\nseed {seed}: {step_downs} step-downs and a kill, {servers.term() - first_term} elections, at page {versions} of "
        f"{source['bookmark']['version']}, exit codes {codes}; rows shown {len(log['posts'])}, posts shown {compared.shown}, "
        f"stored {compared.stored}, missing {compared.missing}, invented {compared.invented}, doubled {compared.doubled}, "
        f"different {compared.different}, skipped {database.skipped()}"
    )
    assert compared.exact, compared.examples
    assert database.skipped() == 0
    assert codes == [0, 0], collecting.said()
    assert servers.term() - first_term > step_downs
    assert versions[0] < versions[-1] < source["bookmark"]["version"]
    assert compared.stored >= backlog
    assert source["bookmark"]["gaps"] == []
    assert database.has({"created_at": {"$gt": ended_at}})
