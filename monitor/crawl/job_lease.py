"""Extension for crawls that a node of the fleet runs: holds on to the job's lease, and ends the crawl when that is lost.

Without it, a job whose node was cut off would run beside the copy that another node began. Sources have leases of their own, so no
post is at stake, only requests.
"""

import asyncio
import logging
import os
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from monitor.crawl.session import Session
from monitor.errors import MonitorError, RetryLater
from monitor.fleet import assignment
from monitor.store.job_lease import JobLease

logger = logging.getLogger(__name__)

REASON = "lease_lost"


class JobLeaseKeeper:
    """Active where the environment names a job's boot and scrapyd named the job."""

    def __init__(self, crawler: Crawler, *, boot: str, parent: int) -> None:
        self.crawler = crawler
        self.session = Session.of(crawler)
        self.lost = False
        self._boot, self._parent = boot, parent
        self._keeping: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        told = assignment.read(os.environ)
        if told is None or not told.boot:
            raise NotConfigured
        extension = cls(crawler, boot=told.boot, parent=told.parent)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        extension.session.before_close.append(extension.note_end)
        return extension

    async def spider_opened(self, spider: Spider) -> None:
        if "_job" in self.session.arguments:
            self._keeping = asyncio.ensure_future(self._keep(spider))

    def spider_closed(self, spider: Spider) -> None:
        if self._keeping is not None:
            self._keeping.cancel()

    async def note_end(self, reason: str) -> None:
        """Write down why the crawl ended; the run recorder calls it, the store still open.

        Who ends because the node died lets the job go, which only the node would: its sources are given back, and nothing else runs.
        """
        try:
            if self._keeping is not None and not self.lost and self.session.opened:
                lease = await self._lease()
                await lease.close(reason=reason, run=self.session.run)
                if os.getppid() != self._parent:
                    await lease.let_go()
        except MonitorError as error:
            logger.warning("event=job_end_not_noted reason=%s", error)

    async def _keep(self, spider: Spider) -> None:
        """Renew three times in each lease. A MongoDB that is away is no reason to end: nobody else can take the job either."""
        lease_s = self.session.config.job_lease_s
        while True:
            # An orphan is about to end: another node shall have the job as soon as its lease is over.
            if os.getppid() == self._parent:
                try:
                    self.lost = not await (await self._lease()).renew(lease_s=lease_s)
                except RetryLater as error:
                    logger.warning("event=job_lease_not_renewed reason=%s", error)
                except Exception:  # whatever it is, the next round may renew again
                    logger.exception("event=job_lease_broken")
            if self.lost:
                logger.warning(
                    "event=job_lease_lost job=%s: another node has it, so this crawl ends", self.session.arguments["_job"]
                )
                assert self.crawler.engine is not None
                # A task of its own, since the end of the crawl cancels this one.
                self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=REASON))
                return
            await asyncio.sleep(lease_s / 3)
            if self.session.stopping:  # not asked before: the engine runs only after the spider has opened
                return

    async def _lease(self) -> JobLease:
        store = await self.session.store()
        return JobLease(store.database, job=self.session.arguments["_job"], boot=self._boot)
