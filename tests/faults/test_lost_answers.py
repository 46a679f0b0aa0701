"""Writes that were done and whose answers were lost: a proxy between program and mongod cuts the way back at random bytes.

A driver that hears nothing cannot know whether its write went through; every write of ours must bear to be made again.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.config import load
from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.store.commit import Committer
from monitor.store.connection import open_store

CUTS, CUTS_SOAKED, WALKS = 100, 1000, 10
# Answers to one page are about this long together, so the cut falls on any of them.
FARTHEST_BYTES = 900
CRAWL_CUTS, BACKLOG = 4, 600
# The driver needs half a second to find the server again; a way that never holds that long is no way.
HOLDS_S = 0.7


@dataclass(eq=False)
class Proxy:
    """Passes bytes on; when `cut_after` bytes of answers have come, the connection that carries them is closed."""

    target: int
    cut_after: int | None = None
    cuts: int = 0
    _streams: set[asyncio.StreamWriter] = field(default_factory=set)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.target)
        pair, serving = {writer, upstream_writer}, asyncio.current_task()
        assert serving is not None
        self._streams |= pair
        self._serving.add(serving)
        ways = [asyncio.create_task(way) for way in (self._ask(reader, upstream_writer), self._answer(upstream_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for stream in pair:
            stream.close()
        await asyncio.wait(ways)
        self._streams -= pair
        self._serving.discard(serving)

    async def close(self) -> None:
        """Close what is still open, and wait until it is."""
        for stream in self._streams:
            stream.close()
        await asyncio.gather(*self._serving)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while question := await reader.read(65536):
                writer.write(question)
                await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
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


@dataclass(frozen=True)
class Way:
    """To one server, through a proxy of its own."""

    proxy: Proxy
    uri: str


@pytest.fixture
async def server(replica_set: Callable[..., Any]) -> Any:
    return await asyncio.to_thread(replica_set)


@pytest.fixture
async def way(server: Any) -> AsyncIterator[Callable[[], Awaitable[Way]]]:
    """Make a way to the server; as many as wanted."""
    made: list[tuple[Proxy, asyncio.Server]] = []

    async def begin() -> Way:
        (port,) = server.commands
        proxy = Proxy(port)
        listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        made.append((proxy, listener))
        return Way(proxy, f"mongodb://127.0.0.1:{listener.sockets[0].getsockname()[1]}/?directConnection=true")

    yield begin
    for proxy, listener in made:
        listener.close()
        await proxy.close()


async def walked(way: Way, walk: Callable[..., Awaitable[Any]], name: str, *, cuts: int, chance: random.Random) -> Any:
    """Walk a source of this name until so many answers were cut; returns (walk, what is wrong, a sentence)."""
    store = await open_store(load({"MONGODB_URI": way.uri, "MONITOR_DATABASE": "lost_answers"}))
    walking, proxy = await walk(store, Committer(store), name), way.proxy
    while proxy.cuts < cuts and walking.acknowledged < 3 * cuts:
        if proxy.cut_after is None:
            proxy.cut_after = chance.randrange(FARTHEST_BYTES)
        await walking.page()
    proxy.cut_after = None
    wrong = await walking.wrong()
    await store.close()
    return walking, wrong


async def test_lost_answers__one_in_every_page__nothing_lost_or_doubled_and_each_page_moved_once(
    way, walk, seed: int, soak: bool
) -> None:
    """New posts, edits, counts, bookmark and ledger entries; each cut falls into the commit of one page, or just after it."""
    cuts = (CUTS_SOAKED if soak else CUTS) // WALKS
    ways = [await way() for _ in range(WALKS)]
    ended = await asyncio.gather(
        *(walked(each, walk, f"walk{n}", cuts=cuts, chance=random.Random(seed + n)) for n, each in enumerate(ways))
    )
    pages, wrong = [walking.acknowledged for walking, _ in ended], [sentence for _, wrong in ended for sentence in wrong]
    made = [each.proxy.cuts for each in ways]
    print(
        f"\nseed {seed}: {sum(made)} cuts in {sum(pages)} pages of {10 * sum(pages)} posts in {WALKS} walks, wrong {len(wrong)}"
    )
    assert wrong == []
    assert min(made) >= cuts
    assert sum(pages) >= sum(made) / 3


async def test_lost_answers__of_a_real_crawl__nothing_lost_or_doubled(
    server, way, simulate, crawl, own_database, seed: int
) -> None:
    """Claim, renewals, commits, the end of the poll, the record of the run: all through a way that keeps breaking."""
    chance, between = random.Random(seed), await way()
    platforms = simulate("--seed", str(seed), "--posts", "100", "--delay", "250", "--endless", f"20,{BACKLOG}")
    arguments = {"tag": "endless", "instance": LOCAL_HOST, "since": f"-{BACKLOG // 20}s", "base_url": platforms.mastodon}
    broken, database = own_database(between.uri), own_database(server.uri)
    begun = crawl("broken", broken, **arguments)
    while begun.running():
        await asyncio.sleep(HOLDS_S + chance.uniform(0, 0.4))
        if between.proxy.cut_after is None:
            between.proxy.cut_after = chance.randrange(FARTHEST_BYTES)
    between.proxy.cut_after, ended_at = None, datetime.now(UTC)
    codes = [begun.ended(within_s=10), crawl("after", database, **arguments).ended(within_s=60)]
    log, (source,) = platforms.log(), database.sources().values()
    compared = compare(log["posts"], database.posts())
    print(
        f"\nseed {seed}: {between.proxy.cuts} cuts, exit codes {codes}; rows shown {len(log['posts'])}, posts shown "
        f"{compared.shown}, stored {compared.stored}, missing {compared.missing}, invented {compared.invented}, doubled "
        f"{compared.doubled}, different {compared.different}, skipped {database.skipped()}"
    )
    assert compared.exact, compared.examples
    assert database.skipped() == 0
    assert codes == [0, 0], begun.said()
    assert between.proxy.cuts >= CRAWL_CUTS
    assert compared.stored >= BACKLOG
    assert source["bookmark"]["gaps"] == []
    assert database.has({"created_at": {"$gt": ended_at}})
