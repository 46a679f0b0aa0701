"""Third step of a page: what its topics do not want kept is taken out, or replaced by pseudonyms, before anything is stored."""

from typing import Self

from scrapy.crawler import Crawler

from monitor.crawl.page_item import PageItem
from monitor.crawl.session import Session


class PrivacyPipeline:
    """Replaces posts and refused rows by what may be kept of them. Without a topic that asks for it, nothing is done."""

    def __init__(self, crawler: Crawler) -> None:
        self.session = Session.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: PageItem) -> PageItem:
        keeping = await self.session.keeping()
        if keeping.active:
            await keeping.keep(item)
        return item
