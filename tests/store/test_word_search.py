"""Searches by the word index find what reading every post finds, in every state that the index can be in."""

import asyncio
import dataclasses
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config import Config
from monitor.cursor import Cursor
from monitor.post import Author, Match, Media, Post
from monitor.query import word_index as terms_module
from monitor.query.parse import parse_search
from monitor.query.query import Query
from monitor.query.refusal import QueryError
from monitor.store import search as search_module
from monitor.store import search_plan as plan_module
from monitor.store import word_index as word_index_module
from monitor.store.connection import Store, open_store
from monitor.store.posts import Posts
from monitor.store.search import Search
from monitor.store.search_plan import Plans
from monitor.store.word_index import Timing, WordIndex

BEGIN = datetime(2026, 11, 20, 8, tzinfo=UTC)
# Several in a minute, two of one moment, minutes and hours apart.
MOMENTS = tuple(BEGIN + timedelta(seconds=seconds) for seconds in (0, 0, 0.001, 59.999, 60, 150, 300, 600, 3600, 7199, 90_000))
WORDS = (
    "tea", "Tea", "TEA", "teapot", "tea_time", "café", "cafe", "Straße", "STRASSE", "İstanbul", "ﬁne", "don't", "covid-19",
    "東京", "東京タワー", "한국어", "ภาษาไทย", "🍵", "#ClimateAction", "#tea", "@ann", "@ann@x.org", "https://x.org/tea", "naïve",
    "й", "и", "ⅷ", "x" * 60, "x" * 60 + "y",
)  # fmt: skip
TERMS = (
    "tea", "=Tea", "tea*", "t*", "teapot", "cafe", "café", "strasse", "istanbul", "fine", "東", "東京", "京都*", "한국", "ภาษา", "🍵",
    "#tea", "#cli*", "tag~:climate", "@ann", "@ann@x.org", '"tea tea"', '"covid 19"', "covid-19", "don't", '"tea cafe"~3', '"tea 東"*',
    "title:tea", "alt:cafe", "naive", "и", "viii", "x" * 60, "x" * 50 + "*", "nothing",
)  # fmt: skip
FIELDS = ("platform:a", "platform:b", "topic:t", "lang:en", "since:2026-11-20T08:01:00Z", "until:2026-11-20T09:00:00Z")

texts = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
posts = st.builds(
    Post,
    id=st.integers(0, 7).map("p:{}".format),
    platform=st.sampled_from(("a", "b")),
    native_id=st.just("1"),
    url=st.none(),
    created_at=st.sampled_from(MOMENTS),
    text=texts,
    title=st.none() | texts.filter(bool),
    language=st.sampled_from((None, "en")),
    author=st.just(Author(id="1", handle="ann")),
    tags=st.sampled_from(((), ("tea",), ("climateaction", "東京"))),
    mentions=st.sampled_from(((), ("ann@x.org",), ("bob",))),
    media=st.sampled_from(((), (Media(kind="image", alt="Café, tea"),))),
    topics=st.sampled_from(((), (Match(id="t", version=1),))),
    deleted_at=st.sampled_from((None, None, None, BEGIN)),
    seen_on=st.just(("x",)),
)
steps = st.one_of(
    st.lists(posts, min_size=1, max_size=6).map(lambda written: ("write", written)),
    st.sampled_from((("index", 9), ("index", 1), ("half", 1), ("mark", 1))),
)
written = st.lists(posts, min_size=1, max_size=6).map(lambda told: ("write", told))
# What is indexed and then changes is where an index goes wrong.
histories = st.tuples(written, st.sampled_from((("index", 9), ("index", 1))), written, st.lists(steps, max_size=3)).map(
    lambda told: [*told[:3], *told[3]]
)
leaves = st.sampled_from(TERMS) | st.sampled_from(TERMS) | st.sampled_from(FIELDS)
queries = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" AND ".join).map("({})".format),
        st.tuples(inner, inner).map(" OR ".join).map("({})".format),
        inner.map("NOT {}".format),
        st.tuples(st.sampled_from(TERMS), st.sampled_from(TERMS)).map(" NEAR/3 ".join).map("({})".format),
    ),
    max_leaves=5,
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every bound be met by few posts."""
    monkeypatch.setattr(search_module, "PAGE", 3)
    monkeypatch.setattr(plan_module, "GLANCE", 2)
    monkeypatch.setattr(plan_module, "MOST_SORTED", 4)
    monkeypatch.setattr(terms_module, "MOST_TERMS", 12)


def parsed(text: str) -> Query | None:
    try:
        return parse_search(text)
    except QueryError:
        return None


async def write(store: Store, written: list[Post], number: int) -> None:
    """A later reading each time: an edit where the post is known. As by a process of its own, which remembers no marks."""
    at = BEGIN + timedelta(days=2, minutes=number)
    read = [dataclasses.replace(post, fetched_at=at, edited_at=None if post.deleted_at else at) for post in written]
    await Posts(store.database, store.dirty).upsert(read)


async def index(store: Store, hours: int = 1000) -> int:
    """As if no write were under way; returns how many entries were written."""
    words = WordIndex(store.database, Timing(settle_s=0))
    build, written = await words.prepare(), 0
    for number in range(hours):
        if (claim := await words.claim(owner=str(number))) is None:
            break
        written += await words.index(claim, build)
        assert await words.settle(claim) == "done"
    return written


async def killed_while_indexing(store: Store) -> None:
    words = WordIndex(store.database, Timing(settle_s=0, lease_s=0))
    if (claim := await words.claim(owner="killed")) is not None and (build := await words.build()) is not None:
        await words.index(claim, build)


async def take(store: Store, step: tuple[str, Any], number: int) -> None:
    kind, what = step
    if kind == "write":
        await write(store, what, number)
    elif kind == "index":
        await index(store, what)
    elif kind == "half":
        await killed_while_indexing(store)
    else:  # a process was killed between its mark and its posts
        await Posts(store.database, store.dirty)._unindexed.mark({BEGIN, BEGIN + timedelta(minutes=1)})


async def in_pages(store: Store, query: Query, size: int) -> list[str]:
    told: list[str] = []
    after: Cursor | None = None
    while True:
        page = await Search(store.database).page(query, limit=size, after=after)
        told += [post.id for post in page.posts]
        assert len(page.posts) == size or page.next is None
        if page.next is None:
            return told
        after = page.next


async def emptied(store: Store) -> None:
    for name in ("posts", "search", "unindexed", "dirty"):
        await store.database[name].delete_many({})
    await store.database["meta"].delete_one({"_id": "word_index"})


def test_posts__whatever_is_indexed__are_those_that_reading_all_finds(config: Config, small: None) -> None:
    """Edited, deleted, half indexed, of one moment; in one go and page by page."""
    with asyncio.Runner() as runner:
        store = runner.run(open_store(config))

        @settings(
            max_examples=200 if os.environ.get("MONITOR_SOAK") else 15, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(histories, st.lists(queries, min_size=4, max_size=8), st.integers(1, 4))
        def compare(taken: list[tuple[str, Any]], asked: list[str], size: int) -> None:
            async def compared() -> None:
                await emptied(store)
                for number, step in enumerate(taken):
                    await take(store, step, number)
                stored = [post async for post in store.posts.each()]
                # What was written last is said by some, whatever else was drawn.
                said = [f'"{word}"' for post in stored for word in post.text.split()[:2]]
                for query in filter(None, map(parsed, [*asked, *said[:12]])):
                    expected = [post.id for post in stored if query.find(post) is not None]
                    assert [post.id async for post in Search(store.database).posts(query)] == expected, str(query)
                    assert await in_pages(store, query, size) == expected, str(query)

            runner.run(compared())

        try:
            compare()
        finally:
            runner.run(store.close())


@given(posts, queries)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_terms__of_a_post_that_matches__hold_what_the_query_asks(post: Post, text: str) -> None:
    query = parsed(text)
    if query is None or query.find(post) is None:
        return
    terms = terms_module.terms_of(post)
    for needs in terms_module.asked_of(query):
        begins = any(term.startswith(beginning) for term in terms for beginning in needs.beginnings)
        assert begins or needs.pieces & set(terms), (str(query), needs)


async def found(store: Store, text: str) -> list[str]:
    return [post.id async for post in Search(store.database).posts(parse_search(text))]


def said(number: int, text: str, **changes: Any) -> Post:
    values: dict[str, Any] = {"created_at": BEGIN + timedelta(minutes=number), **changes}
    return Post(
        id=f"p:{number}", platform="a", native_id=str(number), url=None, text=text, author=Author(id="1"), seen_on=("x",), **values
    )  # fmt: skip


async def test_posts__after_an_edit_or_deletion__are_found_by_what_they_say_now(store: Store) -> None:
    await write(store, [said(1, "green tea"), said(2, "black tea"), said(3, "coffee")], 0)
    assert await index(store) == 3
    assert await store.database["unindexed"].count_documents({}) == 0
    await write(store, [said(1, "milk"), said(2, "", deleted_at=BEGIN)], 1)
    for _ in range(2):
        assert (await found(store, "tea"), await found(store, "milk"), await found(store, "coffee")) == ([], ["p:1"], ["p:3"])
        await index(store)
    terms = {entry["_id"]: entry["terms"] async for entry in store.database["search"].find()}
    assert terms == {"p:1": ["milk"], "p:2": [], "p:3": ["coffee"]}


async def test_posts__are_looked_up_and_not_all_read(store: Store) -> None:
    """An entry without its term is not found: by which one sees that entries are what is looked at."""
    await write(store, [said(1, "tea"), said(2, "tea")], 0)
    await index(store)
    await store.database["search"].update_one({"_id": "p:1"}, {"$set": {"terms": []}})
    assert await found(store, "tea") == ["p:2"]
    await WordIndex(store.database).prepare(rebuild=True)
    assert await found(store, "tea") == ["p:2", "p:1"]
    assert await index(store) == 2
    assert await found(store, "tea") == ["p:2", "p:1"]


async def test_posts__an_index_of_other_terms__is_no_use(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(store, [said(1, "tea")], 0)
    await index(store)
    await store.database["search"].update_one({"_id": "p:1"}, {"$set": {"terms": []}})
    monkeypatch.setattr(word_index_module, "VERSION", "later")
    assert await found(store, "tea") == ["p:1"]
    assert await index(store) == 1


async def test_terms__of_a_post_of_very_many__are_a_mark_by_which_it_is_found(store: Store) -> None:
    await write(store, [said(1, " ".join(f"word{number}" for number in range(terms_module.MOST_TERMS + 1))), said(2, "tea")], 0)
    await index(store)
    entry = await store.database["search"].find_one({"_id": "p:1"})
    assert entry is not None
    assert entry["terms"] == [terms_module.LONG]
    assert (await found(store, "word7"), await found(store, "word1000 word3"), await found(store, "tea word7")) == (
        ["p:1"], ["p:1"], [],
    )  # fmt: skip


async def test_by_words__what_is_rarer_is_looked_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "GLANCE", 3)
    monkeypatch.setattr(plan_module, "MOST_SORTED", 5)
    told = [said(number, "tea milk" if number % 2 else "tea") for number in range(20)]
    told += [said(20, "coffee tea milk", topics=(Match(id="t", version=1),)), said(21, "x", topics=(Match(id="u", version=1),))]
    await write(store, told, 0)
    await index(store)

    async def first(text: str) -> Any:
        chosen = await Plans(store.database).by_words(parse_search(text))
        return None if chosen is None else chosen.get("$and", [chosen])[0]["terms"]["$in"][0]

    assert await first("tea") == "tea"
    assert await first("tea milk coffee") == "coffee"
    assert await first("tea milk") == "milk"
    assert await first("tea OR coffee") == "coffee"  # both, in order
    assert await first("te*") is None  # too many to be sorted
    assert await first("te* coffee") == "coffee"
    assert await first("tea topic:t") is None  # the topic is rarer
    assert await first("coffee platform:a") == "coffee"
    assert await first("-tea") is None
    assert await first("lang:en") is None


async def test_candidates__are_read_from_the_index_in_order(store: Store) -> None:
    """A sort of all posts of a common word for each page would make an export quadratic."""
    await write(store, [said(number, "tea milk") for number in range(9)], 0)
    await index(store)
    chosen = await Plans(store.database).by_words(parse_search("tea OR milk"))
    assert chosen is not None
    plan = await store.database["search"].find(chosen).sort([("created_at", -1)]).limit(3).explain()
    assert "SORT" not in str(plan["queryPlanner"]["winningPlan"]).replace("SORT_MERGE", "")
