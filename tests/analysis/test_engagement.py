"""Engagement adds up what is known, and keeps unknown apart from none."""

import pytest

from monitor.analysis.engagement import Engagement, engagement, total_engagement
from monitor.post import Counts


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(), None),
        (Counts(views=1000), None),
        (Counts(likes=0), 0),
        (Counts(likes=1, reposts=2, replies=3, quotes=4, views=1000), 10),
        (Counts(score=7, replies=2), 9),
        (Counts(score=-7, replies=2), 2),
        (Counts(likes=5, score=3), 5),  # the score counts the same likes
    ],
)
def test_engagement(counts, expected):
    assert engagement(counts) == expected


def test_total__unknown_posts__are_counted_apart():
    assert total_engagement([1, None, 100, 3]) == Engagement(total=104, known=3, unknown=1, median=3)


def test_total__nothing_known__has_no_median():
    assert total_engagement([None]) == Engagement(total=0, known=0, unknown=1, median=None)
