"""max_id, since_id and min_id, exactly as Mastodon documents them, over ids 1 to 9."""

from types import SimpleNamespace

import pytest

from monitor.simulator.timeline import Timeline, Window


@pytest.fixture
def timeline():
    made = Timeline()
    for mark in range(1, 10):
        made.append(SimpleNamespace(mark=mark))
    return made


@pytest.mark.parametrize(
    ("window", "marks"),
    [
        (Window(limit=3), [9, 8, 7]),
        (Window(limit=3, max_id=7), [6, 5, 4]),
        (Window(limit=3, since_id=4), [9, 8, 7]),  # the newest above, with a hole below them
        (Window(limit=3, min_id=4), [7, 6, 5]),  # those immediately above, newest first all the same
        (Window(limit=3, min_id=2, max_id=5), [4, 3]),
        (Window(limit=3, min_id=4, since_id=8), [7, 6, 5]),  # min_id wins
        (Window(limit=3, max_id=7, since_id=4), [6, 5]),
        (Window(limit=3, min_id=9), []),
        (Window(limit=3, max_id=1), []),
        (Window(limit=0), []),
    ],
)
def test_page(timeline, window, marks):
    assert [post.mark for post in timeline.page(window, there=lambda post: True)] == marks


def test_page__posts_that_are_not_there__take_no_place(timeline):
    page = timeline.page(Window(limit=3), there=lambda post: post.mark % 2 == 1)
    assert [post.mark for post in page] == [9, 7, 5]
