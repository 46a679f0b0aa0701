"""An allowance shared by sources, and a simulated week of polling by it."""

import heapq
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.allowance import DAY_S, SHARE, Share, shared
from monitor.rate import Polled, Rate, jittered, smoothed, wanted_s

SHARES = st.lists(
    st.builds(
        Share, per_hour=st.floats(0, 1e4), calls=st.floats(1, 5), wanted_s=st.floats(60, 3600),
        every_s=st.one_of(st.none(), st.floats(60, 1e5)),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


def used(shares: list[Share], intervals: list[float]) -> float:
    return sum(DAY_S * share.calls / interval for share, interval in zip(shares, intervals, strict=True))


@settings(max_examples=40, deadline=None)
@given(SHARES, st.floats(20, 1e5))
def test_the_calls_of_a_day_stay_inside__nobody_is_asked_sooner_than_it_wants(shares: list[Share], allowance: float) -> None:
    intervals = shared(shares, calls_per_day=allowance)
    assert used(shares, intervals) <= allowance * SHARE * 1.0001
    assert all(interval >= share.wanted_s for share, interval in zip(shares, intervals, strict=True))


@settings(max_examples=40, deadline=None)
@given(SHARES, st.floats(20, 1e5))
def test_what_topics_ask_for_holds_wherever_the_allowance_can_hold_it(shares: list[Share], allowance: float) -> None:
    longest = [share.longest_s for share in shares]
    if used(shares, longest) <= allowance * SHARE:
        assert all(
            interval <= most * 1.0001 for interval, most in zip(shared(shares, calls_per_day=allowance), longest, strict=True)
        )


def test_with_enough_for_all_nothing_is_stretched() -> None:
    assert shared([Share(per_hour=1, calls=1, wanted_s=900)], calls_per_day=300) == [900]


def test_calls_go_where_they_bring_more__and_no_other_division_is_fresher() -> None:
    shares = [Share(per_hour=rate, calls=1, wanted_s=60) for rate in (100, 25, 4)]
    intervals = shared(shares, calls_per_day=300)
    assert intervals == sorted(intervals)
    assert intervals[1] / intervals[0] == pytest.approx(2, rel=1e-3)

    def age(told: list[float]) -> float:
        return sum(share.per_hour * interval for share, interval in zip(shares, told, strict=True))

    for first, second in ((0.9, 1.1), (1.1, 0.9), (0.8, 1.3)):
        other = [intervals[0] * first, intervals[1] * second, intervals[2]]
        other[2] = 1 / max(1e-9, (used(shares, intervals) - used(shares[:2], other[:2])) / DAY_S)
        assert age(other) > age(intervals)


@dataclass
class Polling:
    """A source in the simulated week: when its posts come, and what is known of it."""

    arrivals: list[float]
    every_s: float | None
    per_hour: float  # in truth, by day and night
    asked_at: float = 0.0
    rate: Rate | None = None
    next: int = 0
    waits: list[float] = field(default_factory=list)  # between two polls
    ages: list[float] = field(default_factory=list)  # of each post when it was stored

    def poll(self, now: float, page_size: int) -> Polled:
        new = 0
        while self.next < len(self.arrivals) and self.arrivals[self.next] <= now:
            self.ages.append(now - self.arrivals[self.next])
            self.next, new = self.next + 1, new + 1
        elapsed, self.asked_at = now - self.asked_at, now
        self.waits.append(elapsed)
        return Polled(new=new, calls=1 + new // page_size, elapsed_s=elapsed)


WEEK_S, PAGE, ALLOWANCE, COUNT = 7 * DAY_S, 40, 1500, 50  # of calls a day


def a_world(seed: int) -> list[Polling]:
    """Fifty sources from one post in a week to 200 an hour, louder by day, one of them asked for every ten minutes."""
    draw = random.Random(seed)
    sources = []
    for number in range(COUNT):
        per_hour = 200 / 1.25**number
        arrivals = []
        at = 0.0
        while at < WEEK_S:
            at += draw.expovariate(1.5 * per_hour / 3600)
            by_day = 0.5 + (at % DAY_S < DAY_S / 2)
            if draw.random() < by_day / 1.5:
                arrivals.append(at)
        sources.append(Polling(arrivals, every_s=600 if number == COUNT - 1 else None, per_hour=per_hour))
    return sources


def lived(sources: list[Polling], interval_of: object, seed: int) -> list[int]:
    """Let the week go by; returns the calls of each day."""
    draw, calls = random.Random(seed), [0] * 8
    queue = [(draw.random() * 900, number) for number in range(len(sources))]
    heapq.heapify(queue)
    while queue and queue[0][0] < WEEK_S:
        now, number = heapq.heappop(queue)
        polled = sources[number].poll(now, PAGE)
        calls[int(now // DAY_S)] += polled.calls
        sources[number].rate = smoothed(sources[number].rate, polled)
        heapq.heappush(queue, (now + interval_of(sources, number, draw.random()), number))  # type: ignore[operator]
    return calls[:7]


def share(rate: Rate, every_s: float | None) -> Share:
    wanted = wanted_s(rate, page_size=PAGE, every_s=every_s)
    return Share(per_hour=rate.per_hour, calls=rate.calls, wanted_s=wanted, every_s=every_s)


def adaptive(sources: list[Polling], number: int, draw: float) -> float:
    """Told anew for all at every poll, as a crawl does it."""
    shares = [share(each.rate, each.every_s) for each in sources if each.rate is not None]
    place = sum(each.rate is not None for each in sources[:number])
    return jittered(shared(shares, calls_per_day=ALLOWANCE)[place], draw, every_s=sources[number].every_s)


def best(sources: list[Polling], number: int, _draw: float) -> float:
    """What one would do who knew all rates and how many pages beyond the first they fill, and had no need of jitter."""
    pages = 0.65 * sum(24 * each.per_hour / PAGE for each in sources)  # of a page that is not full most is for nothing
    shares = [share(Rate(per_hour=each.per_hour, per_call=1), each.every_s) for each in sources]
    return shared(shares, calls_per_day=ALLOWANCE - pages / SHARE)[number]


def fixed(_sources: list[Polling], _number: int, _draw: float) -> float:
    """What every source gets where all get the same, and the week stays inside the allowance."""
    return DAY_S * COUNT / ALLOWANCE


def mean(ages: list[float]) -> float:
    return sum(ages) / len(ages)


def test_a_week_of_fifty_sources__inside_the_allowance_the_busy_ones_fresher_than_by_fixed_intervals() -> None:
    told = {}
    for name, way in (("fixed", fixed), ("adaptive", adaptive), ("best", best)):
        sources = a_world(3)
        calls = lived(sources, way, 5)
        busy = mean([age for each in sources[:10] for age in each.ages])
        told[name] = (max(calls[1:]), busy, mean([age for each in sources for age in each.ages]), sources)
        print(
            f"{name}: at most {max(calls[1:])} calls a day of {ALLOWANCE}, "
            f"a new post waits {told[name][2]:.0f} s, of the 10 busiest {busy:.0f} s"
        )
    calls, busy, everybody, sources = told["adaptive"]
    assert calls <= ALLOWANCE
    assert told["best"][0] <= ALLOWANCE
    assert busy < 0.7 * told["fixed"][1]
    assert everybody < 0.9 * told["fixed"][2]
    assert everybody < 1.3 * told["best"][2]
    longest = max(sources[-1].waits[1:])
    print(f"asked for every 600 s: the longest wait was {longest:.0f} s")
    assert longest <= 600
    assert all(len(each.waits) >= 7 for each in sources)  # none is starved
