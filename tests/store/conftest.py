"""An open store in an empty database, posts to put into it, and a server that fails on command."""

import os
import random
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.config import Config, load
from monitor.mongod.binary import find
from monitor.post import Author, Match, Post, Score
from monitor.source import Source
from monitor.stages.rollup import Tally, roll_up_waiting
from monitor.store.connection import Store, open_store
from monitor.store.leases import Claim
from monitor.store.rollups import Rollups, Timing

_MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)

_PATTERN = Post(
    id="https://example.org/1",
    platform="mastodon",
    native_id="1",
    url="https://example.org/@ann/1",
    created_at=_MORNING,
    text="Tea first.",
    author=Author(id="ann@example.org", handle="ann"),
    fetched_at=_MORNING,
    seen_on=("example.org",),
)


@pytest.fixture
def a_post() -> Callable[..., Post]:
    """Make post number `number`, fetched on a morning, changed as told."""

    def made(number: int = 1, **changes: Any) -> Post:
        plain = replace(_PATTERN, id=f"https://example.org/{number}", native_id=str(number))
        return replace(plain, **changes)

    return made


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    """The open store of this test's own database."""
    opened = await open_store(config)
    yield opened
    await opened.close()


@pytest.fixture
async def claim(store: Store) -> Claim:
    """A claimed source, its bookmark at version 0."""
    source = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "example.org"})
    await store.sources.ensure(source)
    claimed = await store.leases.claim(source.id, owner="test")
    assert claimed is not None
    return claimed


@pytest.fixture(scope="session")
def faulty_uri(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A second mongod, on loopback, that obeys `failCommand`; stopped at the end of the session."""
    folder = tmp_path_factory.mktemp("faulty")
    port = _free_port()
    process = subprocess.Popen(_command(folder, port), stdout=subprocess.DEVNULL)
    try:
        uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=20_000) as client:
            client.admin.command("replSetInitiate", {"_id": "faulty", "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]})
            while not client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.05)
        yield uri
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def faulty_spares(faulty_uri: str, spares_of: Callable[[str], Any]) -> Any:
    return spares_of(faulty_uri)


@pytest.fixture
async def faulty(faulty_uri: str, faulty_spares: Any, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store on the server that fails on command, without documents."""
    name = faulty_spares.take()
    opened = await open_store(load({"MONGODB_URI": faulty_uri, "MONITOR_DATABASE": name, "MONITOR_HOME": str(tmp_path)}))
    yield opened
    await opened.close()
    faulty_spares.idle.append(name)


@pytest.fixture
def fail(faulty_uri: str) -> Iterator[Callable[..., None]]:
    """Let `commands` of the program fail as told (`errorCode=...`, `closeConnection=True`), `times` or until told otherwise.

    Without commands nothing fails any more.
    """
    with MongoClient[dict[str, Any]](faulty_uri) as client:

        def failing(*commands: str, times: int | None = None, **how: Any) -> None:
            mode = "off" if not commands else "alwaysOn" if times is None else {"times": times}
            data = {"failCommands": list(commands), "appName": "social-monitor", **how}
            client.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})

        yield failing
        failing()


def _command(folder: Path, port: int) -> list[str]:
    named = os.environ.get("MONITOR_MONGOD")
    binary = find(named=Path(named) if named else None, search=os.environ.get("PATH"), copies=folder)
    return [
        str(binary), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket",
        "--replSet", "faulty", "--wiredTigerCacheSizeGB", "0.25", "--networkMessageCompressors", "snappy,zstd",
        "--setParameter", "enableTestCommands=1", "--setParameter", "diagnosticDataCollectionEnabled=false",
    ]  # fmt: skip


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def many_posts() -> Callable[..., list[Post]]:
    """Make posts drawn from a seed, all different, at moments between two: of two platforms and two topics, some deleted."""

    def drawn(rng: random.Random, count: int, from_at: datetime, to_at: datetime, *, first: int = 1) -> list[Post]:
        return [_drawn(rng, number, from_at + rng.random() * (to_at - from_at)) for number in range(first, first + count)]

    return drawn


@pytest.fixture
def roll_up(store: Store) -> Callable[[], Awaitable[Tally]]:
    """Count every hour that was written to; marks go at once, since no write of a test is under way then."""

    async def counted() -> Tally:
        return await roll_up_waiting(Rollups(store.database, Timing(settle_s=0)))

    return counted


def _drawn(rng: random.Random, number: int, created_at: datetime) -> Post:
    label = rng.choice(("positive", "neutral", "negative", None))
    score = Score(scorer="x", version="1", label=label, compound=None if label is None else round(rng.uniform(-1, 1), 4))
    return replace(
        _PATTERN,
        id=f"https://example.org/{number}",
        native_id=str(number),
        platform=rng.choice(("mastodon", "bluesky")),
        kind=rng.choice(("post", "post", "reply", "repost")),
        created_at=created_at,
        language=rng.choice(("en", "de", None)),
        author=Author(id=f"author{rng.randrange(12)}"),
        tags=tuple(rng.sample(("$tea", "milk", "a.b", "été"), rng.randrange(3))),
        links=tuple(rng.sample(("https://www.Tea.example/x", "http://milk.example:80", "ftp://no.example"), rng.randrange(3))),
        topics=tuple(Match(id=topic, version=1) for topic in rng.sample(("tea", "milk"), rng.randrange(3))),
        sentiment=rng.choice((score, score, score, None)),
        deleted_at=rng.choice((None, None, None, _MORNING)),
    )
