"""Coverage against its definition, moment by moment."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import Coverage, Hole, coverage

START = datetime(2026, 11, 20, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
PERIOD = Period(start=START, end=START + timedelta(hours=6))
STATES = ("covered", "capped", "limited", "failed", "imported")


@dataclass(frozen=True)
class Stretch:
    from_at: datetime
    to_at: datetime
    state: str
    reason: str | None = None


def quarter(number: int) -> datetime:
    return START + number * QUARTER


@st.composite
def lines(draw: st.DrawFn) -> list[Stretch]:
    """Disjoint stretches in order, in quarters of an hour, some of them outside the period."""
    cuts = sorted(draw(st.sets(st.integers(-4, 28), max_size=12)))
    made = [(cuts[place], cuts[place + 1], draw(st.sampled_from([None, *STATES]))) for place in range(len(cuts) - 1)]
    return [Stretch(quarter(begin), quarter(end), state) for begin, end, state in made if state]


def state_at(stretches: list[Stretch], moment: datetime) -> str:
    return next((each.state for each in stretches if each.from_at <= moment < each.to_at), "never asked")


MOMENTS = [quarter(number) + timedelta(minutes=7) for number in range(24)]


@given(st.lists(lines(), min_size=1, max_size=4))
def test_every_moment_is_counted_as_it_is_told(told: list[list[Stretch]]) -> None:
    named = {f"s{number}": stretches for number, stretches in enumerate(told)}
    platforms = {source: "ab"[number % 2] for number, source in enumerate(named)}
    made = coverage(PERIOD, named, platforms)
    for each in made.sources:
        states = [state_at(named[each.source], moment) for moment in MOMENTS]
        assert each.shares == pytest.approx({state: states.count(state) / 24 for state in set(states)})
        assert sum((hole.length for hole in each.holes), timedelta(0)) == QUARTER * (24 - states.count("covered"))
    for platform, together in {**made.platforms, "": made.whole}.items():
        of = [source for source in named if platform in {"", platforms[source]}]
        covered = [[state_at(named[source], moment) == "covered" for source in of] for moment in MOMENTS]
        assert together.sources == len(of)
        assert together.every == pytest.approx(sum(map(all, covered)) / 24)
        assert together.any == pytest.approx(sum(map(any, covered)) / 24)
        assert together.whole_hours == tuple(
            quarter(4 * hour) for hour in range(6) if all(all(each) for each in covered[4 * hour : 4 * hour + 4])
        )


def of_one(*stretches: Stretch, period: Period = PERIOD) -> Coverage:
    return coverage(period, {"s": stretches}, {"s": "p"})


def test_a_time_before_the_source_was_made_was_never_asked() -> None:
    (made,) = of_one(Stretch(quarter(8), quarter(24), "covered")).sources
    assert made.holes == (Hole(from_at=START, to_at=quarter(8), state="never asked"),)
    assert made.covered == pytest.approx(16 / 24)


def test_holes_keep_state_reason_and_length() -> None:
    failed, capped = Stretch(quarter(1), quarter(2), "failed", "refused"), Stretch(quarter(2), quarter(4), "capped", "too old")
    (made,) = of_one(Stretch(START, quarter(1), "covered"), failed, capped, Stretch(quarter(4), quarter(24), "covered")).sources
    assert [(hole.state, hole.reason, hole.length) for hole in made.holes] == [
        ("failed", "refused", QUARTER),
        ("capped", "too old", 2 * QUARTER),
    ]


def test_states_come_in_their_order__and_unknown_ones_last() -> None:
    made = of_one(
        Stretch(START, quarter(1), "zzz"),
        Stretch(quarter(1), quarter(2), "imported"),
        Stretch(quarter(2), quarter(3), "covered"),
    )
    assert list(made.whole.shares) == ["covered", "never asked", "imported", "zzz"]


def test_hours_are_whole_only_where_all_of_them_is_covered() -> None:
    period = Period(start=START + timedelta(minutes=20), end=START + timedelta(hours=3, minutes=10))
    made = of_one(Stretch(START, quarter(24), "covered"), period=period)
    assert made.whole.every == 1
    assert made.whole.whole_hours == (quarter(4), quarter(8))


def test_no_source_covers_nothing() -> None:
    made = coverage(PERIOD, {}, {})
    assert (made.whole.sources, made.whole.every, made.whole.any, made.whole.shares) == (0, 0, 0, {})
