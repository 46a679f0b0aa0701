"""Rows that come twice, in any order, edited between, and ids that are used again: what is stored is the set of what was shown.

The real normalisation and the real store. First every order there can be, page by page; then walks over a server that shuffles its
pages and shows rows of earlier pages again.
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from monitor import clock
from monitor.bookmark import Bookmark
from monitor.crawl import poll
from monitor.crawl.normalize import normalize, normalize_page
from monitor.crawl.platforms import platform
from monitor.crawl.poll import Poll
from monitor.page import Ask, Reply
from monitor.source import Source
from monitor.store.commit import Commit, Committer
from monitor.store.connection import Store, open_store
from monitor.store.quarantine import ReplyContext

HOST, PAGE, POSTS, REPEATS = "chatter.example", 15, 40, 0.3
CASES, CASES_SOAKED, WALKS = 200, 2000, 40
REUSED, EDITED = 3, 5  # of the posts of each case: deleted and their id given to another, edited once
BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)

Row = dict[str, Any]


def at(number: int) -> datetime:
    return BEGIN + timedelta(minutes=number)


def mark(number: int) -> int:
    """An id of Mastodon's making: milliseconds, then 16 bits."""
    return int(at(number).timestamp() * 1000) << 16


def row(case: str, number: int, *, text: str = "tea first", edited_at: datetime | None = None) -> Row:
    author = {"id": "7", "username": "ann", "acct": "ann", "url": f"https://{HOST}/@ann"}
    return {
        "id": f"{mark(number)}",
        "uri": uri(case, number),
        "created_at": at(number).isoformat(),
        "edited_at": edited_at and edited_at.isoformat(),
        "content": f"<p>Post {number} of {case}: {text}.</p>",
        "account": author,
    }


def uri(case: str, number: int) -> str:
    return f"https://{HOST}/{case}/{number}"


def reply_of(rows: Sequence[Row], fetched_at: datetime, **headers: str) -> Reply:
    body, told = json.dumps(rows).encode(), {"content-type": "application/json", **headers}
    return Reply(200, told, body, f"https://{HOST}/api/v1/timelines/tag/tea", fetched_at)


async def stored(store: Store, case: str) -> dict[str, str]:
    found = await store.database["posts"].find({"_id": {"$regex": f"^https://{HOST}/{case}/"}}).to_list()
    assert len({each["native_id"] for each in found}) == len(found), "one document for each id"
    return {each["_id"]: each["text"] for each in found}


async def commit_all(store: Store, case: str, rows: Sequence[Row]) -> int:
    """Commit the rows in this order, page by page; returns how many posts were new."""
    source = Source(platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": case})
    await store.sources.ensure(source)
    claim = await store.leases.claim(source.id, owner="test", lease_s=600)
    assert claim is not None
    committer, new = Committer(store), 0
    with committer.walking():
        for version, first in enumerate(range(0, len(rows), PAGE), start=1):
            reply = reply_of(rows[first : first + PAGE], BEGIN + timedelta(hours=1, seconds=version))
            made = normalize(platform("mastodon"), rows[first : first + PAGE], reply, seen_on="here")
            assert made.refused == []
            context = ReplyContext(url=reply.url, status=200, fetched_at=reply.fetched_at)
            commit = Commit(
                source_id=source.id, epoch=claim.epoch, run="run", bookmark=Bookmark(version=version), reply=context,
                intervals=(), posts=made.posts,
            )  # fmt: skip
            new += (await committer.commit(commit)).new
    return new


async def test_every_order_with_a_third_of_repeats__the_set_of_posts_is_what_was_shown(config, seed, soak):
    rng, counts = random.Random(seed), Counter[str]()
    store = await open_store(config)
    for number in range(CASES_SOAKED if soak else CASES):
        case = f"p{number}"
        shown = [row(case, each) for each in range(POSTS)]
        latest = {each["uri"]: each["content"] for each in shown}
        repeats = rng.choices(shown, k=int(POSTS * REPEATS))
        again = rng.sample(range(POSTS), REUSED + EDITED)
        for place, each in enumerate(again):
            text = "another post under this id" if place < REUSED else "milk first"
            repeats.append(row(case, each, text=text, edited_at=at(each) + timedelta(minutes=30)))
            latest[uri(case, each)] = repeats[-1]["content"]
        rows = rng.sample([*shown, *repeats], len(shown) + len(repeats))
        new, found = await commit_all(store, case, rows), await stored(store, case)
        wanted = {name: content.removeprefix("<p>").removesuffix("</p>") for name, content in latest.items()}
        counts["rows"] += len(rows)
        counts["new"] += new
        counts["stored"] += len(found)
        counts["missing"] += len(wanted.keys() - found.keys())
        counts["invented"] += len(found.keys() - wanted.keys())
        counts["different"] += sum(found[name] != text for name, text in wanted.items() if name in found)
    await store.close()
    print(f"\nseed {seed}: {number + 1} permutations of {POSTS} posts and their repeats: {dict(counts)}")
    assert (counts["missing"], counts["invented"], counts["different"]) == (0, 0, 0)
    assert counts["new"] == counts["stored"] == (number + 1) * POSTS
    assert counts["rows"] >= counts["stored"] * (1 + REPEATS)


@dataclass
class Shuffling:
    """A timeline whose pages are in no order and show again what earlier pages showed."""

    case: str
    rng: random.Random
    sent: list[int] = field(default_factory=list)
    repeated: int = 0

    def page(self, ask: Ask) -> Reply:
        above, below = (int(ask.parameters.get(name) or 0) for name in ("min_id", "max_id"))
        inside = [number for number in range(POSTS) if mark(number) > above and (not below or mark(number) < below)]
        page = inside[:PAGE] if above else inside[-PAGE:]
        repeats = self.rng.choices(page, k=int(PAGE * REPEATS)) if page else []
        if not above and self.sent and page:
            repeats += self.rng.choices(self.sent, k=int(PAGE * REPEATS))
        self.sent += page
        self.repeated += len(repeats)
        rows = [row(self.case, number) for number in (*page, *repeats)]
        self.rng.shuffle(rows)
        link = f'<https://{HOST}/api/v1/timelines/tag/tea?max_id={mark(min(page))}>; rel="next"' if page else ""
        return reply_of(rows, clock.now(), link=link)


async def test_walks_over_shuffled_pages_with_repeats__read_every_post_and_end(config, seed, monkeypatch):
    async def fetch(spider: Any, _source: Source, ask: Ask, *, cursor: str | None = None) -> Reply:
        return spider.asked(ask)

    monkeypatch.setattr(poll, "fetch", fetch)
    rng, store = random.Random(seed), await open_store(config)
    missing = repeated = 0
    for number in range(WALKS):
        server = Shuffling(f"w{number}", rng)
        source = Source(
            platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": server.case}, since=BEGIN - timedelta(days=1)
        )
        await store.sources.ensure(source)
        claim = await store.leases.claim(source.id, owner="test", lease_s=600)
        assert claim is not None
        spider = platform("mastodon")
        spider.session, spider.posts_left, spider.asked = SimpleNamespace(stopping=False, run="run"), None, server.page
        walk, committer = Poll(spider, claim.source, claim.bookmark, epoch=claim.epoch, pages=100), Committer(store)
        with committer.walking():
            async for item in walk.items():
                normalize_page(spider, item)
                await committer.commit(item.commit())
                item.committed.set_result(None)
        found = await stored(store, server.case)
        missing += POSTS - len(found)
        repeated += server.repeated
        assert found.keys() <= {uri(server.case, each) for each in range(POSTS)}
        assert walk.bookmark.gaps == ()
        assert walk.walk.stopped is None
    await store.close()
    print(f"\nseed {seed}: {WALKS} walks over {POSTS} posts, {repeated} rows repeated, {missing} missing")
    assert repeated >= WALKS * POSTS * REPEATS
    assert missing == 0
