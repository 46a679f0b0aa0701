"""What a stream missed and a search is asked for: a page of it that fails leaves the stream as it was."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock

from monitor.bookmark import Bookmark, Gap, Head
from monitor.crawl.stream import Stream
from monitor.errors import ReplyError
from monitor.source import Source
from spiders.bluesky import Bluesky

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
MISSED = Bookmark(
    heads=(Head(mark=2_000, asked_at=AT),), gaps=(Gap(top=1_500, floor=1_000, cursor=None, cursor_at=None, opened_at=AT),)
)


async def test_gap_pages__page_cannot_be_stored__the_gap_stays_and_is_not_asked_for_again() -> None:
    spider = Bluesky()
    spider.session = SimpleNamespace(stopping=False)  # type: ignore[assignment]
    spider.posts_left = None
    spider.fills = Mock(return_value=True)  # type: ignore[method-assign]
    source = Source(platform="bluesky", kind="stream", parameters={"stream": "jetstream", "query": "tea"})
    stream = Stream(spider, source, MISSED, epoch=1, pages=10)
    page = SimpleNamespace(committed=asyncio.get_running_loop().create_future())
    page.committed.set_exception(ReplyError("9 of 9 posts cannot be read: its API seems to have changed."))
    stream._item = AsyncMock(return_value=page)  # type: ignore[method-assign]
    pages = [each for _ in range(3) for each in [each async for each in stream._gap_pages()]]
    assert pages == [page]
    assert stream.bookmark == MISSED
