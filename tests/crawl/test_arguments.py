"""Spider arguments: what people type, and the sentence they get for what cannot be meant."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.crawl.arguments import duration, moment, read
from monitor.errors import UsageError
from monitor.source import SourceKind

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
KINDS = {
    "tag": SourceKind(needs=("instance", "tag")),
    "public": SourceKind(needs=("instance",), takes=("community",)),
}


def test_read__parameters_choose_the_kind() -> None:
    arguments = read({"tag": "#Python", "instance": "https://Example.org/"}, platform="chirp", kinds=KINDS, now=NOW)
    assert arguments.source is not None
    assert arguments.source.id == "chirp/tag?instance=example.org&tag=python"


def test_read__nothing_given__serves_due_sources() -> None:
    assert read({"_job": "x"}, platform="chirp", kinds=KINDS, now=NOW).source is None


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"tga": "python"}, "Unknown spider argument tga="),
        ({"tag": "python"}, "also needs instance="),
        ({"query": "x"}, "cannot be asked with query="),
        ({"tag": "", "instance": "example.org"}, "tag= is empty"),
        ({"tag": "#", "instance": "example.org"}, "names no tag"),
        ({"instance": "exa mple"}, "is no host name"),
        ({"instance": "example.org", "limit": "0"}, "limit=0 is no number of posts"),
        ({"instance": "example.org", "limit": "ten"}, "limit=ten is no number"),
        ({"instance": "example.org", "since": "yesterday"}, "since=yesterday is no time"),
        ({"instance": "example.org", "since": "2030-01-01"}, "lies in the future"),
        ({"instance": "example.org", "since": "-999999w"}, "no post is older than 2004"),
        ({"instance": "example.org", "since": "0001-01-01T00:00:00+01:00"}, "no post is older than 2004"),
        ({"url": "http://[::1"}, "is no address"),
        ({"url": "http://me:secret@example.org/feed"}, "must not hold a user name"),
        ({"shift": "10"}, "is no length of time"),
        ({"base_url": "localhost:80"}, "is no address of a server"),
        ({"base_url": "http://me:secret@host"}, "must not hold a user name"),
        ({"topic": "a", "instance": "example.org"}, "not both"),
    ],
)
def test_read__what_cannot_be_meant__is_refused_in_words(pairs: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(pairs, platform="chirp", kinds=KINDS, now=NOW)
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_read__two_terms_for_one_stream__are_refused_in_words() -> None:
    kinds = {"stream": SourceKind(needs=("stream",), takes=("query", "tag"), live=True)}
    with pytest.raises(UsageError, match="either query= or tag="):
        read({"stream": "all", "query": "tea", "tag": "cup"}, platform="chirp", kinds=kinds, now=NOW)


def test_moment__age_and_date() -> None:
    assert moment("-7d", now=NOW) == NOW - timedelta(days=7)
    assert moment("2026-11-01", now=NOW) == datetime(2026, 11, 1, tzinfo=UTC)
    assert moment("2026-11-01T10:00:00+02:00", now=NOW) == datetime(2026, 11, 1, 8, tzinfo=UTC)


def test_duration__seconds_minutes_hours() -> None:
    assert [duration(text) for text in ("45s", "10m", "1h")] == [
        timedelta(seconds=45),
        timedelta(minutes=10),
        timedelta(hours=1),
    ]
