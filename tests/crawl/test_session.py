"""What one crawl holds open."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor import clock
from monitor.config import Config
from monitor.crawl import session as session_module
from monitor.crawl.session import Session
from monitor.errors import GoneError, ReplyError, StoreUnavailableError
from monitor.topic import Topic


@dataclass
class Slot:
    closing: object | None = None


@dataclass
class Engine:
    running: bool = True
    _slot: Slot | None = field(default_factory=Slot)


@dataclass(eq=False)
class Crawl:
    """As much of a crawler as a session looks at."""

    engine: Engine | None = None


@pytest.fixture
async def session(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    assert config.mongodb_uri is not None
    monkeypatch.setenv("MONGODB_URI", config.mongodb_uri.reveal())
    monkeypatch.setenv("MONITOR_DATABASE", config.database)
    opened = Session(Crawl())  # type: ignore[arg-type]
    yield opened
    await opened.close()


def test_of__one_session_per_crawl() -> None:
    one, other = Crawl(), Crawl()
    assert Session.of(one) is Session.of(one)  # type: ignore[arg-type]
    assert Session.of(one) is not Session.of(other)  # type: ignore[arg-type]
    assert Session.of(one).run != Session.of(other).run  # type: ignore[arg-type]


def test_owner__tells_two_crawls_of_one_process_apart() -> None:
    """The owner of a lease must never be mistaken for another."""
    assert Session(Crawl()).owner != Session(Crawl()).owner  # type: ignore[arg-type]


def test_failed__the_first_error_of_a_source_is_kept() -> None:
    session = Session(Crawl())  # type: ignore[arg-type]
    session.failed("a", GoneError("first"))
    session.failed("a", ReplyError("second"))
    session.failed("b", ReplyError("third"))
    assert {name: str(error) for name, error in session.failures.items()} == {"a": "first", "b": "third"}


@pytest.mark.parametrize(
    ("engine", "stopping"),
    [
        (Engine(), False),
        (None, True),
        (Engine(running=False), True),
        (Engine(_slot=None), True),
        (Engine(_slot=Slot(closing=object())), True),
    ],
)
def test_stopping(engine: Engine | None, stopping: bool) -> None:
    assert Session(Crawl(engine)).stopping is stopping  # type: ignore[arg-type]


async def test_store__asked_for_by_many_at_once__is_opened_once(session: Session) -> None:
    assert not session.opened
    stores = await asyncio.gather(*(session.store() for _ in range(10)))
    assert len({id(store) for store in stores}) == 1
    assert session.opened
    assert await session.committer() is await session.committer()


async def test_close__twice_or_unopened__is_harmless(session: Session) -> None:
    await session.close()
    await session.store()
    await session.close()
    await session.close()
    assert not session.opened


async def test_store__nobody_answers__says_so_and_may_be_asked_again(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    calls: list[int] = []

    async def open_store(*_args: Any, **_named: Any) -> Any:
        calls.append(1)
        raise StoreUnavailableError("away")

    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/")
    monkeypatch.setattr(session_module, "open_store", open_store)
    session = Session(Crawl())  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await session.store()
    assert (len(calls), session.opened) == (2, False)
    await session.close()


async def test_topics__those_of_the_platform_and_those_of_all(session: Session) -> None:
    store = await session.store()
    await store.topics.add(Topic(id="everywhere", name="x", query="tea"))
    await store.topics.add(Topic(id="here", name="x", query="#tea", platforms=("mastodon", "feeds")))
    await store.topics.add(Topic(id="there", name="x", query="tea", platforms=("hackernews",)))
    told = [(topic.id, str(query)) for topic, query in await session.topics("mastodon")]
    assert told == [("everywhere", "tea"), ("here", "#tea")]


async def test_topics__a_new_one__is_noticed_after_a_minute(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await session.store()
    now = clock.now()
    moments: list[datetime] = [now, now + timedelta(seconds=59), now + timedelta(seconds=61)]
    monkeypatch.setattr(session_module.clock, "now", lambda: moments[0])
    assert await session.topics("mastodon") == ()
    await store.topics.add(Topic(id="tea", name="x", query="tea"))
    moments.pop(0)
    assert await session.topics("mastodon") == ()
    moments.pop(0)
    assert [topic.id for topic, _ in await session.topics("mastodon")] == ["tea"]
