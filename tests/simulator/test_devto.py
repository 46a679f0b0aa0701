"""The simulated DEV: pages by number, accounts, and the popular articles of some days."""

import json
from datetime import timedelta

import pytest

from monitor.simulator.devto import DevTo


@pytest.fixture
def ask(world, call):
    server = DevTo(world)
    return lambda address: server.answer(call(address))


def told(answer):
    return json.loads(answer.body())


def test_latest__pages__show_everything_and_only_an_empty_one_is_the_end(ask, world, now):
    seen, page = [], 1
    while rows := told(ask(f"/api/articles/latest?per_page=100&page={page}")):
        seen += [row["id"] for row in rows]
        page += 1
    assert seen == [post.mark for post in reversed(world.visible("devto", now))]


def test_account__has_its_own_articles_and_an_unknown_one_none(ask, world, now):
    name = world.visible("devto", now)[-1].author.username
    assert {row["user"]["username"] for row in told(ask(f"/api/articles?username={name}"))} == {name}
    assert told(ask("/api/articles?username=nobody")) == []


def test_tag__of_some_days__comes_by_popularity(ask, world, now):
    rows = told(ask("/api/articles?tag=python&top=7&per_page=1000"))
    there = [
        post.mark
        for post in world.visible("devto", now)
        if "python" in post.tags and post.created_at >= now - timedelta(days=7)
    ]
    assert sorted(row["id"] for row in rows) == there
    likes = [row["public_reactions_count"] for row in rows]
    assert likes == sorted(likes, reverse=True)
    assert len(rows) > 3


def test_search__finds_words(ask):
    rows = told(ask("/api/articles/search?q=coffee&top=28&per_page=1000"))
    assert rows
    assert all("coffee" in f"{row['title']} {row['description']}".lower() for row in rows)


def test_other_addresses__are_not_found(ask):
    assert ask("/api/comments").status == 404
