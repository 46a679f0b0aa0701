"""What each platform is asked for a term, how that relates to the term, and that it says so."""

import pytest

from monitor.errors import UsageError
from monitor.query.native import compile_term
from monitor.query.term import parse


@pytest.mark.parametrize(
    ("query", "platform", "has_token", "kind", "parameters", "relation"),
    [
        ("python", "hackernews", False, "query", {"query": "python"}, "broader"),
        ('"climate change"', "hackernews", False, "query", {"query": '"climate change"'}, "broader"),
        ("#python", "hackernews", False, "query", {"query": "python"}, "broader"),
        ("python", "mastodon", False, "tag", {"tag": "python"}, "narrower"),
        ('"climate change"', "mastodon", False, "tag", {"tag": "climatechange"}, "narrower"),
        ("covid-19", "mastodon", False, "tag", {"tag": "covid19"}, "narrower"),
        ("#python", "mastodon", False, "tag", {"tag": "python"}, "exact"),
        ("#python", "mastodon", True, "tag", {"tag": "python"}, "exact"),
        ("#हिन्दी", "mastodon", False, "tag", {"tag": "हिन्दी"}, "exact"),
        ("python", "mastodon", True, "query", {"query": "python"}, "broader"),
        ('"climate change"', "mastodon", True, "query", {"query": '"climate change"'}, "broader"),
        ("c++", "mastodon", True, "query", {"query": "c++"}, "broader"),
        ("c++", "mastodon", False, None, {}, "narrower"),
        ("2026", "mastodon", False, None, {}, "narrower"),
        ("🔥", "mastodon", False, None, {}, "narrower"),
        ("python", "feeds", False, None, {}, "broader"),
        ("python", "lemmy", False, "query", {"query": "python"}, "broader"),
        ('"climate change"', "lemmy", True, "query", {"query": "climate change"}, "broader"),
        ("python", "stackexchange", False, "query", {"query": "python"}, "narrower"),
        ('"climate change"', "stackexchange", False, "query", {"query": '"climate change"'}, "narrower"),
        ("#python", "stackexchange", False, "tag", {"tag": "python"}, "exact"),
        ("python", "discourse", False, "public", {}, "broader"),
        ("#python", "discourse", True, "public", {}, "broader"),
        ("python", "devto", False, "query", {"query": "python"}, "broader"),
        ("#python", "devto", False, "tag", {"tag": "python"}, "exact"),
        ("python", "bluesky", False, "stream", {"stream": "jetstream", "query": "python"}, "exact"),
        ('"climate change"', "bluesky", False, "stream", {"stream": "jetstream", "query": '"climate change"'}, "exact"),
        ('"c++"', "bluesky", False, "stream", {"stream": "jetstream", "query": "c++"}, "exact"),
        ("#python", "bluesky", False, "stream", {"stream": "jetstream", "tag": "python"}, "exact"),
        ("python", "bluesky", True, "query", {"query": "python"}, "broader"),
        ("#python", "bluesky", True, "tag", {"tag": "python"}, "exact"),
    ],
)
def test_compile_term__native_form(query, platform, has_token, kind, parameters, relation):
    native = compile_term(parse(query), platform, has_token=has_token)
    assert (native.kind, native.parameters, native.relation) == (kind, parameters, relation)


def test_compile_term__mastodon_without_a_token__says_what_is_missed():
    native = compile_term(parse('"climate change"'), "mastodon", has_token=False)
    assert "#climatechange" in native.note
    assert 'posts that say "climate change" without it are missed' in native.note


def test_compile_term__no_tag_can_say_it__names_the_variable_that_helps():
    assert "MASTODON_TOKEN" in compile_term(parse("c++"), "mastodon", has_token=False).note


def test_compile_term__bluesky_without_credentials__says_from_when_on_and_what_opens_search():
    note = compile_term(parse("python"), "bluesky", has_token=False).note
    assert "stream" in note
    assert "BLUESKY_IDENTIFIER and BLUESKY_PASSWORD" in note


def test_compile_term__what_a_stream_is_asked_for__can_be_read_again():
    for query in ('"climate change"', "c++", '"#1"', "🔥", '"=x"'):
        asked = compile_term(parse(query), "bluesky", has_token=False).parameters["query"]
        assert parse(asked) == parse(query)


def test_compile_term__platform_is_unknown__names_those_that_are_known():
    with pytest.raises(UsageError, match="hackernews, mastodon, feeds"):
        compile_term(parse("python"), "myspace", has_token=False)
