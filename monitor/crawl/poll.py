"""One poll of one source: from the claim to the last committed page."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor import clock
from monitor.bookmark import Bookmark, Step
from monitor.crawl.fetch import fetch
from monitor.crawl.page_item import PageItem
from monitor.crawl.reply_check import NOT_MODIFIED
from monitor.errors import CursorRefusedError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.paging import Rules
from monitor.post import EARLIEST
from monitor.reach import let_go, reach_back
from monitor.source import Source
from monitor.walk import Walk

if TYPE_CHECKING:
    from monitor.crawl.spider import PlatformSpider

logger = logging.getLogger(__name__)

_AT_ONCE = 8  # of the asks that make one page


class Poll:
    """Walks `source` page by page; `bookmark` is always the last committed one. Ends early when the crawl stops.

    `ahead`: of this machine's clock, the server's. What a bookmark says of time is compared with what other machines wrote there.
    """

    def __init__(  # noqa: PLR0913 - what a claim says
        self,
        spider: "PlatformSpider",
        source: Source,
        bookmark: Bookmark,
        *,
        epoch: int,
        pages: int,
        ahead: timedelta = timedelta(0),
    ) -> None:
        self.spider = spider
        self.source = source
        self.bookmark = bookmark
        self.epoch = epoch
        self.ahead = ahead
        self.rules: Rules = spider.rules(source)
        self.walk = Walk(rules=self.rules, pages=pages, looks=spider.posts_left is None)
        self.posts = 0
        self.new = 0
        self.calls = 0
        self.rows: int | None = None  # of a list without pages, when it was last shown
        self.behind = bool(bookmark.gaps) or not (
            bookmark.heads or bookmark.seen
        )  # what it brings tells nothing of how much is new
        self.began_at: datetime | None = None

    async def items(self) -> AsyncIterator[PageItem]:
        """The pages, one at a time; each is committed before the next is asked for. Raises what stopped the walk."""
        self.bookmark = self._reached_back()
        while not self.spider.session.stopping and self.spider.posts_left != 0:
            step = self.walk.next_step(self.bookmark, now=self._now())
            if step is None:
                break
            item = await self._item(step)
            if item is None:
                break
            yield item
            await item.committed
            assert item.move is not None  # set by the commit that just ended
            assert item.facts is not None
            self.bookmark = item.move.bookmark
            self.posts += len(item.posts) + len(item.repeats)
            self._count(item)
            self.walk.took(step, item.move, item.facts)
        if self.walk.stopped:
            logger.info("event=walk_stopped source=%s reason=%s", self.source.id, self.walk.stopped)

    def _now(self) -> datetime:
        return clock.now() + self.ahead

    def _count(self, item: PageItem) -> None:
        self.new += item.new
        self.calls += 1
        if self.rules.order == "whole" and not item.page.unchanged:
            self.rows = len(item.page.rows)

    def _reached_back(self) -> Bookmark:
        since = self.source.since
        # What an earlier limit= opened is not for this walk to finish.
        kept = self.bookmark if since == EARLIEST else let_go(self.bookmark, EARLIEST)
        return reach_back(kept, since, rules=self.rules, now=self._now())

    async def _item(self, step: Step) -> PageItem | None:
        """The page that answers a step; None when other walks have used the limit up, so that nothing of it is kept or claimed."""
        asked_at = self._now()
        if self.began_at is None:
            self.began_at = asked_at
        ask = self.spider.ask(self.source, step)
        if self.bookmark.validators:
            ask = ask.with_headers(self.bookmark.validators)
        refusal = None
        try:
            reply = await fetch(self.spider, self.source, ask, cursor=step.cursor)
            page = await self._page(reply, Asked(self.source, step))
            if self.rules.order == "whole":  # its marks are the identities of entries, and the bookmark keeps them
                page = (await self.spider.session.keeping()).page(page, self.source)
        except (CursorRefusedError, RefusedError) as error:
            if step.until is None:
                raise
            refusal = str(error)
            reply, page = Reply(status=0, headers={}, body=b"", url="", fetched_at=asked_at), Page([], [])
        if self.spider.posts_left == 0:
            return None
        return PageItem(
            source=self.source,
            page=self._within_limit(page, step),
            reply=reply,
            step=step,
            rules=self.rules,
            bookmark=self.bookmark,
            epoch=self.epoch,
            run=self.spider.session.run,
            asked_at=asked_at,
            began_at=self.began_at,
            refusal=refusal,
        )

    async def _page(self, reply: Reply, asked: Asked) -> Page:
        if reply.status == NOT_MODIFIED:
            return Page([], [], unchanged=True)
        try:
            read = self.spider.read(reply, asked)
            if isinstance(read, Page):
                return read
            return self.spider.gather(await self._all(read), asked)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            logger.debug("event=reply_unreadable source=%s", self.source.id, exc_info=True)
            raise ReplyError(
                f"The reply for {self.source.id} has not the shape that {self.spider.name} is known for ({type(error).__name__}); "
                "its API may have changed. Nothing was lost: it is asked again."
            ) from error

    async def _all(self, asks: list[Ask]) -> list[Reply]:
        """The replies in the order of `asks`. One failing ask fails the page: its rows would be missing without a trace."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(ask: Ask) -> Reply:
            async with places:
                return await fetch(self.spider, self.source, ask)

        replies = await asyncio.gather(*(one(ask) for ask in asks), return_exceptions=True)
        if errors := [reply for reply in replies if isinstance(reply, BaseException)]:
            raise errors[0]
        return [reply for reply in replies if isinstance(reply, Reply)]

    def _within_limit(self, page: Page, step: Step) -> Page:
        left = self.spider.posts_left
        if left is None:
            return page
        self.spider.posts_left = max(0, left - len(page.rows))
        return page.oldest(left) if step.after is not None else page.first(left)
