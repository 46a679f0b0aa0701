"""Planners as processes of their own: no slot is ever doubled, however many plan at once, and one takes over from another.

Run as a program, this file is a planner that does not ask whose turn it is, which is the hardest case for the unique slot.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.change_stream import ChangeStream
from pymongo.collection import Collection

from monitor.config import Config, load
from monitor.fleet.planner import FIRST_PAUSE_S, LONGEST_PAUSE_S, Planner, Rules, pause_s
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.store.plans import Ended, Plans

SOAKED = os.environ.get("MONITOR_SOAK") == "1"
LASTS_S = 60.0 if SOAKED else 10.0
CREDENTIALS, SOURCES_EACH, MOST = 5, 60, 3

Document = dict[str, Any]


def planner_of(store: Store, owner: str, **rules: Any) -> Planner:
    """One that takes the instance for the credential."""
    return Planner(
        plans=Plans(store.database),
        rules=Rules(**{"shift": "2s", "shift_s": 2.0, "walks": 1, "most": MOST, **rules}),
        owner=owner,
        label=lambda source: f"{source.platform}:{source.parameters['instance']}",
    )


async def plan_without_turns() -> None:
    """Say that it is ready, and plan until the moment that is told then."""
    store, rounds, queued = await open_store(load()), 0, 0
    planner = planner_of(store, f"process {os.getpid()}")
    print(json.dumps("ready"), flush=True)
    until = float(sys.stdin.readline())
    while time.time() < until:
        queued += (await planner.plan()).queued
        rounds += 1
    await store.close()
    print(json.dumps({"rounds": rounds, "queued": queued}))


# ---- the tests


@pytest.fixture
def jobs(config: Config) -> Iterator[Collection[Document]]:
    assert config.mongodb_uri is not None
    with MongoClient[Document](config.mongodb_uri.reveal(), tz_aware=True) as client:
        yield client[config.database]["jobs"]


@pytest.fixture
def environment(config: Config) -> dict[str, str]:
    assert config.mongodb_uri is not None
    return {
        **os.environ,
        "MONGODB_URI": config.mongodb_uri.reveal(),
        "MONITOR_DATABASE": config.database,
        "MONITOR_SHIFT": "2s",
        **{f"MASTODON_TOKEN__S{number}_EXAMPLE": "secret" for number in range(CREDENTIALS)},
    }


async def fill(config: Config, *, credentials: int = CREDENTIALS, each: int = SOURCES_EACH) -> None:
    store = await open_store(config)
    for number in range(credentials * each):
        parameters = {"instance": f"s{number % credentials}.example", "tag": f"t{number}"}
        await store.sources.ensure(Source(platform="mastodon", kind="tag", parameters=parameters, topics=("t",)))
    await store.close()


def work_off(jobs: Collection[Document], *, until: float, rng: random.Random) -> int:
    """Be the nodes: take jobs and end them soon, so that slots are free again and again; from `until` on only what is left. Returns
    how many."""
    ended = 0
    while True:
        late, now = time.time() >= until, {"$set": {"state": "leased", "started_at": "$$NOW"}}
        taken = jobs.find_one_and_update({"state": "pending"}, [now])
        if taken is None:
            if late:
                return ended
            time.sleep(0.002)
            continue
        time.sleep(rng.uniform(0, 0.01))
        # It lasted as long as a shift, so that no pause follows.
        began = {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": 2}}
        over = {"$set": {"state": "finished", "started_at": began, "ended_at": "$$NOW"}}
        jobs.update_one({"_id": taken["_id"]}, [over, {"$unset": "live_slot"}])
        ended += 1


def doubled(changes: ChangeStream[Document], *, inserts: int) -> int:
    """How often a slot had a job made while it had another that had not ended, in the order in which the server did it.

    Their moments do not tell: `$$NOW` is when a command began, which may have waited for the one that freed the slot.
    """
    slot_of: dict[str, str] = {}
    live: Counter[str] = Counter()
    found = ended = 0
    while len(slot_of) < inserts or ended < inserts:
        change = changes.next()
        job = change["documentKey"]["_id"]
        if change["operationType"] == "insert":
            slot_of[job] = change["fullDocument"]["live_slot"]
            live[slot_of[job]] += 1
            found += live[slot_of[job]] > 1
        elif "live_slot" in change["updateDescription"]["removedFields"]:
            live[slot_of[job]] -= 1
            ended += 1
    return found


def test_planners__two_that_ignore_whose_turn_it_is__no_slot_is_doubled(
    config: Config, jobs: Collection[Document], environment: dict[str, str]
) -> None:
    asyncio.run(fill(config))
    seed = random.randrange(2**31)
    command, pipe = [sys.executable, __file__], subprocess.PIPE
    with jobs.watch() as changes:
        planners = [subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
        assert [json.loads(planner.stdout.readline()) for planner in planners if planner.stdout is not None] == ["ready"] * 2
        until = time.time() + LASTS_S
        for planner in planners:
            assert planner.stdin is not None
            planner.stdin.write(f"{until}\n")
            planner.stdin.flush()
        ended = work_off(jobs, until=until, rng=random.Random(seed))
        told = [json.loads(planner.communicate(timeout=60)[0]) for planner in planners]
        ended += work_off(jobs, until=until, rng=random.Random(seed))
        found = list(jobs.find())
        assert ended == len(found)
        double = doubled(changes, inserts=len(found))
    slots = {job["slot"] for job in found}
    print(
        f"\nseed {seed}: 2 planners, {LASTS_S:.0f} s, {[each['rounds'] for each in told]} rounds, {len(found)} shifts queued by "
        f"{[each['queued'] for each in told]} into {len(slots)} slots, {ended} ended, double slots {double}"
    )
    assert double == 0
    assert sum(each["queued"] for each in told) == len(found)
    assert len(slots) == CREDENTIALS * MOST
    assert min(each["queued"] for each in told) > 0, "only one of them ever queued, so they never met"
    assert len(found) > 2 * len(slots)


@contextmanager
def running(environment: dict[str, str], *options: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "monitor", "fleet", "planner", "--every", "0.2", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(true: Callable[[], object], *, within_s: float, what: str) -> float:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < within_s, f"after {within_s:.0f} s still not: {what}"
        time.sleep(0.05)
    return time.monotonic() - begun


def test_planners__the_one_that_acts_is_killed__the_other_goes_on(
    config: Config, jobs: Collection[Document], environment: dict[str, str], tmp_path: Path
) -> None:
    asyncio.run(fill(config, credentials=2, each=4))
    turn = jobs.database["planner"]
    with running(environment, log=tmp_path / "first") as first:
        wait_for(lambda: jobs.count_documents({"state": "pending"}) >= 2, within_s=60, what="shifts are queued")
        with running(environment, log=tmp_path / "second") as second:
            wait_for(lambda: jobs.database["processes"].count_documents({}) == 2, within_s=60, what="both live")
            before = turn.find_one()
            assert before is not None
            assert f":{first.pid}:" in before["owner"]
            first.kill()
            jobs.update_many(
                {}, [{"$set": {"state": "finished", "ended_at": "$$NOW", "started_at": None}}, {"$unset": "live_slot"}]
            )
            took_s = wait_for(
                lambda: f":{second.pid}:" in (turn.find_one() or {})["owner"], within_s=15, what="the second has the turn"
            )
            wait_for(lambda: jobs.count_documents({"state": "pending"}) >= 2, within_s=5, what="shifts are queued again")
            second.send_signal(signal.SIGTERM)
            assert second.wait(15) == 130
            last = turn.find_one()
    print(f"\nthe second planner had the turn {took_s:.1f} s after the first was killed")
    assert last is not None
    assert last["owner"] is None, "a planner that ends gives the turn back"


def test_planners__none_for_a_while__the_first_round_makes_up_for_it(
    config: Config, jobs: Collection[Document], environment: dict[str, str]
) -> None:
    asyncio.run(fill(config, credentials=3, each=4))
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "fleet", "planner", "--once"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "12 of 12 sources due, 3 shifts wanted: 3 queued" in done.stdout
    assert {job["spider"] for job in jobs.find()} == {"mastodon"}


# ---- one round


@pytest.fixture
def rounds(config: Config) -> Callable[..., Any]:
    """Do something with a planner of this test's database."""

    def run(work: Callable[[Store], Any]) -> Any:
        async def opened() -> Any:
            store = await open_store(config)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(opened())

    return run


def test_round__what_is_queued_is_a_whole_job(config: Config, jobs: Collection[Document], rounds: Callable[..., Any]) -> None:
    asyncio.run(fill(config, credentials=1, each=1))
    rounds(lambda store: planner_of(store, "a").plan())
    job = jobs.find_one()
    assert job is not None
    assert (job["project"], job["spider"], job["version"], job["args"], job["settings"]) == (
        "monitor",
        "mastodon",
        None,
        {"shift": "2s"},
        {},
    )
    assert (job["state"], job["slot"], job["live_slot"]) == ("pending", "mastodon/mastodon:s0.example/0", job["slot"])
    assert job["not_before"] == job["created_at"]
    assert job["seq"] == round(job["created_at"].timestamp() * 1000)
    assert (job["attempts"], job["requeued"], job["cancel_requested"]) == (0, 0, False)
    assert isinstance(job["_id"], str)


def test_round__repeated__adds_nothing(config: Config, jobs: Collection[Document], rounds: Callable[..., Any]) -> None:
    asyncio.run(fill(config, credentials=2, each=3))

    async def twice(store: Store) -> list[int]:
        planner = planner_of(store, "a")
        return [(await planner.round()).queued for _ in range(3)]

    assert rounds(twice) == [2, 0, 0]
    assert jobs.count_documents({}) == 2


def test_round__another_has_the_turn__nothing_is_done(config: Config, rounds: Callable[..., Any]) -> None:
    asyncio.run(fill(config, credentials=1, each=1))

    async def both(store: Store) -> list[bool]:
        first, second = planner_of(store, "a"), planner_of(store, "b")
        acted = [(await each.round()).acted for each in (first, second, first)]
        await first.plans.give_turn_back(owner="a")
        return [*acted, (await second.round()).acted, (await first.round()).acted]

    assert rounds(both) == [True, False, True, True, False]


def test_round__paused_unwanted_and_disabled_sources__nothing_is_queued_and_what_waits_is_taken_back(
    config: Config, jobs: Collection[Document], rounds: Callable[..., Any]
) -> None:
    asyncio.run(fill(config, credentials=1, each=2))

    async def work(store: Store) -> list[tuple[int, int]]:
        planner, told = planner_of(store, "a"), []
        for each in await store.sources.list_all():
            await store.sources.pause(each.source.id, "no")
        told.append(await planner.plan())
        for each in await store.sources.list_all():
            await store.sources.resume(each.source.id)
        told += [await planner.plan(), await planner_of(store, "b", disabled=frozenset({"mastodon"})).plan()]
        await store.sources.release("t")
        told.append(await planner.plan())
        return [(each.queued, each.withdrawn) for each in told]

    assert rounds(work) == [(0, 0), (1, 0), (0, 1), (0, 0)]
    job = jobs.find_one()
    assert job is not None
    assert (job["state"], job["reason"]) == ("cancelled", "not needed any more")
    assert "live_slot" not in job


def test_round__a_shift_that_runs_is_not_taken_back(
    config: Config, jobs: Collection[Document], rounds: Callable[..., Any]
) -> None:
    asyncio.run(fill(config, credentials=1, each=1))
    rounds(lambda store: planner_of(store, "a").plan())
    jobs.update_one({}, {"$set": {"state": "leased"}})
    assert rounds(lambda store: planner_of(store, "b", disabled=frozenset({"mastodon"})).plan()).withdrawn == 0


def test_round__shifts_that_end_at_once__begin_again_after_a_pause(
    config: Config, jobs: Collection[Document], rounds: Callable[..., Any]
) -> None:
    asyncio.run(fill(config, credentials=1, each=1))
    waited = []
    for _ in range(3):
        rounds(lambda store: planner_of(store, "a").plan())
        job = jobs.find_one({"state": "pending"})
        assert job is not None
        waited.append((job["not_before"] - job["created_at"]).total_seconds())
        jobs.update_one({"_id": job["_id"]}, [{"$set": {"state": "dead", "ended_at": "$$NOW"}}, {"$unset": "live_slot"}])
    assert waited == [0, FIRST_PAUSE_S, 2 * FIRST_PAUSE_S]


@pytest.mark.parametrize(
    ("lasted", "pause"),
    [
        ([], 0),
        ([600], 0),
        ([1], FIRST_PAUSE_S),
        ([None], FIRST_PAUSE_S),
        ([1, 1, 600, 1], 2 * FIRST_PAUSE_S),
        ([600, 1, 1, 1], 0),
        ([1] * 30, LONGEST_PAUSE_S),
    ],
)
def test_pause__doubles_with_each_shift_that_came_to_nothing_since_the_last_good_one(
    lasted: list[float | None], pause: float
) -> None:
    assert pause_s([Ended(lasted_s=each, dead=False) for each in lasted], shift_s=600) == pause


def test_pause__a_shift_that_nodes_gave_up_on_is_no_good_one_however_long_it_lasted() -> None:
    assert pause_s([Ended(lasted_s=600, dead=True)], shift_s=600) == FIRST_PAUSE_S


if __name__ == "__main__":
    asyncio.run(plan_without_turns())
