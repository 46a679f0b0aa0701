"""How fast sources bring posts, and what is made of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rate import CEILING_S, FLOOR_S, JITTER, Polled, Rate, jittered, smoothed, wanted_s


def after(*polls: Polled, known: Rate | None = None) -> Rate:
    for poll in polls:
        known = smoothed(known, poll)
    assert known is not None
    return known


def test_a_steady_source_is_asked_when_most_of_a_page_is_new() -> None:
    rate = after(*[Polled(new=30, calls=1, elapsed_s=900)] * 10)
    assert rate.per_hour == pytest.approx(120)
    assert rate.per_call == pytest.approx(30)
    assert wanted_s(rate, page_size=40) == pytest.approx(3600 * 32 / 120)


def test_a_burst_counts_half_at_once__silence_fades_by_time_and_not_by_number_of_polls() -> None:
    quiet = after(Polled(new=1, calls=1, elapsed_s=3600))
    assert after(Polled(new=60, calls=2, elapsed_s=600), known=quiet).per_hour > 180
    often = after(*[Polled(new=0, calls=1, elapsed_s=60)] * 60, known=quiet)
    seldom = after(Polled(new=0, calls=1, elapsed_s=3600), known=quiet)
    assert often.per_hour == pytest.approx(seldom.per_hour)


@pytest.mark.parametrize(
    ("per_hour", "every_s", "told"), [(0, None, CEILING_S), (0, 600, 600), (1e6, None, FLOOR_S), (1, 60_000, CEILING_S)]
)
def test_floor_ceiling_and_what_topics_ask_for_hold(per_hour: float, every_s: float | None, told: float) -> None:
    assert wanted_s(Rate(per_hour=per_hour, per_call=0), page_size=40, every_s=every_s) == told


def test_a_list_without_pages_is_asked_before_half_of_it_has_rolled_off() -> None:
    assert wanted_s(Rate(per_hour=30, per_call=3, rows=20), page_size=40) == pytest.approx(1200)
    assert smoothed(Rate(per_hour=30, per_call=3, rows=20), Polled(new=0, calls=1, elapsed_s=60)).rows == 20


@settings(deadline=None)
@given(st.floats(15, 1e5), st.floats(0, 1), st.one_of(st.none(), st.floats(15, 1e5)))
def test_jitter_moves_by_a_tenth_at_most_and_never_beyond_what_topics_ask_for(
    interval_s: float, draw: float, every_s: float | None
) -> None:
    moved = jittered(interval_s, draw, every_s=every_s)
    assert moved <= interval_s * (1 + JITTER) * 1.000001
    assert moved >= interval_s * (1 - JITTER) * 0.999999
    assert every_s is None or moved <= max(every_s, interval_s)
