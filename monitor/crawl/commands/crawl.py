"""`scrapy crawl` that checks its arguments first and tells by its exit code how the crawl ended.

Scrapy's own exits 0 even when the spider could not start. Codes: 0 complete, 1 failure, 2 usage or configuration, 4 credentials,
5 rate limit, 6 some sources failed, 130 interrupted.
"""

import argparse
import os
import sys

# First of all: whoever imports it deep inside a crawl pays tenths of a second for `inspect.stack` in Scrapy's deprecations.
import scrapy.core.downloader.contextfactory  # noqa: F401
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler

from monitor import clock, config
from monitor.bookmark import Step
from monitor.crawl import arguments
from monitor.crawl.session import Session
from monitor.crawl.spider import PlatformSpider
from monitor.errors import CredentialsError, Fatal, MonitorError, RateLimitedError, RefusedError, UsageError
from monitor.source import Source

FAILURE, USAGE, CREDENTIALS, RATE_LIMITED, PARTIAL, INTERRUPTED = 1, 2, 4, 5, 6, 130


class Command(ScrapyCrawl):
    """Runs one spider and sets `exitcode`."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        try:
            spider_class = self._spider_class(args)
            _check_file()
            config.load()  # refused here in a sentence; inside the crawl it would be a traceback
            given = arguments.read(opts.spargs, platform=spider_class.name, kinds=spider_class.kinds, now=clock.now())
            if given.source is not None:
                judge(spider_class(), given.source)
        except Fatal as error:
            self._end(USAGE, str(error))
            return
        crawler = self.crawler_process.create_crawler(spider_class)
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = FAILURE
            return
        session = Session.of(crawler)
        for name, failure in session.failures.items():
            sys.stderr.write(f"{name}: {failure}\n")
        assert crawler.stats is not None
        reason = str(crawler.stats.get_value("finish_reason"))
        self.exitcode = exit_code(session.failures, finished=session.finished, reason=reason)
        if not self.exitcode and _unwritten(crawler):
            self._end(
                FAILURE, "What was collected is stored, but not every file of -o or -O could be written; the log says why."
            )

    def _spider_class(self, args: list[str]) -> type[PlatformSpider]:
        assert self.crawler_process is not None
        loader = self.crawler_process.spider_loader
        if len(args) != 1:
            raise Fatal(f"Name one platform: scrapy crawl PLATFORM. There are: {', '.join(sorted(loader.list()))}.")
        try:
            return loader.load(args[0])  # type: ignore[return-value]
        except KeyError:
            raise Fatal(f"There is no platform {args[0]!r}. There are: {', '.join(sorted(loader.list()))}.") from None

    def _end(self, code: int, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        self.exitcode = code


def _check_file() -> None:
    """Check the configuration file where there is one; only that needs what reads it. Raises ConfigurationError."""
    if config.file_of(os.environ) is not None:
        from monitor.configuration.checked import check_present

        check_present()


def judge(platform: PlatformSpider, source: Source) -> None:
    """Let the platform look at a source named by hand before anything is made of it. Raises UsageError where it refuses it.

    It makes the first request for that, which is sent to nobody; what needs a look-up before cannot be judged so early.
    """
    try:
        if platform.resolve(source) is None:
            platform.ask(source, Step())
    except RefusedError as error:
        raise UsageError(str(error)) from None


def _unwritten(crawler: Crawler) -> bool:
    """Whether an export is missing or cut. Scrapy only logs that, and counts what it could write."""
    assert crawler.stats is not None
    written: list[int] = [
        count for name, count in crawler.stats.get_stats().items() if name.startswith("feedexport/success_count/")
    ]
    return sum(written) < len(crawler.settings.getdict("FEEDS"))


def exit_code(failures: dict[str, MonitorError], *, finished: int, reason: str) -> int:
    """The process exit code for how a crawl ended; `finished` sources ended well."""
    if reason == "shutdown":
        return INTERRUPTED
    if not failures:
        return 0 if reason == "finished" else FAILURE
    if finished:
        return PARTIAL
    worst = list(failures.values())
    for kind, code in ((Fatal, USAGE), (CredentialsError, CREDENTIALS), (RateLimitedError, RATE_LIMITED)):
        if all(isinstance(error, kind) for error in worst):
            return code
    return FAILURE
