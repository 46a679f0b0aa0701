"""An excerpt holds what the analysis asks of a post, and no text."""

from datetime import UTC, datetime

from monitor.analysis.excerpt import excerpt
from monitor.post import Author, Counts, Match, Post


def post(**fields):
    known = {
        "id": "https://a.example/1",
        "platform": "mastodon",
        "native_id": "1",
        "url": None,
        "created_at": datetime(2026, 6, 1, tzinfo=UTC),
        "text": "Hello",
        "author": Author(id="77", handle="Ann@A.example"),
    }
    return Post(**known | fields)


def test_excerpt__names_accounts_alike__whether_they_write_or_are_mentioned():
    assert excerpt(post()).author in excerpt(post(mentions=("ann@a.EXAMPLE",))).mentions


def test_excerpt__author_without_handle__goes_by_id():
    assert excerpt(post(author=Author(id="77"))).author == "mastodon:77"


def test_excerpt__fields():
    made = excerpt(
        post(tags=("a", "b"), topics=(Match(id="acme", version=2),), counts=Counts(likes=3), links=("https://b.example/",)),
        terms=["hello"],
        domains=["b.example"],
    )
    assert made.tags == {"a", "b"}
    assert made.topics == {"acme"}
    assert made.engagement == 3
    assert (made.links, made.domains, made.terms) == ({"https://b.example/"}, {"b.example"}, {"hello"})
