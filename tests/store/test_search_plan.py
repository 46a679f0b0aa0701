"""How a search is answered: which time it is about, and what of it is looked up in which index."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.query.parse import parse_search
from monitor.store import search_plan as module
from monitor.store.connection import Store
from monitor.store.document import Document
from monitor.store.search_plan import Plans, Times, times_of

DAY = datetime(2026, 11, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


# ---- the time


@pytest.mark.parametrize(
    ("query", "begin", "end"),
    [
        ("tea", None, None),
        ("since:2026-11-05", 5, None),
        ("until:2026-11-05", None, 5),
        ("tea since:2026-11-05 until:2026-11-09", 5, 9),
        # of several the narrowest
        ("since:2026-11-05 since:2026-11-07 until:2026-11-09 until:2026-11-08", 7, 8),
        # what is not said of every match says nothing
        ("tea OR since:2026-11-05", None, None),
        ("(since:2026-11-05 tea) OR (since:2026-11-07 milk)", None, None),
        ("tea -since:2026-11-05", None, None),
        ("(tea OR until:2026-11-05) since:2026-11-02", 2, None),
    ],
)
def test_times__every_match_lies_in_them(query: str, begin: int | None, end: int | None) -> None:
    expected = Times(begin=None if begin is None else day(begin), end=None if end is None else day(end))
    assert times_of(parse_search(query)) == expected


# ---- what is looked up


async def entries(store: Store, *told: tuple[str, int], topics: Sequence[str] = (), at: datetime = DAY) -> None:
    """So many posts a minute apart that hold these terms, in the word index and as posts."""
    number = await store.database["search"].count_documents({})
    made = [terms.split() for terms, count in told for _ in range(count)]
    documents: list[Document] = [
        {"_id": f"p{number + place}", "created_at": at + place * MINUTE, "terms": sorted(terms)}
        for place, terms in enumerate(made)
    ]
    await store.database["search"].insert_many(documents, bypass_document_validation=True)
    posts = [
        {
            "_id": each["_id"], "created_at": each["created_at"], "platform": "mastodon", "native_id": each["_id"],
            "topics": [{"id": topic, "version": 1} for topic in topics],
        }
        for each in documents
    ]  # fmt: skip
    await store.database["posts"].insert_many(posts, bypass_document_validation=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few posts be many."""
    monkeypatch.setattr(module, "GLANCE", 3)
    monkeypatch.setattr(module, "MOST_SORTED", 6)


async def plan(store: Store, query: str) -> Document | None:
    return await Plans(store.database).by_words(parse_search(query))


async def looked_up(store: Store, query: str) -> list[Any] | None:
    """The terms by which the index is asked, without the mark of long posts; None: posts are read."""
    found = await plan(store, query)
    if found is None:
        return None
    bounds: Document = found.get("$and", [found])[0]
    return [getattr(term, "pattern", term) for term in bounds["terms"]["$in"] if term != "*"]


async def test_asks_for_no_words__posts_are_read(store: Store) -> None:
    for query in ("-tea", "lang:en", "platform:mastodon", "tea OR lang:en", "tag~:tea"):
        assert await plan(store, query) is None, query


async def test_one_word__is_looked_up_without_a_glance(store: Store) -> None:
    """However common it is: fewer posts hold it than there are."""
    await entries(store, ("tea", 20))
    for query in ("tea", "#tea", "tea -milk", "tea lang:en", "tea since:2026-11-05"):
        assert await looked_up(store, query) == ["tea"], query


async def test_several_words__the_rarest_is_looked_up_and_the_others_looked_at(store: Store) -> None:
    await entries(store, ("tea milk", 9), ("tea", 9), ("tea milk kettle", 1))
    assert await looked_up(store, "tea milk kettle") == ["kettle"]
    found = await plan(store, "tea milk")
    assert found is not None
    bounds, others = found["$and"]
    assert bounds["terms"]["$in"] == ["milk", "*"]
    assert "tea" in str(others["$expr"])


async def test_alternatives__are_looked_up_together(store: Store) -> None:
    await entries(store, ("tea", 9), ("milk", 9))
    assert await looked_up(store, "tea OR milk") == ["milk", "tea"]


async def test_rarity__is_that_of_the_time_that_is_asked_for(store: Store) -> None:
    """Milk is common as a whole and rare in these days."""
    await entries(store, ("milk tea", 1), ("tea", 9), at=DAY)
    await entries(store, ("milk", 30), at=DAY - timedelta(days=9))
    assert await looked_up(store, "tea milk since:2026-11-19") == ["milk"]


async def test_beginnings__only_where_few_posts_have_to_be_sorted(store: Store) -> None:
    await entries(store, ("teapot", 5))
    assert await looked_up(store, "teap*") == ["^teap"]
    await entries(store, ("teapots", 1))
    assert await looked_up(store, "teap*") is None
    assert await looked_up(store, "teap* kettle") == ["kettle"]


async def test_beginnings__that_fewest_posts_hold__come_before_a_common_word(store: Store) -> None:
    await entries(store, ("kettle", 20), ("kettle teapot", 1))
    found = await plan(store, "teap* kettle")
    assert await looked_up(store, "teap* kettle") == ["^teap"]
    assert found is not None
    assert "kettle" in str(found["$and"][1])


async def test_topic_that_is_rarer_than_the_word__posts_are_read(store: Store) -> None:
    await entries(store, ("tea", 20))
    await entries(store, ("tea", 2), topics=("t",))
    assert await looked_up(store, "tea topic:t") is None
    assert await looked_up(store, "tea platform:mastodon") == ["tea"]
    await entries(store, ("tea kettle", 1))
    assert await looked_up(store, "kettle platform:mastodon") == ["kettle"]


async def test_very_many_words__few_are_compared(store: Store) -> None:
    """The longest; what is shorter is left to the matcher."""
    query = " ".join(f"word{'x' * number}" for number in range(20))
    found = await plan(store, query)
    assert found is not None
    assert len(found["$and"]) == module.MOST_COMPARED
    assert "wordxxxxxxxxxxxx'" in str(found)
    assert "'wordxxxxxxxxxxx'" not in str(found)


async def test_plan__finds_what_holds_all_of_it_and_long_posts(store: Store) -> None:
    await entries(store, ("tea milk", 2), ("tea", 9), ("milk", 3), ("*", 1))
    found = await plan(store, "tea milk")
    assert found is not None
    terms = [each["terms"] async for each in store.database["search"].find(found)]
    assert sorted(terms) == [["*"], ["milk", "tea"], ["milk", "tea"]]
