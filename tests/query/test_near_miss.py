"""What is a near miss of a query, and by which clause."""

from datetime import UTC, datetime

import pytest

from monitor.post import Author, Post
from monitor.query.near_miss import NearMiss
from monitor.query.parse import parse
from monitor.query.searchable import Searchable


def clause(query: str, text: str, **fields: str) -> str | None:
    post = Post(
        id="sample:1",
        platform="sample",
        native_id="1",
        url=None,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        author=Author(id="7"),
        text=text,
        **fields,  # type: ignore[arg-type]
    )
    found = NearMiss(parse(query)).clause(Searchable(post))
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("query", "text", "failed"),
    [
        # one clause of several
        ("tea milk", "tea alone", "milk"),
        ("tea milk", "tea with milk", None),
        ("tea milk sugar", "tea alone", None),
        ("tea -game", "tea game", "NOT game"),
        ("tea (milk OR lemon)", "tea alone", "milk OR lemon"),
        ("tea lang:de", "tea", "lang:de"),
        # what is no more than a negation or a fact makes nothing near
        ("tea -game", "coffee", None),
        ("tea platform:sample", "coffee", None),
        # a single clause, made looser
        ("python", "pythonic", "python"),
        ("python", "snakes", None),
        ("tea", "teapot", None),
        ("=NASA", "nasa", "=NASA"),
        ('"green tea"', "green and black tea", '"green tea"'),
        ('"green tea"', "green", None),
        ('"green tea"~5', "green one two three four five six tea", '"green tea"~5'),
        ("green NEAR/1 tea", "green one two three tea", "green NEAR/1 tea"),
        ("#python", "python", "#python"),
        ("#python", "snakes", None),
        ("title:tea", "tea", "title:tea"),
        ("python OR rust", "rustic", "python OR rust"),
        ("(tea milk) OR coffee", "tea", "tea AND milk OR coffee"),
        ("@ann", "ann", None),
        ("-tea", "tea", None),
    ],
)
def test_near_miss__the_clause_that_failed(query: str, text: str, failed: str | None) -> None:
    assert clause(query, text) == failed
