"""Counting an hour's posts."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.store.figures import NAMES
from monitor.store.hour_count import MOST_LISTED, HourCount

HOUR = datetime(2026, 11, 20, 8, tzinfo=UTC)

STORED = st.fixed_dictionaries(
    {
        "platform": st.sampled_from(["a", "b"]),
        "created_at": st.integers(0, 3599).map(lambda seconds: HOUR + timedelta(seconds=seconds)),
        "kind": st.sampled_from(["post", "repost"]),
        "author": st.fixed_dictionaries({"id": st.sampled_from("xyz")}),
    },
    optional={
        "language": st.sampled_from(["en", "de"]),
        "deleted_at": st.just(HOUR),
        "topics": st.lists(st.fixed_dictionaries({"id": st.sampled_from(["t", "u"])}), max_size=3),
        "tags": st.lists(st.sampled_from("pqr"), max_size=3),
        "sentiment": st.fixed_dictionaries(
            {"label": st.sampled_from(["positive", "neutral", "negative", None]), "compound": st.floats(-1, 1)}
        ),
    },
)


def counted(posts: list[dict[str, Any]]) -> HourCount:
    count = HourCount(HOUR)
    for post in posts:
        count.add(post)
    return count


@given(st.lists(STORED, max_size=30), st.randoms())
def test_the_order_of_the_posts_does_not_matter(posts: list[dict[str, Any]], rng: random.Random) -> None:
    one, other = counted(posts), counted(rng.sample(posts, len(posts)))
    assert (one.rollups(), one.tops()) == (other.rollups(), other.tops())


@given(st.lists(STORED, max_size=30))
def test_minutes_and_languages_each_add_up_to_the_totals(posts: list[dict[str, Any]]) -> None:
    made = counted(posts).rollups()
    for rollup in made:
        total = [rollup[name] for name in NAMES]
        assert [sum(column) for column in zip(*(row[1:] for row in rollup["minutes"]), strict=True)] == total
        assert [sum(row[name] for row in rollup["languages"]) for name in NAMES] == total
    everything = {rollup["platform"]: rollup["posts"] for rollup in made if rollup["topic"] == "*"}
    assert everything.pop("*", 0) == sum(everything.values()) == len(posts)


def a_stored(**changes: Any) -> dict[str, Any]:
    return {"platform": "a", "created_at": HOUR, "kind": "post", "author": {"id": "ann"}} | changes


def test_a_topic_that_matches_twice_counts_once() -> None:
    twice = a_stored(topics=[{"id": "t", "version": 1}, {"id": "t", "version": 2}], tags=["x", "x"])
    made = counted([twice])
    assert [(rollup["topic"], rollup["posts"]) for rollup in made.rollups()] == [("*", 1), ("t", 1)] * 2
    assert made.tops()[0]["tags"] == [{"key": "x", "posts": 1}]


def test_reposts_and_deleted_posts_have_no_writer() -> None:
    made = counted([a_stored(kind="repost"), a_stored(deleted_at=HOUR), a_stored()])
    assert made.tops()[0]["authors"] == [{"platform": "a", "key": "ann", "posts": 1}]


def test_domains__stored_ones_before_those_of_the_links() -> None:
    links = ["https://www.Tea.example/x", "http://tea.example:80", "ftp://milk.example"]
    told = [counted([post]).tops()[0]["domains"] for post in (a_stored(links=links), a_stored(links=links, domains=["d"]))]
    assert told == [[{"key": "tea.example", "posts": 1}], [{"key": "d", "posts": 1}]]


def test_a_long_list_is_cut__and_tells_what_the_first_one_has_that_is_left_out() -> None:
    posts = [a_stored(tags=[f"tag{number:03}"]) for number in range(MOST_LISTED + 20) for _ in range(1 + (number < 105))]
    top = counted(posts).tops()[0]
    assert (len(top["tags"]), top["tags_left_out"], top["tags"][0]) == (MOST_LISTED, 2, {"key": "tag000", "posts": 2})
    assert top["authors_left_out"] == 0


def test_authors_of_two_platforms_are_two() -> None:
    top = counted([a_stored(tags=["x"]), a_stored(platform="b", tags=["x"])]).tops()[0]
    assert (top["platform"], top["tags"]) == ("*", [{"key": "x", "posts": 2}])
    assert top["authors"] == [{"platform": platform, "key": "ann", "posts": 1} for platform in "ab"]
