"""The simulated Discourse: ids count down, lists name posts, and a topic shows a stretch of posts."""

import json

import pytest

from monitor.simulator.discourse import ACTIONS, PAGE, Discourse


@pytest.fixture
def server(world):
    return Discourse(world)


@pytest.fixture
def ask(server, call):
    return lambda address, **different: server.answer(call(address, **different))


def told(answer):
    return json.loads(answer.body())


def test_posts__before_an_id__count_down_to_the_first(ask, world, now):
    seen, before = [], ""
    while rows := told(ask(f"/posts.json{before}"))["latest_posts"]:
        seen += [row["id"] for row in rows]
        before = f"?before={rows[-1]['id']}"
    assert seen == [post.mark for post in reversed(world.visible("discourse", now))]
    assert len(seen) > 2 * PAGE


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("/search.json?q=coffee order:latest&page=1", "posts"),
        ("/user_actions.json?username={name}&filter=4,5&offset=0", "user_actions"),
    ],
)
def test_lists__name_posts_that_their_topics_show(ask, world, now, address, key):
    name = world.visible("discourse", now)[-1].author.username
    answer = ask(address.format(name=name))
    assert answer.rows() == []  # a name is no post
    named = told(answer)[key]
    assert named
    for each in named[:5]:
        answer = ask(f"/t/{each['topic_id']}/{each['post_number']}.json")
        rows = told(answer)["post_stream"]["posts"]
        assert any((row["post_number"], row["created_at"]) == (each["post_number"], each["created_at"]) for row in rows)
        shown = [row.shown.post.place for row in answer.rows() if row.shown]
        assert shown == [each["post_number"]]


def test_topics__of_a_category_and_a_tag__an_old_one_is_pinned_first(ask):
    topics = told(ask("/c/coffee/l/latest.json?order=created&page=0"))["topic_list"]["topics"]
    assert [topic["pinned"] for topic in topics] == [True] + [False] * (len(topics) - 1)
    assert topics[0]["created_at"] == min(topic["created_at"] for topic in topics)
    moments = [topic["created_at"] for topic in topics[1:]]
    assert moments == sorted(moments, reverse=True)
    assert told(ask("/tag/coffee/l/latest.json?order=created&page=0"))["topic_list"]["topics"]


def test_actions__go_on_at_an_offset(ask, world, now):
    name = max(
        {post.author.username for post in world.visible("discourse", now)},
        key=lambda name: sum(post.author.username == name for post in world.visible("discourse", now)),
    )
    first = told(ask(f"/user_actions.json?username={name}&offset=0"))["user_actions"]
    rest = told(ask(f"/user_actions.json?username={name}&offset={len(first)}"))["user_actions"]
    there = sum(post.author.username == name for post in world.visible("discourse", now))
    assert len(first) == min(there, ACTIONS)
    assert len(first) + len(rest) == min(there, 2 * ACTIONS)


@pytest.mark.parametrize("address", ["/t/1/99.json", "/c/nothing/l/latest.json", "/user_actions.json?username=nobody", "/x"])
def test_unknown__is_not_found(ask, address):
    answer = ask(address)
    assert (answer.status, told(answer)["error_type"]) == (404, "not_found")
