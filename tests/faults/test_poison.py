"""One row of a page that something between the platform and the database cannot stand: it is set aside, and the page goes on.

Poison of every kind at every place of a page of 50, as the bytes that a server would send, through the real reply check, the
real steps of the pipelines and the real store.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.bookmark import Step
from monitor.crawl.enrich import enrich
from monitor.crawl.normalize import normalize_page
from monitor.crawl.page_item import PageItem
from monitor.crawl.platforms import platform
from monitor.crawl.reply_check import check
from monitor.page import Asked, Reply
from monitor.sentiment.vader import score
from monitor.source import Source
from monitor.store.commit import Committer
from monitor.store.connection import Store, open_store
from monitor.text.utterance import utterance

HOST = "chatter.example"
ROWS = 50
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RAW = '"@raw"'  # where something stands that no encoder writes

Row = dict[str, Any]


def count(value: Any) -> Callable[[Row], Row]:
    return lambda row: {**row, "favourites_count": value}


def field(name: str, value: Any) -> Callable[[Row], Row]:
    return lambda row: {**row, name: value}


def without(*names: str) -> Callable[[Row], Row]:
    return lambda row: {name: value for name, value in row.items() if name not in names}


def content(addition: str) -> Callable[[Row], Row]:
    return lambda row: {**row, "content": row["content"] + addition}


# Kind -> what it does to a row, and the text in place of the raw mark. These rows can be no post:
SET_ASIDE: dict[str, tuple[Callable[[Row], Row], str]] = {
    "beyond int64": (count(2**70), ""),
    "NaN": (count("@raw"), "NaN"),
    "1e999": (count("@raw"), "1e999"),
    "5,000 digits": (count("@raw"), "9" * 5000),
    "100,000 levels": (field("application", "@raw"), "[" * 100_000 + "]" * 100_000),
    "no id": (without("id", "uri", "url"), ""),
    "wrong types": (lambda row: {**row, "content": {"html": 1}, "created_at": [], "account": "nobody"}, ""),
    "year 1": (field("created_at", "0001-01-01T00:00:00.000Z"), ""),
    "year 2099": (field("created_at", "2099-01-01T00:00:00.000Z"), ""),
    "no row at all": (lambda row: "@raw", "null"),
    "an operator for a count": (count({"$gt": 0}), ""),
    "NUL in the id": (field("uri", "https://chatter.example/\0"), ""),
}
# And these are posts once they are cleaned:
CLEANED: dict[str, tuple[Callable[[Row], Row], str]] = {
    "NUL": (content("\0"), ""),
    "half a surrogate pair": (content("\ud800"), ""),
    "keys of a query": (field("$where", {"a.b": 1, "": 2, "__proto__": 3}), ""),
    "a megabyte of text": (content(" long" * 200_000), ""),
}
KINDS = [*SET_ASIDE, *CLEANED]


def row(number: int, trial: int) -> Row:
    author = {"id": f"{number}", "username": "ann", "acct": "ann", "url": f"https://{HOST}/@ann", "display_name": "Ann"}
    return {
        "id": f"{mark(number)}",
        "uri": uri(number, trial),
        "url": uri(number, trial),
        "created_at": at(number).isoformat(),
        "visibility": "public",
        "content": f"<p>Post {number}: tea first.</p>",
        "account": author,
        "favourites_count": number,
        "application": None,
    }


def at(number: int) -> datetime:
    return NOW - timedelta(minutes=number)


def mark(number: int) -> int:
    return int(at(number).timestamp() * 1000) << 16


def uri(number: int, trial: int) -> str:
    return f"https://{HOST}/{trial}/{number}"


def body(trial: int, place: int, kind: str) -> bytes:
    """A page, newest first, with poison in one place."""
    rows: list[Any] = [row(number, trial) for number in range(ROWS)]
    change, raw = {**SET_ASIDE, **CLEANED}[kind]
    rows[place] = change(rows[place])
    return json.dumps(rows).replace(RAW, raw, 1).encode("ascii")


async def collected(store: Store, source: Source, sent: bytes) -> Any:
    """One page on its whole way; returns what was committed."""
    spider = platform("mastodon")
    reply = Reply(200, {"content-type": "application/json"}, sent, f"https://{HOST}/api/v1/timelines/tag/tea", NOW)
    check(reply, platform="mastodon", accepts=spider.accepts, cursor=None, wait_s=None)
    await store.sources.ensure(source)
    claim = await store.leases.claim(source.id, owner="walk")
    assert claim is not None
    page = spider.read(reply, Asked(source, Step()))
    item = PageItem(
        source=source, page=page, reply=reply, step=Step(), rules=spider.rules(source), bookmark=claim.bookmark,
        epoch=claim.epoch, run="run", asked_at=NOW, began_at=NOW,
    )  # fmt: skip
    normalize_page(spider, item)
    item.posts = [enrich(post, ()) for post in item.posts]
    item.posts = [replace(post, sentiment=score(utterance(post), post.language)) for post in item.posts]
    committer = Committer(store)
    with committer.walking():
        return await committer.commit(item.commit())


@pytest.fixture
async def store(config):
    opened = await open_store(config)
    yield opened
    await opened.close()


async def test_poison__at_each_of_fifty_places__forty_nine_stored_one_set_aside_and_the_bookmark_moved(store, seed):
    """Kinds in turn; a seed decides which kind stands at the first place."""
    outcomes: Counter[tuple[str, int, int]] = Counter()
    moved = whole = 0
    for place in range(ROWS):
        kind = KINDS[(place + seed) % len(KINDS)]
        source = Source(platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": f"tea{place}"})
        await collected(store, source, body(place, place, kind))
        stored = await store.database["posts"].find({"_id": {"$regex": f"^https://{HOST}/{place}/"}}).to_list()
        set_aside = await store.database["quarantine"].count_documents({"source": source.id})
        standing = await store.sources.find(source.id)
        moved += standing.bookmark.version == 1 and standing.bookmark.heads[0].mark in {f"{mark(0)}", f"{mark(1)}"}
        others = {uri(number, place) for number in range(ROWS) if number != place}
        whole += others <= {found["_id"] for found in stored} and all(
            found["text"] == f"Post {found['counts']['likes']}: tea first." for found in stored if found["_id"] in others
        )
        outcomes[kind, len(stored), set_aside] += 1
    print(
        f"\nseed {seed}: {ROWS} pages of {ROWS}, poison in each place; the others stored whole {whole}, bookmark moved {moved}"
    )
    for (kind, kept, aside), times in sorted(outcomes.items(), key=lambda found: KINDS.index(found[0][0])):
        print(f"  {kind:24} {times} x: {kept} stored, {aside} set aside")
    assert {kind for kind, _, _ in outcomes} == set(KINDS)
    assert moved == whole == ROWS
    assert {(kept, aside) for kind, kept, aside in outcomes if kind in SET_ASIDE} == {(ROWS - 1, 1)}
    assert {(kept, aside) for kind, kept, aside in outcomes if kind in CLEANED} == {(ROWS, 0)}


@pytest.mark.parametrize("kind", CLEANED)
async def test_a_cleaned_post__is_stored_as_a_person_would_read_it(store, kind):
    source = Source(platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": "tea"})
    await collected(store, source, body(0, 7, kind))
    stored = await store.database["posts"].find_one({"_id": uri(7, 0)})
    assert stored["text"].startswith("Post 7: tea first.")
    assert "\0" not in stored["text"]
    assert not stored.keys() & {"$where", "a.b", "__proto__"}
    assert len(stored["text"].encode()) <= 64 * 1024


async def test_poison_met_at_every_poll__is_kept_once_and_counted(store):
    source = Source(platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": "tea"})
    for _ in range(2):
        await collected(store, source, body(0, 7, "NaN"))
        await store.leases.release(source.id, epoch=(await store.sources.find(source.id)).epoch)
    assert [found["times"] async for found in store.database["quarantine"].find()] == [2]


@pytest.mark.parametrize("broken", ["7", "9" * 25, "z" * 25, 2**70, -1, "117 "])
async def test_an_id_of_another_making__is_no_mark__so_that_nothing_is_hidden_behind_it(store, broken):
    """Taken for a mark, a short one would look like the end of every gap, and a long one be newer than all posts to come."""
    source = Source(platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": "tea"})
    rows = [row(number, 0) for number in range(ROWS)]
    rows[7] = {**rows[7], "id": broken}
    await collected(store, source, json.dumps(rows).encode())
    bookmark = (await store.sources.find(source.id)).bookmark
    known = {f"{mark(number)}" for number in range(ROWS)}
    assert {head.mark for head in bookmark.heads} <= known
    assert bookmark.heads[0].mark == f"{mark(0)}"
    assert bookmark.start == f"{mark(ROWS - 1)}"
