"""A narrowed scope holds the posts that are in both scopes, and stays as relative as they were."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.narrowed import narrowed
from monitor.post import Author, Match, Post, Score
from monitor.scope import parse

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
KEYS = {
    "topic": ("a", "b", "!a"),
    "platform": ("mastodon", "feeds", "!feeds"),
    "lang": ("en", "de", "!en", "und"),
    "kind": ("reply", "post"),
    "sent": ("pos", "neg"),
    "author": ("ann", "ann@x.org", "!bob"),
    "q": ("tea", "milk OR tea", "-milk"),
    "from": ("-2d", "-1h", "2026-11-19"),
    "to": ("now", "-30m"),
}
pairs = st.sampled_from([(key, value) for key, values in KEYS.items() for value in values])
scopes = st.lists(pairs, max_size=5).map(
    lambda told: parse(
        "&".join(
            f"{key}={value}"
            for place, (key, value) in enumerate(told)
            if key not in ("from", "to") or key not in dict(told[:place])
        ),
        now=NOW,
    )
)
posts = st.builds(
    Post,
    id=st.just("p:1"),
    platform=st.sampled_from(("mastodon", "feeds")),
    native_id=st.just("1"),
    url=st.none(),
    kind=st.sampled_from(("post", "reply")),
    created_at=st.sampled_from((0, 0.3, 0.9, 12, 40, 50)).map(lambda hours: NOW - timedelta(hours=hours)),
    text=st.sampled_from(("tea", "milk", "tea with milk")),
    language=st.sampled_from((None, "en", "de")),
    author=st.sampled_from(("ann@x.org", "ann@y.org", "bob")).map(lambda name: Author(id=name, handle=name)),
    topics=st.sampled_from(((), ("a",), ("b",), ("a", "b"))).map(lambda ids: tuple(Match(id=each, version=1) for each in ids)),
    sentiment=st.sampled_from((None, Score(scorer="s", label="positive"), Score(scorer="s", label="negative"))),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(scopes, scopes, st.lists(posts, min_size=1, max_size=8))
def test_narrowed__the_posts_of_both(first, second, told) -> None:
    both = narrowed(first, second, now=NOW)
    for post in told:
        asked = [scope.asks(NOW) for scope in (first, second)]
        expected = all(query is None or query.find(post) is not None for query in asked)
        query = both.asks(NOW)
        assert (query is None or query.find(post) is not None) == expected, str(both)
    assert parse(str(both), now=NOW) == both


@pytest.mark.parametrize(
    ("saved", "further", "both"),
    [
        ("", "", ""),
        ("q=tea&from=-7d", "from=-1d", "q=tea&from=-1d"),
        ("q=tea&from=-1d", "from=-7d", "q=tea&from=-1d"),
        ("from=-7d&to=-1d", "to=-2d", "from=-7d&to=-2d"),
        ("platform=feeds&platform=mastodon", "platform=feeds", "platform=feeds"),
        ("platform=feeds", "platform=!mastodon&lang=en", "platform=!mastodon&platform=feeds&lang=en"),
        ("topic=a", "topic=b", "topic=a&q=topic:b"),
        ("q=tea", "q=milk", "q=tea+AND+milk"),
        ("tz=Europe/Berlin&from=-1d/d", "", "from=-1d/d&tz=Europe/Berlin"),
        ("as_of=2026-11-01T00:00:00Z", "as_of=2026-11-02T00:00:00Z", "tz=UTC&as_of=2026-11-01T00:00:00Z"),
    ],
)
def test_narrowed__as_it_is_written(saved: str, further: str, both: str) -> None:
    scope = parse(saved, now=NOW)
    rest = parse(f"{further}&tz={scope.zone}", now=NOW)
    assert str(narrowed(scope, rest, now=NOW)) == str(parse(both, now=NOW)) == both
