"""Eight processes want the same sources: each claim has one winner, and what two owners hold never overlaps.

Run as a program, this file is one of the processes: it reads orders from its input, one a line, and answers each in a line.
Moments are of the machine's monotonic clock, which all processes share.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from monitor import clock
from monitor.bookmark import Bookmark
from monitor.config import Config, load
from monitor.errors import LeaseLostError
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.store.leases import Claim
from monitor.store.progress import Move
from monitor.store.sources import SourceState

PROCESSES, ROUNDS, ROUNDS_SOAKED = 8, 500, 5000
MOST_ROUNDS = 8  # times as many, until enough of them were close on a machine that is slow to wake its processes
SOURCES, HELD_FOR_S, HELD_FOR_SOAKED_S = 20, 10.0, 60.0
LEASE_S = 0.25
AHEAD_S = 0.003  # so that an order has reached every process before its moment comes

Document = dict[str, Any]


# ---- one of the processes


async def race(store: Store, order: Document, owner: str) -> Document:
    """Claim the source at the given moment; tell when that was asked and answered, and the epoch that was won."""
    await asyncio.sleep(max(0.0, order["at"] - time.monotonic()))
    asked = time.monotonic()
    claim = await store.leases.claim(order["source"], owner=owner)
    return {"asked": asked, "answered": time.monotonic(), "epoch": None if claim is None else claim.epoch}


async def hold(store: Store, order: Document, owner: str) -> list[Document]:
    """Claim whatever is due, move its bookmark and give it back, until the given moment; tell of each claim what was held."""
    rng, held = random.Random(order["seed"]), []
    while time.monotonic() < order["until"]:
        asked = time.monotonic()
        claim = await store.leases.claim_due("mastodon", owner=owner, lease_s=LEASE_S)
        if claim is None:
            await asyncio.sleep(0.005)
            continue
        begun = time.monotonic()
        late = rng.random() < 0.1  # it sleeps through its lease, and then goes on as if nothing were
        moved = [await move(store, claim, 1)]
        await asyncio.sleep(rng.uniform(1, 3) * LEASE_S if late else rng.uniform(0, 0.1) * LEASE_S)
        # Certainly held until then: the lease began after it was asked for, and was not given back yet.
        sure = min(time.monotonic(), asked + LEASE_S)
        moved.append(await move(store, claim, 2))
        state = SourceState(state="ok", next_due=clock.now())  # due again at once, after all others
        await store.sources.finish(claim.source.id, epoch=claim.epoch, run=owner, state=state)
        held.append({"source": claim.source.id, "epoch": claim.epoch, "from": begun, "to": sure, "late": late, "moved": moved})
    return held


async def move(store: Store, claim: Claim, pages: int) -> int | None:
    """Move the bookmark by one page, the claim's first or second; the version it then has, or None where it was refused."""
    version = claim.bookmark.version + pages
    step = Move(source_id=claim.source.id, epoch=claim.epoch, run=claim.owner, bookmark=Bookmark(version=version))
    (refused,) = await store.progress.move([step])
    assert refused is None or isinstance(refused, LeaseLostError), refused
    return version if refused is None else None


async def work() -> None:
    store, owner = await open_store(load()), f"process {os.getpid()}"
    works = {"race": race, "hold": hold}
    print(json.dumps("ready"), flush=True)
    # A blocking read: between two orders there is nothing else to do.
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(await works[order["work"]](store, order, owner)), flush=True)
    await store.close()


# ---- the tests


@contextmanager
def processes(config: Config) -> Iterator[list[subprocess.Popen[str]]]:
    """Eight of them, ready for orders; they end with the block."""
    assert config.mongodb_uri is not None
    environment = {**os.environ, "MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database}
    command = [sys.executable, __file__]
    started = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        assert answers(started) == ["ready"] * PROCESSES
        yield started
    finally:
        for process in started:
            process.communicate()


def ordered(workers: list[subprocess.Popen[str]], orders: list[Document]) -> list[Any]:
    """Give each its order; returns their answers."""
    for worker, order in zip(workers, orders, strict=True):
        assert worker.stdin is not None
        worker.stdin.write(f"{json.dumps(order)}\n")
        worker.stdin.flush()
    return answers(workers)


def answers(workers: list[subprocess.Popen[str]]) -> list[Any]:
    return [json.loads(worker.stdout.readline()) for worker in workers if worker.stdout is not None]


def a_source(number: int) -> Source:
    return Source(platform="mastodon", kind="tag", parameters={"instance": "a.example", "tag": f"t{number}"}, topics=("t",))


async def test_race__eight_processes_for_one_source_500_times__one_winner_each(config: Config, soak: bool) -> None:
    """Every other time the source was given back, else its lease had run out."""
    store, source, rounds = await open_store(config), a_source(0), ROUNDS_SOAKED if soak else ROUNDS
    await store.sources.ensure(source)
    winners, epochs, close = [], [], 0
    with processes(config) as workers:
        for number in range(rounds * MOST_ROUNDS):
            if number >= rounds and close >= rounds * 0.8:
                break
            order = {"work": "race", "source": source.id, "at": time.monotonic() + AHEAD_S}
            told = await asyncio.to_thread(ordered, workers, [order] * PROCESSES)
            won = [each for each in told if each["epoch"] is not None]
            winners.append(len(won))
            epochs += [each["epoch"] for each in won]
            close += sum(each["asked"] < won[0]["answered"] for each in told) >= PROCESSES / 2
            if number % 2:
                assert await store.leases.release(source.id, epoch=won[0]["epoch"])
            else:
                ended = {"$set": {"lease.until": {"$dateSubtract": {"startDate": "$$NOW", "unit": "millisecond", "amount": 1}}}}
                await store.database["sources"].update_one({"_id": source.id}, [ended])
    await store.close()
    print(
        f"\n{len(winners)} races of {PROCESSES}: winners {sorted(set(winners))}; in {close} half of them asked before the winner "
        "knew"
    )
    assert len(winners) >= rounds
    assert set(winners) == {1}
    assert epochs == list(range(1, len(winners) + 1))
    assert close >= rounds * 0.8


async def test_race__eight_processes_hold_20_sources__no_two_epochs_overlap(config: Config, seed: int, soak: bool) -> None:
    """What one certainly held nobody else held; whoever slept through its lease moved nothing once another had claimed."""
    store = await open_store(config)
    for number in range(SOURCES):
        await store.sources.ensure(a_source(number))
    with processes(config) as workers:
        until = time.monotonic() + (HELD_FOR_SOAKED_S if soak else HELD_FOR_S)
        orders = [{"work": "hold", "until": until, "seed": seed + number} for number in range(PROCESSES)]
        told = await asyncio.to_thread(ordered, workers, orders)
    standing = {each.source.id: each for each in await store.sources.list_all()}
    await store.close()
    by_source: defaultdict[str, list[Document]] = defaultdict(list)
    for each in sorted((each for held in told for each in held), key=lambda each: each["epoch"]):
        by_source[each["source"]].append(each)
    overlapping = sum(later["from"] < earlier["to"] for held in by_source.values() for earlier, later in pairwise(held))
    moved = {
        name: [(version, each["epoch"]) for each in held for version in each["moved"] if version is not None]
        for name, held in by_source.items()
    }
    claims, late = sum(map(len, by_source.values())), [each for held in by_source.values() for each in held if each["late"]]
    refused = sum(each["moved"][1] is None for each in late)
    print(
        f"\nseed {seed}: {claims} claims of {len(by_source)} sources by {[len(held) for held in told]}, overlapping {overlapping}; "
        f"bookmarks moved {sum(map(len, moved.values()))} times; {len(late)} slept through their lease, {refused} of them refused"
    )
    assert overlapping == 0
    for name, held in by_source.items():
        assert [each["epoch"] for each in held] == list(range(1, len(held) + 1))
        assert [version for version, _ in moved[name]] == list(range(1, standing[name].bookmark.version + 1))
    assert min(len(held) for held in told) > 0
    assert len(by_source) == SOURCES
    assert claims > 5 * SOURCES
    assert len(late) >= refused > SOURCES / 4


if __name__ == "__main__":
    asyncio.run(work())
