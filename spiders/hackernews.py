"""Hacker News: search, accounts and threads by Algolia's API 1, item lists by the Firebase API 0.

Sources: hn.algolia.com/api and github.com/HackerNews/API, checked 2026-11-22. No credentials. About 10,000 calls an hour and
address at Algolia, no stated limit at Firebase, no headers that tell. Algolia reaches 1,000 hits per search, whatever it says;
`search_by_date` is newest first, so each page asks anew for what is at or before the second where the last one ended, and only
within a single crowded second by page number. It matches prefixes and other fields too: the query is checked again locally.

Firebase answers `null` for an item that is not out yet or never will be; the newest ids are read again for ten minutes. Lists
hold 500 (new) or 200 (ask, show, jobs) ids; a story that enters a list later than ten minutes after it was posted is left to
`query`. Deleted items keep id, time and parent; killed ones (`dead`) are hidden on the site and told as deleted here too.
Nothing tells edits or language. Not collected: users, options of polls, rankings (top, best).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any, ClassVar

from monitor.bookmark import Mark, Step
from monitor.crawl.spider import PlatformSpider
from monitor.errors import PostError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc_from_seconds
from monitor.text.html import links_of, plain_text

SITE = "https://news.ycombinator.com"
FIREBASE = "https://hacker-news.firebaseio.com/v0"
REACHABLE_HITS = 1000
LISTS = {"new": "newstories", "ask": "askstories", "show": "showstories", "jobs": "jobstories", "everything": "maxitem"}
TAGS = "(story,comment,poll,job)"
# Marks are seconds at Algolia and item ids at Firebase. Ids reach this number in some decades, seconds passed it in 2004.
FIRST_SECOND = 1_072_915_200

_ITEM_OF_PAGE = re.compile(r"(?:[?&]id=|^)(\d{1,15})(?:$|[&#])")
_ITEM_OF_API = re.compile(r"/item/(\d+)\.json")


def permalink(item: Any) -> str:
    """The page of an item, which is its global identity by whichever API it came."""
    return f"{SITE}/item?id={item}"


class HackerNews(PlatformSpider):
    name = "hackernews"
    base_url = "https://hn.algolia.com"
    page_size = 200
    items_per_page = 50  # one request each
    pace_s = 0.4  # 9,000 calls an hour
    probe: ClassVar[Mapping[str, str]] = {"query": "the"}
    expects = ("text", "title", "links", "reply_to", "thread", "author.handle", "counts.score", "counts.replies")
    kinds: ClassVar[Mapping[str, SourceKind]] = {
        "query": SourceKind(needs=("query",)),
        "account": SourceKind(needs=("account",)),
        "url": SourceKind(needs=("url",)),
        "community": SourceKind(needs=("community",)),
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """A search, at or before a second; or a list of ids, whose items `read` asks for."""
        given = source.parameters
        if source.kind == "community":
            if given["community"] not in LISTS:
                raise RefusedError(f"Hacker News has no list {given['community']!r}: choose one of {', '.join(LISTS)}.")
            return Ask(f"{FIREBASE}/{LISTS[given['community']]}.json")
        if source.kind == "query":
            return self._search(step, tags=TAGS, query=given["query"])
        if source.kind == "account":
            return self._search(step, tags=f"{TAGS},author_{given['account']}", query=None)
        return self._search(step, tags=f"{TAGS},story_{_thread(given['url'])}", query=None)

    def _search(self, step: Step, *, tags: str, query: str | None) -> Ask:
        second, page = _place(step.cursor) if step.cursor else (step.until, 0)
        bounds = [f"created_at_i<={second}"] * (second is not None) + [f"created_at_i>={step.floor}"] * (step.floor is not None)
        parameters = {
            "query": query,
            "tags": tags,
            "numericFilters": ",".join(bounds) or None,
            "typoTolerance": "false",
            "hitsPerPage": min(self.page_size, step.size or self.page_size),
            "page": page or None,
        }
        return Ask("/api/v1/search_by_date", parameters)

    def read(self, reply: Reply, asked: Asked) -> Page | list[Ask]:
        """Hits newest first, marked by their second; or asks for the items that a list of ids leads to."""
        told, step = reply.json, asked.step
        if isinstance(told, Mapping) and isinstance(told.get("hits"), list):
            if not told["hits"] and asked.source.kind == "url" and step.until is None and step.cursor is None:
                return [Ask(f"/api/v1/items/{_thread(asked.source.parameters['url'])}")]  # a comment's page, not a story's
            return _hits(told, step)
        if not isinstance(told, int | list) or (told and isinstance(told, list) and not isinstance(told[0], int)):
            return self.gather([reply], asked)
        newest = int(step.cursor) - 1 if step.cursor else step.until
        if isinstance(told, int):
            numbers: Sequence[int] = range(told if newest is None else min(told, int(newest)), 0, -1)
        else:
            known = {number for number in told if isinstance(number, int) and (newest is None or number <= int(newest))}
            numbers = sorted(known, reverse=True)  # ask and show come by rank
        if not numbers and newest is not None and isinstance(told, list):
            raise RefusedError(f"The list of Hacker News ends above item {newest}: older ones are no longer in it.")
        return self._items(numbers, step) or Page([], [], end=True)

    def _items(self, numbers: Sequence[int], step: Step) -> list[Ask]:
        """The first items of `numbers` down to one at or below the floor, which proves the way to it."""
        wanted = list(numbers[: self.items_per_page])
        above = sum(step.floor is None or number > int(step.floor) for number in wanted)
        return [Ask(f"{FIREBASE}/item/{number}.json") for number in wanted[: above + 1]]

    def gather(self, replies: Sequence[Reply], asked: Asked) -> Page:
        """Items marked by their id; `null` gives no row. A thread's tree gives a row for each comment, marked by its second."""
        rows = [row for reply in replies for row in _rows(reply.json)]
        if any("created_at_i" in row for row in rows):
            return Page(rows, [_whole(row.get("created_at_i")) for row in rows], ordered=False, end=True)
        numbers = [int(found[1]) for reply in replies if (found := _ITEM_OF_API.search(reply.url))]
        lowest = str(min(numbers)) if numbers else None
        return Page(rows, [_whole(row.get("id")) for row in rows], cursor=lowest)

    def marked_at(self, mark: Mark) -> datetime | None:
        """The second itself; an item's id tells no time."""
        return utc_from_seconds(mark) if isinstance(mark, int) and mark >= FIRST_SECOND else None

    def identity(self, row: Mapping[str, Any], reply: Reply) -> str | None:
        return permalink(row.get("objectID") or row["id"])

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """A hit, a node of a thread's tree, or an item: the same facts under three sets of names."""
        number = row.get("objectID") or row["id"]
        parent = _first(row, "parent_id", "parent")
        gone = bool(row.get("deleted") or row.get("dead"))
        writer = "deleted" if gone else _first(row, "author", "by")
        html = "" if gone else _first(row, "comment_text", "story_text", "job_text", "text") or ""
        title, link, story = row.get("title"), row.get("url"), row.get("story_id")
        if not (gone or html or title):
            raise PostError("neither text nor title")  # every item that is not gone has one of them
        return Post(
            id=permalink(number),
            platform=self.name,
            native_id=str(number),
            url=permalink(number),
            kind="post" if parent is None and row.get("comment_text") is None and row.get("type") != "comment" else "reply",
            created_at=utc_from_seconds(_first(row, "created_at_i", "time")),
            text=plain_text(html),
            title=unescape(title) if title and not gone else None,
            author=Author(id=writer) if gone else Author(id=writer, handle=writer, url=f"{SITE}/user?id={writer}"),
            links=(*((link,) if link and not gone else ()), *links_of(html)),
            reply_to=None if parent is None else permalink(parent),
            thread=None if parent is None or story is None else permalink(story),
            counts=Counts(score=_first(row, "points", "score"), replies=_first(row, "num_comments", "descendants")),
            deleted_at=reply.fetched_at if gone else None,  # when it went is not told
        )


def _first(row: Mapping[str, Any], *names: str) -> Any:
    """The first of these fields that says anything: older replies hold null where newer ones leave a field out."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def _whole(mark: Any) -> Mark | None:
    return mark if type(mark) is int else None


def _thread(url: str) -> str:
    found = _ITEM_OF_PAGE.search(url)
    if not found:
        raise RefusedError(f"{url} is no thread of Hacker News: use an address such as {permalink(8863)}.")
    return found[1]


def _place(cursor: str) -> tuple[int, int]:
    second, _, page = cursor.partition(".")
    return int(second), int(page or 0)


def _hits(told: Mapping[str, Any], step: Step) -> Page:
    rows = [row for row in told["hits"] if "pollopt" not in (row.get("_tags") or ())]
    marks = [_whole(row.get("created_at_i")) for row in rows]
    size, seconds = told["hitsPerPage"], {hit.get("created_at_i") for hit in told["hits"]}
    full, cursor = len(told["hits"]) >= size, None
    if full and len(seconds) == 1 and isinstance(second := seconds.pop(), int):
        # A page of one single second: its further hits are reached by page number, those beyond the wall by nothing.
        asked_second, asked_page = _place(step.cursor) if step.cursor else (second, 0)
        page = asked_page + 1 if second == asked_second else 0
        cursor = f"{second}.{page}" if (page + 1) * size <= REACHABLE_HITS else f"{second - 1}.0"
    return Page(rows, marks, cursor=cursor, end=not full)


def _rows(told: Any) -> Iterator[Mapping[str, Any]]:
    """The items in one reply: one, none (`null`), or a tree with its comments."""
    if told is None:
        return
    if not isinstance(told, Mapping) or "type" not in told:
        raise ReplyError("Hacker News sent neither hits nor an item.")
    if told["type"] != "pollopt":
        hidden = {"deleted": True} if "children" in told and told.get("author") is None else {}
        yield {name: value for name, value in told.items() if name not in {"children", "kids"}} | hidden
    for child in told.get("children", ()):
        yield from _rows(child)
