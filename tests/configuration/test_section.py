"""Topics as a section of the configuration file: it reads back as the same topics, and names what no key stands for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config import load
from monitor.configuration.checked import check
from monitor.configuration.section import section, untold
from monitor.crawl.platforms import platform
from monitor.crawl.topic_sources import Named, serving
from monitor.query.parse import parse
from monitor.source import Source
from monitor.topic import Topic

Sources = Callable[..., list[Source]]
TEA = Topic(id="tea", name="Tea", query="#tea", platforms=("hackernews", "mastodon"))


@pytest.fixture
def sources() -> Sources:
    """What serves a topic on its platforms, at named servers and feeds."""

    def made(topic: Topic, *, hosts: Sequence[tuple[str, str]] = (), feeds: tuple[str, ...] = ()) -> list[Source]:
        where = Named(hosts=tuple(hosts), feeds=feeds)
        spiders = [platform(name) for name in topic.platforms]
        return serving(spiders, parse(topic.query), where, topic=topic.id, config=load({}))[0]

    return made


def entries(*topics: tuple[Topic, Sequence[Source]]) -> list[dict[str, Any]]:
    found = yaml.safe_load(section(topics))
    assert found["version"] == 1
    told: list[dict[str, Any]] = found["topics"]
    return told


def by_hand(kind: str, **parameters: str) -> Source:
    return Source(platform="mastodon", kind=kind, parameters=parameters, topics=("tea",))


def test_no_topic__is_an_empty_list() -> None:
    assert entries() == []


def test_plain_topic__says_only_what_is_not_usual(sources: Sources) -> None:
    hosts = [("mastodon", "a.example")]
    assert entries((TEA, sources(TEA, hosts=hosts))) == [
        {
            "id": "tea", "name": "Tea", "query": "#tea\n", "platforms": ["hackernews", "mastodon"],
            "instances": ["mastodon:a.example"],
        }
    ]  # fmt: skip


def test_full_topic__says_everything_under_its_key(sources: Sources) -> None:
    topic = Topic(
        id="tea", name="tea", query="tea", platforms=("hackernews", "feeds"), every_s=7200, every_on=(("hackernews", 900),),
        authors="pseudonymise", redact=("email", "x=[0-9]+"), tags=("no", "brand"),
    )  # fmt: skip
    assert entries((topic, sources(topic, feeds=("https://f.example/rss",)))) == [
        {
            "id": "tea", "query": "tea\n", "platforms": ["hackernews", "feeds"], "feeds": ["https://f.example/rss"], "every": "2h",
            "overrides": {"hackernews": {"every": "15m"}}, "authors": "pseudonymise", "redact": ["email", "x=[0-9]+"],
            "tags": ["no", "brand"],
        }
    ]  # fmt: skip


def test_order__is_that_of_the_topics_and_keys_come_as_people_write_them(sources: Sources) -> None:
    other = Topic(id="cup", name="Cup", query="cup", platforms=("hackernews",))
    told = entries((TEA, ()), (other, sources(other)))
    assert [entry["id"] for entry in told] == ["tea", "cup"]
    assert list(told[1]) == ["id", "name", "query", "platforms"]


@pytest.mark.parametrize(
    "query",
    [
        '"green tea" OR #tea',
        "a: b",
        "日本 茶",
        "tea\\",
        "-cup tea",
        "'tea'",
        "tea #cup",
        " OR ".join(f"word{number}" for number in range(150)),
        "{tea}",
    ],
)
def test_query__is_a_block_that_reads_back_as_it_was(query: str) -> None:
    text = section([(Topic(id="tea", name=query, query=query, platforms=("hackernews",)), ())])
    assert "query: |" in text
    (entry,) = yaml.safe_load(text)["topics"]
    assert entry["query"] == query + "\n"
    assert "name" not in entry


def test_platforms_that_are_not_there__are_left_out() -> None:
    topic = Topic(id="tea", name="Tea", query="tea", platforms=("hackernews", "gone"))
    assert entries((topic, ()))[0]["platforms"] == ["hackernews"]


def test_named_accounts__are_overrides_where_there_is_nothing_else_of_the_platform(sources: Sources) -> None:
    accounts = [by_hand("account", account=name, instance="a.example") for name in ("ann", "bob")]
    (entry,) = entries((TEA, accounts))
    assert entry["overrides"] == {"mastodon": {"accounts": ["ann", "bob"]}}
    assert untold(TEA, accounts) == []
    mixed = [*sources(TEA, hosts=[("mastodon", "a.example")]), accounts[0]]
    assert "overrides" not in entries((TEA, mixed))[0]
    assert untold(TEA, mixed) == [accounts[0].id]


def test_untold__nothing_of_what_the_query_is_compiled_to_and_of_feeds(sources: Sources) -> None:
    topic = Topic(id="tea", name="Tea", query="#tea OR cup", platforms=("hackernews", "mastodon", "bluesky", "feeds"))
    hosts = [("mastodon", "a.example"), ("mastodon", "b.example")]
    assert untold(topic, sources(topic, hosts=hosts, feeds=("https://f.example/rss",))) == []


def test_untold__what_only_an_older_query_needed(sources: Sources) -> None:
    older = by_hand("tag", tag="chai", instance="a.example")
    found = [*sources(TEA, hosts=[("mastodon", "a.example")]), older]
    assert untold(TEA, found) == [older.id]


@pytest.mark.parametrize(
    ("topic", "hosts", "feeds"),
    [
        (TEA, [("mastodon", "a.example"), ("mastodon", "b.example")], ()),
        (Topic(id="tea", name="Tea", query='"green tea"~3 -cup', platforms=("hackernews", "bluesky")), [], ()),
        (
            Topic(
                id="t", name="#t", query="#t", platforms=("mastodon", "feeds"), every_s=90 * 60, every_on=(("mastodon", 3600),),
                redact=("email",), tags=("12:30", "no"), authors="pseudonymise",
            ),
            [("mastodon", "a.example")],
            ("https://f.example/rss",),
        ),
    ],
)  # fmt: skip
def test_section__reads_back_as_the_same_topic_with_the_same_sources(
    sources: Sources, tmp_path: Path, topic: Topic, hosts: list[tuple[str, str]], feeds: tuple[str, ...]
) -> None:
    served = sources(topic, hosts=hosts, feeds=feeds)
    file = tmp_path / "monitor.yaml"
    file.write_text(section([(topic, served)]), encoding="utf-8")
    (watched,) = check(file, {}).topics
    assert watched.topic == topic
    assert {source.id for source in watched.sources} == {source.id for source in served}
