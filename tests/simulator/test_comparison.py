"""The conservation check: what it must find, one fault at a time, and what is none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.comparison import Comparison, compare

AT = datetime(2026, 11, 22, 8, 0, 0, 123_456, tzinfo=UTC)
Row = dict[str, Any]


def shown(number: int = 1, **changes: Any) -> Row:
    """A row of the simulator's log."""
    return {
        "platform": "mastodon",
        "id": str(number),
        "uri": f"https://a.example/{number}",
        "url": f"https://a.example/@ann/{number}",
        "kind": "post",
        "author": "ann@a.example",
        "created_at": AT.isoformat(),
        "title": None,
        "text": "Wrens",
        "counts": {"likes": 3, "replies": 0},
        "poison": None,
        "sent_at": AT.isoformat(),
    } | changes


def stored(number: int = 1, **changes: Any) -> Row:
    """The document that a faithful collector makes of it."""
    return {
        "_id": f"https://a.example/{number}",
        "platform": "mastodon",
        "native_id": str(number),
        "url": f"https://a.example/@ann/{number}",
        "created_at": AT.replace(microsecond=123_000),
        "text": "Wrens",
        "author": {"id": "x", "handle": "ann@a.example"},
        "counts": {"likes": 3, "replies": 0},
    } | changes


def faults(comparison: Comparison) -> dict[str, int]:
    counted = {name: getattr(comparison, name) for name in ("missing", "invented", "doubled", "different")}
    return {name: count for name, count in counted.items() if count}


def test_compare__as_it_was_shown__is_exact() -> None:
    comparison = compare([shown(1), shown(2)], [stored(2), stored(1)])
    assert (comparison.shown, comparison.stored, comparison.exact) == (2, 2, True)


@given(st.integers(0, 20), st.sets(st.integers(0, 19)), st.integers(0, 5))
def test_compare__counts_what_was_lost_and_what_was_added(count: int, lost: set[int], added: int) -> None:
    lost &= set(range(count))
    rows = [shown(number) for number in range(count)]
    documents = [stored(number) for number in range(count) if number not in lost]
    documents += [stored(100 + number) for number in range(added)]
    comparison = compare(rows, documents)
    assert (comparison.shown, comparison.stored) == (count, len(documents))
    assert (comparison.missing, comparison.invented) == (len(lost), added)
    assert comparison.exact == (not lost and not added)


def test_compare__one_post_under_two_identities__is_doubled_and_invented() -> None:
    assert faults(compare([shown()], [stored(), stored(_id="https://other.example/1")])) == {"invented": 1, "doubled": 1}


def test_compare__shown_often__is_one_post() -> None:
    assert compare([shown(), shown()], [stored()]).shown == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"text": "Wrens!"}, "text"),
        ({"title": "Birds"}, "title"),
        ({"author": {"id": "x", "handle": "bob@a.example"}}, "author"),
        ({"created_at": AT.replace(microsecond=124_000)}, "created_at"),
        ({"counts": {"likes": 4, "replies": 0}}, "counts.likes"),
        ({"counts": {"likes": 3}}, "counts.replies"),
        ({"counts": {"likes": 3, "replies": 0, "views": 0}}, "counts.views"),
        ({"deleted_at": AT}, "text of a deleted post"),
    ],
)
def test_compare__another_field__is_different_and_says_which(changes: Row, named: str) -> None:
    comparison = compare([shown()], [stored(**changes)])
    assert faults(comparison) == {"different": 1}
    assert comparison.examples["different"] == (f"https://a.example/1: {named}",)


def test_compare__edited_between_two_showings__the_last_is_what_counts() -> None:
    before, after = shown(text="Wren"), shown(sent_at=(AT + timedelta(seconds=60)).isoformat())
    assert compare([before, after], [stored()]).exact
    assert faults(compare([before, after], [stored(text="Wren")])) == {"different": 1}


def test_compare__shown_twice_at_once__either_may_have_been_stored_last() -> None:
    rows = [shown(counts={"likes": 2}), shown(sent_at=(AT + timedelta(seconds=1)).isoformat())]
    assert compare(rows, [stored()]).exact
    assert compare(rows, [stored(counts={"likes": 2})]).exact


def test_compare__poison__may_be_set_aside_or_stored() -> None:
    assert compare([shown(poison="no-date")], []).exact
    assert compare([shown(poison="no-date")], [stored(text="other")]).exact


def test_compare__an_entry_without_identity__is_known_by_its_address() -> None:
    row, document = shown(uri="https://feed.example/1", url="https://feed.example/1"), stored(_id="feed#7")
    assert compare([row], [document | {"url": "https://feed.example/1"}]).exact


def test_compare__no_date_shown__any_will_do() -> None:
    assert compare([shown(created_at=None)], [stored(created_at=AT - timedelta(days=3))]).exact


def test_compare__repost__only_its_author_is_compared() -> None:
    row = shown(kind="repost", text="", counts={})
    assert compare([row], [stored()]).exact
    assert faults(compare([row], [stored(author={"id": "x", "handle": "bob"})])) == {"different": 1}


def test_compare__deleted_and_stored_without_text__is_exact() -> None:
    assert compare([shown(text="", counts={})], [stored(deleted_at=AT, text="")]).exact


@pytest.mark.parametrize("names", [{"handle": "ann@a.example"}, {"name": "ann@a.example"}])
def test_compare__a_feed_knows_only_the_name_of_an_author(names: Row) -> None:
    assert compare([shown()], [stored(author={"id": "x", **names})]).exact


def test_examples__are_few(many: Callable[[int], list[Row]]) -> None:
    comparison = compare(many(50), [])
    assert comparison.missing == 50
    assert len(comparison.examples["missing"]) == 5


@pytest.fixture
def many() -> Callable[[int], list[Row]]:
    return lambda count: [shown(number) for number in range(count)]
