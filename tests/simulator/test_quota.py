"""The rate limit counts for real."""

from datetime import timedelta

from monitor.simulator.quota import Quota


def test_take__beyond_the_limit__is_refused_until_the_window_ends(now):
    quota = Quota(3, 10)
    assert [quota.take("a", now + timedelta(seconds=second)) for second in (0, 1, 2, 3, 9)] == [True, True, True, False, False]
    assert quota.take("a", now + timedelta(seconds=10))
    assert quota.refused == 2


def test_take__clients__have_a_limit_each(now):
    quota = Quota(1, 10)
    assert quota.take("a", now)
    assert quota.take("b", now)


def test_headers__tell_what_is_left_and_a_moment_with_fractions(now):
    quota = Quota(3, 10)
    quota.take("a", now)
    assert quota.headers("a", now) == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "2",
        "X-RateLimit-Reset": "2026-11-22T10:00:10.000000Z",
    }


def test_wait__is_whole_seconds_to_the_end_of_the_window(now):
    quota = Quota(3, 10)
    quota.take("a", now)
    assert quota.wait_s("a", now + timedelta(seconds=2.5)) == 8
