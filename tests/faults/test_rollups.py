"""Rollup stages killed at random moments while posts are written, edited, scored, matched and deleted: figures equal a recount.

Run as a program, this file makes stages: for each line on its input it forks one that counts for ever, and tells its number once
it has begun.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.config import Config, load
from monitor.post import Author, Match, Post, Score
from monitor.stages.rollup import roll_up_waiting
from monitor.store import dirty
from monitor.store.connection import Store, open_store
from monitor.store.dirty import hour_of
from monitor.store.figures import Figures
from monitor.store.hour_count import TOPS
from monitor.store.recount import Recount
from monitor.store.rollups import HourClaim, Rollups, Timing
from monitor.store.tops import Tops
from monitor.store.volumes import Volumes
from monitor.store.window import Window, days, hours, minutes

KILLS, KILLS_SOAKED = 50, 500
WINDOWS = 40
LONGEST_LIFE_S = 0.3
BERLIN = ZoneInfo("Europe/Berlin")
# Three local days each, of which the one in the middle has 23 and 25 hours.
STRETCHES = (datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 10, 23, 22, tzinfo=UTC))
LENGTHS = ([24, 23, 24], [24, 25, 24])
# As in life, only shorter: marks are renewed, go, and leases of the dead end while the test runs.
MARKED_FOR_S = 0.1
PAUSE_S = 0.04  # leaves the stages time to keep up
TIMING = Timing(settle_s=3, late_s=0.3, again_s=0.15, lease_s=2.5, reserve_s=1)


class Named(Rollups):
    """Says in its claims which process it is of."""

    async def claim(self, *, owner: str) -> HourClaim | None:
        return await super().claim(owner=f"{os.getpid()}-{owner}")


async def count_for_ever() -> None:
    store = await open_store(load())
    os.write(1, b"%d\n" % os.getpid())
    while True:
        await roll_up_waiting(Named(store.database, TIMING))
        await asyncio.sleep(0.01)


def make_stages() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    children: list[int] = []
    for _ in sys.stdin:
        if (pid := os.fork()) == 0:
            asyncio.run(count_for_ever())
        children.append(pid)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@dataclass
class Writer:
    """Writes to a few hours at a time, so that the marks of the others go meanwhile."""

    store: Store
    rng: random.Random
    posts: list[Post] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    stopped: bool = False

    async def go_on(self) -> None:
        while not self.stopped:
            begin = self.rng.choice(STRETCHES) + timedelta(hours=self.rng.randrange(70))
            for _ in range(self.rng.randrange(1, 6)):
                await self.step(begin)
                await asyncio.sleep(PAUSE_S)

    async def step(self, begin: datetime) -> None:
        new = [self.new(begin) for _ in range(self.rng.randrange(1, 15))]
        changed = [self.changed(place) for place in {self.rng.randrange(len(self.posts)) for _ in range(3) if self.posts}]
        outcome = await self.store.posts.upsert([*new, *changed])
        self.posts += new
        self.done.update(new=outcome.new, changed=outcome.changed)

    def new(self, begin: datetime) -> Post:
        number, rng = len(self.posts) + self.rng.randrange(10**9) * 10**6, self.rng
        return Post(
            id=f"https://chatter.example/{number}", platform=rng.choice(("mastodon", "bluesky")), native_id=f"{number}", url=None,
            created_at=begin + rng.random() * timedelta(hours=2), text="Tea first.", language=rng.choice(("en", "de", None)),
            author=Author(id=f"ann{rng.randrange(9)}"), tags=tuple(rng.sample(("tea", "milk", "$"), rng.randrange(3))),
            links=("https://www.tea.example/",) * rng.randrange(2), seen_on=("x",), fetched_at=begin,
            topics=(Match(id="tea", version=1),) * rng.randrange(2), sentiment=self.score() if rng.random() < 0.5 else None,
        )  # fmt: skip

    def score(self) -> Score:
        label = self.rng.choice(("positive", "neutral", "negative"))
        return Score(scorer="x", version="1", label=label, compound=round(self.rng.uniform(-1, 1), 4))

    def changed(self, place: int) -> Post:
        """Edited with another language and score, scored late, matched by another topic, or deleted."""
        old = self.posts[place]
        later = old.filled(fetched_at=(old.fetched_at or old.created_at) + timedelta(hours=1))
        kind = self.rng.choice(("edited", "scored", "matched", "deleted"))
        if kind == "edited":
            edit: dict[str, Any] = {"text": f"Milk {self.rng.random()}.", "edited_at": later.fetched_at, "language": "fr"}
            later = later.filled(**edit, sentiment=self.score(), tags=("milk",))
        elif kind == "scored":
            later = later.filled(sentiment=old.sentiment or self.score())
        elif kind == "matched":
            later = later.filled(topics=(*old.topics, Match(id=f"topic{self.rng.randrange(3)}", version=1)))
        else:
            later = later.filled(deleted_at=later.fetched_at)
        self.done[kind] += 1
        self.posts[place] = later
        return later


@dataclass
class Stages:
    """Makes stages and kills them."""

    maker: subprocess.Popen[str]
    killed: int = 0
    at_work: int = 0

    async def begin(self) -> int:
        assert self.maker.stdin is not None
        assert self.maker.stdout is not None
        self.maker.stdin.write("go\n")
        self.maker.stdin.flush()
        return int(await asyncio.to_thread(self.maker.stdout.readline))

    async def kill(self, pid: int, store: Store) -> None:
        os.kill(pid, signal.SIGKILL)
        self.killed += 1
        await asyncio.sleep(0.02)  # what it sent last arrives
        self.at_work += await store.database["dirty"].count_documents({"owner": {"$regex": f"^{pid}-"}}) > 0


def a_window(rng: random.Random, stretch: datetime) -> Window:
    first, last = sorted(rng.sample(range(72 * 60), 2))
    return Window(
        from_at=stretch + timedelta(minutes=first),
        to_at=stretch + timedelta(minutes=last),
        platforms=rng.choice(((), ("mastodon",))),
        topic=rng.choice((None, "tea", "topic1")),
    )


async def differences(store: Store, window: Window, cuts: tuple[datetime, ...]) -> list[str]:
    """What the rollups tell otherwise than a recount."""
    volumes, recount = Volumes(store.database), Recount(store.database)
    series, by_platform = await volumes.series(window, cuts), await volumes.by_platform(window, cuts)
    languages, counted = await volumes.languages(window), await recount.series(window, cuts)
    wrong = ["platforms"] if dict(by_platform.by_platform) != counted else []
    together = [sum(each, Figures()) for each in zip(*counted.values(), strict=True)] or [Figures()] * (len(cuts) - 1)
    wrong += ["series"] if list(series.figures) != together else []
    wrong += ["languages"] if dict(languages.by_language) != await recount.languages(window) else []
    for top in TOPS:
        ranking = await Tops(store.database).ranking(window, top, limit=100)
        told = {(each.platform or "", each.key): each.at_least for each in ranking.frequent}
        wrong += [top] if told != await recount.tops(window, top) else []
    return [f"{what} of {window}" for what in wrong]


@pytest.fixture
def maker(config: Config):
    assert config.mongodb_uri is not None
    environment = {**os.environ, "MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database}
    process = subprocess.Popen(
        [sys.executable, __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.communicate()  # ends its input, upon which it ends what it made


async def test_rollups__stages_killed_while_posts_change__equal_to_a_recount(
    config: Config, maker: subprocess.Popen[str], seed: int, soak: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dirty, "MARKED_FOR_S", MARKED_FOR_S)
    rng, begun = random.Random(seed), time.monotonic()
    store, stages = await open_store(config), Stages(maker)
    writer = Writer(store, random.Random(seed + 1))
    writing, survivor = asyncio.create_task(writer.go_on()), await stages.begin()
    for _ in range(KILLS_SOAKED if soak else KILLS):
        pid = await stages.begin()
        await asyncio.sleep(rng.uniform(0, LONGEST_LIFE_S))
        await stages.kill(pid, store)
    assert not writing.done()
    writer.stopped = True
    await writing
    hours_marked = await store.database["dirty"].count_documents({})
    hours_written = len({hour_of(post.created_at) for post in writer.posts})
    os.kill(survivor, signal.SIGKILL)
    rollups = Rollups(store.database, TIMING)
    await rollups.claims.retry_set_aside()
    cleaned_within = time.monotonic() + 20
    while await store.database["dirty"].count_documents({}) and time.monotonic() < cleaned_within:
        await roll_up_waiting(rollups)
        await asyncio.sleep(0.05)
    marks_left, stored = await store.database["dirty"].count_documents({}), await store.posts.count()
    wrong: list[str] = []
    for number in range(WINDOWS):
        window = a_window(rng, STRETCHES[number % 2])
        wrong += await differences(store, window, rng.choice((minutes(window), hours(window, BERLIN), days(window, BERLIN))))
    for stretch, lengths in zip(STRETCHES, LENGTHS, strict=True):
        window = Window(from_at=stretch, to_at=stretch + timedelta(hours=sum(lengths)))
        cuts = days(window, BERLIN)
        assert [(end - begin) / timedelta(hours=1) for begin, end in pairwise(cuts)] == lengths
        wrong += await differences(store, window, cuts)
    await store.close()
    print(
        f"\nseed {seed}: {stages.killed} kills in {time.monotonic() - begun:.0f} s, {stages.at_work} of them with an hour in hand; "
        f"posts stored {stored}, {dict(writer.done)}; hours written to {hours_written}, marked at the end of writing "
        f"{hours_marked}, left marked {marks_left}; windows {WINDOWS} and 2 x 3 local days, different {len(wrong)}"
    )
    assert wrong == []
    assert marks_left == 0
    assert hours_marked < hours_written  # so marks went while posts were written
    assert stages.at_work >= stages.killed / 4
    assert stored == writer.done["new"] > 500
    assert min(writer.done[kind] for kind in ("changed", "edited", "scored", "matched", "deleted")) > 20


if __name__ == "__main__":
    make_stages()
