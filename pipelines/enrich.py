"""Second step of a page: language, tags and links completed, and which topics each post matches."""

from typing import Self

from scrapy.crawler import Crawler

from monitor.crawl.enrich import enrich
from monitor.crawl.page_item import PageItem
from monitor.crawl.session import Session


class EnrichPipeline:
    """Replaces each post by its enriched twin."""

    def __init__(self, crawler: Crawler) -> None:
        self.session = Session.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: PageItem) -> PageItem:
        topics = await self.session.topics(item.source.platform)
        item.posts = [enrich(post, topics) for post in item.posts]
        return item
