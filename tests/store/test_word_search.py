"""Searches by the word index find what reading every post finds, in every state that the index can be in."""

import asyncio
import dataclasses
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
from monitor.store.connection import Store, open_store
from monitor.store.posts import Posts
from monitor.store.search import Search
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

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
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
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_terms__of_a_post_that_matches__hold_what_the_query_asks(post: Post, text: str) -> None:
    query = parsed(text)
    if query is None or query.find(post) is None:
        return
    terms = terms_module.terms_of(post)
    for needs in terms_module.asked_of(query):
        begins = any(term.startswith(beginning) for term in terms for beginning in needs.beginnings)
        assert begins or needs.pieces & set(terms), (str(query), needs)
