"""The items of the simulated Hacker News, asked without a server."""

import json
from datetime import timedelta

import pytest

from monitor.simulator.firebase import SLOWEST, published_at
from monitor.simulator.hackernews import HackerNews


@pytest.fixture(scope="module")
def hackernews(world):
    return HackerNews(world)


@pytest.fixture
def get(hackernews, call):
    return lambda path, **different: json.loads(hackernews.answer(call(f"/v0/{path}.json", **different)).body())


def test_maxitem__is_the_newest_id(get, world, now):
    assert get("maxitem") == max(post.mark for post in world.posts("hackernews") if post.created_at <= now)


def test_ids__are_dense_but_for_some_that_never_are(get, world, now):
    marks = [post.mark for post in world.posts("hackernews") if post.created_at <= now]
    void = sorted(set(range(marks[0], marks[-1])) - set(marks))
    assert 0 < len(void) < len(marks) / 20
    assert get(f"item/{void[0]}") is None


def test_item__in_the_future__is_null(get):
    assert get(f"item/{get('maxitem') + 1}") is None


def test_item__counted_but_not_yet_published__is_null_for_a_while(get, world):
    post = next(post for post in world.posts("hackernews") if published_at(post) > post.created_at + timedelta(seconds=1))
    assert published_at(post) <= post.created_at + SLOWEST
    assert get("maxitem", now=post.created_at) == post.mark
    assert get(f"item/{post.mark}", now=post.created_at) is None
    assert get(f"item/{post.mark}", now=published_at(post))["id"] == post.mark


def test_deleted_item__keeps_its_place_alone(get, world):
    post = next(post for post in world.posts("hackernews") if post.deleted_at and post.reply_to)
    assert set(get(f"item/{post.mark}", now=post.deleted_at)) == {"id", "type", "time", "parent", "deleted"}


def test_dead_item__says_so_and_is_logged_as_gone(hackernews, call, world, now):
    post = next(post for post in world.visible("hackernews", now) if post.dead and published_at(post) <= now)
    answer = hackernews.answer(call(f"/v0/item/{post.mark}.json"))
    assert json.loads(answer.body())["dead"] is True
    truth = answer.rows()[0].shown.truth()
    assert (truth["text"], truth["author"], truth["deleted_at"]) == ("", None, now.isoformat())


def test_story__has_kids_and_all_its_descendants_counted(get, world, now):
    story = next(
        post
        for post in world.visible("hackernews", now)
        if any(world.replies(one) for one in world.replies(post)) and not post.reply_to
    )
    item = get(f"item/{story.mark}")
    assert item["kids"] == [reply.mark for reply in world.replies(story) if published_at(reply) <= now]
    assert item["descendants"] >= len(item["kids"]) - 2
    assert get(f"item/{item['kids'][0]}")["parent"] == story.mark


@pytest.mark.parametrize(
    ("name", "most"), [("newstories", 500), ("topstories", 500), ("askstories", 200), ("showstories", 200)]
)
def test_lists__hold_ids_of_stories(get, name, most):
    found = get(name)
    assert 20 < len(found) <= most
    assert "parent" not in get(f"item/{found[0]}")


def test_ask_stories__are_ask_stories_newest_first(get):
    found = get("askstories")
    assert found == sorted(found, reverse=True)
    assert all(get(f"item/{number}")["title"].startswith("Ask HN: ") for number in found[:5])


def test_user__lists_what_they_submitted(get, world, now):
    author = world.visible("hackernews", now)[0].author
    assert world.visible("hackernews", now)[0].mark in get(f"user/{author.username}")["submitted"]
    assert get("user/nobody") is None


def test_unknown_path__is_refused(hackernews, call):
    assert hackernews.answer(call("/v0/secrets.json")).status == 401
