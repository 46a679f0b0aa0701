"""What a post has to hold before a query can match it: never more than the matcher asks, and the rarest looking thing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.post import Author, Media, Post
from monitor.query.matcher import matcher_of
from monitor.query.needs import LONGEST_BEGINNING, Needs, all_needs_of, needs_of
from monitor.query.parse import parse_search
from monitor.query.searchable import Searchable
from monitor.query.term import Term
from monitor.query.tree import Field, Near, Not, Tree, either, every

WORDS = ("tea", "teapots", "café", "don't", "日本", "🔥", "straße", "a_b")

words = st.builds(Term, kind=st.just("word"), text=st.sampled_from(WORDS), prefix=st.booleans(), exact=st.booleans())
phrases = st.builds(
    lambda said, within, prefix: Term(kind="phrase", text=" ".join(said), within=within, prefix=prefix and not within),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3), st.integers(0, 2), st.booleans(),
)  # fmt: skip
tags = st.builds(Term, kind=st.just("tag"), text=st.sampled_from(("tea", "日本", "tea_pot")), prefix=st.booleans())
joined = st.builds(Term, kind=st.just("tag"), text=st.sampled_from(("tea", "pot")), split=st.just(True))
handles = st.builds(Term, kind=st.just("handle"), text=st.sampled_from(("ann", "ann@x.org")))
nears = st.builds(Near, words, words, st.integers(1, 3))
facts = st.builds(Field, st.just("lang"), st.sampled_from(("en", "de")))
trees = st.recursive(
    words | phrases | tags | joined | handles | nears | facts,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: every(*parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: either(*parts)),
    ),
    max_leaves=6,
)
said = st.lists(
    st.sampled_from((*WORDS, "Tea", "teapot", "CAFE", "STRASSE", "#tea", "#TeaPot", "#日本", "@ann@x.org", "東日本", "x")), max_size=6
).map(" ".join)  # fmt: skip


@st.composite
def posts(draw: st.DrawFn) -> Post:
    alt = draw(said)
    return Post(
        id="s:1", platform="s", native_id="1", url=None, text=draw(said), title=draw(said) or None, language="en",
        media=(Media(kind="image", alt=alt),) if alt else (), created_at=datetime(2026, 11, 1, tzinfo=UTC), author=Author(id="7"),
        tags=draw(st.sampled_from(((), ("tea",), ("teapot", "日本")))), mentions=draw(st.sampled_from(((), ("ann@x.org",)))),
    )  # fmt: skip


def holds(post: Searchable, needs: Needs) -> bool:
    """By the definition: one of the pieces, or a piece that begins so."""
    begins = any(piece.startswith(beginning) for piece in post.pieces for beginning in needs.beginnings)
    return begins or not needs.pieces.isdisjoint(post.pieces)


@settings(deadline=None)
@given(trees, posts())
def test_a_post_that_matches__holds_all_that_is_needed(tree: Tree, post: Post) -> None:
    looked_into = Searchable(post)
    if matcher_of(tree)(looked_into) is not None:
        one = needs_of(tree)
        assert one is None or holds(looked_into, one)
        assert all(holds(looked_into, needs) for needs in all_needs_of(tree))


@settings(deadline=None)
@given(trees)
def test_all_needs__there_are_some_where_there_is_one_and_each_once(tree: Tree) -> None:
    told = all_needs_of(tree)
    assert bool(told) == (needs_of(tree) is not None)
    assert len(set(told)) == len(told)


def shown(needs: Needs | None) -> set[str] | None:
    return None if needs is None else {*needs.pieces, *(f"{beginning}*" for beginning in needs.beginnings)}


@pytest.mark.parametrize(
    ("query", "one", "every_one"),
    [
        ("tea", {"tea"}, [{"tea"}]),
        ("Café", {"cafe"}, [{"cafe"}]),
        ("=NASA", {"nasa"}, [{"nasa"}]),
        ("#tea", {"tea"}, [{"tea"}]),
        # of several the longest, all of them for the other index
        ("tea kettle", {"kettle"}, [{"tea"}, {"kettle"}]),
        ('"green teapot"', {"teapot"}, [{"green"}, {"teapot"}]),
        ("green NEAR/3 teapot", {"teapot"}, [{"green"}, {"teapot"}]),
        ("don't", {"don"}, [{"don"}, {"t"}]),
        ("日本", {"日"}, [{"日"}, {"本"}]),
        # alternatives: one of each
        ("tea OR kettle", {"tea", "kettle"}, [{"tea", "kettle"}]),
        ("(tea OR kettle) milk", {"milk"}, [{"tea", "kettle"}, {"milk"}]),
        ("tea OR (milk sugar)", {"tea", "sugar"}, [{"tea", "sugar"}]),
        # beginnings: few letters for the index of queries, all for that of posts; a piece is better than one
        ("teapots*", {"teap*"}, [{"teapots*"}]),
        ("te*", {"te*"}, [{"te*"}]),
        ('"hot teapo"*', {"hot"}, [{"hot"}, {"teapo*"}]),
        ("日本*", {"日"}, [{"日"}, {"本"}]),
        # what could be in a post of any words
        ("-tea", None, []),
        ("lang:en", None, []),
        ("tea OR lang:en", None, []),
        ("tea OR -milk", None, []),
        ("tag~:tea", None, []),
        ("tea -milk", {"tea"}, [{"tea"}]),
        ("tea lang:en", {"tea"}, [{"tea"}]),
        ("tag~:tea kettle", {"kettle"}, [{"kettle"}]),
        ("tea tea", {"tea"}, [{"tea"}]),
    ],
)
def test_needs__of_a_query(query: str, one: set[str] | None, every_one: list[set[str]]) -> None:
    tree = parse_search(query).tree
    assert shown(needs_of(tree)) == one
    assert [shown(needs) for needs in all_needs_of(tree)] == every_one


@pytest.mark.parametrize(
    ("rarer", "commoner"),
    [
        (Needs(pieces=frozenset({"kettle"})), Needs(pieces=frozenset({"tea"}))),
        (Needs(pieces=frozenset({"a"})), Needs(pieces=frozenset({"kettle", "teapot"}))),
        (Needs(pieces=frozenset({"a", "b", "c"})), Needs(beginnings=frozenset({"teap"}))),
        (Needs(pieces=frozenset({"teapot", "kettle"})), Needs(pieces=frozenset({"kettle", "a"}))),
    ],
)
def test_cost__is_less_for_what_fewer_posts_hold(rarer: Needs, commoner: Needs) -> None:
    assert rarer.cost < commoner.cost


def test_beginnings__are_never_longer_than_the_index_of_queries_tries() -> None:
    needs = needs_of(parse_search("teapots* OR kett* OR mi*").tree)
    assert needs is not None
    assert max(map(len, needs.beginnings)) == LONGEST_BEGINNING == 4
