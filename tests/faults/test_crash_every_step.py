"""Death between any two steps of a walk, in one process: the real walk, the real steps of the pipelines and the real store.

Only the network is a model. A death is a step that never returns: nothing after it happens, and no `except` or `finally` of
ours hears of it. The walk that dies has twelve pages: a look at the newest, forward over what is new, then back through an open gap.
The walk after it has to end as if nothing had been, at the price of one page read again besides its look.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from monitor import clock
from monitor.crawl import poll
from monitor.crawl.enrich import enrich
from monitor.crawl.normalize import normalize_page
from monitor.crawl.platforms import platform
from monitor.crawl.poll import Poll
from monitor.page import Ask, Reply
from monitor.sentiment.vader import score
from monitor.source import Source
from monitor.store.commit import Committer
from monitor.store.connection import Store, open_store
from monitor.store.dirty import Dirty
from monitor.store.posts import Posts
from monitor.store.progress import Progress
from monitor.store.quarantine import Quarantine
from monitor.text.utterance import utterance

HOST = "chatter.example"
PAGES, PAGE = 12, 5
OLD, NEW = 35, 14  # posts before the first poll and after it: 7 pages back with the empty one, and 4 forward
PAIRS, PAIRS_SOAKED = 40, 2000
AT_ONCE = 6  # trials
BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)  # long enough ago that no page is read for lateness


class Death:
    """Counts the steps of one process and stops it for good at step number `at` (None: never)."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.taken: list[str] = []
        self.died = asyncio.Event()
        self.silent = False

    async def step(self, name: str) -> None:
        if self.silent:
            return
        if self.died.is_set() or len(self.taken) == self.at:
            self.died.set()
            await asyncio.Event().wait()
        self.taken.append(name)

    @property
    def next(self) -> bool:
        return len(self.taken) == self.at

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Steps inside do not count."""
        self.silent = True
        yield
        self.silent = False


class MortalDirty(Dirty):
    death: Death

    async def mark(self, hours: Any) -> None:
        await self.death.step("before hours are marked")
        await super().mark(hours)
        await self.death.step("hours marked")


class MortalPosts(Posts):
    death: Death

    async def write(self, posts: Sequence[Any], rows: Mapping[str, bytes]) -> Any:
        if self.death.next:
            with self.death.unheard():
                await super().write(posts[: len(posts) // 2], rows)
        await self.death.step("half of the posts written")
        written = await super().write(posts, rows)
        await self.death.step("posts written")
        return written


class MortalQuarantine(Quarantine):
    death: Death

    async def add(self, rows: Sequence[Any]) -> None:
        await super().add(rows)
        await self.death.step("quarantine written")


class MortalProgress(Progress):
    death: Death

    async def move(self, moves: Sequence[Any]) -> Any:
        await self.death.step("before the bookmark")
        moved = await super().move(moves)
        await self.death.step("bookmark moved")
        return moved


def mortal(store: Store, death: Death) -> Store:
    """The same store, for a process that may die in it."""
    dirty = MortalDirty(store.database)
    posts = MortalPosts(store.database, dirty)
    quarantine, progress = MortalQuarantine(store.database), MortalProgress(store.database)
    for part in (dirty, posts, quarantine, progress):
        part.death = death
    return replace(store, posts=posts, quarantine=quarantine, progress=progress, dirty=dirty)


@dataclass
class Timeline:
    """The model platform: one timeline of posts by number, a minute apart. A row in eleven cannot be read.

    `sent`: how often each post was shown, but for `looks` at the newest page, which read ahead by design.
    """

    name: str
    numbers: list[int] = field(default_factory=list)
    sent: Counter[int] = field(default_factory=Counter)
    pages: int = 0
    looks: int = 0

    def answer(self, ask: Ask) -> Reply:
        by_mark = {mark(number): number for number in self.numbers}
        above, below = (int(ask.parameters.get(name) or 0) for name in ("min_id", "max_id"))
        inside = sorted(each for each in by_mark if each > above and (not below or each < below))
        shown = [by_mark[each] for each in (inside[:PAGE] if above else inside[-PAGE:])][::-1]
        if above or below or not self.pages:
            self.sent.update(shown)
        else:
            self.looks += 1
        self.pages += 1
        body = json.dumps([self.row(number) for number in shown]).encode()
        return Reply(200, {"content-type": "application/json"}, body, f"https://{HOST}{ask.path}", clock.now())

    def row(self, number: int) -> dict[str, Any]:
        author = {"id": f"{number % 7}", "acct": f"ann{number % 7}", "url": f"https://{HOST}/@ann{number % 7}"}
        content = {"wrong": number} if broken(number) else f"<p>Post {number} of {self.name}: tea first.</p>"
        return {
            "id": f"{mark(number)}",
            "uri": self.uri(number),
            "created_at": at(number).isoformat(),
            "content": content,
            "account": author,
        }

    def uri(self, number: int) -> str:
        return f"https://{HOST}/{self.name}/{number}"


def at(number: int) -> datetime:
    return BEGIN + timedelta(minutes=number)


def mark(number: int) -> int:
    """An id of Mastodon's making: milliseconds, then 16 bits."""
    return int(at(number).timestamp() * 1000) << 16


def broken(number: int) -> bool:
    return number % 11 == 3


@dataclass
class Process:
    """What one crawl is to one source; all that it knows dies with it."""

    store: Store
    timeline: Timeline
    source: Source
    death: Death

    async def walk(self, *, pages: int = 100) -> bool:
        """One poll of at most so many pages; False when it died."""
        committer = Committer(mortal(self.store, self.death))
        walking = asyncio.create_task(self._walk(committer, pages))
        dying = asyncio.create_task(self.death.died.wait())
        done, _ = await asyncio.wait({walking, dying}, return_when=asyncio.FIRST_COMPLETED)
        gone = {walking, dying, *committer._flushes} - done
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        if walking in done:
            walking.result()
        return walking in done

    async def _walk(self, committer: Committer, pages: int) -> None:
        claim = await self.store.leases.claim(
            self.source.id, owner="walk", lease_s=0
        )  # over at once: nobody waits for the dead
        assert claim is not None
        walk = Poll(self._spider(), claim.source, claim.bookmark, epoch=claim.epoch, pages=pages)
        with committer.walking():
            async for item in walk.items():
                normalize_page(walk.spider, item)
                item.posts = [enrich(post, ()) for post in item.posts]
                item.posts = [replace(post, sentiment=score(utterance(post), post.language)) for post in item.posts]
                await committer.commit(item.commit())
                item.committed.set_result(None)
                await self.death.step("page acknowledged")

    def _spider(self) -> Any:
        spider = platform("mastodon")
        spider.session = SimpleNamespace(stopping=False, run="run")
        spider.posts_left = None
        spider.asked = self._asked
        return spider

    async def _asked(self, ask: Ask) -> Reply:
        await self.death.step("before the ask")
        reply = self.timeline.answer(ask)
        await self.death.step("reply in hand")
        return reply


@pytest.fixture
def model(monkeypatch):
    """Walks ask the model instead of the network."""

    async def fetch(spider: Any, _source: Source, ask: Ask, *, cursor: str | None = None) -> Reply:
        return await spider.asked(ask)

    monkeypatch.setattr(poll, "fetch", fetch)


@dataclass
class Trial:
    """One source of its own: a first page, new posts, walks that die, and one that does not."""

    store: Store
    name: str
    died: int = 0
    steps: list[str] = field(default_factory=list)
    stored: int = 0
    set_aside: int = 0
    lost: int = 0
    doubled: int = 0
    different: int = 0
    rows: int = 0
    again: int = 0
    looks: int = 0

    @property
    def whole(self) -> bool:
        return not (self.lost or self.doubled or self.different)

    async def run(self, *deaths: int | None) -> "Trial":
        timeline = Timeline(self.name, list(range(OLD)))
        source = Source(
            platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": self.name}, since=BEGIN - timedelta(days=1)
        )
        await self.store.sources.ensure(source)
        assert await Process(self.store, timeline, source, Death(None)).walk(pages=1)
        timeline.numbers += range(OLD, OLD + NEW)
        for death in deaths:
            process = Process(self.store, timeline, source, Death(death))
            self.died += not await process.walk()
            self.steps = self.steps or process.death.taken
        pages = timeline.pages - 1
        timeline.numbers.append(OLD + NEW)  # what is posted after the last death has to be found as well
        assert await Process(self.store, timeline, source, Death(None)).walk()
        assert self.died or pages == PAGES
        await self._check(timeline, source)
        return self

    async def _check(self, timeline: Timeline, source: Source) -> None:
        stored = await self.store.database["posts"].find({"_id": {"$regex": f"^https://{HOST}/{self.name}/"}}).to_list()
        set_aside = await self.store.database["quarantine"].find({"source": source.id}).to_list()
        standing = await self.store.sources.find(source.id)
        assert standing is not None
        told = {found["_id"]: tuple(found[name] for name in ("native_id", "text", "created_at")) for found in stored}
        wanted = {
            timeline.uri(number): (f"{mark(number)}", f"Post {number} of {self.name}: tea first.", at(number))
            for number in timeline.numbers
            if not broken(number)
        }
        self.stored, self.set_aside, self.rows = len(stored), len(set_aside), sum(timeline.sent.values())
        self.lost = len(wanted.keys() - told.keys()) + sum(broken(number) for number in timeline.numbers) - len(set_aside)
        self.doubled = len(stored) - len({found["native_id"] for found in stored})
        self.different = sum(told.get(uri) != text for uri, text in wanted.items())
        self.again, self.looks = self.rows - len(timeline.sent), timeline.looks
        assert told.keys() <= wanted.keys()
        assert standing.bookmark.gaps == ()
        assert standing.bookmark.heads[0].mark == f"{mark(OLD + NEW)}"


async def side_by_side(trials: Iterable[Coroutine[Any, Any, Trial]]) -> list[Trial]:
    """Each trial has a source and posts of its own, and waits for MongoDB most of its time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def run(trial: Coroutine[Any, Any, Trial]) -> Trial:
        async with places:
            return await trial

    return await asyncio.gather(*(run(trial) for trial in trials))


async def test_death__at_every_step_of_a_walk_of_twelve_pages__nothing_lost_or_doubled_and_one_page_read_again(
    config, model, seed, soak
):
    rng, begun = random.Random(seed), time.monotonic()
    store = await open_store(config)
    whole = await Trial(store, "whole").run(None)
    steps = Counter(whole.steps)
    print(f"\nseed {seed}: {len(whole.steps)} steps in {PAGES} pages: {', '.join(f'{name} {n}' for name, n in steps.items())}")
    singles = await side_by_side(Trial(store, f"one{step}").run(step) for step in range(len(whole.steps)))
    pairs = await side_by_side(
        Trial(store, f"two{pair}").run(rng.randrange(len(whole.steps)), rng.randrange(len(whole.steps)))
        for pair in range(PAIRS_SOAKED if soak else PAIRS)
    )
    for name, trials in (("every step", singles), ("pairs", pairs)):
        print(
            f"{name}: {len(trials)} trials, {sum(trial.died for trial in trials)} deaths, rows sent "
            f"{sum(trial.rows for trial in trials)}, stored {sum(trial.stored for trial in trials)}, set aside "
            f"{sum(trial.set_aside for trial in trials)}, lost {sum(trial.lost for trial in trials)}, doubled "
            f"{sum(trial.doubled for trial in trials)}, different {sum(trial.different for trial in trials)}, read again "
            f"{sum(trial.again for trial in trials)}"
        )
    print(f"{time.monotonic() - begun:.0f} s")
    await store.close()
    assert [(trial.name, trial.lost, trial.doubled, trial.different) for trial in (*singles, *pairs) if not trial.whole] == []
    assert len(steps) == 10
    assert len(singles) >= 100
    assert all(trial.died == 1 for trial in singles)
    assert all(trial.died >= 1 for trial in pairs)
    assert (whole.again, whole.looks) == (0, 2)
    assert all(trial.looks <= 2 + trial.died for trial in (*singles, *pairs))
    assert all(trial.again <= PAGE * trial.died for trial in (*singles, *pairs))
    assert sum(trial.again for trial in singles) > 0
