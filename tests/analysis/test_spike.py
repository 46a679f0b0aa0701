"""Spikes are found and false alarms are few, on series like those the method was chosen by."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from monitor.analysis.spike import assess, spikes
from monitor.errors import UsageError

ZONE = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
START = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday
DAYS, JUDGED = 42, 14 * 24
NOISE_SIZE = 5  # of the negative binomial noise
BURSTS = 12


def rhythm(hour):
    """What an hour is worth beside the mean: by day three times the night, weekends a third less."""
    moment = START + hour * HOUR
    daily = 1 + 0.5 * np.sin((moment.hour - 8) / 24 * 2 * np.pi)
    return daily * (0.7 if moment.weekday() >= 5 else 1.1)


def series(*, mean, seed):
    """Hourly counts of 42 days with bursts of four times the usual in the last 14, and the hours of those."""
    draw = np.random.default_rng(seed)
    expected = np.array([mean * rhythm(hour) for hour in range(DAYS * 24)])
    counts = draw.negative_binomial(NOISE_SIZE, NOISE_SIZE / (NOISE_SIZE + expected))
    bursts = draw.choice(np.arange(DAYS * 24 - JUDGED, DAYS * 24), BURSTS, replace=False)
    counts[bursts] += draw.poisson(np.maximum(6, 4 * expected[bursts]))
    return by_hour(counts), {START + int(hour) * HOUR for hour in bursts}


def by_hour(counts):
    return {START + number * HOUR: int(count) for number, count in enumerate(counts)}


def steady(days, *, mean=20, seed=1):
    return by_hour(np.random.default_rng(seed).poisson(mean, days * 24))


# Recall at least, and false alarms in 1,000 hours at most; the design's table says for 1e-3 .79/0, .62/1.5, .94/0.5, .94/5.0 and for
# 1e-4 .68/0, .33/0, .74/0, .89/0.5 on series of its own with six seeds. Here three, so bounds are wider.
EXPECTED = [
    ("high", 0.3, 0.60, 1.5),
    ("high", 3, 0.45, 4),
    ("high", 30, 0.80, 4),
    ("high", 300, 0.85, 6),
    ("normal", 0.3, 0.45, 0),
    ("normal", 3, 0.2, 1.5),
    ("normal", 30, 0.6, 1.5),
    ("normal", 300, 0.7, 1.5),
]


@pytest.mark.parametrize(("sensitivity", "mean", "recall", "false_alarms"), EXPECTED)
def test_spikes__simulated_series__recall_and_false_alarms(sensitivity, mean, recall, false_alarms):
    found = false = 0
    seeds = (1, 2, 3)
    for seed in seeds:
        counts, bursts = series(mean=mean, seed=seed)
        flagged = {one.start for one in spikes(counts, zone=ZONE, sensitivity=sensitivity)}
        found += len(flagged & bursts)
        judged = {hour for hour in flagged if hour >= START + (DAYS * 24 - JUDGED) * HOUR}
        false += len(judged - bursts)
    share, rate = found / (BURSTS * len(seeds)), 1000 * false / ((JUDGED - BURSTS) * len(seeds))
    print(f"spikes {sensitivity} mean={mean} seeds={seeds}: recall {share:.2f}, {rate:.1f} false alarms in 1,000 hours")
    assert share >= recall
    assert rate <= false_alarms


def test_assess__chances__are_those_of_scipy():
    counts, _ = series(mean=30, seed=7)
    for one in assess(counts, zone=ZONE)[-48:]:
        variance = 1.1 * (one.usual.mean + one.usual.dispersion * one.usual.mean**2)
        theirs = stats.nbinom(one.usual.mean**2 / (variance - one.usual.mean), one.usual.mean / variance)
        assert one.p_more == pytest.approx(theirs.sf(one.count - 1), rel=1e-9)
        assert one.p_fewer == pytest.approx(theirs.cdf(one.count), rel=1e-9)
        assert one.band == (theirs.ppf(0.05), theirs.ppf(0.95))


def test_assess__dispersion__is_found_again():
    counts, _ = series(mean=300, seed=3)
    assert assess(counts, zone=ZONE)[DAYS * 24 - JUDGED - 1].usual.dispersion == pytest.approx(1 / NOISE_SIZE, rel=0.35)


def test_assess__past_hours__are_judged_by_what_was_known_then():
    counts, _ = series(mean=30, seed=5)
    first = dict(list(counts.items())[:500])
    assert assess(counts, zone=ZONE)[:500] == assess(first, zone=ZONE)


def test_assess__first_day__is_learned_from():
    judged = assess(steady(2), zone=ZONE)
    assert [one.usual is None for one in judged] == [True] * 24 + [False] * 24
    assert judged[0].band is None
    assert judged[0].times_usual is None


def test_spike__fewer_than_five_posts__is_none():
    counts = by_hour([0] * 30 * 24) | {START + 30 * 24 * HOUR: 4}
    assert spikes(counts, zone=ZONE, sensitivity="high") == ()
    assert len(spikes(counts | {START + 30 * 24 * HOUR: 5}, zone=ZONE)) == 1


@pytest.mark.parametrize(("weeks", "spike"), [(2, False), (4, True)])
def test_spike__hours_alike_were_silent_by_chance__is_one_once_enough_of_them_are_known(weeks, spike):
    """Five posts, where 2 are expected and the few hours that are alike happened to have none."""
    hour = START + weeks * 7 * 24 * HOUR + 19 * HOUR
    counts = {START + number * HOUR: 2 for number in range((weeks * 7 + 1) * 24)}
    counts |= {hour - week * 7 * 24 * HOUR + near * HOUR: 0 for week in range(1, weeks + 1) for near in (-1, 0, 1)}
    counts[hour] = 5
    assert [one.spike for one in assess(counts, zone=ZONE) if one.start == hour] == [spike]


def test_spike__of_several_hours_in_a_young_series__its_first_hour_does_not_hide_the_others():
    """Of bursts of four hours in 20 series that are known for five days; 53 of these 80 hours when spikes enter the dispersion."""
    burst, found = {START + (5 * 24 + hour) * HOUR for hour in range(13, 17)}, 0
    for seed in range(20):
        counts = steady(6, mean=1, seed=seed) | dict.fromkeys(burst, 12)
        found += len({one.start for one in spikes(counts, zone=ZONE)} & burst)
    print(f"\nspikes of four hours in young series: {found} of 80 hours found")
    assert found >= 75


def test_spike__says_how_many_times_the_usual():
    counts = by_hour([10] * 30 * 24) | {START + 30 * 24 * HOUR: 42}
    (one,) = spikes(counts, zone=ZONE)
    assert one.times_usual == 4.2
    assert one.band[0] <= 10 <= one.band[1] < 42


def test_spike__long_crisis__is_one_for_days_and_usual_within_weeks():
    counts = steady(63)
    for number in range(28 * 24, 63 * 24):
        counts[START + number * HOUR] *= 10
    flagged = [one.spike for one in assess(counts, zone=ZONE)]
    second_day, last_day = flagged[29 * 24 : 30 * 24], flagged[-24:]
    assert sum(second_day) == 24
    assert sum(last_day) == 0


def test_drop__silence_where_there_were_posts():
    counts = steady(30) | {START + 30 * 24 * HOUR: 0}
    assert assess(counts, zone=ZONE)[-1].drop
    assert not assess(steady(30, mean=2) | {START + 30 * 24 * HOUR: 0}, zone=ZONE)[-1].drop


def test_assess__hours_that_were_not_collected__are_not_judged():
    counts = steady(30)
    gone = {START + number * HOUR for number in range(20 * 24, 21 * 24)}
    judged = assess({hour: count for hour, count in counts.items() if hour not in gone}, zone=ZONE)
    assert gone.isdisjoint(one.start for one in judged)
    assert not any(one.drop for one in judged)


def test_assess__nothing__is_nothing():
    assert assess({}, zone=ZONE) == ()


@pytest.mark.parametrize("counts", [{START + timedelta(minutes=30): 1}, {START: -1}])
def test_assess__odd_counts__are_refused(counts):
    with pytest.raises(UsageError):
        assess(counts, zone=ZONE)
