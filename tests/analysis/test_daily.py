"""Days are judged by their hours' means, with the dispersion of days."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from monitor.analysis.daily import assess_days
from monitor.analysis.spike import assess

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")


def hours(days, *, burst=None):
    """Hours of 10 posts in the mean, whose days rise and fall as a whole; on the day `burst` six times as many."""
    draw = np.random.default_rng(5)
    counts = {}
    for day in range(days):
        level = draw.gamma(20, 0.5) * (6 if day == burst else 1)
        for hour in range(24):
            counts[MONDAY + timedelta(days=day, hours=hour)] = int(draw.poisson(level))
    return counts


def test_days__one_of_six_times_as_many__is_the_only_spike():
    judged = assess_days(assess(hours(70, burst=60), zone=ZoneInfo("UTC")), zone=ZoneInfo("UTC"))
    assert [one.start for one in judged if one.spike] == [MONDAY + timedelta(days=60)]
    (day,) = [one for one in judged if one.spike]
    assert day.count == sum(count for at, count in hours(70, burst=60).items() if at.date() == day.start.date())
    known = [one for one in judged if one.start >= MONDAY + timedelta(weeks=5) and not one.spike]
    inside = sum(one.band[0] <= one.count <= one.band[1] for one in known)
    print(f"days: {inside} of {len(known)} usual days lie in their band of nine of ten")
    assert inside / len(known) > 0.75


def test_days__local_ones():
    judged = assess_days(assess(hours(30), zone=BERLIN), zone=BERLIN)
    assert {one.start.hour for one in judged} == {23}
    assert assess_days(assess(hours(30), zone=KATHMANDU), zone=KATHMANDU) == ()


def test_days__with_a_missing_hour__are_not_judged():
    counts = hours(30)
    del counts[MONDAY + timedelta(days=20, hours=5)]
    judged = assess_days(assess(counts, zone=ZoneInfo("UTC")), zone=ZoneInfo("UTC"))
    days = {one.start for one in judged}
    assert MONDAY + timedelta(days=19) in days
    assert MONDAY + timedelta(days=20) not in days


def test_days__of_nothing():
    assert assess_days((), zone=BERLIN) == ()
