"""Posts that the platform shows late, and posts that arrive while it is paged: none is lost up to the overlap; beyond it, what is
found is counted as `late_missed`.

The arrivals are those of the simulator's world, whose bound on lateness is set here. Two hundred runs go through the rules of a
walk alone; then one source goes the whole way of a page, with the real store and its ledger.
"""

import json
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from monitor import clock
from monitor.advance import advance
from monitor.bookmark import Bookmark, Mark, Step
from monitor.crawl import poll
from monitor.crawl.late_missed import late_missed
from monitor.crawl.normalize import normalize_page
from monitor.crawl.platforms import platform
from monitor.crawl.poll import Poll
from monitor.crawl.tally import Tally
from monitor.errors import RefusedError
from monitor.late import closed
from monitor.page import Ask, Reply
from monitor.paging import Facts, Rules
from monitor.simulator.world import Plan, World
from monitor.source import Source
from monitor.store.commit import Committer
from monitor.store.connection import open_store
from monitor.walk import Walk

HOST = "chatter.example"
OVERLAP = timedelta(minutes=15)
PAGE = 40
RUNS, MOST_RUNS, RUNS_PER_WORLD, HOURS = 200, 600, 4, 4
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
BEGIN = MIDNIGHT + timedelta(hours=8)

Arrival = tuple[int, datetime]  # a mark, and when it can be seen


def at(mark: Mark) -> datetime:
    """The moment in an id of Mastodon's making."""
    return datetime.fromtimestamp((int(mark) >> 16) / 1000, UTC)


@cache
def arrivals(seed: int, *, late_s: int) -> list[Arrival]:
    """What a simulated instance gets to know until the runs end, by mark."""
    world = World(Plan(seed=seed, days=1, posts=1500, late_s=late_s), now=MIDNIGHT + timedelta(days=1))
    world.reach(BEGIN + timedelta(hours=HOURS))
    return [(post.mark, post.arrives_at) for post in world.posts("mastodon")]


@dataclass
class Run:
    """One source and who reads it, page by page, a second each; posts go on arriving between two pages."""

    rules: Rules
    arrivals: list[Arrival]
    bookmark: Bookmark = field(default_factory=Bookmark)
    stored: set[Mark] = field(default_factory=set)
    counted: set[Mark] = field(default_factory=set)
    began: list[datetime] = field(default_factory=list)
    pages: int = 0

    def poll(self, now: datetime) -> datetime:
        walk, began_at = Walk(rules=self.rules, pages=1000), now
        while step := walk.next_step(self.bookmark, now=now):
            rows = self._page(step, now)
            facts = Facts(
                marks=tuple(rows),
                asked_at=now,
                began_at=began_at,
                top_at=at(rows[0]) if rows else None,
                bottom_at=at(rows[-1]) if rows else None,
                posts=len(rows),
            )
            fresh = [mark for mark in rows if mark not in self.stored]
            self.counted |= {mark for mark in fresh if closed(self.bookmark, mark, ordered=True, rules=self.rules)}
            self.stored.update(rows)
            move = advance(self.bookmark, step, facts, rules=self.rules)
            self.bookmark = move.bookmark
            walk.took(step, move, facts)
            now += timedelta(seconds=1)
            self.pages += 1
        self.began.append(began_at)
        return now

    def _page(self, step: Step, now: datetime) -> list[int]:
        seen = [mark for mark, shown_at in self.arrivals if shown_at <= now]
        if step.after is not None:
            return [mark for mark in seen if mark > int(step.after)][:PAGE][::-1]
        return [mark for mark in seen if step.until is None or mark < int(step.until)][-PAGE:][::-1]

    def to_the_end(self, rng: random.Random) -> "Run":
        now, end = BEGIN, BEGIN + timedelta(hours=HOURS)
        while now < end:
            now = max(now + timedelta(minutes=rng.choice((1, 3, 7, 20, 45))), self.poll(now))
        self.poll(end + 2 * OVERLAP)
        return self

    @property
    def expected(self) -> set[Mark]:
        """What was there to be had: everything above the first page's bottom that was ever shown."""
        start, last = self.bookmark.start, self.began[-1]
        assert start is not None
        return {mark for mark, shown_at in self.arrivals if mark >= int(start) and shown_at <= last}

    def too_late(self, mark: Mark) -> bool:
        """Whether a poll began when this post was due to be seen, and could not see it."""
        shown_at = dict(self.arrivals)[int(mark)]
        return any(at(mark) + OVERLAP <= began < shown_at for began in self.began)


def run(seed: int, *, late: timedelta, timed: bool, kind: str) -> Run:
    rules = Rules(order=kind, overlap=OVERLAP, **({"marked_at": at} if timed else {}))  # type: ignore[arg-type]
    known = arrivals(seed // RUNS_PER_WORLD, late_s=int(late.total_seconds()))
    return Run(rules, known).to_the_end(random.Random(seed))


def test_late_within_the_overlap__two_hundred_runs__nothing_lost_and_nothing_counted(seed: int) -> None:
    posts = late = lost = counted = pages = 0
    for number in range(RUNS):
        made = run(seed + number, late=OVERLAP, timed=number % 4 < 2, kind=("newest", "oldest")[number % 2])
        posts, pages = posts + len(made.expected), pages + made.pages
        late += sum(shown_at - at(mark) > timedelta(minutes=1) for mark, shown_at in made.arrivals if mark in made.expected)
        lost, counted = lost + len(made.expected - made.stored), counted + len(made.counted)
    print(
        f"\nseed {seed}: {RUNS} runs, {pages} pages, {posts} posts, {late} of them more than a minute late, "
        f"lost {lost}, late_missed {counted}"
    )
    assert posts > 50 * RUNS
    assert late > 2 * RUNS
    assert (lost, counted) == (0, 0)


def test_late_beyond_the_overlap__what_turns_up_is_counted__and_nothing_else_is(seed: int) -> None:
    """Read forward, a source shows nothing below where it is read from but on its newest page, which comes first.

    Few posts turn up there in many worlds, so runs go on until enough did.
    """
    for kind, turned_up in (("newest", 10), ("oldest", 0)):
        posts = lost = counted = wrong = uncounted = runs = 0
        while runs < RUNS // 4 or (counted <= turned_up and runs < MOST_RUNS):
            number, runs = runs, runs + 1
            made = run(seed + number, late=timedelta(hours=3), timed=number % 2 == 0, kind=kind)
            posts, lost, counted = (
                posts + len(made.expected),
                lost + len(made.expected - made.stored),
                counted + len(made.counted),
            )
            wrong += sum(not made.too_late(mark) for mark in made.counted)
            uncounted += sum(not made.too_late(mark) for mark in made.expected - made.stored)
        print(
            f"\nseed {seed}: {kind} first, {runs} runs, {posts} posts, never shown again {lost}, late_missed {counted}, "
            f"counted though in time {wrong}, lost though in time {uncounted}"
        )
        assert (wrong, uncounted) == (0, 0)
        assert lost > 0
        assert counted > turned_up


# ---- the whole way of a page


@dataclass
class Search:
    """Mastodon's search, newest first; rows are added by the test."""

    shown: set[float] = field(default_factory=set)
    refuses: bool = False  # to go back any further

    def answer(self, ask: Ask) -> Reply:
        below = int(ask.parameters.get("max_id") or 0)
        numbers = sorted((each for each in self.shown if not below or mark_of(each) < below), reverse=True)[:PAGE]
        body = json.dumps({"statuses": [row(number) for number in numbers]}).encode()
        return Reply(200, {"content-type": "application/json"}, body, f"https://{HOST}{ask.path}", clock.now())


def row(number: float) -> dict[str, Any]:
    account = {"id": "1", "acct": "ann", "url": f"https://{HOST}/@ann"}
    return {
        "id": f"{mark_of(number)}",
        "uri": f"https://{HOST}/{number}",
        "created_at": minute(number).isoformat(),
        "content": "<p>Tea first.</p>",
        "account": account,
    }


def minute(number: float) -> datetime:
    return BEGIN + timedelta(minutes=number)


def mark_of(number: float) -> int:
    return int(minute(number).timestamp() * 1000) << 16


@pytest.fixture
async def polled(config, monkeypatch):
    """Poll one source of a search at a minute; returns what the crawl counted."""
    store, search = await open_store(config), Search()
    source = Source(platform="mastodon", kind="query", parameters={"instance": HOST, "query": "tea"})

    async def fetch(_spider: Any, _source: Source, ask: Ask, *, cursor: str | None = None) -> Reply:
        if search.refuses and ask.parameters.get("max_id"):
            raise RefusedError("No further.")
        return search.answer(ask)

    async def at_minute(number: float, *shown: float, pages: int = 100) -> Tally:
        search.shown.update(shown)
        monkeypatch.setattr(clock, "now", lambda: minute(number))
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner="walk", lease_s=0)
        assert claim is not None
        spider = platform("mastodon")
        spider.session, spider.posts_left = SimpleNamespace(stopping=False, run="run"), None
        walk = Poll(spider, claim.source, claim.bookmark, epoch=claim.epoch, pages=pages)
        committer, tally = Committer(store), Tally()
        with committer.walking():
            async for item in walk.items():
                normalize_page(spider, item)
                item.posts = [replace(post, language="en") for post in item.posts]
                committed = await committer.commit(item.commit())
                tally.add(item, committed, late_missed=await late_missed(store, item, committed))
                item.committed.set_result(None)
        return tally

    monkeypatch.setattr(poll, "fetch", fetch)
    at_minute.search = search
    yield at_minute
    await store.close()


async def test_whole_way__a_post_an_hour_late__is_stored_and_counted_once(polled):
    assert (await polled(100, *range(60, 100))).late_missed == 0
    assert (await polled(120, *range(100, 120))).late_missed == 0
    assert (await polled(200)).late_missed == 0
    found = await polled(201, 105.5, 198)  # 105.5 is shown an hour and a half too late, 198 within the overlap
    assert (found.new, found.late_missed) == (2, 1)
    assert (await polled(202)).late_missed == 0


async def test_whole_way__posts_of_a_gap_that_is_read_later__are_not_late(polled):
    assert (await polled(100, *range(60, 100))).late_missed == 0
    busy = [number / 4 for number in range(500, 760)]
    assert (await polled(190, *busy, pages=1)).late_missed == 0
    rest = await polled(230)
    assert rest.new > 200
    assert rest.late_missed == 0


async def test_whole_way__what_the_ledger_calls_failed__is_no_surprise_when_it_turns_up(polled):
    assert (await polled(100, *range(60, 100))).late_missed == 0
    polled.search.refuses = True
    busy = [number / 4 for number in range(500, 760)]
    for number in range(190, 200):
        assert (await polled(number, *busy)).late_missed == 0
    polled.search.refuses = False
    polled.search.shown -= {number / 4 for number in range(740, 750)}  # the newest page now reaches into the failed stretch
    found = await polled(230)
    assert (found.new, found.late_missed) == (10, 0)
