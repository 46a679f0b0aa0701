"""Rising terms are those that rose, not those that are frequent or rare; chance brings few."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.rising import log_odds, rising_tags, rising_terms


@given(st.integers(1, 10**4), st.integers(1, 10**4), st.data())
def test_log_odds__turned_round__changes_its_sign(posts_now, posts_before, data):
    now, before = data.draw(st.integers(0, posts_now)), data.draw(st.integers(0, posts_before))
    there = log_odds(now=now, before=before, posts_now=posts_now, posts_before=posts_before)
    back = log_odds(now=before, before=now, posts_now=posts_before, posts_before=posts_now)
    assert there == pytest.approx((-back[0], -back[1]), abs=1e-9)
    if now * posts_before > before * posts_now:
        assert there[1] > 0


def test_log_odds__many_posts__is_the_plain_one():
    odds, z = log_odds(now=200_000, before=100_000, posts_now=10**6, posts_before=10**6)
    assert odds == pytest.approx(log(200 / 800) - log(100 / 900), rel=1e-3)
    assert z == pytest.approx(odds / (1 / 200_000 + 1 / 800_000 + 1 / 100_000 + 1 / 900_000) ** 0.5, rel=1e-3)


def test_log_odds__worked_by_hand():
    """Prior 100 * 12 / 200 = 6 of 100: odds 16 / 184 against 8 / 192."""
    odds, z = log_odds(now=10, before=2, posts_now=100, posts_before=100)
    assert odds == pytest.approx(log(16 / 184) - log(8 / 192))
    assert z == pytest.approx(odds / (1 / 16 + 1 / 8 + 1 / 184 + 1 / 192) ** 0.5)


def test_log_odds__a_term_of_two_posts__is_drawn_towards_nothing():
    rare = log_odds(now=2, before=0, posts_now=1000, posts_before=1000)
    known = log_odds(now=200, before=20, posts_now=1000, posts_before=1000)
    assert known[1] > 4
    assert rare[1] < 2


def test_rising__the_term_that_rose__with_the_posts_behind_it(make_posts):
    before = make_posts(*({"terms": {"always"}} for _ in range(100)))
    now = make_posts(*({"terms": {"always", "recall"} if at % 3 == 0 else {"always"}} for at in range(100)))
    (made,) = rising_terms(now, before, limit=10)
    assert (made.term, made.now, made.before, made.authors) == ("recall", 34, 0, 34)
    assert made.posts == tuple(f"p{at}" for at in range(99, 70, -3))


def test_rising__twice_as_many_posts_of_all__is_no_rise(make_posts):
    before = make_posts(*({"terms": {"a", "b"}} if at % 2 else {"terms": {"a"}} for at in range(100)))
    now = make_posts(*({"terms": {"a", "b"}} if at % 2 else {"terms": {"a"}} for at in range(200)))
    assert rising_terms(now, before, limit=10) == ()


def test_rising__nothing_changed__chance_brings_few(make_posts):
    """In 50 worlds without change, of 200 terms each, at most some worlds show any term at all."""
    draw = np.random.default_rng(8)
    words = np.array([f"w{at}" for at in range(200)])
    worlds = 0
    for _ in range(50):
        has = draw.random((400, 200)) < 0.05
        posts = make_posts(*({"terms": list(words[row])} for row in has))
        worlds += bool(rising_terms(posts[:200], posts[200:], limit=10))
    print(f"rising terms: chance showed some in {worlds} of 50 worlds without change")
    assert worlds <= 5


def test_rising__one_account_repeats_itself__is_told(make_posts):
    before = make_posts(*({"tags": set()} for _ in range(100)))
    now = make_posts(*({"tags": {"buy"}, "author": "bot"} for _ in range(30)), *({"tags": set()} for _ in range(70)))
    (made,) = rising_tags(now, before, limit=10)
    assert (made.now, made.authors) == (30, 1)


def test_rising__a_period_without_posts__says_nothing(make_posts):
    assert rising_terms(make_posts({"terms": {"a"}}), [], limit=3) == ()
    assert rising_terms([], make_posts({"terms": {"a"}}), limit=3) == ()
