"""Last step of a page: posts durable, then the bookmark; only then is the page acknowledged."""

from typing import Self

from scrapy.crawler import Crawler

from monitor.crawl.late_missed import late_missed
from monitor.crawl.page_item import PageItem
from monitor.crawl.session import Session
from monitor.errors import StoreUnavailableError
from monitor.stages.rematch import rematch_some
from monitor.store.commit import Committed
from monitor.store.matches import Matches


class StorePipeline:
    """Returns the page once it is committed. Raises StoreUnavailableError or LeaseLostError, and the walk ends."""

    def __init__(self, crawler: Crawler) -> None:
        self.session = Session.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: PageItem) -> PageItem:
        committer = await self.session.committer()
        committed = await committer.commit(item.commit())
        item.new = committed.new
        dropped = committed.expired + committed.erased
        # What was refused or dropped must be so again, and not be taken for stored.
        if committed.refused == len(item.refused) and not dropped:
            self.session.repeats.remember(item)
        try:
            late = await late_missed(await self.session.store(), item, committed)
        except StoreUnavailableError:  # the page is stored; this one count is not worth its walk
            late = 0
        self.session.tally.add(item, committed, late_missed=late)
        await self._catch_up(item, committed)
        return item

    async def _catch_up(self, item: PageItem, committed: Committed) -> None:
        """Topics were edited while the page was on its way: whoever matches stored posts anew may have passed by these before."""
        known = await self.session.catch_up(committed.topic_edits, since=item.reply.fetched_at)
        if known is None or not item.posts:
            return
        topics, keeping = known
        store = await self.session.store()
        await rematch_some(Matches(store.database, store.dirty), topics, [post.id for post in item.posts], keeping)
