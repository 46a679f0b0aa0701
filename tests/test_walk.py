"""The walk rules against a model platform: posts that arrive, arrive late, and a collector killed at any moment."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor import walk as walk_module
from monitor.advance import advance
from monitor.bookmark import Bookmark, Mark, Step, order
from monitor.heads import floor_of
from monitor.paging import Facts, Rules
from monitor.walk import Walk

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
PAGE = 20


def at(mark: Mark) -> datetime:
    """In the model a mark is the second of posting, unique by a fraction that the platform's ids carry."""
    return BEGIN + timedelta(milliseconds=int(mark))


@dataclass
class Platform:
    """Posts as (mark, visible from); pages newest first by `until`, or oldest first by `after`."""

    posts: list[tuple[int, datetime]] = field(default_factory=list)
    sent: int = 0

    def page(self, step: Step, now: datetime) -> list[int]:
        seen = sorted(mark for mark, visible in self.posts if visible <= now)
        if step.after is not None:
            rows = [mark for mark in seen if mark > step.after][:PAGE]
        else:
            rows = [mark for mark in seen if step.until is None or mark < step.until][-PAGE:]
        self.sent += len(rows)
        return rows[::-1]


@dataclass
class Collector:
    """Keeps what a store would keep: posts and the bookmark; everything else dies with a kill."""

    rules: Rules
    platform: Platform
    bookmark: Bookmark = field(default_factory=Bookmark)
    stored: set[Mark] = field(default_factory=set)
    since: datetime | None = None

    def poll(self, now: datetime, *, killed_after: int | None = None, pages: int = 1000) -> datetime:
        """One poll, a second per page. `killed_after` counts half steps: odd dies between the posts and the bookmark."""
        walk, half_steps, began_at = Walk(rules=self.rules, pages=pages), 0, now
        while step := walk.next_step(self.bookmark, now=now):
            rows = self.platform.page(step, now)
            facts = Facts(
                marks=tuple(rows),
                asked_at=now,
                began_at=began_at,
                top_at=at(rows[0]) if rows else None,
                bottom_at=at(rows[-1]) if rows else None,
                posts=len(rows),
            )
            now += timedelta(seconds=1)
            half_steps += 1
            if half_steps == killed_after:
                return now
            self.stored.update(rows)
            half_steps += 1
            if half_steps == killed_after:
                return now
            move = advance(self.bookmark, step, facts, rules=self.rules, since=self.since)
            self.bookmark = move.bookmark
            walk.took(step, move, facts)
        return now


def rules(kind: str, *, timed: bool) -> Rules:
    return Rules(order=kind, overlap=OVERLAP, **({"marked_at": at} if timed else {}))  # type: ignore[arg-type]


def world(rng: random.Random, *, minutes: int, lag_s: float) -> list[tuple[int, datetime]]:
    """Bursty arrivals; a tenth become visible late, by up to `lag_s`."""
    made, ms = [], 0
    while ms < minutes * 60_000:
        ms += max(1, int(rng.expovariate(1 / (400 if rng.random() < 0.5 else 6000))))
        late = rng.uniform(0, lag_s) if rng.random() < 0.1 else 0
        made.append((ms, at(ms) + timedelta(seconds=late)))
    return made


@pytest.mark.parametrize("kind", ["newest", "oldest"])
@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("interval_min", [1, 7, 45])
@pytest.mark.parametrize("since", [None, BEGIN])
def test_late_posts_within_the_overlap_are_never_lost(
    kind: str, timed: bool, interval_min: int, since: datetime | None
) -> None:
    """Whatever the polling interval: also where it exceeds the overlap, and below the first page where `since` reaches."""
    rng = random.Random(f"{kind} {timed} {interval_min}")
    platform = Platform(world(rng, minutes=240, lag_s=OVERLAP.total_seconds()))
    collector = Collector(rules(kind, timed=timed), platform, since=since)
    now = BEGIN + timedelta(minutes=30)
    collector.poll(now)
    start = collector.bookmark.start
    while now < BEGIN + timedelta(minutes=320):
        now = max(now + timedelta(minutes=interval_min), collector.poll(now))
    expected = {mark for mark, _ in platform.posts if start is not None and mark >= start}
    assert len(expected) > 1000
    assert expected - collector.stored == set()


@pytest.mark.parametrize("kind", ["newest", "oldest"])
def test_kills__200_runs_of_five__nothing_lost_and_little_read_again(kind: str) -> None:
    """The gap list keeps what each page proved: under a tenth of the posts is fetched again for the kills' sake."""
    lost = refetched = shown = 0
    for seed in range(200):
        rng = random.Random(seed)
        posts = world(rng, minutes=60, lag_s=0)
        kills = sorted(rng.sample(range(5, 60), 5))
        runs = []
        for dying in (True, False):
            platform = Platform(posts)
            collector = Collector(Rules(order=kind, overlap=timedelta(0), marked_at=at), platform)  # type: ignore[arg-type]
            collector.poll(BEGIN + timedelta(minutes=3))
            start = collector.bookmark.start
            for minute in range(4, 62):
                moment = BEGIN + timedelta(minutes=minute)
                collector.poll(moment, killed_after=rng.randint(1, 8) if dying and minute in kills else None)
            expected = {mark for mark, _ in posts if start is not None and mark >= start}
            lost += len(expected - collector.stored)
            runs.append(platform.sent)
            shown += len(expected) if dying else 0
        refetched += max(0, runs[0] - runs[1])
    print(f"{kind}: 200 runs x 5 kills, {shown} posts, lost {lost}, read again for the kills {refetched}")
    assert lost == 0
    assert refetched < shown * 0.10


def test_floor__rule_measured_from_now__would_lose_late_posts() -> None:
    """Shows why the floor is measured from the last walk: the other rule loses posts when polls are rarer than the overlap."""
    platform = Platform([(ms * 1000, at(ms * 1000)) for ms in range(0, 1800, 10)])
    collector = Collector(rules("newest", timed=False), platform)
    for minute in (30, 31):
        collector.poll(BEGIN + timedelta(minutes=minute))
    late = 1_785_000
    platform.posts.append((late, BEGIN + timedelta(minutes=33)))
    now = BEGIN + timedelta(minutes=75)
    naive = next(head.mark for head in collector.bookmark.heads if head.asked_at <= now - OVERLAP)
    assert late <= naive  # the rule measured from `now` would stop above the late post
    floor = floor_of(collector.bookmark, OVERLAP)
    assert floor is not None
    assert order(floor) < order(late)
    collector.poll(now)
    assert late in collector.stored


def test_busy_timeline__the_forward_walk_ends_where_it_began_and_the_next_poll_reads_on() -> None:
    """Three posts a second and a page a second: there would always be one more short page, and gaps would never get a turn."""
    platform = Platform([(ms, at(ms)) for ms in range(1, 1_200_000, 300)])
    collector = Collector(rules("oldest", timed=True), platform)
    now = at(900_000)
    collector.poll(now)
    start = collector.bookmark.start
    for _ in range(3):
        began = now = now + timedelta(minutes=1)
        now = collector.poll(now)
        assert now - began < timedelta(seconds=60)
        assert {mark for mark, visible in platform.posts if mark >= start and visible <= began} <= collector.stored


def looked(platform: Platform, *, pages: int = 1000) -> tuple[Collector, list[Step], list[Bookmark]]:
    """A second poll, ten minutes after the first, of a source that is read forward: its steps, and the bookmark after each."""
    collector = Collector(rules("oldest", timed=True), platform)
    collector.poll(at(1_200_000))
    walk, now, steps, bookmarks = Walk(rules=collector.rules, pages=pages), at(1_800_000), list[Step](), [collector.bookmark]
    while step := walk.next_step(collector.bookmark, now=now):
        rows = platform.page(step, now)
        top_at, bottom_at = (at(rows[0]), at(rows[-1])) if rows else (None, None)
        facts = Facts(marks=tuple(rows), asked_at=now, began_at=now, top_at=top_at, bottom_at=bottom_at, end=len(rows) < PAGE)
        move = advance(collector.bookmark, step, facts, rules=collector.rules)
        walk.took(step, move, facts)
        collector.stored.update(rows)
        collector.bookmark = move.bookmark
        steps.append(step)
        bookmarks.append(move.bookmark)
        if len(steps) == 1 and step.after is None and move.bookmark.heads == bookmarks[0].heads:
            assert move.intervals == ()
            assert max(rows) in collector.stored
    return collector, steps, bookmarks


def test_look__busy_source_that_is_read_forward__stores_what_is_fresh_first_and_proves_nothing() -> None:
    platform = Platform([(ms, at(ms)) for ms in range(1000, 1_900_000, 1000)])
    collector, steps, (before, after_look, *_) = looked(platform)
    assert (steps[0].after, steps[1].after) == (None, floor_of(before, OVERLAP))
    assert after_look == replace(before, version=before.version + 1)
    start = int(collector.bookmark.start or 0)
    assert {mark for mark, visible in platform.posts if mark >= start and visible <= at(1_800_000)} <= collector.stored
    assert collector.bookmark.heads[0].mark == 1_800_000


def test_look__quiet_source_that_is_read_forward__is_the_only_request() -> None:
    platform = Platform([(ms, at(ms)) for ms in range(1000, 1_900_000, 90_000)])
    collector, steps, _ = looked(platform)
    assert len(steps) == 1
    assert collector.bookmark.asked_at == at(1_800_000)
    assert {mark for mark, visible in platform.posts if visible <= at(1_800_000)} == collector.stored


def test_look__never_takes_the_last_page_there_is() -> None:
    """With a page a poll the walk would else look for ever, and never get on."""
    platform = Platform([(ms, at(ms)) for ms in range(1000, 1_900_000, 1000)])
    _, steps, (before, after) = looked(platform, pages=1)
    assert [step.after for step in steps] == [floor_of(before, OVERLAP)]
    assert after != replace(before, version=after.version)


def test_look__reaches_what_is_known__then_only_the_overlap_is_read() -> None:
    """A post every 40 seconds: 15 are new, and 15 of the overlap are to be read again for what came late."""
    platform = Platform([(ms, at(ms)) for ms in range(1000, 1_900_000, 40_000)])
    _, steps, (before, after_look, *_, after) = looked(platform)
    assert [step.after for step in steps] == [None, floor_of(before, OVERLAP)]
    assert after_look.heads[0].mark == max(mark for mark, visible in platform.posts if visible <= at(1_800_000))
    assert (after_look.asked_at, after.asked_at) == (before.asked_at, at(1_800_000))


@pytest.mark.parametrize(("timed", "pages"), [(True, 1000), (False, 1000), (True, 2), (True, 1)])
def test_overlap_in_shares__late_posts_are_never_lost(timed: bool, pages: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a poll reads a small share of the overlap, whose crawl is killed now and then, and where it may ask for few pages."""
    monkeypatch.setattr(walk_module, "AGAIN_AT_LEAST", 1)
    monkeypatch.setattr(walk_module, "AGAIN_TIMES", 2)
    rng = random.Random(f"{timed} {pages}")
    platform = Platform(world(rng, minutes=240, lag_s=OVERLAP.total_seconds()))
    collector = Collector(rules("oldest", timed=timed), platform)
    now, shared = BEGIN + timedelta(minutes=30), 0
    collector.poll(now)
    start = collector.bookmark.start
    while now < BEGIN + timedelta(minutes=320):
        killed = rng.randint(1, 6) if rng.random() < 0.1 else None
        now = max(now + timedelta(seconds=20), collector.poll(now, pages=pages, killed_after=killed))
        shared += collector.bookmark.again is not None
    expected = {mark for mark, _ in platform.posts if start is not None and mark >= start}
    print(f"overlap in shares: {shared} polls left some of it to the next; lost {len(expected - collector.stored)}")
    assert shared > 100
    assert len(expected) > 1000
    assert expected - collector.stored == set()


def test_overlap_in_shares__busy_source__polls_stay_short_and_it_is_read_again_soon() -> None:
    """Forty posts a second, polled every 15 seconds: the overlap of 1,200 pages is read in shares, each where the last one ended."""

    class Busy(Platform):
        def page(self, step: Step, now: datetime) -> list[int]:
            last = int((now - BEGIN) / timedelta(milliseconds=25))
            first = last - PAGE + 1 if step.after is None else int(step.after) // 25 + 1
            rows = [25 * number for number in range(first, min(first + PAGE - 1, last) + 1)]
            self.sent += len(rows)
            return rows[::-1]

    platform = Busy()
    collector = Collector(rules("oldest", timed=True), platform)
    collector.poll(at(900_000))
    now, settled, longest, most, seen = at(915_000), at(900_000), timedelta(0), 0, 0
    while now < at(2_700_000):
        before = platform.sent
        collector.poll(now)
        most, seen = max(most, platform.sent - before), seen + 1
        if collector.bookmark.asked_at != settled and collector.bookmark.asked_at is not None:
            longest, settled = max(longest, collector.bookmark.asked_at - settled), collector.bookmark.asked_at
        now += timedelta(seconds=15)
    print(
        f"overlap in shares: {most // PAGE} pages a poll at most of {seen} polls; read again every {longest.total_seconds():.0f} s"
    )
    assert most / PAGE < 200
    assert longest <= OVERLAP / 2


def test_page_budget__the_gap_stays_and_the_next_poll_goes_on() -> None:
    platform = Platform([(ms, at(ms)) for ms in range(1, 5000)])
    collector = Collector(rules("newest", timed=True), platform)
    collector.poll(at(1000))
    now = at(5000) + timedelta(minutes=20)
    for _ in range(120):
        now = collector.poll(now, pages=3)
    assert collector.bookmark.gaps == ()
    assert {mark for mark, _ in platform.posts if mark > 980} <= collector.stored


def test_paging_loop__ends_after_three_requests() -> None:
    """A -> B -> A: the page that leads back is noticed by its marks, though its cursor is new."""
    walk, bookmark, asked = Walk(rules=rules("newest", timed=False), pages=100), Bookmark(), 0
    first = Facts(marks=(5,), asked_at=BEGIN)
    bookmark = advance(bookmark, Step(), first, rules=walk.rules).bookmark
    pages = {None: ((90, 80), "b"), "b": ((70, 60), "a2"), "a2": ((90, 80), "b2"), "b2": ((70, 60), "a3")}
    later = BEGIN + timedelta(hours=1)
    while (step := walk.next_step(bookmark, now=later)) and asked < 50:
        asked += 1
        marks, cursor = pages[step.cursor]
        facts = Facts(marks=marks, cursor=cursor, asked_at=later, began_at=later)
        move = advance(bookmark, step, facts, rules=walk.rules)
        bookmark = move.bookmark
        walk.took(step, move, facts)
    assert asked <= 3
    assert walk.stopped is not None
    assert len(bookmark.gaps) == 1


def test_expired_cursor__reenters_by_mark_and_the_gap_neither_grows_nor_vanishes() -> None:
    ttl = Rules(order="newest", overlap=OVERLAP, cursor_ttl=timedelta(minutes=15))
    bookmark = advance(Bookmark(), Step(), Facts(marks=(5,), asked_at=BEGIN), rules=ttl).bookmark
    later = BEGIN + timedelta(hours=1)
    bookmark = advance(bookmark, Step(), Facts(marks=(90, 80), cursor="c", asked_at=later), rules=ttl).bookmark
    fresh = Walk(rules=ttl, pages=9, newest_done=True).next_step(bookmark, now=later + timedelta(minutes=1))
    stale = Walk(rules=ttl, pages=9, newest_done=True).next_step(bookmark, now=later + timedelta(minutes=16))
    assert fresh == Step(cursor="c", until=80, floor=5)
    assert stale == Step(cursor=None, until=80, floor=5)


def test_mark_in_the_future__never_becomes_a_head() -> None:
    timed = rules("newest", timed=True)
    now = BEGIN + timedelta(hours=1)
    future = int(timedelta(days=40) / timedelta(milliseconds=1))
    bookmark = advance(Bookmark(), Step(), Facts(marks=(future, 3000, 2000), asked_at=now), rules=timed).bookmark
    assert bookmark.heads[0].mark == 3000


def test_since__opens_a_gap_back_to_it_that_closes_there() -> None:
    platform = Platform([(second * 1000, at(second * 1000)) for second in range(1, 7200)])
    collector = Collector(rules("newest", timed=True), platform)
    since = BEGIN + timedelta(minutes=60)
    now = at(7_200_000)
    step, walk = Step(), Walk(rules=collector.rules, pages=1000)
    while step := walk.next_step(collector.bookmark, now=now):  # type: ignore[assignment]
        rows = platform.page(step, now)
        facts = Facts(marks=tuple(rows), asked_at=now, top_at=at(rows[0]), bottom_at=at(rows[-1]), posts=len(rows))
        move = advance(collector.bookmark, step, facts, rules=collector.rules, since=since)
        collector.bookmark = move.bookmark
        collector.stored.update(rows)
        walk.took(step, move, facts)
    assert min(int(mark) for mark in collector.stored) <= 3_600_000 < min(int(mark) for mark in collector.stored) + 20_000
    assert collector.bookmark.gaps == ()


def test_whole__no_shared_entry__is_capped() -> None:
    whole = Rules(order="whole", overlap=OVERLAP)
    first = advance(Bookmark(), Step(), Facts(marks=("a", "b"), asked_at=BEGIN), rules=whole).bookmark
    later = BEGIN + timedelta(hours=1)
    shared = advance(first, Step(), Facts(marks=("c", "b"), asked_at=later), rules=whole)
    rolled = advance(first, Step(), Facts(marks=("x", "y"), asked_at=later), rules=whole)
    assert [interval.state for interval in shared.intervals] == ["covered"]
    assert [interval.state for interval in rolled.intervals] == ["capped"]
    assert rolled.bookmark.seen == ("x", "y", "a", "b")


def test_gaps__more_than_64__are_joined_not_dropped() -> None:
    plain = rules("newest", timed=False)
    bookmark = advance(Bookmark(), Step(), Facts(marks=(1,), asked_at=BEGIN), rules=plain).bookmark
    for hour in range(1, 80):
        facts = Facts(marks=(hour * 100 + 9, hour * 100 + 5), asked_at=BEGIN + timedelta(hours=hour))
        bookmark = advance(bookmark, Step(), facts, rules=plain).bookmark
    assert len(bookmark.gaps) == 64
    assert bookmark.gaps[-1].floor == 1
    tops = [gap.top for gap in bookmark.gaps]
    assert tops == sorted(tops, reverse=True)  # type: ignore[type-var]


def test_order__strings_sort_by_length_first() -> None:
    assert sorted(["1000", "999", "01JD"], key=order) == ["999", "01JD", "1000"]


def test_whole__walk_tells_that_every_entry_was_new() -> None:
    whole = Rules(order="whole", overlap=OVERLAP)
    bookmark = advance(Bookmark(), Step(), Facts(marks=("a", "b"), asked_at=BEGIN), rules=whole).bookmark
    told = []
    for marks in (("c", "b"), ("x", "y")):
        walk, facts = Walk(rules=whole, pages=1), Facts(marks=marks, asked_at=BEGIN + timedelta(hours=1))
        step = walk.next_step(bookmark, now=BEGIN)
        assert step is not None
        walk.took(step, advance(bookmark, step, facts, rules=whole), facts)
        told.append(walk.rolled_off)
    assert told == [False, True]
