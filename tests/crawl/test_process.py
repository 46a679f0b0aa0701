"""Whole crawls as processes: what they store and write, how they end, and what they say when they cannot begin."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config
from monitor.crawl.process import joined_exit_code, start
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source
from monitor.store.connection import open_store
from monitor.topic import Topic

HERE = ("-a", f"instance={LOCAL_HOST}")


@pytest.mark.parametrize(
    ("codes", "joined"),
    [([], 0), ([0, 0], 0), ([5, 5], 5), ([4], 4), ([0, 4], 6), ([6, 1], 6), ([4, 5], 1), ([130, 130], 130), ([130, 1], 1)],
)
def test_joined_exit_code(codes: list[int], joined: int) -> None:
    assert joined_exit_code(codes) == joined


# ---- refused before anything was started


@pytest.mark.parametrize(
    ("words", "environment", "sentence"),
    [
        (("mastodon", "-a", "tga=python"), {}, "Unknown spider argument tga="),
        (("mastdon",), {}, "There is no platform 'mastdon'. There are: "),
        (("mastodon", *HERE, "-a", "since=-999999w"), {}, "no post is older than 2004"),
        (("mastodon",), {"MONITOR_DATABASE": "a b"}, "MONITOR_DATABASE='a b' is no database name"),
    ],
)
def test_crawl__wrong_from_the_start__is_one_sentence_and_code_2(
    crawled: Callable[..., Any], words: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    ended = crawled(*words, **environment)
    assert (ended.code, len(ended.said.splitlines())) == (2, 1), ended.said
    assert sentence in ended.said


def test_crawl__a_format_that_cannot_hold_posts__is_refused(crawled: Callable[..., Any], tmp_path: Path) -> None:
    """Scrapy's own exporters would write the page with all that travels with it."""
    ended = crawled("hackernews", "-a", "query=tea", "-O", str(tmp_path / "posts.xml"))
    assert ended.code == 2
    assert "Unrecognized output format 'xml'" in ended.said


# ---- nothing to do, nobody there


def test_crawl__no_sources_or_no_such_topic__says_what_to_type_next(crawled: Callable[..., Any], stored: Any) -> None:
    ended = crawled("mastodon")
    assert ended.code == 2
    (sentence,) = ended.sentences
    assert 'monitor track "a word" --platform mastodon' in sentence
    assert "scrapy crawl mastodon -a instance=INSTANCE -a tag=TAG" in sentence
    ended = crawled("mastodon", "-a", "topic=nobody")
    assert ended.code == 2
    assert "There is no topic nobody" in ended.sentences[0]


def test_crawl__mongodb_does_not_answer__says_where_within_half_a_minute(crawled: Callable[..., Any]) -> None:
    uri = "mongodb://me:hunter2@127.0.0.1:1/"
    ended = crawled("mastodon", *HERE, MONGODB_URI=uri, MONITOR_DATABASE="nowhere")
    assert (ended.code, ended.seconds < 30) == (1, True)
    assert "MongoDB at 127.0.0.1:1 does not answer" in ended.sentences[0]
    assert "hunter2" not in ended.said
    assert "Traceback" not in ended.said


def test_crawl__how_a_platform_refuses__decides_the_code(
    crawled: Callable[..., Any], stored: Any, simulator: Mapping[str, Any]
) -> None:
    base = f"base_url={simulator['mastodon']}"
    gone = crawled("mastodon", *HERE, "-a", "account=nobody-of-that-name", "-a", base)
    assert (gone.code, "does not exist (404)" in gone.sentences[0]) == (1, True)
    closed = crawled("mastodon", *HERE, "-a", "tag=tea", "-a", base, MASTODON_TOKEN="hunter2")
    assert (closed.code, "set MASTODON_TOKEN" in closed.sentences[0]) == (4, True)
    limited = crawled("mastodon", *HERE, "-a", "tag=limited", "-a", base)
    assert (limited.code, "too many requests" in limited.sentences[0]) == (5, True)
    away = crawled("mastodon", *HERE, "-a", "tag=away", "-a", "base_url=http://127.0.0.1:1", "-s", "RETRY_ENABLED=0")
    assert (away.code, "127.0.0.1:1 refuses connections" in away.sentences[-1]) == (1, True)
    told = "".join(each.said for each in (gone, closed, limited, away))
    assert ("Traceback" in told, "hunter2" in told) == (False, False)
    states = {source["_id"]: source["state"] for source in stored.sources.find()}
    assert states == {
        f"mastodon/account?account=nobody-of-that-name&instance={LOCAL_HOST}": "failing",
        f"mastodon/tag?instance={LOCAL_HOST}&tag=tea": "needs credentials",
        f"mastodon/tag?instance={LOCAL_HOST}&tag=limited": "rate-limited",
        f"mastodon/tag?instance={LOCAL_HOST}&tag=away": "failing",
    }


def test_crawl__simulated_posts__do_not_enter_the_database_of_real_ones(
    crawled: Callable[..., Any], config: Config, simulator: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config.mongodb_uri is not None
    ended = crawled(
        "mastodon",
        *HERE,
        "-a",
        f"base_url={simulator['mastodon']}",
        MONGODB_URI=config.mongodb_uri.reveal(),
        MONITOR_DATABASE="",
    )
    assert ended.code == 1
    assert "simulated posts do not enter the database monitor" in ended.sentences[0]


# ---- what is written


def test_crawl__exports__hold_the_posts_that_are_stored_and_a_second_run_adds_none(
    crawled: Callable[..., Any], stored: Any, simulator: Mapping[str, Any], tmp_path: Path
) -> None:
    lines, array, table = (tmp_path / f"posts.{kind}" for kind in ("jsonl", "json", "csv"))
    into = [word for path in (lines, array, table) for word in ("-O", str(path))]
    source = ("mastodon", *HERE, "-a", f"base_url={simulator['mastodon']}")
    ended = crawled(*source, "-a", "limit=25", "-a", "_job=of-scrapyd", *into)
    assert (ended.code, ended.said) == (0, "")
    ids = [post["id"] for post in map(json.loads, lines.read_text(encoding="utf-8").splitlines())]
    with table.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(ids) == len(set(ids)) == 25
    assert ids == [post["id"] for post in json.loads(array.read_text(encoding="utf-8"))] == [row["id"] for row in rows]
    assert {str(post["_id"]) for post in stored.posts.find({}, {"_id": 1})} == set(ids)
    assert [row for row in rows if any(cell.startswith(("=", "+", "@")) for cell in row.values())] == []

    assert crawled(*source, "-a", "since=-2d", "-o", str(table)).code == 0
    count = stored.posts.count_documents({})
    assert count > 100
    with table.open(encoding="utf-8", newline="") as opened:
        assert {row["id"] for row in csv.DictReader(opened)} == {str(post["_id"]) for post in stored.posts.find()}

    assert crawled(*source).code == 0
    last = stored.runs.find_one(sort=[("started_at", -1)])
    counted = {pair["name"]: pair["value"] for pair in last["stats"]}
    assert (last["reason"], counted["new"], stored.posts.count_documents({})) == ("finished", 0, count)


def test_crawl__a_file_that_cannot_be_written__is_told_and_the_posts_are_stored(
    crawled: Callable[..., Any], stored: Any, simulator: Mapping[str, Any], tmp_path: Path
) -> None:
    source = ("hackernews", "-a", "query=python", "-a", f"base_url={simulator['hackernews']}", "-a", "limit=3")
    ended = crawled(*source, "-O", f"{tmp_path}:jsonl")
    assert ended.code == 1
    assert ended.sentences[-1].startswith("What was collected is stored, but not every file of -o or -O could be written")
    assert stored.posts.count_documents({}) == 3


# ---- which sources, and who may


async def test_crawl__topic__only_its_sources_and_the_shift_ends_by_itself(
    crawled: Callable[..., Any], stored: Any, config: Config, simulator: Mapping[str, Any]
) -> None:
    addresses = simulator["feeds"][:2]
    store = await open_store(config)
    for name, address in zip(("birds", "boats"), addresses, strict=True):
        await store.topics.add(Topic(id=name, name=name, query="python"))
        await store.sources.ensure(Source(platform="feeds", kind="url", parameters={"url": address}, topics=(name,)))
    await store.close()
    ended = crawled("feeds", "-a", "topic=birds", "-a", "shift=3s", MONITOR_PRIVATE_HOSTS="127.0.0.1")
    assert (ended.code, ended.said) == (0, "")
    assert 3 <= ended.seconds < 15
    polled = {source["parameters"]["url"]: source["last_polled_at"] is not None for source in stored.sources.find()}
    assert polled == {addresses[0]: True, addresses[1]: False}
    matched = {topic["id"] for post in stored.posts.find() for topic in post.get("topics", [])}
    assert matched == {"birds", "boats"}, "posts are matched with all topics, whoever asked"


async def test_crawl__another_holds_the_source__it_waits_for_it_or_says_so(
    crawled: Callable[..., Any], stored: Any, config: Config, simulator: Mapping[str, Any]
) -> None:
    source = Source(platform="mastodon", kind="public", parameters={"instance": LOCAL_HOST})
    store = await open_store(config)
    await store.sources.ensure(source)
    assert await store.leases.claim(source.id, owner="another", lease_s=60)
    words = ("mastodon", *HERE, "-a", f"base_url={simulator['mastodon']}", "-a", "limit=5", "-s", "MONITOR_LEASE_S=2")
    refused = crawled(*words)
    assert (refused.code, "is being collected by another process" in refused.sentences[0]) == (1, True)
    assert stored.posts.count_documents({}) == 0
    standing = await store.sources.find(source.id)
    assert standing is not None
    assert await store.leases.renew({source.id: standing.epoch}, lease_s=3) == 1
    waited = crawled(*words[:-1], "MONITOR_LEASE_S=20")
    assert (waited.code, waited.seconds > 2, stored.posts.count_documents({})) == (0, True, 5)
    await store.close()


def test_start__hands_over_arguments_settings_and_environment_and_returns_at_once(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("w", encoding="utf-8") as stderr:
        crawl = start(
            "mastodon",
            arguments={"instance": "a.example", "since": "never"},
            settings={"LOG_LEVEL": "ERROR"},
            environment={"PATH": "/bin"},
            stderr=stderr,
        )
    assert crawl.poll() is None
    assert crawl.wait(30) == 2
    assert said.read_text(encoding="utf-8").startswith("since=never is no time")
