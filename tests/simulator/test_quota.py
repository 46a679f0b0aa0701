"""The rate limit counts for real."""

from datetime import timedelta

from monitor.simulator.quota import Quota, Standing


def test_take__beyond_the_limit__is_refused_until_the_window_ends(now):
    quota = Quota(3, 10)
    assert [quota.take("a", now + timedelta(seconds=second)) for second in (0, 1, 2, 3, 9)] == [True, True, True, False, False]
    assert quota.take("a", now + timedelta(seconds=10))
    assert quota.refused == 2


def test_take__clients__have_a_limit_each(now):
    quota = Quota(1, 10)
    assert quota.take("a", now)
    assert quota.take("b", now)


def test_take__with_credentials__allows_so_many_times_as_much(now):
    quota = Quota(2, 10)
    assert [quota.take("a", now, times=2) for _ in range(5)] == [True, True, True, True, False]


def test_give_back__the_last_request_was_free(now):
    quota = Quota(2, 10)
    quota.take("a", now)
    quota.give_back("a")
    assert quota.standing("a", now).left == 2


def test_standing__tells_what_is_left_and_until_when(now):
    quota = Quota(3, 10)
    quota.take("a", now)
    assert quota.standing("a", now) == Standing(requests=3, seconds=10, left=2, reset_at=now + timedelta(seconds=10))
    assert quota.standing("a", now, times=4).left == 11


def test_wait__is_whole_seconds_to_the_end_of_the_window(now):
    quota = Quota(3, 10)
    quota.take("a", now)
    assert quota.standing("a", now).wait_s(now + timedelta(seconds=2.5)) == 8
