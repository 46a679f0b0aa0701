"""What the stream of the simulated Bluesky tells: in order, once, and the same however often it is asked."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from monitor.simulator.endless import Endless, Pace
from monitor.simulator.journal import EACH_ACCOUNT, EACH_DELETED, EACH_IDENTITY, Journal
from monitor.simulator.world import Plan, World

Told = list[tuple[int, int, str, str | None]]

PLAN = Plan(seed=7, days=2, posts=4000)


def journal(now: datetime) -> Journal:
    return Journal(World(PLAN, now=now))


def endless(now: datetime, *, per_second: float = 20) -> Journal:
    """A world of few posts with a timeline that never ends."""
    return Journal(World(Plan(seed=7, days=1, posts=10), now=now), Endless(Pace(per_second=per_second), seed=2, start=now))


def told(journal: Journal) -> Told:
    return [(event.seq, event.time_us, event.tells, None if event.post is None else event.post.uri) for event in journal.events]


def at(time_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


def test_reach__in_steps_or_at_once__tells_the_same(now: datetime) -> None:
    at_once, stepwise = journal(now), journal(now)
    at_once.reach(now)
    for hours in (40, 39.5, 20, 20, 7.25, 0.01, 0):
        stepwise.reach(now - timedelta(hours=hours))
    assert told(stepwise) == told(at_once)
    assert len(told(at_once)) > 100


def test_reach__what_was_written_stays(now: datetime) -> None:
    grown = journal(now)
    grown.reach(now - timedelta(hours=5))
    before = told(grown)
    grown.reach(now - timedelta(hours=9))
    assert told(grown) == before
    grown.reach(now)
    assert told(grown)[: len(before)] == before
    assert len(told(grown)) > len(before)


def test_events__are_numbered_from_one_and_no_two_are_of_one_moment(now: datetime) -> None:
    made = journal(now)
    made.reach(now)
    assert [event.seq for event in made.events] == list(range(1, len(made.events) + 1))
    moments = [event.time_us for event in made.events]
    assert moments == sorted(set(moments))
    assert at(moments[-1]) <= now + timedelta(milliseconds=1)


def test_creates__are_the_posts_of_the_world_that_are_no_reposts(now: datetime) -> None:
    made = journal(now)
    made.reach(now)
    wanted = [post for post in made.world.posts("bluesky") if post.created_at <= now and post.kind != "repost"]
    created = [event for event in made.events if event.tells == "create"]
    assert [event.post for event in created] == wanted
    assert all(abs(at(event.time_us) - event.post.created_at) < timedelta(milliseconds=1) for event in created if event.post)


def test_deletes__come_once_for_each_post_that_is_gone_by_then_and_after_it(now: datetime) -> None:
    made = journal(now)
    made.reach(now)
    gone = {
        post.uri
        for post in made.world.posts("bluesky")
        if post.created_at <= now and post.kind != "repost" and post.deleted_at is not None and post.deleted_at <= now
    }
    deleted = [event.post.uri for event in made.events if event.tells == "delete" and event.post]
    assert sorted(deleted) == sorted(gone)
    created = {event.post.uri: event.seq for event in made.events if event.tells == "create" and event.post}
    assert all(
        created[event.post.uri] < event.seq for event in made.events if event.tells == "delete" and event.post is not None
    )


def test_frames_that_are_no_posts__follow_those_whose_author_they_tell_of(now: datetime) -> None:
    made = journal(now)
    made.reach(now)
    numbers = [event.post.number for event in made.events if event.tells == "create" and event.post]
    counts = Counter(event.tells for event in made.events)
    assert counts["identity"] == sum(number % EACH_IDENTITY == 0 for number in numbers) > 0
    assert counts["account"] == sum(number % EACH_ACCOUNT == 0 for number in numbers) > 0
    for place, event in enumerate(made.events):
        if event.tells in {"identity", "account"}:
            assert event.post is None
            assert event.person == made.events[place - 1].person


@pytest.mark.parametrize("seconds", [10, 30])
def test_endless__each_fiftieth_is_deleted_as_soon_as_it_was_read(now: datetime, seconds: int) -> None:
    made = endless(now)
    made.reach(now)
    before = len(made.events)
    made.reach(now + timedelta(seconds=seconds))
    new = made.events[before:]
    created = [event for event in new if event.tells == "create"]
    deleted = {event.post.uri: event.time_us for event in new if event.tells == "delete" and event.post}
    assert len(created) == 20 * seconds
    assert len(deleted) == 20 * seconds // EACH_DELETED - (seconds % 10 == 0)
    for event in created:
        if event.post is not None and event.post.uri in deleted:
            assert deleted[event.post.uri] - event.time_us == pytest.approx(400_000, abs=5000)


def test_endless__posts_have_addresses_of_their_own_on_bluesky(now: datetime) -> None:
    made = endless(now, per_second=500)
    made.reach(now + timedelta(seconds=4))
    posts = [event.post for event in made.events if event.tells == "create" and event.post and event.post.created_at > now]
    assert len(posts) == len({post.uri for post in posts}) == 2000
    assert {post.platform for post in posts} == {"bluesky"}
    assert all(post.uri.startswith("at://did:") and post.native_id == post.uri and post.url is None for post in posts)


def test_at__is_the_first_event_that_is_not_before_a_moment(now: datetime) -> None:
    made = journal(now)
    made.reach(now)
    moments = [event.time_us for event in made.events]
    for place in (0, 1, 17, len(moments) - 1):
        assert made.at(moments[place]) == place
        assert made.at(moments[place] - 1) == sum(moment < moments[place] - 1 for moment in moments)
        assert made.at(moments[place] + 1) == sum(moment <= moments[place] for moment in moments)
    assert (made.at(0), made.at(moments[-1] + 1)) == (0, len(moments))
