"""What a post lacks is completed from its own text; what the platform said stays."""

from datetime import UTC, datetime

import pytest

from monitor.crawl.checked import MOST_ENTRIES
from monitor.crawl.enrich import enrich, matches
from monitor.post import Author, Match, Post
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.text.signature import signature
from monitor.topic import Topic

GERMAN = "Heute regnet es schon wieder den ganzen Tag"


def said(text, **fields):
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return Post(id="s:1", platform="s", native_id="1", url=None, created_at=moment, author=Author(id="7"), text=text, **fields)


def watched(name, query, *, version=1):
    return Topic(id=name, name=name, query=query, version=version), parse(query)


@pytest.mark.parametrize(
    ("given", "text", "language"),
    [
        (None, GERMAN, "de"),
        ("und", GERMAN, "de"),
        ("en-US", GERMAN, "en"),
        (None, "ok", None),
        (None, "", None),
    ],
)
def test_enrich__language__is_the_platforms_else_the_texts(given, text, language):
    assert enrich(said(text, language=given), Watch()).language == language


def test_enrich__language_of_a_post_that_is_all_title():
    assert enrich(said("", title=GERMAN), Watch()).language == "de"


@pytest.mark.parametrize(
    ("given", "text", "tags"),
    [
        ((), "on #Python and #python", ("python",)),
        (("Python", "python", "#News"), "on #other", ("python", "news")),
        ((), "none", ()),
    ],
)
def test_enrich__tags__are_the_platforms_else_the_texts(given, text, tags):
    assert enrich(said(text, tags=given), Watch()).tags == tags


def test_enrich__signs_of_shares__are_tags_with_their_sign():
    assert enrich(said("$IBM and #ibm, not $this"), Watch()).tags == ("ibm", "$ibm")


@pytest.mark.parametrize(
    ("given", "text", "mentions"),
    [
        ((), "@ann, ask @ann and @bob@example.org", ("ann", "bob@example.org")),
        (("ann@example.org",), "@ann and @bob", ("ann@example.org",)),
        ((), "ann@example.org", ()),
    ],
)
def test_enrich__mentions__are_the_platforms_else_the_texts(given, text, mentions):
    assert enrich(said(text, mentions=given), Watch()).mentions == mentions


@pytest.mark.parametrize(
    ("given", "text", "links"),
    [
        ((), "See https://a.org/b, example.org/c and main.py", ("https://a.org/b", "https://example.org/c")),
        (("https://b.example",), "See https://a.example/b", ("https://b.example",)),
        (("",), "nothing to see", ()),
    ],
)
def test_enrich__links__are_the_platforms_else_the_texts(given, text, links):
    assert enrich(said(text, links=given), Watch()).links == links


def test_enrich__text_that_is_all_names__gives_as_many_as_a_platform_may():
    post = enrich(said(" ".join(f"#t{number} @a{number} x.org/{number}" for number in range(2000))), Watch())
    assert len(post.tags) == len(post.mentions) == len(post.links) == MOST_ENTRIES


def test_enrich__links__each_once_in_order():
    links = ("https://b.example", " https://a.example", "https://b.example", "")
    assert enrich(said("x", links=links), Watch()).links == ("https://b.example", "https://a.example")


def test_enrich__link_ids_and_domains__are_those_of_the_links():
    post = enrich(said("See http://www.a.org/b?utm_source=x, http://m.a.org/b/ and https://c.org/"), Watch())
    assert (post.link_ids, post.domains) == (("https://a.org/b", "https://c.org"), ("a.org", "c.org"))


@pytest.mark.parametrize("links", [(), ("mailto:ann@a.example", "a")])
def test_enrich__without_web_addresses__there_are_no_link_ids(links):
    post = enrich(said("x", links=links), Watch())
    assert (post.link_ids, post.domains) == ((), ())


def test_enrich__signature__is_that_of_title_and_text():
    title, text = "Forty wrens in one nest", "found near the old mill, say the keepers"
    assert enrich(said(text, title=title), Watch()).signature == signature(f"{title}\n\n{text}") != signature(text)
    assert enrich(said("too short"), Watch()).signature is None


def test_enrich__topics__those_that_match_with_version_and_spans():
    topics = Watch([watched("py", "python", version=3), watched("rust", "rust"), watched("tag", "#python")])
    post = enrich(said("I like #Python"), topics)
    assert post.topics == (Match(id="py", version=3, spans=((8, 14),)), Match(id="tag", version=1, spans=((7, 14),)))


def test_enrich__topic_no_longer_matches__is_gone():
    post = said("rust", topics=(Match(id="py", version=1),))
    assert enrich(post, Watch([watched("py", "python")])).topics == ()


def test_enrich__twice__changes_nothing():
    topics = Watch([watched("py", "python")])
    once = enrich(said("#Python ist ein schönes Werkzeug für alle", links=("a", "a")), topics)
    assert enrich(once, topics) == once


def test_enrich__all_else__stays():
    post = said("Hello there, how are you today?", title="T", language="en", community="c")
    assert enrich(post, Watch()) == post


def test_matches__title_only__without_spans():
    assert matches(said("", title="Python 4"), Watch([watched("py", "python")])) == (Match(id="py", version=1, spans=()),)
