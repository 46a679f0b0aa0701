"""Who writes on the platforms with threads: names that are what each platform's are, and answers in their threads."""

import re

import pytest

from monitor.simulator.thread_author import HABITS, LONGEST_SKY
from monitor.simulator.writing import plain

FORMS = {
    "bluesky": r"at://did:plc:[a-z2-7]{24}/app\.bsky\.feed\.(post|repost)/3l[0-9a-f]+",
    "lemmy": r"https://(plaza|fern)\.example/(post|comment)/\d+",
    "stackexchange": r"https://stackoverflow\.com/[aq]/\d+",
    "github": r"https://github\.com/simulated-org/\w+/(issues|pull|discussions)/\d+(#issuecomment-\d+)?",
    "discourse": r"https://forum\.example/t/\d+/\d+",
    "devto": r"https://dev\.to/api/articles/\d+",
}


@pytest.mark.parametrize("platform", HABITS)
def test_identities__have_the_form_of_the_platform_and_are_unique(world, platform):
    posts = world.posts(platform)
    identities = [post.uri for post in posts]
    assert len(set(identities)) == len(posts) > 150
    assert [uri for uri in identities if not re.fullmatch(FORMS[platform], uri)] == []


@pytest.mark.parametrize("platform", [name for name, habit in HABITS.items() if habit.answered])
def test_answers__stand_in_the_thread_of_what_they_answer(world, platform):
    replies = [post for post in world.posts(platform) if post.kind == "reply"]
    assert len(replies) > 20
    for post in replies:
        assert post.reply_to.mark < post.mark
        assert post.root.reply_to is None
        assert post.reply_to.form in HABITS[platform].answered


def test_places__count_up_in_each_topic(world):
    topics = {}
    for post in world.posts("discourse"):
        topics.setdefault(post.root, []).append(post.place)
    assert all(places == list(range(1, len(places) + 1)) for places in topics.values())


def test_bluesky__reposts_and_quotes_and_short_texts(world):
    posts = world.posts("bluesky")
    assert {post.kind for post in posts} == {"post", "reply", "repost", "quote"}
    assert sum(len(plain(post.text)) <= LONGEST_SKY for post in posts) > 0.95 * len(posts)
    assert all(post.repost_of and not post.text for post in posts if post.kind == "repost")


def test_lemmy__posts_of_another_instance__arrive_later(world):
    delays = {(post.arrives_at > post.created_at, post.author.host) for post in world.posts("lemmy")}
    assert delays == {(False, "plaza.example"), (True, "fern.example")}
