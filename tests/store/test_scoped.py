"""Which period a scope means, and which scopes rollups answer."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.scope import parse
from monitor.store.scoped import answered_by_rollups, window_of

NOW = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)


async def test_window__an_open_end_reaches_to_the_first_and_last_post(store, a_post):
    await store.posts.upsert([a_post(number, created_at=NOW - timedelta(hours=number)) for number in (1, 5)])
    window = await window_of(store.database, parse("platform=mastodon", now=NOW), now=NOW)
    assert (window.from_at, window.to_at) == (
        datetime(2026, 11, 22, 7, 30, tzinfo=UTC),
        datetime(2026, 11, 22, 11, 31, tzinfo=UTC),
    )
    assert (window.platforms, window.topic) == (("mastodon",), None)
    later = await window_of(store.database, parse("from=-2h&lang=en", now=NOW), now=NOW)
    assert later is None


async def test_window__none_without_posts(store):
    assert await window_of(store.database, parse("topic=tea", now=NOW), now=NOW) is None


async def test_window__a_given_period_needs_no_posts(store):
    window = await window_of(store.database, parse("topic=tea&from=-2h&to=now", now=NOW), now=NOW)
    assert (window.to_at - window.from_at, window.topic) == (timedelta(hours=2, minutes=1), "tea")


@pytest.mark.parametrize(
    ("scope", "answered"),
    [
        ("", True),
        ("topic=a&platform=x&platform=y&from=-7d&to=now&tz=Asia/Tokyo", True),
        ("topic=a&topic=b", False),
        ("topic=!a", False),
        ("platform=!x", False),
        ("q=tea", False),
        ("lang=en", False),
        ("kind=reply", False),
        ("sent=neg", False),
        ("author=ann", False),
        ("as_of=2026-11-01T00:00:00Z", False),
    ],
)
def test_rollups__answer_periods_platforms_and_one_topic(scope: str, answered: bool) -> None:
    assert answered_by_rollups(parse(scope, now=NOW)) is answered
