"""What of a query a search could be asked: every post that matches is found by it, whatever the search can say."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.post import Author, Post
from monitor.query.cover import MOST_BRANCHES, Branch, Literal, cover, on_platform
from monitor.query.matcher import matcher_of
from monitor.query.parse import parse_search
from monitor.query.searchable import Searchable
from monitor.query.term import Term
from monitor.query.tree import And, Field, Near, Not, Or, Tree, either, every, leaves

WORDS = ("tea", "milk", "cup", "rain")
PLATFORMS = ("mastodon", "feeds")

Says = Callable[[Literal], tuple[Literal, ...]]

words = st.builds(Term, kind=st.just("word"), text=st.sampled_from(WORDS), prefix=st.booleans())
loose = st.builds(
    Term, kind=st.just("phrase"), text=st.sampled_from(("tea milk", "cup tea rain", "milk milk")), within=st.integers(1, 3)
)
facts = st.one_of(
    st.builds(Field, st.just("lang"), st.sampled_from(("en", "de"))),
    st.builds(Field, st.just("platform"), st.sampled_from(PLATFORMS)),
)
sides = words | st.lists(words, min_size=2, max_size=2).map(lambda parts: either(*parts))
nears = st.builds(Near, sides, sides, st.integers(1, 3), ordered=st.booleans())
trees = st.recursive(
    words | loose | facts | nears,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: every(*parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: either(*parts)),
    ),
    max_leaves=8,
)
posts = st.builds(
    lambda said, platform, language: Post(
        id="s:1", platform=platform, native_id="1", url=None, text=" ".join(said), created_at=datetime(2026, 11, 1, tzinfo=UTC),
        author=Author(id="7"), language=language,
    ),
    st.lists(st.sampled_from((*WORDS, "teas", "x")), max_size=7), st.sampled_from(PLATFORMS), st.sampled_from(("en", "de")),
)  # fmt: skip


def itself(leaf: Literal) -> tuple[Literal, ...]:
    return (leaf,)


def words_alone(leaf: Literal) -> tuple[Literal, ...]:
    """A search that knows no fields and no beginnings of words."""
    return (leaf,) if isinstance(leaf, Term) and not leaf.prefix else ()


def alternatives(leaf: Literal) -> tuple[Literal, ...]:
    """A search that has to be asked for a word in two ways, of which one alone finds some."""
    if not isinstance(leaf, Term) or leaf.kind != "word":
        return ()
    return (leaf, Term(kind="word", text=leaf.text[:2], prefix=True))


def nothing(leaf: Literal) -> tuple[Literal, ...]:
    return ()


def tree(text: str) -> Tree:
    return parse_search(text).tree


def told(branches: tuple[Branch, ...]) -> set[frozenset[str]]:
    return {frozenset(map(str, branch)) for branch in branches}


def matches(tree: Tree, post: Post) -> bool:
    return matcher_of(tree)(Searchable(post)) is not None


@settings(deadline=None)
@given(trees, posts, st.sampled_from([itself, words_alone, alternatives, nothing]))
def test_a_post_that_matches__has_one_of_the_branches_whole(tree: Tree, post: Post, says: Says) -> None:
    if matches(tree, post):
        assert any(all(matches(literal, post) for literal in branch) for branch in cover(tree, says))


@settings(deadline=None)
@given(trees, st.sampled_from([itself, alternatives]))
def test_no_branch__holds_another(tree: Tree, says: Says) -> None:
    branches = cover(tree, says)
    assert branches
    assert not [(one, other) for one in branches for other in branches if one < other]
    assert len(set(branches)) == len(branches)


@pytest.mark.parametrize(
    ("query", "branches"),
    [
        ("tea", [{"tea"}]),
        ("tea milk", [{"tea", "milk"}]),
        ("tea OR milk", [{"tea"}, {"milk"}]),
        ("tea (milk OR cup)", [{"tea", "milk"}, {"tea", "cup"}]),
        ("(a1 OR b1) (c1 OR d1)", [{"a1", "c1"}, {"a1", "d1"}, {"b1", "c1"}, {"b1", "d1"}]),
        ("tea NEAR/3 milk", [{"tea", "milk"}]),
        ("(tea OR cup) NEAR/3 milk", [{"tea", "milk"}, {"cup", "milk"}]),
        ('"tea milk"', [{'"tea milk"'}]),
        ('"tea milk"~2', [{"tea", "milk"}]),
        ('title:"tea milk"~2', [{"title:tea", "title:milk"}]),
        # negations are left out, and what is left of a query that has no more finds anything
        ("tea -milk", [{"tea"}]),
        ("-milk", [set()]),
        ("tea OR -milk", [set()]),
        ("lang:en tea", [{"lang:en", "tea"}]),
        # whoever asks for less finds the others too
        ("tea OR (tea milk)", [{"tea"}]),
        ("(tea OR milk) (tea OR cup)", [{"tea"}, {"milk", "cup"}]),
    ],
)
def test_cover__of_a_search_that_can_say_everything(query: str, branches: list[set[str]]) -> None:
    assert told(cover(tree(query), itself)) == set(map(frozenset, branches))


def test_cover__a_leaf_that_cannot_be_said__is_left_out_of_and_and_opens_or() -> None:
    assert told(cover(tree("tea lang:en"), words_alone)) == {frozenset({"tea"})}
    assert told(cover(tree("tea OR lang:en"), words_alone)) == {frozenset()}


@pytest.mark.parametrize("groups", [3, 6, 7, 20])
def test_cover__of_many_brackets__is_cut_before_it_is_too_long(groups: int) -> None:
    query = " ".join(f"(a{number} OR b{number})" for number in range(groups))
    branches = cover(tree(query), itself)
    assert len(branches) == min(2**groups, MOST_BRANCHES)
    assert {len(branch) for branch in branches} == {min(groups, 6)}


def test_cover__one_long_list__is_kept_whole_by_itself_and_left_out_beside_others() -> None:
    query = " OR ".join(f"w{number}" for number in range(100))
    assert len(cover(tree(query), itself)) == 100
    assert told(cover(tree(f"({query}) tea"), itself)) == {frozenset({"tea"})}


# ---- on one platform


@settings(deadline=None)
@given(trees, posts)
def test_on_platform__means_the_same_for_posts_of_it_and_names_none(tree: Tree, post: Post) -> None:
    left = on_platform(tree, post.platform)
    assert (left if isinstance(left, bool) else matches(left, post)) == matches(tree, post)
    if not isinstance(left, bool):
        assert "platform" not in {leaf.name for leaf in leaves(left) if isinstance(leaf, Field)}
        assert not isinstance(left, And | Or) or len(left.parts) > 1


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("platform:mastodon", True),
        ("platform:feeds", False),
        ("-platform:mastodon", False),
        ("tea platform:mastodon", "tea"),
        ("tea platform:feeds", False),
        ("tea OR platform:mastodon", True),
        ("tea OR platform:feeds", "tea"),
        ("(tea platform:mastodon) OR (milk platform:feeds)", "tea"),
        ("tea -(milk platform:mastodon)", "tea AND NOT milk"),
        ("tea NEAR/2 milk", "tea NEAR/2 milk"),
    ],
)
def test_on_platform__what_is_left(query: str, left: bool | str) -> None:
    found = on_platform(tree(query), "mastodon")
    assert (found if isinstance(found, bool) else str(found)) == left
