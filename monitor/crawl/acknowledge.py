"""Extension that tells a page's walk how the pipelines ended: stored, failed or dropped.

Scrapy hides a failed pipeline from the spider, which would go on past it; the walk waits for this instead.
"""

from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from monitor.crawl.page_item import PageItem
from monitor.errors import MonitorError, ReplyError, StoreUnavailableError


class Acknowledge:
    """Completes `PageItem.committed` on item_scraped, item_error and item_dropped."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls()
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        crawler.signals.connect(extension.item_error, signal=signals.item_error)
        crawler.signals.connect(extension.item_dropped, signal=signals.item_dropped)
        return extension

    def item_scraped(self, item: Any) -> None:
        if isinstance(item, PageItem) and not item.committed.done():
            item.committed.set_result(None)

    def item_error(self, item: Any, failure: Failure) -> None:
        error = failure.value
        if not isinstance(error, MonitorError):
            error = StoreUnavailableError(f"A page of {item!r} could not be processed ({type(error).__name__}); see the log.")
        self._fail(item, error)

    def item_dropped(self, item: Any, exception: BaseException) -> None:
        self._fail(item, ReplyError(f"A page was dropped: {exception}"))

    def _fail(self, item: Any, error: MonitorError) -> None:
        if isinstance(item, PageItem) and not item.committed.done():
            item.committed.set_exception(error)
