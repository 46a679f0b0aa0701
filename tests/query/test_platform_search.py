"""What a platform is asked for finds everything that matches: random queries against the simulated searches, and against models
of those that only documentation tells (/search of each platform as its file in spiders/ describes it)."""

import json
import re
import unicodedata
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.post import Author, Media, Post
from monitor.query.native import compile_query, platforms
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.query.term import Term
from monitor.query.tree import Field, Near, Not, either, every
from monitor.simulator.algolia import LAG
from monitor.simulator.answer import Call
from monitor.simulator.hackernews import HackerNews
from monitor.simulator.mastodon import TOKEN, Mastodon
from monitor.simulator.world import Plan, World
from monitor.simulator.writing import plain, tags_of

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
WORDS = ("tea", "Milk", "sugar", "c++", "node.js", "don't", "café", "cafe", "the", "cup", "東京")
TOLD = (*WORDS, "#tea", "#milk", "teas", "CAFÉ", "cups", "東京都", "🔥", "https://x.example/tea")
HANDLES = {"mastodon": ("ann@a.example", "ann@b.example", "bob@a.example"), "bluesky": ("ann.example", "bob.example")}
WAYS = [*((platform, False) for platform in platforms()), ("mastodon", True), ("bluesky", True)]


def trees_of(words):
    """Queries of the words, in every form that says them."""
    one = st.builds(Term, kind=st.just("word"), text=st.sampled_from(words), prefix=st.booleans(), exact=st.booleans())
    row = st.lists(st.sampled_from(words), min_size=2, max_size=3).map(" ".join)
    leaves = st.one_of(
        st.builds(Term, kind=st.just("word"), text=st.sampled_from(words)),
        one,
        st.builds(Term, kind=st.just("phrase"), text=row, prefix=st.booleans()),
        st.builds(Term, kind=st.just("phrase"), text=row, within=st.integers(1, 5)),
        st.builds(
            Term, kind=st.just("tag"), text=st.sampled_from([word for word in words if word.isalpha()]), prefix=st.booleans()
        ),
        st.builds(Term, kind=st.just("word"), text=st.sampled_from(words), part=st.sampled_from(("title", "alt"))),
        st.builds(Near, one, one, st.integers(1, 5)),
        st.builds(Field, st.just("platform"), st.sampled_from(("mastodon", "hackernews", "github"))),
        st.builds(Field, st.just("from"), st.sampled_from(("ann", "ann@a.example", "ann.example"))),
        st.builds(Field, st.just("lang"), st.just("en")),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=4).map(lambda parts: every(*parts)),
            st.lists(inner, min_size=2, max_size=4).map(lambda parts: either(*parts)),
        ),
        max_leaves=10,
    )


# ---- the simulated platforms


@cache
def world():
    made = World(Plan(seed=3, posts=1500, days=5), now=NOW)
    made.reach(NOW)
    return made


@cache
def hackernews():
    return HackerNews(world())


@cache
def mastodon():
    return Mastodon(world())


def asked(server, path, **parameters):
    call = Call(
        path=path,
        parameters=tuple((name, str(value)) for name, value in parameters.items()),
        now=NOW,
        base="http://127.0.0.1:1",
        headers={"authorization": f"Bearer {TOKEN}"},
    )
    return json.loads(server.answer(call).body())


def post_of(post, platform):
    author = Author(id="1", handle=post.author.username)
    return Post(
        id=post.uri,
        platform=platform,
        native_id="1",
        url=None,
        created_at=post.created_at,
        text=plain(post.text_at(NOW)),
        title=post.title,
        tags=tuple(tags_of(post.text_at(NOW))) if platform == "mastodon" else (),
        author=author,
    )


def found_at_hackernews(ask):
    told = asked(hackernews(), "/api/v1/search_by_date", query=ask.parameters["query"], typoTolerance="false", hitsPerPage=1000)
    return {int(hit["objectID"]) for hit in told["hits"]}


def found_at_mastodon(ask):
    found, below = set(), None
    tag = ask.parameters.get("tag")
    while True:
        page = {"limit": 40} | ({"max_id": below} if below else {})
        if tag is None:
            rows = asked(mastodon(), "/api/v2/search", q=ask.parameters["query"], type="statuses", **page)["statuses"]
        else:
            rows = asked(mastodon(), f"/api/v1/timelines/tag/{tag.lower()}", **page)
        if not rows:
            return found
        found |= {int(row["id"]) for row in rows}
        below = min(int(row["id"]) for row in rows)


SUBJECTS = ("python", "electric", "cars", "coffee", "rust", "garden", "trains", "the", "a", "is")


@settings(max_examples=60, deadline=None)
@given(trees_of(SUBJECTS))
def test_hackernews_as_simulated__finds_all_that_matches(tree):
    native = compile_query(Query(tree), "hackernews", has_token=False)
    there = [
        post for post in world().posts("hackernews") if post.exists(NOW) and post.created_at + LAG <= NOW and not post.dead
    ]
    if native.relation != "unsupported":
        found = set().union(*(found_at_hackernews(ask) for ask in native.asks))
        assert {post.mark for post in there if Query(tree).find(post_of(post, "hackernews")) is not None} <= found


@settings(max_examples=40, deadline=None)
@given(trees_of(SUBJECTS))
def test_mastodon_as_simulated__finds_all_that_matches_of_authors_who_agreed(tree):
    native = compile_query(Query(tree), "mastodon", has_token=True)
    there = [post for post in world().posts("mastodon") if post.exists(NOW) and post.kind != "repost" and post.author.indexable]
    there = [
        post for post in there if not (post.hidden or post.edited_text)
    ]  # filtered afterwards; found by what they will say
    if native.relation != "unsupported" and all(ask.kind != "account" for ask in native.asks):
        found = set().union(*(found_at_mastodon(ask) for ask in native.asks))
        assert {post.mark for post in there if Query(tree).find(post_of(post, "mastodon")) is not None} <= found


# ---- models of all platforms


@st.composite
def posts(draw, platform):
    text = " ".join(draw(st.lists(st.sampled_from(TOLD), max_size=8)))
    told = tuple(tag.lower() for tag in re.findall(r"#(\w+)", text))
    apart = platform in {"stackexchange", "github", "devto"}
    if apart:  # their tags stand beside the text; what looks like one in it is none of them
        told = tuple(draw(st.lists(st.sampled_from(("tea", "milk", "c++", "node.js")), max_size=2)))
    return Post(
        id="s:1",
        platform=platform,
        native_id="1",
        url=None,
        created_at=NOW,
        text=text,
        title=" ".join(draw(st.lists(st.sampled_from(WORDS), max_size=3))) or None,
        media=tuple(Media(kind="image", alt=alt) for alt in draw(st.lists(st.sampled_from(WORDS), max_size=1))),
        tags=told,
        author=Author(id="7", handle=draw(st.sampled_from(HANDLES.get(platform, ("ann", "bob"))))),
        language=draw(st.sampled_from(("en", None))),
    )


def folded(text):
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).replace("’", "'")


def tokens(text):
    """As Unicode's rules cut words: runs of letters and digits, and each sign of a script without spaces."""
    return re.findall(r"[^\W\u3040-\u9fff]+|[\u3040-\u9fff]", folded(text))


def is_found(platform, ask, post):
    """Whether the platform shows the post when it is asked so."""
    said = ask.parameters
    if ask.kind == "stream":
        return (parse(said["query"]) if "query" in said else Query(Term(kind="tag", text=said["tag"]))).find(post) is not None
    if ask.kind != "query":
        told = {"public": True, "account": (post.author.handle or "").lower() == said.get("account")}
        return told.get(ask.kind, said.get("tag", "").lower() in post.tags)
    return is_found_by_words(platform, ask.parameters["query"], post)


def is_found_by_words(platform, words, post):
    parts = [post.text, post.title or "", *(media.alt or "" for media in post.media)]
    if platform == "lemmy":
        pattern = ".*".join(map(re.escape, folded(words).split()))
        return any(re.search(pattern, folded(part), re.DOTALL) for part in parts)
    if label := re.fullmatch('label:"(.*)"', words):
        return label[1].lower() in post.tags
    if platform in {"bluesky", "devto"}:
        parts.append(" ".join(post.tags))
    return all(
        any(f" {' '.join(tokens(phrase or word))} " in f" {' '.join(tokens(part))} " for part in parts)
        if phrase
        else {*tokens(word)} <= {token for part in parts for token in tokens(part)}
        for phrase, word in re.findall(r'"([^"]+)"|(\S+)', words)
    )


@pytest.mark.parametrize(("platform", "has_token"), WAYS)
@settings(max_examples=80, deadline=None)
@given(data=st.data(), tree=trees_of(WORDS))
def test_every_platform__finds_all_that_matches_and_only_that_where_it_is_exact(platform, has_token, data, tree):
    native = compile_query(Query(tree), platform, has_token=has_token)
    if native.relation == "unsupported":
        return
    for post in data.draw(st.lists(posts(platform), min_size=1, max_size=4)):
        matches = Query(tree).find(post) is not None
        found = any(is_found(platform, ask, post) for ask in native.asks)
        assert found or not matches, (native, str(tree), post.text, post.title, post.tags)
        assert matches or not found or native.relation == "broader", (native, str(tree), post.text, post.tags)
