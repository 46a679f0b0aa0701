"""What one crawl holds open: configuration, the store, the committer, the topics; shared by its spider and its pipelines."""

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from monitor import clock, config
from monitor.crawl.keeping import Keeping
from monitor.crawl.purse import Purse
from monitor.crawl.repeats import Repeats
from monitor.crawl.tally import Tally
from monitor.errors import MonitorError, StoreUnavailableError
from monitor.mongod.private import Private, acquire
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.store.commit import Committer
from monitor.store.connection import Store, open_store

logger = logging.getLogger(__name__)

_TOPICS_FOR = timedelta(seconds=60)  # how long a changed topic may go unnoticed by a running crawl that stores nothing
_MOST_LOADS = 100  # of topics, far more than there are while one page is on its way


@dataclass(eq=False)
class Session:
    """Opened by whoever asks first, closed once by the run recorder when the spider has closed."""

    crawler: Crawler
    run: str = field(default_factory=lambda: uuid4().hex)
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}")
    arguments: Mapping[str, str] = field(default_factory=dict)
    failures: dict[str, MonitorError] = field(default_factory=dict)
    finished: int = 0
    before_close: list[Callable[[str], Awaitable[None]]] = field(default_factory=list)  # last words, with the reason of the end
    tally: Tally = field(default_factory=Tally)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _private: Private | None = None
    _store: Store | None = None
    _committer: Committer | None = None
    repeats: Repeats = field(default_factory=Repeats)
    _topics: Watch = field(default_factory=Watch)
    _topics_at: datetime | None = None
    _loads: deque[tuple[datetime, int]] = field(default_factory=lambda: deque(maxlen=_MOST_LOADS))
    _keeping: Keeping | None = None

    @classmethod
    def of(cls, crawler: Crawler) -> "Session":
        """The session of `crawler`, made on first use."""
        return _sessions.setdefault(crawler, cls(crawler))

    def __post_init__(self) -> None:
        self.config = config.load()
        self.purse = Purse(owner=self.owner, store=self.store, opened=lambda: self.opened)

    async def store(self) -> Store:
        """The open store. Raises StoreUnavailableError, SchemaError or MongodError with the sentence to print."""
        async with self._opening:
            if self._store is None:
                if self.config.mongodb_uri is None:
                    self._private = await asyncio.to_thread(acquire, self.config)
                uri = None if self._private is None else self._private.uri
                self._store = await open_store(self.config, uri=uri)
        return self._store

    @property
    def opened(self) -> bool:
        """Whether the store was ever reached."""
        return self._store is not None

    async def committer(self) -> Committer:
        """The one group committer of this crawl."""
        store = await self.store()
        if self._committer is None:
            self._committer = Committer(store)
        return self._committer

    async def topics(self, platform: str) -> Watch:
        """The topics that watch `platform`, each with its parsed query, at most a minute old."""
        await self._look_at_topics()
        return self._topics.on(platform)

    async def keeping(self) -> Keeping:
        """What may be stored, by the same topics. Raises ConfigurationError where the key of the pseudonyms cannot be used."""
        await self._look_at_topics()
        assert self._keeping is not None  # made with the topics
        return self._keeping

    async def every_s(self, platform: str) -> Mapping[str, int]:
        """How fresh the posts of topics have to be on a platform, of those that say so, by id."""
        await self._look_at_topics()
        wanted = {topic.id: topic.every_for(platform) for topic, _ in self._topics}
        return {topic_id: every_s for topic_id, every_s in wanted.items() if every_s is not None}

    async def catch_up(self, edits: int, *, since: datetime) -> tuple[Watch, Keeping] | None:
        """All topics as they are, for posts that were fetched at `since` and are stored since topics were edited so many times; None
        where they were matched with these very topics."""
        first = max((place for place, (at, _) in enumerate(self._loads) if at <= since), default=0)
        if all(number == edits for _, number in list(self._loads)[first:]):
            return None
        if self._loads[-1][1] != edits:
            self._topics_at = None
        keeping = await self.keeping()
        return self._topics, keeping

    async def _look_at_topics(self) -> None:
        now = clock.now()
        if self._topics_at is None or now - self._topics_at > _TOPICS_FOR:
            store = await self.store()
            edits = await store.topics.edits()  # before the topics: they may be newer than it says, and never older
            known = await store.topics.list_all()
            # Both or neither: posts matched by newer topics must not be kept by the privacy of older ones.
            keeping = await Keeping.of(store, known, self.config)
            self._topics, self._keeping = Watch((topic, parse(topic.query)) for topic in known), keeping
            self._topics_at = now
            self._loads.append((clock.now(), edits))  # what is fetched from here on is matched with these, or with later ones

    @property
    def stopping(self) -> bool:
        """Whether the crawl was told to end. A walk asks this before each request; nobody cancels it."""
        engine = self.crawler.engine
        # The slot has no public sign of closing, and CloseSpider leaves `running` true until everything is done.
        slot = None if engine is None else engine._slot  # noqa: SLF001
        return engine is None or not engine.running or slot is None or slot.closing is not None

    def failed(self, name: str, error: MonitorError) -> None:
        """Note that a source, or the whole crawl, ended badly; the first error of each counts."""
        self.failures.setdefault(name, error)
        logger.warning("event=source_failed source=%s reason=%s", name, error)

    async def close(self) -> None:
        """Give back what is held of shared limits, close the store and leave the private mongod; safe to call twice."""
        if self.opened:
            await self.purse.close()
        committer, self._committer = self._committer, None
        store, self._store = self._store, None
        private, self._private = self._private, None
        try:
            if committer is not None:
                await committer.close()
            if store is not None:
                await store.close()
        except StoreUnavailableError as error:
            logger.warning("event=store_close_failed reason=%s", error)
        finally:
            if private is not None:
                await asyncio.to_thread(private.release)


_sessions: WeakKeyDictionary[Crawler, Session] = WeakKeyDictionary()
