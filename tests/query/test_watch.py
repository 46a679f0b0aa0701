"""Of many topics only those are matched that a post could match."""

from datetime import UTC, datetime

import pytest

from monitor.post import Author, Post
from monitor.query.needs import Needs, needs_of
from monitor.query.parse import parse
from monitor.query.searchable import Searchable
from monitor.query.watch import Watch
from monitor.topic import Topic


def watched(*queries, platforms=()):
    topics = [Topic(id=f"t{number}", name="t", query=query, platforms=platforms) for number, query in enumerate(queries)]
    return Watch((topic, parse(topic.query)) for topic in topics)


def said(text, **fields):
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return Searchable(
        Post(id="s:1", platform="s", native_id="1", url=None, created_at=moment, author=Author(id="1"), text=text, **fields)
    )


def needs(*pieces, beginnings=()):
    return Needs(frozenset(pieces), frozenset(beginnings))


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("Größe", needs("grosse")),
        ('"to the moon"', needs("moon")),
        ("tea moonlight", needs("moonlight")),
        ("tea OR milk", needs("tea", "milk")),
        ("(tea OR milk) sugar", needs("sugar")),
        ("tea -sugarcane", needs("tea")),
        ("-tea", None),
        ("lang:en", None),
        ("tea OR lang:en", None),
        ("tea lang:en", needs("tea")),
        ("climate*", needs(beginnings=("clim",))),
        ('"big climate"*', needs("big")),
        ("東京*", needs("東")),
        ("price NEAR/3 oil", needs("price")),
        ('"oil price"~2', needs("price")),
        ("#tea", needs("tea")),
        ("tag~:tea", None),
        ("@ann@example.org", needs("example")),
        ("🔥", needs("🔥")),
    ],
)
def test_needs_of__the_rarest_looking_pieces(query, needed):
    assert needs_of(parse(query).tree) == needed


@pytest.mark.parametrize(
    ("post", "candidates"),
    [
        (said("a cup of Tea"), ["tea", "-milk", "tea OR milk"]),
        (said("nothing"), ["-milk"]),
        (said("the climate"), ["-milk", "climate*"]),
        (said("look", title="Milk"), ["-milk", "tea OR milk"]),
        (said("look", tags=("tea",)), ["tea", "-milk", "tea OR milk"]),
        (said("look", mentions=("ann@x.org",)), ["-milk", "@ann"]),
    ],
)
def test_candidates__those_that_could_match(post, candidates):
    watch = watched("tea", "-milk", "tea OR milk", "climate*", "@ann")
    assert [topic.query for topic, _ in watch.candidates(post)] == candidates


def test_candidates__a_hundred_topics_of_other_words__none_is_matched():
    assert list(watched(*(f"word{number}" for number in range(100))).candidates(said("a cup of tea"))) == []


def test_on__those_of_the_platform_and_those_of_all_and_the_same_object_again():
    everywhere, here = watched("tea")[0], watched("milk", platforms=("mastodon",))[0]
    watch = Watch((everywhere, here))
    assert list(watch.on("mastodon")) == [everywhere, here]
    assert list(watch.on("feeds")) == [everywhere]
    assert watch.on("feeds") is watch.on("feeds")
