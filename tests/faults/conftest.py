"""What the fault tests share: the simulator and real crawls as processes of their own, and what MongoDB holds afterwards.

MONITOR_SOAK=1 makes the long tests longer. Every test prints its seed and its counts, and asserts at its end that nothing is
missing, invented, doubled or different, that the fault really happened, and that enough posts were on their way.
"""

import asyncio
import os
import random
import re
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from monitor.bookmark import Bookmark, Interval
from monitor.config import load
from monitor.crawl.process import start
from monitor.post import Author, Counts, Post
from monitor.simulator.process import log_of, simulated
from monitor.source import Source
from monitor.store.commit import Commit, Committer
from monitor.store.connection import Store, open_store
from monitor.store.leases import Claim
from monitor.store.quarantine import ReplyContext

SOAKED = os.environ.get("MONITOR_SOAK") == "1"  # read here, since no test sees the person's own environment
# No simulator needs politeness; a short lease lets the next process go on soon after a kill.
SETTINGS = {"MONITOR_PACE_S": "0", "MONITOR_LEASE_S": "2", "LOG_LEVEL": "WARNING"}
LOOK_S = 0.02

WALKED_HOST, WALKED_AT, WALKED_POSTS = "chatter.example", datetime(2026, 11, 20, 8, tzinfo=UTC), 10

_NUMBERED = re.compile(r"Post (\d+), id")

Document = dict[str, Any]


@dataclass(frozen=True)
class Platforms:
    """A running simulator."""

    addresses: Mapping[str, Any]

    @property
    def mastodon(self) -> str:
        return str(self.addresses["mastodon"])

    def log(self, *, since: int = 0) -> Document:
        return log_of(self.addresses, since=since)

    def requests(self, name: str, *, since: int = 0) -> list[Document]:
        """What the crawl of this name asked so far, as far as its replies have ended."""
        return [entry for entry in self.log(since=since)["requests"] if entry["user_agent"] == name]

    def last(self) -> int:
        return int(self.log(since=2**31)["last"])

    def await_ask(self, crawl: "Crawl", *, since: int = 0) -> None:
        """Return when the first reply to this crawl has ended."""
        while not self.requests(crawl.name, since=since):
            if not crawl.running():
                pytest.fail(f"{crawl.name} ended before it asked: {crawl.said()}")
            time.sleep(LOOK_S)


@dataclass
class Crawl:
    """A crawl under way; the simulator knows it by its name."""

    name: str
    process: subprocess.Popen[str]
    output: Path

    def running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> bool:
        """SIGKILL; False where it had ended by itself."""
        if not self.running():
            return False
        self.process.kill()
        return self.process.wait() == -9

    def ended(self, *, within_s: float) -> int:
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.name} has not ended after {within_s} s: {self.said()}")

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")[-3000:]

    def rss_mib(self) -> float | None:
        """Memory in use, or None once the process has ended."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return None
        found = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
        return int(found[0]) / 1024 if found else None


@dataclass
class Database:
    """What a crawl's database holds, read by the driver alone."""

    uri: str = field(repr=False)
    name: str
    client: MongoClient[Document] = field(repr=False)

    @property
    def _all(self) -> Any:
        return self.client[self.name]

    def posts(self, wanted: Document | None = None) -> list[Document]:
        return list(self._all["posts"].find(wanted or {}, {"raw": 0}))

    def ids(self) -> set[str]:
        return {str(found["_id"]) for found in self._all["posts"].find({}, {"_id": 1})}

    def has(self, wanted: Document) -> bool:
        return self._all["posts"].find_one(wanted, {"_id": 1}) is not None

    def count(self) -> int:
        return int(self._all["posts"].count_documents({}))

    def await_write(self, *, within_s: float) -> None:
        """Return as soon as there are more posts, or after `within_s`."""
        begun, posts = time.monotonic(), self._all["posts"].estimated_document_count()
        while self._all["posts"].estimated_document_count() == posts and time.monotonic() - begun < within_s:
            time.sleep(0.001)

    def skipped(self) -> int:
        """Posts of #endless are numbered: how many are missing between the oldest and the newest stored."""
        numbers = [int(found[1]) for post in self.posts({"tags": "endless"}) if (found := _NUMBERED.match(post["text"]))]
        return max(numbers) - min(numbers) + 1 - len(set(numbers))

    def ensure(self, sources: Iterable[Source]) -> None:
        """Make sources, due at once."""

        async def made() -> None:
            store = await open_store(load({"MONGODB_URI": self.uri, "MONITOR_DATABASE": self.name}))
            for source in sources:
                await store.sources.ensure(source)
            await store.close()

        asyncio.run(made())

    def quarantined(self) -> list[Document]:
        return list(self._all["quarantine"].find())

    def sources(self) -> dict[str, Document]:
        return {found["_id"]: found for found in self._all["sources"].find()}

    def ledger(self) -> list[Document]:
        return list(self._all["ledger"].find())

    def versions(self) -> dict[str, int]:
        return {name: int(source["bookmark"]["version"]) for name, source in self.sources().items()}

    def leased(self) -> bool:
        """Whether a lease holds by the server's clock."""
        wanted = {"$and": [{"lease.until": {"$ne": None}}, {"$expr": {"$gt": ["$lease.until", "$$NOW"]}}]}
        return self._all["sources"].find_one(wanted, {"_id": 1}) is not None


@dataclass
class Walk:
    """Pages of one source, through a committer: each brings new posts, and an edit of one of the page before.

    What a page holds is a function of its number, so `wrong` knows what must be stored after `acknowledged` pages.
    """

    store: Store
    committer: Committer
    claim: Claim
    acknowledged: int = 0

    @classmethod
    async def begun(cls, store: Store, committer: Committer, name: str) -> "Walk":
        """Make the source and take its lease, for longer than any test."""
        source = Source(platform="mastodon", kind="tag", parameters={"instance": WALKED_HOST, "tag": name})
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner=name, lease_s=3600)
        assert claim is not None
        return cls(store, committer, claim)

    async def page(self) -> None:
        """Commit the next page. Raises what the commit raises."""
        number, claim = self.acknowledged + 1, self.claim
        bookmark, reply = Bookmark(version=number), ReplyContext(url="", status=200, fetched_at=WALKED_AT)
        covered = Interval(from_at=self.at(number - 1), to_at=self.at(number), state="covered", asked_at=self.at(number))
        commit = Commit(source_id=claim.source.id, epoch=claim.epoch, run="run", bookmark=bookmark, reply=reply)
        await self.committer.commit(replace(commit, intervals=(covered,), posts=self.posts(number)))
        self.acknowledged = number

    def at(self, page: int) -> datetime:
        return WALKED_AT + timedelta(minutes=page)

    def posts(self, page: int) -> list[Post]:
        new, before, at = [self.post(page, place) for place in range(WALKED_POSTS)], self.post(page - 1, 0), self.at(page)
        edited = replace(before, text=f"Page {page}: milk first.", edited_at=at, counts=Counts(likes=page))
        return [replace(post, fetched_at=at) for post in ([*new, edited] if page > 1 else new)]

    def post(self, page: int, place: int) -> Post:
        name, author = f"{self.claim.owner}/{page}/{place}", Author(id=f"ann@{WALKED_HOST}")
        said: Document = {"id": f"https://{WALKED_HOST}/{name}", "native_id": name, "text": f"{name}: tea first."}
        return Post(platform="mastodon", url=None, created_at=self.at(page), author=author, seen_on=(WALKED_HOST,), **said)

    async def wrong(self) -> list[str]:
        """What is stored otherwise than the acknowledged pages say: posts, their edits, bookmark, ledger entries."""
        last = {post.native_id: post for page in range(1, self.acknowledged + 1) for post in self.posts(page)}
        wanted = {name: (post.id, post.text, post.counts.likes, int(bool(post.edited_at))) for name, post in last.items()}
        found = [post async for post in self.store.posts.each() if post.native_id.startswith(f"{self.claim.owner}/")]
        stored = {post.native_id: (post.id, post.text, post.counts.likes, len(post.revisions)) for post in found}
        differ = sorted(name for name in wanted.keys() | stored.keys() if wanted.get(name) != stored.get(name))
        standing = await self.store.sources.find(self.claim.source.id)
        assert standing is not None
        counts = {"posts": len(stored), "versions": standing.bookmark.version, "ledger entries": standing.pending}
        due = {"posts": len(found), "versions": self.acknowledged, "ledger entries": self.acknowledged}
        wrong = [f"{name}: {stored.get(name)} instead of {wanted.get(name)}" for name in differ]
        return [*wrong, *([] if counts == due else [f"{self.claim.owner}: {counts} instead of {due}"])]


@pytest.fixture
def soak() -> bool:
    return SOAKED


@pytest.fixture
def seed() -> int:
    """Drawn from pytest's own random seed, which is printed with the results, and printed by each test as well."""
    return random.randrange(2**31)


@pytest.fixture
def simulate() -> Iterator[Callable[..., Platforms]]:
    """Start a simulator with the options of `monitor simulate`; it ends with the test."""
    with ExitStack() as stack:
        yield lambda *options: Platforms(stack.enter_context(simulated(options)))


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Callable[..., Crawl]]:
    """Start a real `scrapy crawl`: its name, its platform, the database, the spider arguments. None outlives the test."""
    crawls: list[Crawl] = []

    def begin(
        name: str,
        database: Database,
        *,
        platform: str = "mastodon",
        settings: Mapping[str, str] | None = None,
        **arguments: str,
    ) -> Crawl:
        environment = {
            **os.environ,
            "MONGODB_URI": database.uri,
            "MONITOR_DATABASE": database.name,
            "MONITOR_HOME": str(tmp_path / "home"),
        }
        output = tmp_path / f"{name}.log"
        with output.open("w", encoding="utf-8") as stderr:
            process = start(
                platform,
                arguments=arguments,
                settings={**SETTINGS, **(settings or {}), "USER_AGENT": name},
                environment=environment,
                stderr=stderr,
            )
        crawls.append(Crawl(name, process, output))
        return crawls[-1]

    yield begin
    for each in crawls:
        each.kill()


@pytest.fixture
def databases(mongodb_uri: str, empty_database: str) -> Iterator[Callable[[str], Database]]:
    """An empty database of this name's own; all are dropped after the test."""
    with MongoClient[Document](mongodb_uri, tz_aware=True) as client:
        made: list[Database] = []

        def make(suffix: str) -> Database:
            made.append(Database(mongodb_uri, f"{empty_database}_{suffix}"[:60], client))
            return made[-1]

        yield make
        for database in made:
            client.drop_database(database.name)


@pytest.fixture
def until() -> Callable[..., float]:
    """Wait for something to become true; returns after how many seconds it was, fails after `within_s`."""

    def wait(true: Callable[[], object], *, within_s: float, what: str) -> float:
        begun = time.monotonic()
        while not true():
            if time.monotonic() - begun > within_s:
                pytest.fail(f"after {within_s:.0f} s still not: {what}")
            time.sleep(LOOK_S)
        return time.monotonic() - begun

    return wait


@pytest.fixture
def own_database() -> Iterator[Callable[[str], Database]]:
    """A database on a server of the test's own."""
    with ExitStack() as stack:
        yield lambda uri: Database(uri, "outage", stack.enter_context(MongoClient[Document](uri, tz_aware=True)))


@pytest.fixture
def walk() -> Callable[..., Awaitable[Walk]]:
    """Begin the walk of a source: its store, its committer, its name."""
    return Walk.begun
