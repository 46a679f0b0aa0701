"""First step of a page: each row that is not stored already as it is becomes a Post, or is refused alone with its reason."""

from typing import Self

from scrapy.crawler import Crawler

from monitor.crawl.normalize import normalize_page
from monitor.crawl.page_item import PageItem
from monitor.crawl.session import Session
from monitor.crawl.spider import PlatformSpider
from monitor.crawl.stream_item import StreamItem


class NormalizePipeline:
    """Fills `posts` and `refused`. Raises ReplyError, and so keeps the bookmark, when too much of a page is refused."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.session = Session.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: PageItem) -> PageItem:
        assert isinstance(self.crawler.spider, PlatformSpider)
        # A file is to hold what was shown, known or not; and what a stream repeats, it drops itself.
        if not (self.crawler.settings.getdict("FEEDS") or isinstance(item, StreamItem)):
            topics = await self.session.topics(item.source.platform)
            keeping, store = await self.session.keeping(), await self.session.store()
            await self.session.repeats.find(item, self.crawler.spider, store, topics, keeping)
        normalize_page(self.crawler.spider, item)
        return item
