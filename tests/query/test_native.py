"""What each platform is asked for a query, how that relates to it, and that it says so."""

from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.query.native import MOST_ASKS, compile_query, platforms
from monitor.query.parse import parse

SPIDERS = Path(__file__).parents[2] / "spiders"
EXACT, BROADER, UNSUPPORTED = "exact", "broader", "unsupported"


def asked(query, platform, *, has_token=False):
    """Relation, and each ask as its kind and the values of its parameters."""
    native = compile_query(parse(query), platform, has_token=has_token)
    return native.relation, [(ask.kind, *ask.parameters.values()) for ask in native.asks]


@pytest.mark.parametrize(
    ("query", "platform", "has_token", "relation", "asks"),
    [
        ("python", "hackernews", False, BROADER, [("query", "python")]),
        ('"climate change"', "hackernews", False, BROADER, [("query", '"climate change"')]),
        ("#python", "hackernews", False, BROADER, [("query", "python")]),
        ("python", "mastodon", False, UNSUPPORTED, [("tag", "python")]),
        ('"climate change"', "mastodon", False, UNSUPPORTED, [("tag", "climatechange")]),
        ("covid-19", "mastodon", False, UNSUPPORTED, [("tag", "covid19")]),
        ("#python", "mastodon", False, EXACT, [("tag", "python")]),
        ("#python", "mastodon", True, EXACT, [("tag", "python")]),
        ("#हिन्दी", "mastodon", False, EXACT, [("tag", "हिन्दी")]),
        ("python", "mastodon", True, BROADER, [("query", "python")]),
        ('"climate change"', "mastodon", True, BROADER, [("query", '"climate change"')]),
        ("c++", "mastodon", True, BROADER, [("query", "c++")]),
        ("c++", "mastodon", False, UNSUPPORTED, []),
        ("2026", "mastodon", False, UNSUPPORTED, []),
        ("🔥", "mastodon", False, UNSUPPORTED, []),
        ("🔥", "hackernews", False, UNSUPPORTED, []),
        ("python", "feeds", False, UNSUPPORTED, []),
        ("python", "lemmy", False, BROADER, [("query", "python")]),
        ('"climate change"', "lemmy", True, BROADER, [("query", "climate change")]),
        ("don't", "lemmy", True, BROADER, [("query", "don t")]),
        ("python", "stackexchange", False, BROADER, [("query", "python"), ("tag", "python")]),
        ('"climate change"', "stackexchange", False, BROADER, [("query", '"climate change"')]),
        ("#python", "stackexchange", False, BROADER, [("query", "python"), ("tag", "python")]),
        ("python", "discourse", False, BROADER, [("public",)]),
        ("#python", "discourse", True, BROADER, [("public",)]),
        ("python", "devto", False, BROADER, [("query", "python")]),
        ("#python", "devto", False, BROADER, [("query", "python"), ("tag", "python")]),
        ("python", "github", False, BROADER, [("query", "python"), ("query", 'label:"python"')]),
        ("#python", "github", False, BROADER, [("query", "python"), ("query", 'label:"python"')]),
        ("#python #tea", "github", False, BROADER, [("query", "python"), ("query", 'label:"python"')]),
        ("#python from:ann", "devto", False, BROADER, [("account", "ann")]),
        (
            "#python OR #tea",
            "devto",
            False,
            BROADER,
            [("query", "python"), ("tag", "python"), ("query", "tea"), ("tag", "tea")],
        ),
        ("python", "telegram", False, UNSUPPORTED, []),
        ("python", "bluesky", False, EXACT, [("stream", "jetstream", "python")]),
        ('"climate change"', "bluesky", False, EXACT, [("stream", "jetstream", '"climate change"')]),
        ('"c++"', "bluesky", False, EXACT, [("stream", "jetstream", "c++")]),
        ("#python", "bluesky", False, EXACT, [("stream", "jetstream", "python")]),
        ("python", "bluesky", True, BROADER, [("query", "python")]),
        ("#python", "bluesky", True, EXACT, [("tag", "python")]),
        # joined terms
        ("rust lang", "hackernews", False, BROADER, [("query", "rust lang")]),
        ("rust (lang OR cargo) -game", "hackernews", False, BROADER, [("query", "rust lang"), ("query", "rust cargo")]),
        ("#rust OR #python", "mastodon", False, EXACT, [("tag", "rust"), ("tag", "python")]),
        ("#rust AND python", "mastodon", True, BROADER, [("tag", "rust")]),
        ("rust lang", "lemmy", False, BROADER, [("query", "rust")]),
        ("rust lang", "stackexchange", False, BROADER, [("query", "rust"), ("tag", "rust")]),
        ("price NEAR/3 oil", "hackernews", False, BROADER, [("query", "price oil")]),
        ('"oil price"~3', "hackernews", False, BROADER, [("query", "oil price")]),
        ("=NASA title:moon", "hackernews", False, BROADER, [("query", "NASA moon")]),
        ("clim* change", "hackernews", False, BROADER, [("query", "change")]),
        ("clim*", "hackernews", False, UNSUPPORTED, []),
        ("clim*", "lemmy", False, BROADER, [("query", "clim")]),
        ('"electric car"*', "hackernews", False, BROADER, [("query", "electric")]),
        ("-python", "hackernews", False, UNSUPPORTED, []),
        ("lang:en", "mastodon", True, UNSUPPORTED, []),
        ("lang:en -python", "discourse", False, BROADER, [("public",)]),
        ("lang:en -python", "bluesky", False, EXACT, [("stream", "jetstream", "lang:en AND NOT python")]),
        ("from:durov", "telegram", False, EXACT, [("account", "durov")]),
        ("from:ann@a.org tea", "mastodon", False, BROADER, [("account", "ann@a.org")]),
        ("from:ann", "mastodon", True, UNSUPPORTED, []),
        ('"OR" "lang:en"', "hackernews", False, BROADER, [("query", "or lang en")]),
        # of one platform only
        ("platform:hackernews #tea OR platform:mastodon #milk", "mastodon", False, EXACT, [("tag", "milk")]),
        ("platform:hackernews tea", "mastodon", True, EXACT, []),
        ("platform:mastodon", "mastodon", True, UNSUPPORTED, []),
        ("-platform:mastodon tea", "hackernews", False, BROADER, [("query", "tea")]),
        ("tea OR platform:mastodon", "mastodon", True, UNSUPPORTED, []),
    ],
)
def test_compile_query__native_form(query, platform, has_token, relation, asks):
    assert asked(query, platform, has_token=has_token) == (relation, asks)


def test_compile_query__mastodon_without_a_token__says_what_is_missed():
    native = compile_query(parse('"climate change"'), "mastodon", has_token=False)
    assert "#climatechange" in native.note
    assert 'posts that say "climate change" without it are missed' in native.misses


def test_compile_query__no_tag_can_say_it__names_the_variable_that_helps():
    assert "MASTODON_TOKEN" in compile_query(parse("c++"), "mastodon", has_token=False).note


def test_compile_query__bluesky_without_credentials__says_from_when_on_and_what_opens_search():
    note = compile_query(parse("python"), "bluesky", has_token=False).note
    assert "stream" in note
    assert "BLUESKY_IDENTIFIER and BLUESKY_PASSWORD" in note


def test_compile_query__what_a_stream_is_asked_for__can_be_read_again():
    for query in ('"climate change"', "c++", '"#1"', "🔥", '"=x"', "(a OR b) -c lang:en", "a NEAR/3 b", '"a b"~2 OR =X*'):
        asked = compile_query(parse(query), "bluesky", has_token=False).asks[0].parameters["query"]
        assert parse(asked) == parse(query)


def test_compile_query__names_what_is_decided_here():
    note = compile_query(parse("tea -milk lang:en =NASA"), "hackernews", has_token=False).note
    assert note.endswith("Decided here, not there: NOT milk, lang:en, =NASA.")


@pytest.mark.parametrize(("query", "what"), [("tea from:ann", "from:ann"), ("tea min_likes:3", "likes:>=3")])
def test_compile_query__stream_lacks_what_is_asked_for__says_so(query, what):
    assert what in compile_query(parse(query), "bluesky", has_token=False).misses


def test_compile_query__too_many_alternatives__asks_for_what_they_share_or_gives_advice():
    many = " OR ".join(f"w{number}" for number in range(MOST_ASKS + 1))
    assert asked(f"tea ({many})", "hackernews") == (BROADER, [("query", "tea")])
    assert asked(many, "hackernews") == (UNSUPPORTED, [])
    assert "make several topics" in compile_query(parse(many), "hackernews", has_token=False).note


def test_compile_query__many_words__are_asked_for_as_far_as_a_search_goes():
    ((_, words),) = asked(" ".join(f"word{number}" for number in range(150)), "hackernews")[1]
    assert len(words) <= 200


def test_compile_query__too_long_for_a_stream__gives_advice():
    relation, asks = asked(" OR ".join(f"word{number}" for number in range(100)), "bluesky")
    assert (relation, asks) == (UNSUPPORTED, [])


@pytest.mark.parametrize(
    ("query", "platform", "calls"),
    [("tea OR milk", "hackernews", 2), ("tea", "bluesky", 0), ("tea", "feeds", 0), ("tea", "discourse", 1)],
)
def test_calls__one_for_each_ask_and_none_for_a_stream(query, platform, calls):
    assert compile_query(parse(query), platform, has_token=False).calls == calls


def test_compile_query__platform_is_unknown__names_those_that_are_known():
    with pytest.raises(UsageError, match="hackernews, mastodon, feeds"):
        compile_query(parse("python"), "myspace", has_token=False)


def test_platforms__all_that_there_are_can_be_compiled_for():
    assert set(platforms()) == {path.stem for path in SPIDERS.glob("*.py")} - {"__init__"}
