"""`monitor purge` killed at random moments while posts are written, indexed and counted: in the end nothing old is anywhere.

Run as a program, this file makes purges: for each line on its input (a horizon, and an author or nothing) it forks one, and tells its
number once it has begun.
"""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.config import Config, load
from monitor.labels.judgement import Judgement
from monitor.post import Author, Post
from monitor.stages import purge
from monitor.stages.indexing import index_waiting
from monitor.stages.rollup import roll_up_waiting
from monitor.store import dirty, removal
from monitor.store.connection import Store, open_store
from monitor.store.dirty import hour_of
from monitor.store.gone import Gone
from monitor.store.hour_count import HourCount
from monitor.store.labels import Labels
from monitor.store.quarantine import Refused, ReplyContext
from monitor.store.rollups import Rollups, Timing
from monitor.store.word_index import Timing as Indexing
from monitor.store.word_index import WordIndex

KILLS, KILLS_SOAKED = 20, 200
LONGEST_LIFE_S = 0.15
AT_ONCE = 10  # posts of one step, so that a purge has many, and most kills meet one
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AUTHORS = 8
ERASED = ("author1", "author2")
MARKED_FOR_S = 0.1
TIMING = Timing(settle_s=1.5, late_s=0.3, again_s=0.15, lease_s=2.5, reserve_s=1)
REPLY = ReplyContext(url="https://chatter.example/api", status=200, fetched_at=BEGIN)


async def purge_once(line: str) -> None:
    at, _, author = line.strip().partition(" ")
    store = await open_store(load())
    os.write(1, b"%d\n" % os.getpid())
    if author:
        await purge.erase(store, await purge.find_person(store, load(), "mastodon", author))
    await purge.before(store, datetime.fromisoformat(at), why="older than 60d")
    await store.close()


def make_purges() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    removal.AT_ONCE = AT_ONCE
    for line in sys.stdin:
        if os.fork() == 0:
            asyncio.run(purge_once(line))
            os._exit(0)


@dataclass
class Writer:
    """Writes posts of all hours, old ones too, with labels and rows in quarantine; each says a word of its own."""

    store: Store
    rng: random.Random
    posts: dict[str, Post] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    stopped: bool = False
    made: int = 0

    async def go_on(self) -> None:
        while not self.stopped:
            await self.step(self.rng.randrange(5, 25))
            await asyncio.sleep(0)

    async def step(self, count: int, *, labelled: bool = False) -> None:
        new = [self.new() for _ in range(count)]
        again = self.rng.sample(sorted(self.posts), min(5, len(self.posts)))
        self.posts |= {post.id: post for post in new}
        outcome = await self.store.posts.upsert([*new, *(self.posts[each] for each in again)])
        self.done.update(new=outcome.new, expired=outcome.expired, erased=outcome.erased)
        if labelled:
            await Labels(self.store.database).put([self.judged(post.id) for post in new[::3]])

    def new(self) -> Post:
        number = self.made = self.made + 1
        at = BEGIN + self.rng.random() * 30 * HOUR
        return Post(
            id=f"https://chatter.example/post{number}x", platform="mastodon", native_id=f"{number}", url=None, created_at=at,
            text=f"Tea word{number}x.", author=Author(id=f"author{self.rng.randrange(AUTHORS)}"), tags=("tea",), seen_on=("x",),
            fetched_at=at, raw=b"raw",
        )  # fmt: skip

    def judged(self, post_id: str) -> Judgement:
        return Judgement(post=post_id, label_set="s", rater="r", label="positive", rating=None, at=BEGIN, file="f")


async def work_beside(store: Store, stopped: asyncio.Event) -> None:
    """The stages, as they run in life."""
    while not stopped.is_set():
        await asyncio.gather(
            roll_up_waiting(Rollups(store.database, TIMING)), index_waiting(WordIndex(store.database, Indexing(settle_s=1.5)))
        )
        await asyncio.sleep(0.02)


async def settled(store: Store) -> None:
    """All marks are old enough to go."""
    await roll_up_waiting(Rollups(store.database, Timing(settle_s=0)))
    await index_waiting(WordIndex(store.database, Indexing(settle_s=0)))


async def traces(store: Store, unwanted: set[str]) -> list[str]:
    """Where anything of these posts is: their ids, and the words that only they say."""
    numbers = {re.sub(r"\D", "", post_id) for post_id in unwanted}
    found = []
    for name in await store.database.list_collection_names():
        async for stored in store.database[name].find():
            said = set(re.findall(r"(?:post|word)(\d+)x", str(stored)))
            found += [f"{name}: {number}" for number in said & numbers]
    return found


async def rollups_differ(store: Store) -> bool:
    hours: dict[datetime, HourCount] = {}
    async for stored in store.database["posts"].find():
        hours.setdefault(hour_of(stored["created_at"]), HourCount(hour_of(stored["created_at"]))).add(stored)
    made = {"roll_hour": [each.rollups() for each in hours.values()], "roll_top_hour": [each.tops() for each in hours.values()]}
    for name, counted in made.items():
        wanted = {each["_id"]: each for documents in counted for each in documents}
        if {each["_id"]: each async for each in store.database[name].find()} != wanted:
            return True
    return False


@pytest.fixture
def maker(config: Config) -> Any:
    assert config.mongodb_uri is not None
    environment = {**os.environ, "MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database}
    process = subprocess.Popen(
        [sys.executable, __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.communicate()


async def begin(maker: subprocess.Popen[str], at: datetime, author: str) -> int:
    maker.stdin.write(f"{at.isoformat()} {author}\n")
    maker.stdin.flush()
    return int(await asyncio.to_thread(maker.stdout.readline))


async def test_purge__killed_while_posts_are_written__leaves_nothing_old_and_all_that_is_young(
    config: Config, maker: subprocess.Popen[str], seed: int, soak: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dirty, "MARKED_FOR_S", MARKED_FOR_S)
    rng, begun, store = random.Random(seed), time.monotonic(), await open_store(config)
    await WordIndex(store.database).prepare()
    writer, stopped = Writer(store, random.Random(seed + 1)), asyncio.Event()
    await writer.step(600, labelled=True)
    await store.quarantine.add(
        [
            Refused(platform="mastodon", source_id="s", reason="no", kind="E", raw=each.encode(), reply=REPLY, post_id=each)
            for each in sorted(writer.posts)[:60]
        ]
    )
    beside = [asyncio.create_task(writer.go_on()), asyncio.create_task(work_beside(store, stopped))]
    kills, cut_short, horizon = KILLS_SOAKED if soak else KILLS, 0, BEGIN
    for number in range(kills):
        horizon = BEGIN + (number + 1) * 20 / kills * HOUR
        horizon = horizon.replace(minute=0, second=0, microsecond=0)
        pid = await begin(maker, horizon, ERASED[number % 2] if number > kills / 2 else "")
        await asyncio.sleep(rng.uniform(0, LONGEST_LIFE_S))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            cut_short += 1
    writer.stopped = True
    await beside[0]
    stopped.set()
    await beside[1]
    await settled(store)
    for author in ERASED:
        await purge.erase(store, await purge.find_person(store, config, "mastodon", author))
    moved, _ = await purge.before(store, horizon, why="older than 60d")
    await settled(store)
    unwanted = {post.id for post in writer.posts.values() if post.created_at < moved.at or post.author.id in ERASED}
    wanted = {post.id: post for post in writer.posts.values() if post.id not in unwanted}
    left = {post.id: post.text async for post in store.posts.each()}
    print(
        f"\nseed {seed}: {cut_short} of {kills} purges cut short in {time.monotonic() - begun:.0f} s; {writer.made} posts written, "
        f"{dict(writer.done)}; removed or dropped {len(unwanted)}, left {len(left)}"
    )
    assert left == {post_id: post.text for post_id, post in wanted.items()}
    assert await traces(store, unwanted) == []
    assert not await rollups_differ(store)
    indexed = {each["_id"] async for each in store.database["search"].find({}, {"_id": 1})}
    assert indexed == wanted.keys()
    assert (await Gone(store.database).notes()).horizon == moved
    assert cut_short > kills / 3
    assert min(len(unwanted), len(wanted)) > 200
    assert min(writer.done["expired"], writer.done["erased"]) > 0
    await store.close()


if __name__ == "__main__":
    make_purges()
