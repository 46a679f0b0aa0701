"""Holes as gaps: opened where they can be read, read by the walks of a model platform, and let go when the calls are used up."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from monitor.advance import BUDGET_USED, advance, refuse
from monitor.analysis.coverage import Hole
from monitor.backfill import BEING_READ, NEXT_POLL, NOT_REACHED, Fill, Pace, budgeted, fills, mark_at, opened
from monitor.bookmark import Bookmark, Gap, Head, Interval, Mark, Step, order
from monitor.crawl.platforms import platform
from monitor.paging import Facts, Rules
from monitor.walk import Walk

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
PAGE = 20
PACE = Pace(posts_per_hour=60, page_size=PAGE)
HOURS_48 = 48 * 3600 * 1000


def at(mark: Mark) -> datetime:
    return BEGIN + timedelta(milliseconds=int(mark))


def hour(number: float) -> datetime:
    return BEGIN + timedelta(hours=number)


def hole(begin: float, end: float, state: str = "failed") -> Hole:
    return Hole(from_at=hour(begin), to_at=hour(end), state=state)


def rules(kind: str = "newest", **more: object) -> Rules:
    return Rules(order=kind, overlap=OVERLAP, **({"marked_at": at} | more))  # type: ignore[arg-type]


def read_up_to(end: float, *, start: float = 24, text: bool = False) -> Bookmark:
    """A source that was read from one hour to another without a gap."""
    top, bottom = (int(number * 3_600_000) for number in (end, start))
    made = [str(mark) if text else mark for mark in (top, top - 3_600_000, bottom)]
    return Bookmark(
        heads=(Head(mark=made[0], asked_at=hour(end)), Head(mark=made[1], asked_at=hour(end - 1))),
        start=made[2],
        start_at=hour(start),
        asked_at=hour(end),
        version=7,
    )


def only(made: tuple[Fill, ...]) -> Fill:
    (fill,) = made
    return fill


class Collector:
    """Polls a model platform; `asked` counts the pages of gaps whose calls are numbered."""

    def __init__(self, kind: str, bookmark: Bookmark, posts: list[int]) -> None:
        self.rules, self.bookmark, self.posts = rules(kind), bookmark, posts
        self.stored: list[int] = []
        self.told: list[Interval] = []
        self.asked = 0

    def poll(self, now: datetime, *, pages: int = 100, killed_after: int | None = None) -> None:
        walk, began_at = Walk(rules=self.rules, pages=pages), now
        while step := walk.next_step(self.bookmark, now=now):
            below = any(gap.top == step.until and gap.calls is not None for gap in self.bookmark.gaps)
            self.asked += below
            if killed_after is not None and below and self.asked == killed_after:
                return
            rows = self._page(step, now)
            times = [at(mark) for mark in rows]
            facts = Facts(
                marks=tuple(rows),
                asked_at=now,
                began_at=began_at,
                top_at=max(times, default=None),
                bottom_at=min(times, default=None),
                posts=len(rows),
            )
            self.stored += rows
            move = advance(self.bookmark, step, facts, rules=self.rules)
            self.bookmark = move.bookmark
            self.told += move.intervals
            walk.took(step, move, facts)
            now += timedelta(seconds=1)

    def _page(self, step: Step, now: datetime) -> list[int]:
        seen = [mark for mark in self.posts if at(mark) <= now]
        if step.after is not None:
            return [mark for mark in seen if order(mark) > order(step.after)][:PAGE][::-1]
        return [mark for mark in seen if step.until is None or order(mark) < order(step.until)][-PAGE:][::-1]


@pytest.mark.parametrize("kind", ["newest", "oldest"])
def test_random_holes__are_read_whole_within_their_calls__whatever_is_killed(kind: str) -> None:
    """Two holes inside what was read and one below where reading began, a kill in each run, and calls as estimated or fewer."""
    filled = left = 0
    for seed in range(60):
        rng = random.Random(seed)
        posts = sorted(rng.sample(range(HOURS_48), 48 * 60))
        cuts = sorted(rng.sample(range(26 * 6, 46 * 6), 4))
        holes = [
            hole(cuts[0] / 6, cuts[1] / 6),
            hole(cuts[2] / 6, cuts[3] / 6, "capped"),
            hole(rng.randint(12, 23), 24, "never asked"),
        ]
        collector, now = Collector(kind, read_up_to(47.5), posts), hour(47.6)
        made = fills(collector.bookmark, holes, rules=collector.rules, pace=PACE, now=now)
        assert all(fill.gap for fill in made)
        calls = rng.choice([5, 20, 200])
        made = budgeted(made, calls)
        assert sum(fill.gap.calls or 0 for fill in made if fill.gap) <= calls
        collector.bookmark = opened(collector.bookmark, made, now=now).bookmark
        assert all(order(one.top) > order(two.top) for one, two in pairwise(collector.bookmark.gaps))
        collector.poll(now, killed_after=rng.randint(1, 6))
        kills = 1
        for minute in range(1, 4):
            collector.poll(now + timedelta(minutes=minute), pages=60)
        assert collector.bookmark.gaps == ()
        assert collector.asked <= calls + kills
        read = set(collector.stored)
        for fill in made:
            wanted = {mark for mark in posts if fill.hole.from_at <= at(mark) < fill.hole.to_at}
            given_up = [each for each in collector.told if each.reason == BUDGET_USED]
            missing = wanted - read
            if fill.gap and not any(each.from_at == fill.hole.from_at for each in given_up):
                assert missing == set()
                filled += 1
            else:  # what is missing is what the ledger says is not read
                left += 1
                limits = [each for each in given_up if each.from_at == fill.hole.from_at]
                assert (
                    all(limits and limits[-1].to_at is not None and at(mark) <= limits[-1].to_at for mark in missing)
                    or not fill.gap
                )
    print(f"{kind}: 60 runs with a kill, {filled} holes read whole, {left} left for want of calls, nothing missing unsaid")
    assert filled > 60
    assert left > 20


def test_hole_below_the_start__moves_the_start_as_since_does() -> None:
    posts = list(range(0, HOURS_48, 60_000))
    collector = Collector("newest", read_up_to(47.5), posts)
    made = fills(collector.bookmark, [hole(20, 24, "never asked")], rules=collector.rules, pace=PACE, now=hour(47.6))
    gap = only(made).gap
    assert gap is not None
    assert (gap.top, gap.floor, gap.since) == (collector.bookmark.start, None, hour(20))
    collector.bookmark = opened(collector.bookmark, budgeted(made, 50), now=hour(47.6)).bookmark
    collector.poll(hour(47.6))
    assert collector.bookmark.start_at == hour(20)
    assert {mark for mark in posts if at(mark) >= hour(20) and at(mark) < hour(24)} <= set(collector.stored)


def test_used_up_calls__gap_is_let_go_and_the_rest_is_limited() -> None:
    collector = Collector("oldest", read_up_to(47.5), list(range(0, HOURS_48, 60_000)))
    made = budgeted(fills(collector.bookmark, [hole(30, 40)], rules=collector.rules, pace=PACE, now=hour(47.6)), 3)
    move = opened(collector.bookmark, made, now=hour(47.6))
    assert [(each.from_at, each.to_at, each.state) for each in move.intervals] == [(hour(30), hour(40), "limited")]
    assert move.bookmark.version == 8
    collector.bookmark = move.bookmark
    collector.poll(hour(47.6))
    assert collector.asked == 3
    assert collector.bookmark.gaps == ()
    last = collector.told[-1]
    assert (last.state, last.reason, last.from_at, last.to_at) == ("limited", BUDGET_USED, hour(30), hour(39))


def test_refusals_cost_calls_too() -> None:
    bookmark, paging = read_up_to(47.5), rules()
    made = budgeted(fills(bookmark, [hole(30, 40)], rules=paging, pace=PACE, now=hour(47.6)), 2)
    bookmark = opened(bookmark, made, now=hour(47.6)).bookmark
    for left in (1, 0):
        step = Step(until=bookmark.gaps[0].top)
        move = refuse(bookmark, step, reason="no", asked_at=hour(47.7), rules=paging)
        bookmark = move.bookmark
        assert [gap.calls for gap in bookmark.gaps] == ([left] if left else [])
    assert [each.reason for each in move.intervals] == [BUDGET_USED]


def test_gap_without_a_number_of_calls__is_never_let_go() -> None:
    gap = Gap(top=90, floor=10, cursor=None, cursor_at=None, opened_at=BEGIN)
    bookmark = Bookmark(heads=(Head(mark=100, asked_at=BEGIN),), gaps=(gap,), start=1, asked_at=BEGIN)
    facts = Facts(marks=(80,), asked_at=BEGIN)
    assert advance(bookmark, Step(until=90), facts, rules=rules()).bookmark.gaps[0].calls is None


@pytest.mark.parametrize(
    ("paging", "bookmark", "missing", "reason"),
    [
        (rules("whole"), read_up_to(40), hole(30, 31), "shows only what is newest"),
        (rules(), Bookmark(), hole(30, 31), "first poll comes first"),
        (rules(), read_up_to(40), hole(40, 41, "never asked"), NEXT_POLL),
        (rules(window=timedelta(hours=2)), read_up_to(40), hole(30, 31), "beyond what the platform keeps reachable"),
        (rules(marked_at=lambda _: None), read_up_to(40), hole(30, 31), "tell no time"),
        (rules(), opened(read_up_to(40), fills(read_up_to(40), [hole(30, 31)], rules=rules(), pace=PACE, now=hour(40)), now=hour(40))
         .bookmark, hole(30, 31, "limited"), BEING_READ),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_says_why(paging: Rules, bookmark: Bookmark, missing: Hole, reason: str) -> None:
    fill = only(fills(bookmark, [missing], rules=paging, pace=PACE, now=hour(41)))
    assert fill.gap is None
    assert reason in (fill.reason or "")


def test_marks_without_time__are_read_from_the_start_down_all_the_same() -> None:
    made = fills(read_up_to(40), [hole(10, 24)], rules=rules(marked_at=lambda _: None), pace=PACE, now=hour(41))
    gap = only(made).gap
    assert gap is not None
    assert (gap.floor, gap.since, gap.top_at) == (None, hour(10), hour(24))


def test_hole_across_the_window__only_what_is_reachable_is_opened() -> None:
    made = fills(read_up_to(40), [hole(30, 36)], rules=rules(window=timedelta(hours=8)), pace=PACE, now=hour(40))
    assert [(each.hole.from_at, each.hole.to_at, each.gap is not None) for each in made] == [
        (hour(32), hour(36), True),
        (hour(30), hour(32), False),
    ]


def test_paging_from_the_top__the_way_down_is_counted() -> None:
    near, far = (
        only(fills(read_up_to(40), [hole(30, 31)], rules=rules(resumes_by_mark=by_mark), pace=PACE, now=hour(40))).calls
        for by_mark in (True, False)
    )
    assert (near, far) == (4, 31)


def test_calls_are_shared__as_estimated_newest_first_and_the_rest_evenly() -> None:
    made = fills(read_up_to(40), [hole(30, 31), hole(32, 34), hole(36, 37)], rules=rules(), pace=PACE, now=hour(40))
    assert [fill.calls for fill in made] == [4, 7, 4]
    assert [fill.gap and fill.gap.calls for fill in budgeted(made, 20)] == [6, 9, 5]
    few = budgeted(made, 5)
    assert [fill.gap and fill.gap.calls for fill in few] == [4, 1, None]
    assert few[2].reason == NOT_REACHED


@pytest.mark.parametrize("like", [170_000_000, "170000000"])
@pytest.mark.parametrize("number", [0, 1, 86_399_999, 170_000_000, 200_000_000])
def test_mark_at__is_the_lowest_that_is_not_earlier(like: Mark, number: int) -> None:
    assert mark_at(at(number), like=like, marked_at=at) == (str(number) if isinstance(like, str) else number)


def test_mark_at__ids_that_are_no_numbers__cannot_be_counted_through() -> None:
    assert mark_at(BEGIN, like="AbCd", marked_at=at) is None
    assert mark_at(at(10**12), like=5, marked_at=at) is None


@pytest.mark.parametrize("name", ["mastodon", "hackernews", "bluesky", "lemmy", "github", "stackexchange"])
def test_mark_at__of_real_platforms(name: str) -> None:
    """Marks as the platforms make them, there and back."""
    spider = platform(name)
    like: Mark = {
        "mastodon": "115590000000000000",
        "hackernews": 1_764_000_000,
        "github": 1_764_000_000,
        "stackexchange": 1_764_000_000,
    }.get(name, 1_764_000_000_000)
    moment = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    mark = mark_at(moment, like=like, marked_at=spider.marked_at)
    assert mark is not None
    assert type(mark) is type(like)
    assert spider.marked_at(mark) == moment
    before = int(mark) - 1
    told = spider.marked_at(str(before) if isinstance(mark, str) else before)
    assert told is not None
    assert told < moment
