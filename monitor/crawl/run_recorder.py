"""Extension that writes one run record per crawl, and closes what the crawl held open.

scrapyd and the shell only keep an exit code; why a crawl ended, what it counted and which fields its posts had is kept here.
"""

import gc
import logging
from shlex import quote
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from monitor.crawl.session import Session
from monitor.crawl.spider import PlatformSpider
from monitor.errors import MonitorError, StoreUnavailableError, UsageError
from monitor.fleet.pulse import pulse_of
from monitor.store.connection import Store
from monitor.store.field_counts import FieldCounts

logger = logging.getLogger(__name__)

# Pages are thousands of short-lived objects without cycles. Looking for cycles this rarely saves a tenth of a crawl's CPU time.
_GENERATIONS = (50_000, 20, 50)

# How Scrapy or we end a crawl; whatever else is counted as "other", so that labels of metrics stay few.
_REASONS = frozenset({"finished", "shutdown", "cancelled", "lease_lost", "memusage_exceeded"})

_KEPT_STATS = (
    "item_scraped_count",
    "downloader/request_count",
    "downloader/response_bytes",
    "elapsed_time_seconds",
    "retry/count",
)


class RunRecorder:
    """A record at the start, so that a killed crawl is seen, and its ending when the spider has closed."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.session = Session.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    async def spider_opened(self, spider: Spider) -> None:
        _spare_the_collector()
        # Scrapy lets records of all levels be made and drops them in its handler; a page makes a dozen, and the driver more.
        logging.getLogger().setLevel(self.crawler.settings["LOG_LEVEL"])
        try:
            store = await self.session.store()
            await store.runs.start(
                self.session.run, platform=spider.name, arguments=dict(self.session.arguments), owner=self.session.owner
            )
        except MonitorError as error:
            self.session.failed(spider.name, error)

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        try:
            await self._finish(spider, reason)
        except StoreUnavailableError as error:
            logger.warning("event=run_not_recorded reason=%s", error)
        finally:
            for last_word in self.session.before_close:
                await last_word(reason)
            await self.session.close()

    async def _finish(self, spider: Spider, reason: str) -> None:
        if not self.session.opened:
            return
        store = await self.session.store()
        # A crawl that is told to stop drops what was just claimed and not walked yet.
        await store.leases.release_all(owner=self.session.owner)
        await store.ledger.settle_all()  # also what killed crawls left behind
        stats = self.crawler.stats.get_stats() if self.crawler.stats is not None else {}
        counted = {name: stats[name] for name in _KEPT_STATS if name in stats}
        tally = self.session.tally
        if reason == "finished" and isinstance(spider, PlatformSpider):
            await self._say_if_nothing_is_wanted(spider)
        await store.runs.finish(
            self.session.run,
            reason=reason,
            stats={**counted, **tally.counts(), "coverage_posts": tally.coverage.posts},
            coverage=tally.coverage.shares(),
            failures={name: str(error) for name, error in self.session.failures.items()},
        )
        logger.info("event=run_finished platform=%s reason=%s %s", spider.name, reason, tally)
        await self._hand_over(store, spider, reason, requests=int(counted.get("downloader/request_count", 0)))

    async def _hand_over(self, store: Store, spider: Spider, reason: str, *, requests: int) -> None:
        """Add what was counted to the numbers of the whole fleet: nobody could fetch them from a process that ends here."""
        tally, pulse = self.session.tally, pulse_of(store, "crawl")
        pulse.count("crawls", platform=spider.name, reason=reason if reason in _REASONS else "other")
        pulse.count("pages", tally.pages, platform=spider.name)
        pulse.count("requests", requests, platform=spider.name)
        for fate in ("new", "changed", "unchanged", "quarantined", "expired", "erased"):
            pulse.count("posts", getattr(tally, fate), platform=spider.name, fate=fate)
        for error in self.session.failures.values():
            pulse.count("source_failures", platform=spider.name, kind=type(error).__name__.removesuffix("Error"))
        await pulse.hand_over()
        fields, job = FieldCounts(store.database), self.session.arguments.get("_job")
        version = await fields.ran(job) if job else None
        if version is not None and tally.coverage.posts:
            await fields.add(platform=spider.name, version=version, posts=tally.coverage.posts, known=tally.coverage.known)

    async def _say_if_nothing_is_wanted(self, spider: PlatformSpider) -> None:
        """A pass over what is due finds nothing, and never will, where all sources were named by hand: that is no success."""
        served = self.session.finished or self.session.failures
        if served or spider.given.source is not None or spider.given.topic is not None or spider.given.shift is not None:
            return
        standings = await (await self.session.store()).sources.list_all(platform=spider.name, polled=True)
        if any(standing.source.topics for standing in standings):
            return
        example = (
            " ".join(f"-a {quote(f'{name}={value}')}" for name, value in standings[0].source.parameters.items())
            if standings
            else ""
        )
        self.session.failed(
            spider.name,
            UsageError(
                f"No topic wants anything of {spider.name}, so nothing was asked: its sources were named by hand, and only that asks "
                f"them again, as in: scrapy crawl {spider.name} {example}. "
                f'To have something polled: monitor track "a word" --platform {spider.name}'
            ),
        )


def _spare_the_collector() -> None:
    """Look for garbage in cycles less often, and never among what a started crawl holds for good."""
    gc.freeze()
    gc.set_threshold(*_GENERATIONS)
