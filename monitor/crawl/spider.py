"""The shared platform spider: what a platform file must say, and everything that is the same for all platforms.

A platform file says how to ask, read and understand (`ask`, `read`, `post`, and where it needs them the optional ones below);
this class claims sources, sends requests at the platform's pace, checks replies, waits for each page's commit and asks on as the
rules of a walk say (`monitor.walk`). Each source is walked by one callback of a `data:` request, one page in flight, so that
Scrapy's back-pressure and graceful stop hold.
"""

import asyncio
import logging
import random
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar, Self

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Response

from monitor import clock
from monitor.bookmark import Mark, Step
from monitor.config import Config
from monitor.crawl import arguments
from monitor.crawl.fetch import fetch
from monitor.crawl.frame import Frame
from monitor.crawl.interval import next_poll
from monitor.crawl.outcome import outcome
from monitor.crawl.page_item import PageItem
from monitor.crawl.poll import Poll
from monitor.crawl.session import Session
from monitor.crawl.sign_in import SignIns
from monitor.errors import LeaseLostError, MonitorError, RetryLater, StoreUnavailableError, UsageError
from monitor.page import Ask, Asked, Page, Reply
from monitor.paging import Rules
from monitor.post import EARLIEST, Post
from monitor.rate import Rate
from monitor.source import Source, SourceKind
from monitor.store.connection import Store
from monitor.store.leases import Claim

logger = logging.getLogger(__name__)

LIVE_INTERVAL_S = 15  # a stream is listened to again as soon as there is room
_MARKS_REMEMBERED = 512  # each is asked for several times while its page is committed
_IDLE_S = 1.0  # how often a shift looks for sources that have become due


class PlatformSpider(scrapy.Spider):
    """Base of every platform. Class attributes are what the platform states of itself; seconds unless named otherwise.

    `base_url` may hold `{instance}`. `overlap_s`: how late a post can appear in the API. `cursor_ttl_s`: how long a page cursor
    lives (None: for ever); `cursor_ttls_s`: the same for single kinds of source. `window_s`: how far back the API reaches (None:
    to the beginning). `pace_s`: between two requests to one host. `interval_s`: between two polls, until
    it is known what they bring. `allowances`: calls in 24 hours by the variable of the credential, "" without one (empty: no matter);
    `allowance_zone`: whose midnight they are full again at, where they are a quota of the day. `meters`: limits beside the usual
    one, each by a part of the paths that count against it.
    `redirects`: how many are followed. `accepts`: the media type
    that is asked for. `modes`: the ways to follow topics where people may choose one, by its name in monitor.yaml, and whether it is
    the one with credentials; unchosen, it goes by whether they are set. `probe`: spider arguments of a source that answers
    anybody with posts at once (empty: there is none); `expects`: the fields, as in run records, that some post of each page of it has.
    """

    name: str
    base_url: ClassVar[str]
    kinds: ClassVar[Mapping[str, SourceKind]]
    page_size: ClassVar[int] = 40
    overlap_s: ClassVar[int] = 600
    cursor_ttl_s: ClassVar[int | None] = None
    cursor_ttls_s: ClassVar[Mapping[str, int]] = {}
    window_s: ClassVar[int | None] = None
    resumes_by_mark: ClassVar[bool] = True
    pace_s: ClassVar[float] = 1.0
    interval_s: ClassVar[int] = 900
    allowances: ClassVar[Mapping[str, int]] = {}
    allowance_zone: ClassVar[str | None] = None
    meters: ClassVar[Mapping[str, str]] = {}
    redirects: ClassVar[int] = 0
    accepts: ClassVar[str] = "application/json"
    modes: ClassVar[Mapping[str, bool]] = {}
    probe: ClassVar[Mapping[str, str]] = {}
    expects: ClassVar[tuple[str, ...]] = ()
    default_instance: ClassVar[str | None] = None  # the server that a topic is looked for on, where a platform has many
    typed_hosts: ClassVar[bool] = False  # its addresses come from people: refused where they lead into private networks

    session: Session
    sign_ins: SignIns
    given: arguments.Arguments
    posts_left: int | None  # what `limit=` still allows; None without a limit

    # ---- what a platform file says

    def ask(self, source: Source, step: Step) -> Ask:
        """The request for one step of a walk over `source`."""
        raise NotImplementedError

    def read(self, reply: Reply, asked: Asked) -> Page | list[Ask]:
        """The rows of a reply with their marks; or further asks, whose replies `gather` makes one page of."""
        raise NotImplementedError

    def post(self, row: Any, reply: Reply) -> Post:
        """One row as a Post. Raises PostError, or anything, for a row that cannot be one: it goes to quarantine."""
        raise NotImplementedError

    def identity(self, row: Any, reply: Reply) -> str | None:
        """The id that `post` would give, where a look at the row tells it; None: it has to be read.

        With it a row that is stored already is known by all processes, and not only by the one that stored it.
        """
        return None

    def gather(self, replies: Sequence[Reply], asked: Asked) -> Page:
        """One page from the replies to the asks that `read` returned, in their order."""
        raise NotImplementedError

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        """Request headers that carry credentials; empty where none are set or needed."""
        return {}

    def sign_in(self, config: Config, source: Source, known: Mapping[str, str]) -> Ask | None:
        """The request that exchanges credentials for what `signed` needs, or that renews `known` (empty: there is nothing yet).

        None: this source is asked without. `refusal` says by SignInOverError that it is time to renew.
        """
        return None

    def signed_in(self, reply: Reply) -> Mapping[str, str]:
        """The facts (tokens) in the reply to `sign_in`; `monitor.crawl.sign_in` keeps them, sealed, for later runs too."""
        return {}

    def signed(self, ask: Ask, facts: Mapping[str, str]) -> Ask:
        """`ask` as it is sent by somebody who is signed in."""
        return ask

    def resolve(self, source: Source) -> Ask | None:
        """What has to be looked up once before the source can be asked (an account's id); None when nothing has."""
        return None

    def resolved(self, reply: Reply, source: Source) -> Mapping[str, str]:
        """The facts that the reply to `resolve` gives; they come back in `source.facts`."""
        return {}

    def refusal(self, reply: Reply) -> MonitorError | None:
        """The error that a reply stands for where this platform knows better than its status code."""
        return None

    def marked_at(self, mark: Mark) -> datetime | None:
        """The event time that a mark tells by itself; None where marks tell none."""
        return None

    def frame(self, sent: bytes) -> Frame:
        """One frame of a stream, whose marks are milliseconds. Raises anything for one that cannot be read: it goes to quarantine."""
        raise NotImplementedError

    def stream_hosts(self, source: Source) -> Sequence[str]:
        """The servers that keep the stream (`wss://...`), any of which will do; `ask` with `after` gives the path there."""
        raise NotImplementedError

    def fills(self, source: Source) -> bool:
        """Whether what a stream missed can be polled with the credentials there are; `ask` with `until` asks for it."""
        return False

    def wait_s(self, reply: Reply) -> float | None:
        """Seconds for which the body of a reply, refused or not, asks to be left alone; None where it says nothing.

        Called for every reply before it is checked, so the body may be anything. Headers are read without this.
        """
        return None

    def units_left(self, reply: Reply) -> int | None:
        """What the body of a reply says is left of the day's quota; None where it says nothing. Called as `wait_s` is."""
        return None

    # ---- what is the same for all

    @classmethod
    def from_crawler(cls, crawler: Crawler, *_args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler)
        spider.given = arguments.read(kwargs, platform=cls.name, kinds=cls.kinds, now=clock.now())
        spider.session = Session.of(crawler)
        spider.session.arguments = kwargs
        spider.sign_ins = SignIns(spider, spider.session, server=spider.given.base_url or spider.base_url)
        spider.posts_left = spider.given.limit
        return spider

    def __init__(self) -> None:
        super().__init__()
        self._claimed: dict[str, Claim] = {}
        self._renewing: asyncio.Future[None] | None = None
        self._deadline: datetime | None = None

    def meter(self, ask: Ask) -> str:
        """Which of the platform's limits a request counts against; "" for the usual one."""
        return next((meter for part, meter in self.meters.items() if part in ask.path), "")

    def rules(self, source: Source) -> Rules:
        """This platform's paging as `monitor.walk` needs it."""
        ttl_s = self.cursor_ttls_s.get(source.kind, self.cursor_ttl_s)
        return Rules(
            order=self.kinds[source.kind].order,
            overlap=timedelta(seconds=self.overlap_s),
            marked_at=lru_cache(_MARKS_REMEMBERED)(self.marked_at),
            cursor_ttl=None if ttl_s is None else timedelta(seconds=ttl_s),
            window=None if self.window_s is None else timedelta(seconds=self.window_s),
            resumes_by_mark=self.resumes_by_mark,
        )

    async def start(self) -> AsyncIterator[Any]:
        """Claim sources and yield one walk for each; with `shift=` go on until its end, else one pass."""
        self._lease_s = self.settings.getfloat("MONITOR_LEASE_S")
        self._walks = asyncio.Semaphore(self.settings.getint("MONITOR_WALKS"))
        self._renewing = asyncio.ensure_future(self._renew())
        try:
            await self._walks.acquire()  # before a source is claimed, so that none is held without being walked
            async for claim in self._claims():
                self._claimed[claim.source.id] = claim
                yield scrapy.Request("data:,", callback=self.walk, cb_kwargs={"claim": claim}, dont_filter=True)
                await self._walks.acquire()
        except MonitorError as error:
            self.session.failed(self.name, error)

    async def walk(self, _response: Response, claim: Claim) -> AsyncIterator[PageItem]:
        """Walk one claimed source and hand its pages to the pipelines, then say how it went and give the lease back."""
        poll = self._poll(claim)
        committer = await self.session.committer()
        ended: MonitorError | None = None
        try:
            with committer.walking():
                poll.source = await self._resolved(poll.source)
                async for item in poll.items():
                    yield item
        except MonitorError as error:
            # A request that a stop cut short says nothing about the source.
            ended = None if self.session.stopping and isinstance(error, RetryLater) else error
        except Exception as error:  # a fault of ours: the source must not look well, nor its walk take others down
            logger.exception("event=walk_broken source=%s", claim.source.id)
            ended = MonitorError(f"Collecting {claim.source.id} broke off ({type(error).__name__}); the log has the details.")
        finally:
            if self._claimed.get(claim.source.id) is claim:  # else claimed anew after an outage, by a walk that goes on
                del self._claimed[claim.source.id]
            try:
                await self._finish(claim, poll, ended)
            finally:
                self._walks.release()

    def _poll(self, claim: Claim) -> Poll:
        """A stream that is named by hand goes on; one that is due is heard up to the present, or for as long as the shift lasts."""
        pages, kind = self.settings.getint("MONITOR_PAGES_PER_POLL"), self.kinds[claim.source.kind]
        if not kind.live:
            return Poll(self, claim.source, claim.bookmark, epoch=claim.epoch, pages=pages, ahead=claim.ahead)
        from monitor.crawl.stream import Stream  # brings aiohttp along, which most platforms do not need

        named = self.given.source is not None
        return Stream(
            self,
            claim.source,
            claim.bookmark,
            epoch=claim.epoch,
            pages=sys.maxsize if named else pages,
            term=arguments.term_of(claim.source),
            deadline=self._deadline,
            present=None if named or self._deadline is not None else clock.now(),
        )

    async def _claims(self) -> AsyncIterator[Claim]:
        store = await self.session.store()
        deadline = self._deadline = None if self.given.shift is None else clock.now() + self.given.shift
        if self.given.source is not None:
            yield await self._claim_given(self.given.source)
            return
        served = 0
        while not self.session.stopping and (deadline is None or clock.now() < deadline):
            claim = await self._claim_due(store)
            if claim is not None:
                served += 1
                yield replace(claim, source=self._with_since(claim.source))
            elif deadline is None:
                break
            else:
                await asyncio.sleep(_IDLE_S)
        if not served and deadline is None:
            await self._say_nothing_due()

    async def _claim_due(self, store: Store) -> Claim | None:
        """The next due source. A shift outlives an outage of MongoDB; a single pass tells it."""
        try:
            return await store.leases.claim_due(
                self.name, owner=self.session.owner, lease_s=self._lease_s, topic=self.given.topic, besides=self._claimed
            )
        except StoreUnavailableError as error:
            if self.given.shift is None:
                raise
            logger.warning("event=claim_failed reason=%s", error)
            return None

    async def _claim_given(self, source: Source) -> Claim:
        store = await self.session.store()
        await store.sources.ensure(source)
        for waited in range(int(self._lease_s) + 1):
            claim = await store.leases.claim(source.id, owner=self.session.owner, lease_s=self._lease_s)
            if claim is not None:
                return replace(claim, source=self._with_since(claim.source))
            if waited == 0:
                logger.info("event=lease_taken source=%s: another process collects it; waiting", source.id)
            await asyncio.sleep(_IDLE_S)
        raise LeaseLostError(f"{source.id} is being collected by another process; try again when it has ended.")

    def _with_since(self, source: Source) -> Source:
        """A limit without a since means: as far back as it takes."""
        since = self.given.since or (EARLIEST if self.given.limit is not None else source.since)
        return replace(source, since=since)

    async def _say_nothing_due(self) -> None:
        store, topic = await self.session.store(), self.given.topic
        if topic is not None and await store.topics.get(topic) is None:
            raise UsageError(f"There is no topic {topic}. Make it with: monitor track QUERY --id {topic}")
        if await store.sources.list_all(platform=self.name, polled=True):
            logger.info("event=nothing_due platform=%s: no source is due now; `monitor sources` shows when", self.name)
            return
        raise UsageError(
            f'{self.name} has no sources yet. Make some with: monitor track "a word" --platform {self.name}, '
            f"or name one: scrapy crawl {self.name} {self._example()}"
        )

    def _example(self) -> str:
        kind = next(iter(self.kinds.values()))
        return " ".join(f"-a {name}={name.upper()}" for name in kind.needs)

    async def _resolved(self, source: Source) -> Source:
        ask = self.resolve(source)
        if ask is None:
            return source
        reply = await fetch(self, source, ask)
        facts = {**source.facts, **self.resolved(reply, source)}
        store = await self.session.store()
        await store.sources.set_facts(source.id, facts)
        return replace(source, facts=facts)

    async def _finish(self, claim: Claim, poll: Poll, error: MonitorError | None) -> None:
        """Release the lease with the source's new state; a store that is away leaves it to expire."""
        if error is not None:
            self.session.failed(claim.source.id, error)
        try:
            store = await self.session.store()
            if error is None and self.session.stopping and not poll.walk.newest_done:
                await store.leases.release(claim.source.id, epoch=claim.epoch)  # cut short by a stop: it is still due
                return
            self.session.finished += error is None
            rate, interval_s = await self._interval(claim, poll, error)
            state = replace(outcome(error, poll, interval_s=interval_s, now=clock.now()), rate=rate)
            await store.sources.finish(claim.source.id, epoch=claim.epoch, run=self.session.run, state=state)
            await store.ledger.settle(claim.source.id)
        except RetryLater as away:
            logger.warning("event=finish_failed source=%s reason=%s", claim.source.id, away)

    async def _interval(self, claim: Claim, poll: Poll, error: MonitorError | None) -> tuple[Rate | None, float]:
        """What is known of the source's rate, None where nothing new is, and the seconds until its next poll."""
        if fixed_s := self.settings.getfloat("MONITOR_INTERVAL_S"):
            return None, fixed_s
        if self.kinds[claim.source.kind].live or error is not None:
            return None, LIVE_INTERVAL_S if self.kinds[claim.source.kind].live else self.interval_s
        return await next_poll(self, claim.source.id, poll, now=clock.now(), draw=random.random())  # noqa: S311 (no secret)

    async def _renew(self) -> None:
        """Keep the leases of running walks, well before they expire; a walk whose lease is lost fails at its next commit."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            try:
                store = await self.session.store()
                epochs = {source_id: claim.epoch for source_id, claim in self._claimed.items()}
                await store.leases.renew(epochs, lease_s=self._lease_s)
            except MonitorError as error:
                logger.warning("event=renew_failed reason=%s", error)
            except Exception:  # whatever it is, the next round may renew again
                logger.exception("event=renew_broken")

    def closed(self, _reason: str) -> None:
        """Scrapy calls this when the spider has closed."""
        if self._renewing is not None:
            self._renewing.cancel()
