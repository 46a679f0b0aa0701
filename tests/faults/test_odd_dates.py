"""Dates that no post can have: in the future, in the year 1, milliseconds for seconds, no zone, no date at all.

Forty of them, each as the newest row of a page beside good ones, once as the date alone and once with the mark made of it, as the
bytes that a server would send, through the reply check, the steps of the pipelines and the store. Such a row is set aside or, where
the date can be read, stored with it; the bookmark goes where it would have gone without that row.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.bookmark import Bookmark, Step
from monitor.crawl.normalize import normalize_page
from monitor.crawl.page_item import PageItem
from monitor.crawl.platforms import platform, platforms
from monitor.crawl.reply_check import check
from monitor.page import Asked, Page, Reply
from monitor.post import EARLIEST, LEEWAY
from monitor.source import Source
from monitor.store.commit import Committer
from monitor.store.connection import Store, open_store

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ROWS = 10
SECONDS = int(NOW.timestamp())

Row = dict[str, Any]

# As Mastodon writes dates: text. None stands for a row without one.
TEXTS: tuple[Any, ...] = (
    "2026-11-23T08:00:01Z", "2026-12-24T00:00:00.000Z", "2027-11-22T08:00:00Z", "2099-01-01T00:00:00.000Z", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1601-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
    "2003-12-31T23:59:59Z", "2026-11-22T07:00:00", "2026-11-22", "22.11.2026 08:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
    f"{SECONDS}", SECONDS, "", None,
)  # fmt: skip
# As Hacker News writes them: seconds, which are its marks as well.
NUMBERS: tuple[Any, ...] = (
    SECONDS * 1000, SECONDS * 10**6, SECONDS * 10**9, SECONDS + 86_401, SECONDS + 40 * 86_400, SECONDS * 2, 2**31 - 1, 2**32, 2**53,
    2**63 - 1, 10**30, 0, 1, -1, -62_135_596_800, -(2**63), 1_072_915_199, f"{SECONDS}", "2026-11-22T08:00:00Z", None,
)  # fmt: skip
READABLE = ("2026-11-22T07:00:00", "2026-11-22")  # without a zone a date is UTC's


def minute(number: int) -> datetime:
    return NOW - timedelta(minutes=number)


def status(at: datetime) -> Row:
    mark = int(at.timestamp() * 1000) << 16
    account = {"id": "1", "acct": "ann", "url": "https://chatter.example/@ann"}
    return {
        "id": f"{mark}",
        "uri": f"https://chatter.example/{mark}",
        "created_at": at.isoformat(),
        "content": "<p>Tea first.</p>",
        "account": account,
    }


def hit(at: datetime) -> Row:
    second = int(at.timestamp())
    return {"objectID": f"{second}", "created_at_i": second, "author": "ann", "title": "Tea first", "_tags": ["story"]}


def odd_status(date: Any, *, with_mark: bool) -> Row:
    """A status with that date; with the id that a server would have made of it, where it can make one at all."""
    row = {**status(minute(-1)), "uri": "https://chatter.example/odd", "created_at": date}
    try:
        at = datetime.fromisoformat(date).replace(tzinfo=UTC) if with_mark else minute(-1)
        return {**row, "id": f"{int(at.timestamp() * 1000) << 16}"}
    except (TypeError, ValueError):
        return {**row, "id": f"{date}"} if with_mark else row


def odd_hit(date: Any) -> Row:
    return {**hit(minute(-1)), "objectID": "odd", "created_at_i": date}


class Platform:
    """A source of one platform, and pages of it as its server would send them."""

    def __init__(self, store: Store, name: str, number: int) -> None:
        self.store = store
        self.spider = platform(name)
        kind, given = ("tag", {"instance": "chatter.example"}) if name == "mastodon" else ("query", {})
        self.source = Source(
            platform=name, kind=kind, parameters={**given, {"tag": "tag", "query": "query"}[kind]: f"tea{number}"}
        )

    async def collected(self, rows: list[Row]) -> Bookmark:
        """Read one page of these rows from the top, commit it, and return the bookmark that is stored then."""
        told: Any = rows if self.spider.name == "mastodon" else {"hits": rows, "hitsPerPage": ROWS, "page": 0}
        body = json.dumps(told).encode()
        reply = Reply(200, {"content-type": "application/json"}, body, "https://chatter.example/api", NOW)
        check(reply, platform=self.spider.name, accepts=self.spider.accepts, cursor=None, wait_s=None)
        await self.store.sources.ensure(self.source)
        claim = await self.store.leases.claim(self.source.id, owner="walk", lease_s=0)
        assert claim is not None
        page = self.spider.read(reply, Asked(self.source, Step()))
        item = PageItem(
            source=self.source, page=page, reply=reply, step=Step(), rules=self.spider.rules(self.source), bookmark=claim.bookmark,
            epoch=claim.epoch, run="run", asked_at=NOW, began_at=NOW,
        )  # fmt: skip
        normalize_page(self.spider, item)
        committer = Committer(self.store)
        with committer.walking():
            await committer.commit(item.commit())
        standing = await self.store.sources.find(self.source.id)
        assert standing is not None
        return standing.bookmark

    async def ledger(self) -> list[tuple[Any, ...]]:
        await self.store.ledger.settle(self.source.id)
        entries = await self.store.database["ledger"].find({"source": self.source.id}).sort("_id").to_list()
        return [(entry["from"], entry["to"], entry["state"]) for entry in entries]


@pytest.fixture
async def store(config):
    opened = await open_store(config)
    yield opened
    await opened.close()


def trials() -> list[tuple[str, Any, Row]]:
    """Platform, date, and the row that has it: sixty rows with forty dates."""
    texts = [("mastodon", date, odd_status(date, with_mark=with_mark)) for date in TEXTS for with_mark in (False, True)]
    return texts + [("hackernews", date, odd_hit(date)) for date in NUMBERS]


async def test_odd_dates__forty_of_them__none_moves_the_bookmark(store):
    outcomes: Counter[str] = Counter()
    wrong = []
    for number, (name, date, odd) in enumerate(trials()):
        row = status if name == "mastodon" else hit
        first, then = [row(minute(each)) for each in range(40, 50)], [row(minute(each)) for each in range(20, 30)]
        ours, without = Platform(store, name, number), Platform(store, name, 1000 + number)
        ordinary = name == "mastodon" and (date in READABLE or odd["id"] == status(minute(-1))["id"])
        instead = [{**status(minute(-1)), "id": odd["id"]}] if ordinary else []  # an id that says nothing odd counts
        for page, oddity, replaced in ((first, [], []), (then, [odd], instead)):
            moved, expected = await ours.collected([*oddity, *page]), await without.collected([*replaced, *page])
        mine = await store.database["posts"].find({"_id": {"$regex": "odd$"}}).to_list()
        set_aside = await store.database["quarantine"].count_documents({"source": ours.source.id})
        outcomes["stored" if mine else "set aside" if set_aside else "gone"] += 1
        if moved != expected or await ours.ledger() != await without.ledger():
            wrong.append((name, date, odd.get("id"), moved, expected))
        assert all(EARLIEST <= post["created_at"] <= NOW + LEEWAY for post in mine)
        assert bool(mine) == (date in READABLE), date
        await store.database["posts"].delete_many({"_id": {"$regex": "odd$"}})
    dates = len({(name, repr(date)) for name, date, _ in trials()})
    print(f"\n{dates} dates in {len(trials())} pages: {dict(outcomes)}, bookmark or ledger moved by {len(wrong)}")
    assert dates == 40
    assert wrong == []
    assert outcomes["gone"] == 0


@pytest.mark.parametrize("name", sorted(platforms()))
async def test_marks_of_odd_dates__on_every_platform__become_no_head(name):
    """Whatever stands where a mark belongs: the page's other rows are not lost for it, and nothing later is hidden behind it."""
    spider = platform(name)
    kind, needs = next((kind, spider.kinds[kind].needs) for kind in spider.kinds)
    source = Source(platform=name, kind=kind, parameters=dict.fromkeys(needs, "a.example"))
    odd = [date for date in NUMBERS if isinstance(date, int)]
    item = PageItem(
        source=source, page=Page([{} for _ in odd], odd), reply=Reply(200, {}, b"", "https://a.example/", NOW), step=Step(),
        rules=spider.rules(source), bookmark=Bookmark(), epoch=1, run="run", asked_at=NOW, began_at=NOW,
    )  # fmt: skip
    times = [item.rules.marked_at(head.mark) for head in item.commit().bookmark.heads]
    assert all(at is None or at <= NOW + LEEWAY for at in times)
