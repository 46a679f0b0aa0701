"""`monitor track` as it is typed, on the real mongod."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Type = Callable[..., Result]


def said(ended: Result) -> str:
    """What the person reads when the command ends by an error."""
    return str(ended.exception)


def watched(ended: Result) -> list[str]:
    """The sources that the command names on stdout."""
    assert ended.exit_code == 0, (ended.exception, ended.stderr)
    return [line.strip() for line in ended.stdout.splitlines()[1:]]


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("python", ["hackernews/query?query=python", "mastodon/tag?instance=a.example&tag=python"]),
        ("#Python", ["hackernews/query?query=Python", "mastodon/tag?instance=a.example&tag=python"]),
        (
            '"climate change"',
            ["hackernews/query?query=%22climate%20change%22", "mastodon/tag?instance=a.example&tag=climatechange"],
        ),
        (
            "“climate change”",
            ["hackernews/query?query=%22climate%20change%22", "mastodon/tag?instance=a.example&tag=climatechange"],
        ),
    ],
)
def test_track__word_phrase_and_tag(command: Type, query: str, sources: list[str]) -> None:
    ended = command("track", query, "--platform", "hackernews,mastodon", "--instance", "a.example")
    assert watched(ended) == sources
    assert (
        ended.stdout.splitlines()[0]
        == f"Topic {'climate-change' if 'climate' in query else 'python'} (version 1) watches 2 sources:"
    )
    assert ended.stderr.splitlines()[-1] == "Next: monitor collect"


def test_track__several_terms__what_each_platform_can_be_asked_for(command: Type) -> None:
    ended = command("track", "rust (lang OR cargo) -game", "--id", "rust", "--platform", "hackernews")
    assert watched(ended) == ["hackernews/query?query=rust%20lang", "hackernews/query?query=rust%20cargo"]
    assert "Decided here, not there: NOT game." in ended.stderr


def test_track__mastodon_without_a_token__says_that_it_follows_the_tag(command: Type) -> None:
    told = command("track", "python", "--platform", "mastodon").stderr
    assert "mastodon: The timeline of #python" in told
    assert "Without a token Mastodon is searched by tag: posts that say python without it are missed." in told


def test_track__mastodon_with_a_token__searches(command: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTODON_TOKEN", "hunter2")
    ended = command("track", "python", "--platform", "mastodon", "--instance", "a.example")
    assert watched(ended) == ["mastodon/query?instance=a.example&query=python"]
    assert "hunter2" not in ended.output


@pytest.mark.parametrize(
    ("query", "sentence", "place"),
    [
        ("a AND", "AND joins two terms, and none follows it", "  ^"),
        ("cats and dogs", "and in small letters is a word here", "     ^"),
        ('"open', "The quote is not closed.", "^"),
        ('"a b"c', "Something follows the phrase", "     ^"),
        ("#", "A tag is #", "^"),
        ("@", "An account is @", "^"),
        ("lan:en", "Did you mean lang:?", "^"),
        ("(a OR b", "This bracket is not closed", "^"),
        ("https://a.example/", "Addresses in posts are not searched", "^"),
    ],
)
def test_track__anything_else__shows_the_place_with_a_caret_and_makes_nothing(
    command: Type, query: str, sentence: str, place: str
) -> None:
    ended = command("track", query)
    assert sentence in said(ended)
    assert f"\n  {query}\n  {place}\n" in said(ended)
    assert command("sources", "--json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((" ",), "The query is empty"),
        (("x" * 201,), "at most 200"),
        (("日本",), "give one with --id"),
        (("x", "--platform", "mastdon"), "There is no platform 'mastdon'"),
        (("x", "--platform", " , "), "--platform names no platform"),
        (("x", "--platform", "feeds"), "name feeds with --feed URL"),
        (("x", "--id", "A B"), "Topic id 'A B' is not usable"),
        (("x", "--platform", "mastodon", "--instance", "a b"), "instance=a b is no host name"),
        (("x", "--platform", "mastodon", "--feed", "ftp://127.0.0.1/feed"), "Only http and https addresses are fetched"),
        (("x", "--platform", "mastodon", "--feed", "http://me:secret@127.0.0.1/feed"), "must not hold a user name or password"),
        (("x", "--platform", "mastodon", "--feed", "http://[::1"), "is no address"),
        (("x", "--platform", "mastodon", "--feed", "http://10.0.0.1/feed"), "add 10.0.0.1 to MONITOR_PRIVATE_HOSTS"),
    ],
)
def test_track__what_cannot_be_watched__is_a_sentence_and_makes_nothing(
    command: Type, words: tuple[str, ...], sentence: str
) -> None:
    ended = command("track", *words)
    assert sentence in said(ended)
    assert "secret" not in said(ended)
    assert command("sources", "--json").stdout == "[]\n"


def test_track__twice__changes_nothing(command: Type, with_store: Callable[..., Any]) -> None:
    words = ("track", "python", "--platform", "hackernews")
    first, second = command(*words), command(*words)
    assert (first.stdout, second.exit_code) == (second.stdout, 0)
    assert [topic.version for topic in with_store(lambda store: store.topics.list_all())] == [1]
    assert len(with_store(lambda store: store.sources.list_all())) == 1


def test_track__another_query_under_the_same_id__is_refused(command: Type, with_store: Callable[..., Any]) -> None:
    assert command("track", "python", "--platform", "hackernews").exit_code == 0
    ended = command("track", "rust", "--id", "python", "--platform", "mastodon")
    assert said(ended) == "There is a topic python already, for python: choose another id with --id."
    assert [topic.query for topic in with_store(lambda store: store.topics.list_all())] == ["python"]
    assert len(with_store(lambda store: store.sources.list_all())) == 1


def test_track__later_on_another_platform__the_topic_watches_both(command: Type, with_store: Callable[..., Any]) -> None:
    """Posts are matched with the topics of their platform: a source that its topic does not watch would feed nobody."""
    assert command("track", "python", "--platform", "mastodon").exit_code == 0
    assert command("track", "python", "--platform", "hackernews").exit_code == 0
    (topic,) = with_store(lambda store: store.topics.list_all())
    assert (topic.platforms, topic.version) == (("mastodon", "hackernews"), 1)


def test_track__two_topics_one_source__share_it(command: Type, with_store: Callable[..., Any]) -> None:
    for topic_id in ("one", "two"):
        assert command("track", "python", "--platform", "hackernews", "--id", topic_id).exit_code == 0
    (standing,) = with_store(lambda store: store.sources.list_all())
    assert standing.source.topics == ("one", "two")


def test_track__instance__is_the_same_source_however_it_is_written(command: Type) -> None:
    """`scrapy crawl mastodon -a instance=...` makes the same of it."""
    ended = command("track", "python", "--platform", "mastodon", "--instance", "https://A.Example/", "--instance", "b.example")
    assert watched(ended) == ["mastodon/tag?instance=a.example&tag=python", "mastodon/tag?instance=b.example&tag=python"]


def test_track__feeds__are_watched_and_need_no_platform_named(command: Type, simulator: Mapping[str, Any]) -> None:
    address = simulator["feeds"][0]
    ended = command("track", "python", "--platform", "hackernews", "--feed", address)
    assert watched(ended) == ["hackernews/query?query=python", f"feeds/url?url={address}"]


def test_track__feed_without_a_scheme__is_taken_for_https_as_crawls_do(command: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host resolves to loopback, which is allowed here."""
    ended = command("track", "python", "--platform", "feeds", "--feed", "127.0.0.1:8443/feed.xml")
    assert watched(ended) == ["feeds/url?url=127.0.0.1:8443/feed.xml"]


def test_track__no_platform_named__asks_all_that_need_nothing_more(command: Type) -> None:
    platforms = {source.partition("/")[0] for source in watched(command("track", "python"))}
    assert platforms >= {"hackernews", "mastodon"}
    assert "feeds" not in platforms


def test_track__mode_of_the_file__says_which_way_and_tracked_again_moves_to_another(
    command: Type, with_store: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With credentials, which alone would mean search. Another topic that is served by the source that was left keeps it."""
    file = tmp_path / "monitor.yaml"
    for name, value in {"MONITOR_CONFIG": str(file), "BLUESKY_IDENTIFIER": "ann.example", "BLUESKY_PASSWORD": "x"}.items():
        monkeypatch.setenv(name, value)
    words = ("track", "tea", "--platform", "bluesky,hackernews")
    file.write_text("platforms: {bluesky: {mode: jetstream}}")
    streamed = command(*words)
    assert watched(streamed) == ["bluesky/stream?query=tea&stream=jetstream", "hackernews/query?query=tea"]
    assert "bluesky: Asked in this way by platforms.bluesky.mode: jetstream.\n" in streamed.stderr
    assert command(*words, "--id", "other").exit_code == 0

    file.write_text("platforms: {bluesky: {mode: auto}}")
    searched = command(*words)
    assert watched(searched) == ["bluesky/query?query=tea", "hackernews/query?query=tea"]
    assert "No more: 1 source of the way that was taken before.\n" in searched.stderr
    assert "No more" not in command(*words).stderr
    served = {each.source.id: list(each.source.topics) for each in with_store(lambda store: store.sources.list_all())}
    assert served == {
        "bluesky/query?query=tea": ["tea"],
        "bluesky/stream?query=tea&stream=jetstream": ["other"],
        "hackernews/query?query=tea": ["tea", "other"],
    }


def test_track__mode_whose_credentials_are_missing__says_which(
    command: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "monitor.yaml").write_text("platforms: {bluesky: {mode: search}}")
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path / "monitor.yaml"))
    told = command("topics", "add", "tea", "--platform", "bluesky")
    assert watched(told) == ["bluesky/query?query=tea"]
    assert (
        "bluesky: Mode search asks with credentials, and BLUESKY_IDENTIFIER and BLUESKY_PASSWORD are not set: it may be refused."
        in told.stderr
    )
