"""Writes that were done and whose answers were lost: a proxy between program and mongod cuts the way back at random bytes."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from monitor.bookmark import Bookmark, Interval
from monitor.config import load
from monitor.errors import LeaseLostError
from monitor.post import Post
from monitor.source import Source
from monitor.store.commit import Commit, Committer
from monitor.store.connection import Store, open_store
from monitor.store.quarantine import ReplyContext

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
PAGES = 40


class Proxy:
    """Passes bytes on; `cut_after` bytes of answers from now, the connection that carries them is closed."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self.cut_after: int | None = None
        self.cuts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._target)
        asking = asyncio.ensure_future(self._ask(reader, upstream_writer))
        with contextlib.suppress(ConnectionError):
            await self._answer(upstream_reader, writer)
        asking.cancel()
        for stream in (writer, upstream_writer):
            stream.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while question := await reader.read(65536):
            writer.write(question)
            await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answer := await reader.read(65536):
            if self.cut_after is not None:
                if len(answer) > self.cut_after:
                    writer.write(answer[: self.cut_after])
                    self.cut_after = None
                    self.cuts += 1
                    return
                self.cut_after -= len(answer)
            writer.write(answer)
            await writer.drain()


@pytest.fixture
async def proxy(faulty_uri: str) -> AsyncIterator[tuple[Proxy, str]]:
    target = urlsplit(faulty_uri)
    between = Proxy(str(target.hostname), target.port or 0)
    server = await asyncio.start_server(between.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield between, f"mongodb://127.0.0.1:{port}/?directConnection=true"
    server.close()


@pytest.fixture
async def through(proxy: tuple[Proxy, str], faulty: Store, tmp_path: Path) -> AsyncIterator[Store]:
    """The same database as `faulty`, reached through the proxy."""
    environment = {"MONGODB_URI": proxy[1], "MONITOR_DATABASE": faulty.database.name, "MONITOR_HOME": str(tmp_path)}
    opened = await open_store(load(environment))
    yield opened
    await opened.close()


async def test_answers_cut_at_random_bytes_lose_and_double_nothing(
    proxy: tuple[Proxy, str], through: Store, faulty: Store, a_post: Callable[..., Post]
) -> None:
    """A walk of 40 pages with a cut in each: every commit succeeds, every post is there once, each page moved once."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    source = Source(platform="mastodon", kind="tag", parameters={"tag": "tea"})
    await through.sources.ensure(source)
    claim = await through.leases.claim(source.id, owner="test")
    assert claim is not None
    committer = Committer(through)
    refused = 0
    for version in range(1, PAGES + 1):
        proxy[0].cut_after = chance.randrange(600)
        commit = Commit(
            source_id=source.id,
            epoch=claim.epoch,
            run="run",
            bookmark=Bookmark(version=version),
            reply=ReplyContext(url="", status=200, fetched_at=MORNING),
            intervals=(Interval(from_at=None, to_at=MORNING + timedelta(hours=version), state="covered", asked_at=MORNING),),
            posts=[a_post(version * 10 + number) for number in range(10)],
        )
        try:
            await committer.commit(commit)
        except LeaseLostError:
            refused += 1
    standing = await faulty.sources.find(source.id)
    assert standing is not None
    stored = sorted([int(post.native_id) async for post in faulty.posts.each()])
    print(f"seed {seed}: {proxy[0].cuts} cuts in {PAGES} pages, {len(stored)} posts, {standing.pending} ledger entries")
    assert proxy[0].cuts > PAGES // 2
    assert refused == 0
    assert stored == list(range(10, PAGES * 10 + 10))
    assert (standing.bookmark.version, standing.pending) == (PAGES, PAGES)
