"""Real crawls with several tokens: one that is revoked is tried once by all of them together, and the others do its work."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.config import Config
from monitor.crawl.process import start
from monitor.simulator.github import TOKEN
from monitor.simulator.process import log_of, simulated
from monitor.simulator.thread_author import OWNER
from monitor.source import Source
from monitor.store.connection import open_store

CRAWLS, LONGEST_S = 2, 60
REPOSITORIES = ("python", "climate", "coffee", "rust")
Document = dict[str, Any]


@pytest.fixture
async def sources(config: Config) -> list[Source]:
    """Due sources, more than a crawl reads at a time."""
    store = await open_store(config)
    made = [
        Source(platform="github", kind="community", parameters={"community": f"{OWNER}/{name}", **stream}, topics=("watched",))
        for name in REPOSITORIES
        for stream in ({}, {"stream": "comments"})
    ]
    for each in made:
        await store.sources.ensure(each)
    await store.close()
    return made


@pytest.fixture
def client(mongodb_uri: str) -> Iterator[MongoClient[Document]]:
    with MongoClient[Document](mongodb_uri, tz_aware=True) as opened:
        yield opened


def crawled(config: Config, server: str, tokens: str) -> list[int]:
    """Several crawls at the same time; their exit codes."""
    assert config.mongodb_uri is not None
    environment = {
        **os.environ, "MONGODB_URI": config.mongodb_uri.reveal(), "MONITOR_DATABASE": config.database, "GITHUB_TOKEN": tokens,
    }  # fmt: skip
    settings = {"MONITOR_PACE_S": "0", "LOG_LEVEL": "WARNING"}
    crawls = [
        start("github", arguments={"base_url": server}, settings=settings, environment=environment) for _ in range(CRAWLS)
    ]
    return [crawl.wait(LONGEST_S) for crawl in crawls]


def test_a_revoked_token_among_others__is_put_aside_and_said__and_everything_is_collected(
    config: Config, sources: list[Source], client: MongoClient[Document]
) -> None:
    with simulated(["--seed", "3", "--days", "2", "--posts", "600"]) as platforms:
        codes = crawled(config, platforms["github"], f"revoked-token\n{TOKEN}")
        requests = [each for each in log_of(platforms)["requests"] if each["platform"] == "github"]
    database = client[config.database]
    states = Counter(each["state"] for each in database["sources"].find())
    refused = [each for each in requests if each["status"] == 401]
    aside = [each for each in database["budgets"].find() if each.get("aside")]
    print(f"{len(requests)} requests, {len(refused)} refused (401), sources {dict(states)}, put aside {len(aside)}")
    assert codes == [0] * CRAWLS
    assert states == {"ok": len(sources)}
    assert 1 <= len(refused) <= 2
    assert "GitHub refused the token (401)" in aside[0]["aside"]["reason"]
    assert "revoked-token" not in str(list(database["budgets"].find()))


def test_every_token_is_revoked__one_try_of_each__and_the_sources_say_so(
    config: Config, sources: list[Source], client: MongoClient[Document]
) -> None:
    with simulated(["--seed", "3", "--days", "2", "--posts", "600"]) as platforms:
        crawled(config, platforms["github"], "revoked\nrevoked-too")
        crawled(config, platforms["github"], "revoked\nrevoked-too")
        requests = [each for each in log_of(platforms)["requests"] if each["platform"] == "github"]
    states = Counter(each["state"] for each in client[config.database]["sources"].find())
    print(f"{len(requests)} requests in four crawls of {len(sources)} sources with two revoked tokens")
    assert states == {"needs credentials": len(sources)}
    assert 2 <= len(requests) <= 4
