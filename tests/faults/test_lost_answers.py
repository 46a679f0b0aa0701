"""Writes that were done and whose answers were lost: a proxy between program and mongod cuts the way back at random bytes.

A driver that hears nothing cannot know whether its write went through; every write of ours must bear to be made again.
"""

import asyncio
import contextlib
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.config import load
from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.store.budget_change import Name, Seen
from monitor.store.commit import Committer
from monitor.store.connection import Store, open_store
from monitor.store.leases import Claim
from monitor.store.schema import check
from monitor.store.sources import SourceState

CUTS, CUTS_SOAKED, WALKS = 100, 1000, 10
# Answers to one page are about this long together, so the cut falls on any of them.
FARTHEST_BYTES = 900
CRAWL_CUTS, BACKLOG = 4, 600
# All answers while a schema is made are longer together; those of one operation are not.
OPENED, SCHEMA_BYTES, AROUND_CUTS, SMALL_BYTES = 12, 5000, 5, 60
# The driver needs half a second to find the server again, and answers to three greetings; a way that never holds that long, on
# however busy a machine, is no way.
HOLDS_S, HOLDS_BYTES = 0.7, 3000


@dataclass(eq=False)
class Proxy:
    """Passes bytes on; when `cut_after` bytes of answers have come, the connection that carries them is closed."""

    target: int
    cut_after: int | None = None
    cuts: int = 0
    carried: int = 0  # bytes of answers since the last cut
    _streams: set[asyncio.StreamWriter] = field(default_factory=set)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        serving = asyncio.current_task()
        assert serving is not None
        self._serving.add(serving)
        pair = {writer}
        self._streams.add(writer)
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.target)
            pair.add(upstream_writer)
            self._streams.add(upstream_writer)
            ways = [
                asyncio.create_task(way) for way in (self._ask(reader, upstream_writer), self._answer(upstream_reader, writer))
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for stream in pair:
                stream.close()
            await asyncio.wait(ways)
        finally:
            for stream in pair:
                stream.close()
                with contextlib.suppress(ConnectionError):
                    await stream.wait_closed()
            self._streams -= pair
            self._serving.discard(serving)

    async def close(self) -> None:
        """Close what is still open, also what is just being opened, and wait until it is."""
        for _ in range(10):  # turns in which whoever was let in last begins to be served
            await asyncio.sleep(0)
        while self._serving:
            for stream in self._streams:
                stream.close()
            await asyncio.wait(set(self._serving), timeout=0.1)

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
                        self.carried = 0
                        return
                    self.cut_after -= len(answer)
                writer.write(answer)
                self.carried += len(answer)
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
    gc.collect()  # what was left open is told in this test


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


async def opened(way: Way, name: str, chance: random.Random) -> int:
    """Open a store on a database that has nothing yet, an answer cut somewhere on the way; returns how many were."""
    way.proxy.cut_after = chance.randrange(SCHEMA_BYTES)
    store = await open_store(load({"MONGODB_URI": way.uri, "MONITOR_DATABASE": name}))
    await check(store.database)
    await store.close()
    return way.proxy.cuts


async def test_lost_answers__while_a_database_is_made_and_checked__it_opens_all_the_same(way, seed: int) -> None:
    """Commands such as those that make collections and indexes are not repeated by the driver."""
    chance, ways = random.Random(seed), [await way() for _ in range(OPENED)]
    cuts = await asyncio.gather(*(opened(each, f"opened{n}", chance) for n, each in enumerate(ways)))
    print(f"\nseed {seed}: {OPENED} databases made, {sum(cuts)} cuts")
    assert sum(cuts) >= OPENED / 2


def around_pages(store: Store, claim: Claim) -> dict[str, Callable[[], Awaitable[Any]]]:
    """What a crawl asks of the store besides the commits of its pages."""
    source, epoch, at = claim.source, claim.epoch, datetime(2026, 11, 20, tzinfo=UTC)
    state = SourceState(state="ok", next_due=at)
    ended: dict[str, Any] = {"reason": "finished", "stats": {}, "coverage": {}, "failures": {}}
    budget = Name(platform="mastodon", credential="mastodon:", host="mastodon.example")
    return {
        "permits": lambda: store.budgets.take(budget, owner="owner", want=5),
        "what a reply told": lambda: store.budgets.tell(budget, Seen(good=False, window=0, wait_s=1), owner="owner"),
        "a budget": lambda: store.budgets.find(budget.id),
        "topics": store.topics.list_all,
        "run begun": lambda: store.runs.start("run", platform="mastodon", arguments={}, owner="owner"),
        "source made": lambda: store.sources.ensure(source),
        "another claimed": lambda: store.leases.claim("none", owner="owner"),
        "a due one claimed": lambda: store.leases.claim_due("hackernews", owner="owner"),
        "facts": lambda: store.sources.set_facts(source.id, {"id": "1"}),
        "sign-in kept": lambda: store.sign_ins.save("name", b"sealed"),
        "sign-in": lambda: store.sign_ins.find("name"),
        "renewal": lambda: store.leases.renew({source.id: epoch}, lease_s=60),
        "known rows": lambda: store.posts.rows(["id"], route="route"),
        "what the ledger says": lambda: store.ledger.stretches(source.id, from_at=at, to_at=at),
        "late": lambda: store.ledger.settle(source.id),
        "all late": store.ledger.settle_all,
        "given back": lambda: store.leases.release(source.id, epoch=epoch),
        "all given back": lambda: store.leases.release_all(owner="owner"),
        "poll ended": lambda: store.sources.finish(source.id, epoch=epoch, run="run", state=state),
        "run ended": lambda: store.runs.finish("run", **ended),
    }


async def asked_often(way: Way, walk: Callable[..., Awaitable[Any]], name: str, place: int, chance: random.Random) -> str:
    """Do one of them until answers of it were cut."""
    store = await open_store(load({"MONGODB_URI": way.uri, "MONITOR_DATABASE": "around_pages"}))
    walking, proxy = await walk(store, Committer(store), name), way.proxy
    what, operation = list(around_pages(store, walking.claim).items())[place]
    while proxy.cuts < AROUND_CUTS:
        if proxy.cut_after is None:
            proxy.cut_after = chance.randrange(SMALL_BYTES)
        await operation()
    await store.close()
    return what


async def test_lost_answers__of_all_that_a_crawl_asks_around_its_pages__each_is_done_all_the_same(
    server, way, walk, seed: int
) -> None:
    chance = random.Random(seed)
    store = await open_store(load({"MONGODB_URI": (await way()).uri, "MONITOR_DATABASE": "around_pages"}))
    many = len(around_pages(store, (await walk(store, Committer(store), "first")).claim))
    await store.close()
    ways = [await way() for _ in range(many)]
    done = await asyncio.gather(*(asked_often(each, walk, f"around{place}", place, chance) for place, each in enumerate(ways)))
    print(f"\nseed {seed}: {sum(each.proxy.cuts for each in ways)} cuts, {AROUND_CUTS} in each of: {', '.join(done)}")
    assert len(done) == many


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
        if between.proxy.cut_after is None and between.proxy.carried >= HOLDS_BYTES:
            between.proxy.cut_after = chance.randrange(FARTHEST_BYTES)
    between.proxy.cut_after, ended_at = None, datetime.now(UTC)
    codes = [begun.ended(within_s=10), crawl("after", database, **arguments).ended(within_s=180)]
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
