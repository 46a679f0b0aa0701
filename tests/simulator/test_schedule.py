"""When posts appear: so many a day, quiet at night, and the planted spike on top."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from monitor.simulator.schedule import DIURNAL, Schedule, Spike

MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPIKE = Spike(subject="wrens", from_at=MIDNIGHT + 37 * HOUR, hours=3, posts_per_hour=50)


@pytest.mark.parametrize("per_day", [0.0, 0.3, 1.0, 7.25, 24.0, 1000.0])
def test_ordinary__posts_of_the_first_days__are_never_more_than_one_off(per_day: float) -> None:
    schedule = Schedule(start=MIDNIGHT, per_day=per_day, spike=None)
    counts = [schedule.ordinary(hour) for hour in range(24 * 10)]
    assert min(counts) >= 0
    for hour in range(len(counts) + 1):
        days, rest = divmod(hour, 24)
        due = (days + sum(map(Fraction, DIURNAL[:rest])) / sum(map(Fraction, DIURNAL))) * Fraction(per_day)
        assert abs(sum(counts[:hour]) - due) <= 1


@pytest.mark.parametrize("per_day", [240.1, 10_000.0])
def test_ordinary__of_many_posts__goes_up_and_down_with_the_day(per_day: float) -> None:
    schedule = Schedule(start=MIDNIGHT, per_day=per_day, spike=None)
    day = [sum(schedule.ordinary(24 * number + hour) for number in range(100)) for hour in range(24)]
    assert max(range(24), key=day.__getitem__) == 17
    assert min(range(24), key=day.__getitem__) in {3, 4}
    assert sum(day) == round(100 * per_day)
    assert day[17] / day[3] == pytest.approx(1.52 / 0.34, rel=0.02)


@pytest.mark.parametrize(("hour", "posts"), [(0, 0), (36, 0), (37, 50), (38, 50), (39, 50), (40, 0)])
def test_beyond__only_in_the_hours_of_the_spike(hour: int, posts: int) -> None:
    assert Schedule(start=MIDNIGHT, per_day=10.0, spike=SPIKE).beyond(hour) == posts


def test_beyond__without_a_spike__is_nothing() -> None:
    assert {Schedule(start=MIDNIGHT, per_day=10.0, spike=None).beyond(hour) for hour in range(72)} == {0}


def test_spike__does_not_change_what_is_ordinary_and_ends_after_its_hours() -> None:
    with_it, without = (Schedule(start=MIDNIGHT, per_day=99.0, spike=spike) for spike in (SPIKE, None))
    assert [with_it.ordinary(hour) for hour in range(72)] == [without.ordinary(hour) for hour in range(72)]
    assert SPIKE.to_at == MIDNIGHT + 40 * HOUR
