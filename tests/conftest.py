"""What all tests share: no trace of the person's own environment, and one real mongod for the tests that ask for one.

`mongodb_uri`, `database_name` and `config` are the fixtures for tests of the store, `mongod_binary` and `replica_set` for those
that start servers of their own; a test that uses one of them is marked `mongod`. Without a mongod these tests are skipped and
counted on the last lines; where CI is set the session fails instead.
"""

import asyncio
import gc
import os
import random
import shutil
import subprocess
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from monitor.config import Config, load
from monitor.errors import MongodError
from monitor.mongod.binary import find
from monitor.mongod.private import acquire, status, stop
from monitor.mongod.server import free_port
from monitor.post import Author, Post
from monitor.store.connection import open_store

NEED_MONGOD = {"mongod_binary", "mongodb_uri"}
# How long an example takes to draw or to run is the machine's affair; what must be quick has tests of its own.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
OURS = ("GITHUB_", "LEMMY_", "DISCOURSE_", "STACKEXCHANGE_", "MONITOR_", "MONGODB_", "MASTODON_", "BLUESKY_")

MEMORY, ROOM_BYTES, OLD_S = Path("/dev/shm"), 4 << 30, 3600.0
SPARES = 4  # so many tests pass before a database is used again: what a killed process had sent is with MongoDB by then
MANY = 2000  # documents that take longer to delete than a new database to make
LISTED = ("posts", "sources", "search")  # collections with an index of lists


# By language, words that say nothing of the label, and words that speak for one; some of the English ones VADER knows.
_PLAIN = {
    "en": "the train station today morning phone battery screen people office road garden report week city window coffee".split(),
    "de": "der zug bahnhof heute morgen handy akku leute büro straße garten bericht woche stadt fenster kaffee".split(),
    "ja": "今日 電車 駅 朝 電話 画面 人々 会社 道 庭 報告 週 街 窓 珈琲".split(),
}
_CUES = {
    "en": {
        "positive": "great lovely fab spotless",
        "neutral": "tuesday schedule notice leaflet",
        "negative": "awful late shabby grim",
    },
    "de": {
        "positive": "toll schön prima sauber",
        "neutral": "dienstag fahrplan hinweis blatt",
        "negative": "mies verspätet übel öde",
    },
    "ja": {"positive": "最高 素敵 綺麗 嬉しい", "neutral": "火曜日 時刻表 案内 資料", "negative": "最悪 遅延 汚い 悲しい"},
}
_LABELLED_AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def labelled_posts() -> Callable[..., list[tuple[Post, str]]]:
    """Make `count` posts with the label that people give them, from a seed, of several languages and authors.

    `noise` is the share of posts whose words speak for a label drawn at random. With `names` other labels take the place of positive,
    neutral and negative.
    """

    def drawn(
        *,
        seed: int,
        count: int,
        languages: tuple[str, ...] = ("en",),
        noise: float = 0.15,
        names: Mapping[str, str] | None = None,
    ) -> list[tuple[Post, str]]:
        rng = random.Random(seed)
        return [_labelled(rng, number, rng.choice(languages), noise=noise, names=names or {}) for number in range(count)]

    return drawn


def _labelled(rng: random.Random, number: int, language: str, *, noise: float, names: Mapping[str, str]) -> tuple[Post, str]:
    label = rng.choice(("positive", "neutral", "negative"))
    said = label if rng.random() > noise else rng.choice(("positive", "neutral", "negative"))
    words = rng.choices(_PLAIN[language], k=rng.randint(4, 12)) + rng.choices(
        _CUES[language][said].split(), k=rng.randint(1, 2)
    )
    rng.shuffle(words)
    at = _LABELLED_AT + timedelta(minutes=number)
    post = Post(
        id=f"https://{language}.example/{number}", native_id=str(number), platform=rng.choice(("mastodon", "bluesky")),
        url=f"https://{language}.example/@a/{number}", created_at=at, fetched_at=at, language=language, seen_on=("x",),
        text=("" if language == "ja" else " ").join(words), author=Author(id=f"author{rng.randrange(200)}"),
    )  # fmt: skip
    return post, names.get(label, label)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if NEED_MONGOD & set(getattr(item, "fixturenames", ())):
            item.add_marker("mongod")


def pytest_collection_finish() -> None:
    """Keep thousands of tests out of every later garbage collection: one took a second, and tests that measure time failed by it."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(f"random seed: {config.getoption('randomly_seed', 'none')}")
    missed = [report for report in terminalreporter.stats.get("skipped", []) if "mongod" in report.keywords]
    if missed:
        terminalreporter.write_line(f"not run for want of mongod: {len(missed)}", red=True, bold=True)


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the person's settings, credentials and data out of every test."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MONITOR_CONFIG", os.devnull)


@pytest.fixture(scope="session")
def mongod_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mongod that all tests run, MONITOR_MONGOD included, since that was the tester's choice."""
    named = os.environ.get("MONITOR_MONGOD")
    try:
        return find(named=Path(named) if named else None, search=os.environ.get("PATH"), copies=tmp_path_factory.mktemp("bin"))
    except MongodError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI is set, so these tests must run: {error}", pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def mongodb_uri(mongod_binary: Path) -> Iterator[str]:
    """A private mongod of this test session, reached by its socket; it ends with the session, even when that is killed."""
    _remove_leftovers()
    with tempfile.TemporaryDirectory(prefix="monitor-tests-", dir=_fast()) as home:
        config = load({"MONITOR_HOME": home, "MONITOR_MONGOD": str(mongod_binary)})
        try:
            with acquire(config) as private:
                yield private.uri
        finally:
            stop(config)  # the folder goes only after mongod


def _fast() -> Path | None:
    """Where files need no disk, if there is room: tests end processes, and no power fails."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None


def _remove_leftovers() -> None:
    """Of sessions that were killed: their mongod has ended by itself, but their files take memory."""
    for folder in MEMORY.glob("monitor-tests-*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > OLD_S and status(load({"MONITOR_HOME": str(folder)})).state is None:
                shutil.rmtree(folder)


@dataclass
class Spares:
    """Databases whose schema is made, which takes a second each; what a test leaves in one is gone before the next takes it."""

    uri: str
    client: MongoClient[dict[str, Any]]
    idle: deque[str] = field(default_factory=deque)
    shape: dict[str, Any] = field(default_factory=dict)

    def take(self) -> str:
        while len(self.idle) >= SPARES:
            name = self.idle.popleft()
            if self._emptied(name):
                return name
            self.client.drop_database(name)
        return self._made()

    def _made(self) -> str:
        name = f"test_{uuid.uuid4().hex}"

        async def opened() -> None:
            await (await open_store(load({"MONGODB_URI": self.uri, "MONITOR_DATABASE": name}))).close()

        with ThreadPoolExecutor(1) as thread:  # the test may have an event loop of its own
            thread.submit(asyncio.run, opened()).result()
        self.shape = self.shape or self._shape(name)
        return name

    def _shape(self, name: str) -> dict[str, Any]:
        """Collections with their options, indexes and version, as the server tells them."""
        database = self.client[name]
        shape: dict[str, Any] = {
            each["name"]: (each["options"], list(database[each["name"]].list_indexes())) for each in database.list_collections()
        }
        return {**shape, "version": [meta["version"] for meta in database["meta"].find({"_id": "schema"})]}

    def _emptied(self, name: str) -> bool:
        """False where only a new database is as good as new."""
        database = self.client[name]
        if self._shape(name) != self.shape:
            return False
        kept = {"meta": {"_id": {"$ne": "schema"}}}
        for each in self.shape.keys() - {"version"}:
            collection = database[each]
            if collection.estimated_document_count() > MANY:
                return False
            if each in LISTED and self._was_of_lists(database, each):
                self._make_again(database, each)
            elif collection.find_one(kept.get(each, {}), {"_id": 1}) is not None:
                collection.delete_many(kept.get(each, {}))
                database.command("planCacheClear", each)
        return True

    def _was_of_lists(self, database: Any, name: str) -> bool:
        """An index remembers that it held lists, and plans differ then."""
        indexes = [index["name"] for index in self.shape[name][1]]
        return any("'isMultiKey': True" in str(database[name].find().hint(index).explain()) for index in indexes)

    def _make_again(self, database: Any, name: str) -> None:
        options, indexes = self.shape[name]
        database.drop_collection(name)
        database.command("create", name, **options)
        database.command("createIndexes", name, indexes=indexes)


@pytest.fixture(scope="session")
def spares_of() -> Iterator[Callable[[str], Spares]]:
    """Databases to be used again, by their server."""
    with ExitStack() as stack:
        yield lambda uri: Spares(uri, stack.enter_context(MongoClient[dict[str, Any]](uri)))


@pytest.fixture(scope="session")
def spares(mongodb_uri: str, spares_of: Callable[[str], Spares]) -> Spares:
    return spares_of(mongodb_uri)


@pytest.fixture
def database_name(spares: Spares) -> Iterator[str]:
    """The name of a database of this test alone, without documents, its schema made."""
    name = spares.take()
    yield name
    spares.idle.append(name)


@pytest.fixture
def empty_database(spares: Spares) -> Iterator[str]:
    """The name of a database of this test alone that is not there yet, dropped after it."""
    name = f"test_{uuid.uuid4().hex}"
    yield name
    spares.client.drop_database(name)


@pytest.fixture
def config(mongodb_uri: str, database_name: str, tmp_path: Path) -> Config:
    """The configuration of a process that uses this test's database, its home an empty folder."""
    home = tmp_path / "home"
    return load({"MONGODB_URI": mongodb_uri, "MONITOR_DATABASE": database_name, "MONITOR_HOME": str(home)})


@dataclass
class ReplicaSet:
    """Servers of the test's own, named `own`, on loopback, by port."""

    commands: dict[int, list[str]] = field(default_factory=dict)
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"mongodb://{','.join(f'127.0.0.1:{port}' for port in self.commands)}/?replicaSet=own"

    def begin(self) -> None:
        for port in self.commands:
            self.start(port)
        for port in self.commands:
            self.ask(port, "ping")  # a set is made only of servers that answer
        members = [{"_id": number, "host": f"127.0.0.1:{port}"} for number, port in enumerate(self.commands)]
        # Elections of a few seconds instead of a dozen.
        config = {"_id": "own", "members": members, "settings": {"electionTimeoutMillis": 2000}}
        self.ask(next(iter(self.commands)), "replSetInitiate", config)
        self.primary()

    def start(self, port: int) -> None:
        self.processes[port] = subprocess.Popen(self.commands[port], stdout=subprocess.DEVNULL)

    def ask(self, port: int, command: str, value: Any = 1, **more: Any) -> dict[str, Any]:
        """Ask one server, whatever it is at the moment."""
        with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?directConnection=true") as server:
            return server.admin.command(command, value, **more)

    def primary(self) -> int:
        """The port of the primary, waited for."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for port in [port for port, process in self.processes.items() if process.poll() is None]:
                with suppress(AutoReconnect):
                    if self.ask(port, "hello")["isWritablePrimary"]:
                        return port
            time.sleep(0.02)
        pytest.fail("the replica set has no primary after 60 s")

    def step_down(self) -> None:
        """Let the primary step down at once; returns when there is one again."""
        self.ask(self.primary(), "replSetStepDown", 1, force=True, secondaryCatchUpPeriodSecs=0)
        self.primary()

    def kill_primary(self) -> int:
        """SIGKILL it; returns its port when there is another. It stays away until it is started."""
        port = self.primary()
        self.processes[port].kill()
        self.processes[port].wait()
        self.primary()
        return port

    def term(self) -> int:
        """How many elections there were: each adds at least one."""
        return int(self.ask(self.primary(), "replSetGetStatus")["term"])

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def replica_set(mongod_binary: Path, tmp_path: Path) -> Iterator[Callable[..., ReplicaSet]]:
    """Start a replica set of so many servers, with these server parameters; it ends with the test."""
    with ExitStack() as stack:

        def begin(size: int = 1, *parameters: str) -> ReplicaSet:
            made = ReplicaSet()
            stack.callback(made.end)
            for _ in range(size):
                port = free_port()
                folder = tmp_path / f"mongod-{port}"
                folder.mkdir()
                made.commands[port] = [
                    str(mongod_binary), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1",
                    "--nounixsocket", "--replSet", "own", "--wiredTigerCacheSizeGB", "0.25",
                    "--networkMessageCompressors", "snappy,zstd",
                    *(part for each in ("diagnosticDataCollectionEnabled=false", *parameters) for part in ("--setParameter", each)),
                ]  # fmt: skip
            made.begin()
            return made

        yield begin
