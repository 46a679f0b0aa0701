"""The walk of a page hears how the pipelines ended: a page that failed is never told as stored."""

from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy.exceptions import DropItem
from twisted.python.failure import Failure

from monitor.bookmark import Bookmark, Step
from monitor.crawl.acknowledge import Acknowledge
from monitor.crawl.page_item import PageItem
from monitor.errors import LeaseLostError, ReplyError, StoreUnavailableError
from monitor.page import Page, Reply
from monitor.paging import Rules
from monitor.source import Source

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
async def item() -> PageItem:
    """A page on its way."""
    return PageItem(
        source=Source(platform="chirp", kind="tag", parameters={"tag": "tea"}),
        page=Page([], []),
        reply=Reply(status=200, headers={}, body=b"", url="", fetched_at=AT),
        step=Step(),
        rules=Rules(order="newest", overlap=AT - AT),
        bookmark=Bookmark(),
        epoch=1,
        run="run",
        asked_at=AT,
        began_at=AT,
    )


async def test_scraped__the_walk_goes_on(item: PageItem) -> None:
    Acknowledge().item_scraped(item)
    assert await item.committed is None


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), LeaseLostError("taken"), ReplyError("cut")])
async def test_failed__the_walk_hears_the_very_error(item: PageItem, error: Exception) -> None:
    Acknowledge().item_error(item, Failure(error))
    with pytest.raises(type(error)) as heard:
        await item.committed
    assert heard.value is error


async def test_failed_by_a_fault_of_ours__the_walk_tries_later_and_the_text_is_not_quoted(item: PageItem) -> None:
    Acknowledge().item_error(item, Failure(KeyError("hunter2")))
    with pytest.raises(StoreUnavailableError, match=r"could not be processed \(KeyError\)") as heard:
        await item.committed
    assert "hunter2" not in str(heard.value)


async def test_dropped__the_walk_fails(item: PageItem) -> None:
    Acknowledge().item_dropped(item, DropItem("by a pipeline of somebody's own"))
    with pytest.raises(ReplyError, match="dropped: by a pipeline of somebody's own"):
        await item.committed


@pytest.mark.parametrize("other", [{"not": "a page"}, None])
async def test_other_items__are_left_alone(other: Any) -> None:
    told = Acknowledge()
    told.item_scraped(other)
    told.item_error(other, Failure(KeyError("x")))
    told.item_dropped(other, DropItem("x"))


async def test_told_twice__the_first_counts(item: PageItem) -> None:
    """A stop may settle a page that a pipeline still works on."""
    told = Acknowledge()
    told.item_error(item, Failure(LeaseLostError("taken")))
    told.item_scraped(item)
    with pytest.raises(LeaseLostError):
        await item.committed
