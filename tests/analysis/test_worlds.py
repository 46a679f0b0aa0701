"""In simulated worlds with holes in the collection, the 95 % intervals hold the truth about as often as they say."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.analysis.bucket import Period
from monitor.analysis.net_sentiment import Labels, net_sentiment
from monitor.analysis.share import shares
from monitor.analysis.volume import volume

ZONE = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
START = datetime(2026, 6, 1, tzinfo=UTC)
HISTORY, HOURS, HOLES = 56 * 24, 7 * 24, 40
WORLDS, SEED = 200, 2026
TOPICS, MIX = ("acme", "other", "zeta"), (0.25, 0.6, 0.15)
NEARLY_ALL = 0.9  # of the posts of an hour that was read in part
NEGATIVE_NEUTRAL_POSITIVE = (0.2, 0.45, 0.35)


def world(seed):
    """Eight weeks of history and one of 168 hours, of which 40 in five holes were not collected; and what of it each interval holds."""
    draw = np.random.default_rng(seed)
    hours = np.arange(-HISTORY, HOURS)
    mean = draw.uniform(2, 40) * (1 + 0.5 * np.sin(hours / 24 * 2 * np.pi)) * np.where(hours // 24 % 7 >= 5, 0.7, 1.1)
    size = draw.uniform(3, 20)
    counts = draw.negative_binomial(size, size / (size + mean))
    week = counts[HISTORY:]
    hole = np.zeros(HOURS, dtype=bool)
    for first in draw.choice(HOURS // 8, HOLES // 8, replace=False):
        hole[8 * first : 8 * first + 8] = True
    topics, labels = draw.multinomial(week, MIX), draw.multinomial(week, NEGATIVE_NEUTRAL_POSITIVE)

    known = {
        START + int(hour) * HOUR: int(count) for hour, count in zip(hours, counts, strict=True) if hour < 0 or not hole[hour]
    }
    period = Period(start=START, end=START + HOURS * HOUR)
    estimated = volume(known, period=period, zone=ZONE)
    counted = dict(zip(TOPICS, topics[~hole].sum(axis=0).tolist(), strict=True))
    share = next(one for one in shares(counted, whole=estimated.posts) if one.key == "acme")
    negative, neutral, positive = labels[~hole].sum(axis=0).tolist()
    net = net_sentiment(Labels(negative=negative, neutral=neutral, positive=positive), whole=estimated.posts)
    every = labels.sum(axis=0) / week.sum()
    parts = {START + int(hour) * HOUR: int(draw.binomial(week[hour], NEARLY_ALL)) for hour in np.flatnonzero(hole)}
    partly = volume(known, partial=parts, period=period, zone=ZONE)
    return {
        "volume": week.sum() in estimated.interval,
        "volume, hours read in part": week.sum() in partly.interval,
        "share of voice": topics[:, 0].sum() / week.sum() in share.interval,
        "net sentiment": every[2] - every[0] in net.interval,
    }


@pytest.fixture(scope="module")
def held():
    """How many of the worlds each interval held the truth in."""
    results = [world(SEED + number) for number in range(WORLDS)]
    return {figure: sum(result[figure] for result in results) for figure in results[0]}


@pytest.mark.parametrize("figure", ["volume", "volume, hours read in part", "share of voice", "net sentiment"])
def test_intervals__in_200_worlds_with_holes__hold_the_truth(held, figure):
    """The truth is that of all posts of the week, also those in holes; the counted part of it is known without error.

    200 worlds tell a share to 1.5 points, so the seeds are fixed; over 1,200 of them it was 96.0 % (volume), 96.1 and 94.4 %.
    """
    share = held[figure] / WORLDS
    print(f"{figure}: the 95 % interval held the truth in {100 * share:.1f} % of {WORLDS} worlds (seeds from {SEED})")
    assert 0.93 <= share <= 0.97
