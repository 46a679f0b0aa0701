"""The endless timeline: its posts are functions of their number."""

from datetime import timedelta

from monitor.simulator.endless import Endless, Pace
from monitor.simulator.writing import plain


def test_reach__in_steps_or_at_once__makes_the_same_posts(now):
    stepwise, at_once = (Endless(Pace(per_second=7, backlog=50), seed=2, start=now) for _ in range(2))
    steps = [post for second in (0, 1, 1.5, 4) for post in stepwise.reach(now + timedelta(seconds=second))]
    once = at_once.reach(now + timedelta(seconds=4))
    assert [(post.mark, plain(post.text)) for post in steps] == [(post.mark, plain(post.text)) for post in once]
    assert len(once) == 50 + 28


def test_reach__marks_rise_and_no_post_is_of_the_future(now):
    posts = Endless(Pace(per_second=3000, backlog=1000), seed=2, start=now).reach(now + timedelta(seconds=1))
    marks = [post.mark for post in posts]
    assert marks == sorted(set(marks))
    assert max(post.created_at for post in posts) <= now + timedelta(seconds=1)
