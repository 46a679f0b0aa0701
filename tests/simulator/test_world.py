"""The simulated world: seeded, never rewritten, with everything in it that real platforms have."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from monitor.simulator.thread_author import HABITS
from monitor.simulator.world import Plan, World
from monitor.simulator.world_post import PLATFORMS
from monitor.simulator.writing import Link, Mention, plain


def fingerprint(world, now):
    return [
        (post.mark, post.created_at, plain(post.text), post.title) for name in PLATFORMS for post in world.visible(name, now)
    ]


def test_world__same_seed__is_the_same_world(now):
    plan = Plan(seed=3, posts=500)
    assert fingerprint(World(plan, now=now), now) == fingerprint(World(plan, now=now), now)


def test_world__other_seed__is_another_world(now):
    assert fingerprint(World(Plan(seed=3, posts=500), now=now), now) != fingerprint(
        World(Plan(seed=4, posts=500), now=now), now
    )


def test_world__started_later_the_same_day__is_the_same_world(now):
    """A simulator that is started again serves the posts it served before."""
    plan, later = Plan(seed=3, posts=500), now + timedelta(hours=5)
    assert fingerprint(World(plan, now=now), later) == fingerprint(World(plan, now=later), later)


def test_world__begun_another_day__is_the_same_world_so_many_days_later(now):
    """What the demo finds does not depend on the day on which it is tried."""
    first, second = (World(Plan(seed=3, posts=500), now=now + timedelta(days=days)) for days in (0, 9))
    told = [
        [
            (post.created_at - world.start, plain(post.text), post.title)
            for name in PLATFORMS
            for post in world.visible(name, at)
        ]
        for world, at in ((first, now), (second, now + timedelta(days=9)))
    ]
    assert told[0] == told[1]


def test_world__asked_in_steps__is_what_it_is_when_asked_at_once(now):
    plan = Plan(seed=3, posts=500)
    stepwise = World(plan, now=now)
    for hours in range(0, 48, 7):
        stepwise.reach(now + timedelta(hours=hours))
    assert fingerprint(stepwise, now + timedelta(hours=48)) == fingerprint(World(plan, now=now), now + timedelta(hours=48))


def test_world__default_plan__has_about_7000_posts_over_28_days(now):
    world = World(Plan(), now=now)
    planned = [name for name in PLATFORMS if name not in HABITS]
    assert 6700 <= sum(len(world.visible(name, now)) for name in planned) <= 7500
    assert (now - world.start) // timedelta(days=1) == 28


def test_world__time_goes_on__posts_appear_and_none_is_changed(now, world):
    before = {post.mark for post in world.visible("mastodon", now)}
    after = {post.mark for post in world.visible("mastodon", now + timedelta(hours=3))}
    assert len(after - before) > 5
    deleted = {post.mark for post in world.posts("mastodon") if post.deleted_at}
    assert before - after <= deleted


@pytest.mark.parametrize("platform", PLATFORMS)
def test_world__marks_rise(world, platform):
    marks = [post.mark for post in world.posts(platform)]
    assert all(low < high for low, high in pairwise(marks))


def test_world__demo_subjects__each_have_their_share(world, now):
    subjects = world.truth(now)["subjects"]
    assert min(subjects[name]["posts"] for name in ("python", "climate", "electric cars", "coffee")) > 400


def test_world__planned_spike__stands_out(world):
    """The truth names the hours of the spike; in them is more of its subject than in any other hour."""
    spike = world.spike
    per_hour = Counter(
        post.created_at.replace(minute=0, second=0, microsecond=0)
        for name in ("mastodon", "hackernews")
        for post in world.posts(name)
        if post.subject == spike.subject
    )
    highest = {hour for hour, _ in per_hour.most_common(spike.hours)}
    assert highest == {spike.from_at + timedelta(hours=hour) for hour in range(spike.hours)}


def test_world__day_and_night__differ(world):
    per_hour = Counter(post.created_at.hour for post in world.posts("mastodon"))
    assert sum(per_hour[hour] for hour in (16, 17, 18)) > 2.5 * sum(per_hour[hour] for hour in (2, 3, 4))


def test_world__holds_every_odd_thing(world, now):
    """What the posts of real platforms have, these have too."""
    posts = [post for name in PLATFORMS for post in world.visible(name, now)]
    pieces = [piece for post in posts for paragraph in post.text for piece in paragraph]
    assert {post.kind for post in posts} == {"post", "reply", "repost", "quote"}
    assert {"en", "de", "es", "fr", "ja", "ar", None} == {post.language for post in posts}
    assert any(isinstance(piece, Mention) for piece in pieces)
    assert any(isinstance(piece, Link) for piece in pieces)
    for trait in ("summary", "sensitive", "media", "edited_at", "dead", "hidden"):
        assert any(getattr(post, trait) for post in posts), trait
    assert any(len(post.text) > 2 for post in posts)
    assert any(post.deleted_at for post in world.posts("mastodon"))


def test_world__late_posts__arrive_within_the_bound(world):
    delays = [(post.arrives_at - post.created_at).total_seconds() for post in world.posts("mastodon") if post.kind != "repost"]
    assert 60 < max(delays) <= world.plan.late_s


def test_world__moods__are_what_a_common_scorer_says(world):
    """So a sentiment chart of the demo shows what was planned."""
    score = SentimentIntensityAnalyzer().polarity_scores
    posts = [post for name in PLATFORMS for post in world.posts(name) if post.language == "en" and post.mood][:1500]
    agreed = 0
    for post in posts:
        compound = score(plain(post.text) or post.title)["compound"]
        label = "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"
        agreed += label == post.mood
    assert agreed / len(posts) > 0.95
