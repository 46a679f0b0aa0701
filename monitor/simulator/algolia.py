"""The simulated Hacker News search (hn.algolia.com, API 1): fuzzy, a minute behind, and never more than 1,000 hits deep."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any

from monitor.simulator.answer import Answer, Call, Row, compact, json_answer, listed
from monitor.simulator.word_index import WordIndex
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import hackernews_html, plain

REACHABLE = 1000  # hits, whatever their number is said to be
PAGE, LARGEST_PAGE = 20, 1000
LAG = timedelta(seconds=60)  # from posting to the index
OUTLIVES = timedelta(minutes=10)  # a deleted item is found for so long
_COMPARE: dict[str, Callable[[int, int], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}
_FILTER = re.compile(r"(created_at_i|points|num_comments)(<=|>=|<|>|=)(-?\d{1,18})")
_COUNTS_HERE = b'"@counts":0'

EXPIRED = {"expired-cursor-400": 400, "expired-cursor-404": 404}

Filter = tuple[str, Callable[[int, int], bool], int]


class Algolia:
    """Answers calls under /api/v1 from the Hacker News posts of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._index = WordIndex()
        self._posts: list[WorldPost] = []
        self._by_id: dict[str, WorldPost] = {}
        self._tags: list[frozenset[str]] = []
        self._frames: dict[WorldPost, tuple[bytes, bytes]] = {}
        self._found: dict[tuple[str, bool], tuple[int, list[int]]] = {}

    def answer(self, call: Call) -> Answer:
        self._catch_up()
        if call.path in ("/api/v1/search", "/api/v1/search_by_date"):
            return self._search(call, newest_first=call.path.endswith("by_date"))
        if found := re.fullmatch(r"/api/v1/items/(\d+)", call.path):
            return self._item(call, found[1])
        return json_answer({"status": 404, "error": "Not Found"}, status=404)

    def _catch_up(self) -> None:
        for post in self._world.posts("hackernews")[len(self._posts) :]:
            self._posts.append(post)
            self._by_id[str(post.mark)] = post
            self._tags.append(frozenset(_tags(post)))
            self._index.add(f"{post.title or ''} {plain(post.text)} {post.link or ''}")

    def _search(self, call: Call, *, newest_first: bool) -> Answer:
        size, page = _whole(call.get("hitsPerPage"), PAGE), _whole(call.get("page"), 0)
        filters = _filters(call)
        if size is None or page is None or filters is None or not 1 <= size <= LARGEST_PAGE or page < 0:
            return json_answer({"message": "invalid hitsPerPage, page or numericFilters", "status": 400}, status=400)
        for name, status in EXPIRED.items():
            if page and name in call.quirks:
                return replace(
                    json_answer({"message": "invalid page", "status": status}, status=status), happened=frozenset({name})
                )
        happened = {name for name in ("paging-loop", "endless-cursor") if page and name in call.quirks}
        hits = self._hits(call, filters, newest_first=newest_first)
        last = max(0, (min(len(hits), REACHABLE) - 1) // size)
        first = 0 if "paging-loop" in happened else min(page, last) if "endless-cursor" in happened else page
        shown = hits[first * size : min((first + 1) * size, REACHABLE)]
        if "out-of-order" in call.quirks and len(shown) > 1:
            shown = shown[1::2] + shown[::2]
            happened.add("out-of-order")
        mark = _marker(call.get("query") or "")
        rows = [self._row(post, call.now, mark) for post in shown]
        pages = page + 2 if "endless-cursor" in happened else min(-(-len(hits) // size), -(-REACHABLE // size))
        after = {
            "nbHits": len(hits),
            "page": page,
            "nbPages": pages,
            "hitsPerPage": size,
            "exhaustiveNbHits": True,
            "exhaustiveTypo": True,
            "query": call.get("query") or "",
            "params": "&".join(f"{name}={value}" for name, value in call.parameters),
            "processingTimeMS": 1,
        }
        if page * size >= REACHABLE:
            after["message"] = f"you can only fetch the {REACHABLE} hits for this query"
        return Answer(200, (b'{"hits":', *listed(rows), b",", compact(after)[1:]), happened=frozenset(happened))

    def _hits(self, call: Call, filters: list[Filter], *, newest_first: bool) -> list[WorldPost]:
        now = call.now
        groups = _tag_groups(call.get("tags") or "")
        hits = []
        for number in reversed(self._matching(call)):
            post = self._posts[number]
            indexed = post.created_at + LAG <= now and not post.dead
            gone = post.deleted_at is not None and post.deleted_at + OUTLIVES <= now
            if not indexed or gone or not all(group & self._tags[number] for group in groups):
                continue
            if all(compare(self._value(post, name, now), bound) for name, compare, bound in filters):
                hits.append(post)
        return hits if newest_first else sorted(hits, key=lambda post: -post.grown(post.peak.score, now))

    def _matching(self, call: Call) -> list[int]:
        """Numbers of the matching posts, remembered until there are more posts."""
        typos = (call.get("typoTolerance") or "true") != "false"
        key = (call.get("query") or "", typos)
        size, found = self._found.get(key, (-1, []))
        if size != len(self._posts):
            found = self._index.search(key[0], typos=typos)
            self._found[key] = (len(self._posts), found)
        return found

    def _value(self, post: WorldPost, name: str, now: datetime) -> int:
        if name == "created_at_i":
            return int(post.created_at.timestamp())
        return _points(post, now) if name == "points" else comment_count(self._world, post, now)

    def _row(self, post: WorldPost, now: datetime, mark: Callable[[str], str]) -> Row:
        frame = self._frames.get(post)
        if frame is None:
            before, _, after = compact(_hit(post)).partition(_COUNTS_HERE)
            frame = self._frames[post] = (before, after)
        counts = hit_counts(self._world, post, now)
        numbers = b'"points":%d,"num_comments":%d' % (counts["score"], counts["replies"]) if counts else b'"updated_at":null'
        lit = {name: {"value": mark(value), "matchLevel": "full", "matchedWords": []} for name, value in _searched(post)}
        body = frame[0] + numbers + frame[1][:-1] + b',"_highlightResult":' + compact(lit) + b"}"
        return Row(body, Shown(post, counts, now))

    def _item(self, call: Call, item_id: str) -> Answer:
        post = self._by_id.get(item_id)
        if post is None or not post.exists(call.now - LAG):
            return json_answer({"status": 404, "error": "Not Found"}, status=404)
        return Answer(200, tuple(self._tree(post, call)))

    def _tree(self, post: WorldPost, call: Call) -> list[bytes | Row]:
        """An item with its answers inside it. Its own fields are one row, without the closing brace of the children."""
        at = call.now - LAG
        known = [reply for reply in self._world.replies(post) if reply.arrives_at <= at and not reply.dead]
        # A deleted comment stays, without its words, where somebody answered it.
        children = [reply for reply in known if reply.exists(at) or any(one.exists(at) for one in self._world.replies(reply))]
        gone = not post.exists(at)
        item = {
            "id": post.mark,
            "created_at": f"{post.created_at:%Y-%m-%dT%H:%M:%S}.000Z",
            "created_at_i": int(post.created_at.timestamp()),
            "type": "comment" if post.reply_to else "job" if post.form == "job" else "story",
            "author": None if gone else post.author.username,
            "title": post.title,
            "url": post.link,
            "text": None if gone else hackernews_html(post.text) or None,
            "points": None if post.reply_to else _points(post, call.now),
            "parent_id": post.reply_to and post.reply_to.mark,
            "story_id": root(post).mark,
            "options": [],
        }
        counts = {} if post.reply_to else {"score": _points(post, call.now)}
        shown = Shown(post, counts, call.now, gone=gone)
        parts: list[bytes | Row] = [Row(compact(item)[:-1], shown), b',"children":[']
        for place, child in enumerate(children):
            parts += [b",", *self._tree(child, call)] if place else self._tree(child, call)
        return [*parts, b"]}"]


def root(post: WorldPost) -> WorldPost:
    """The story that a comment belongs to; a story is its own."""
    while post.reply_to is not None:
        post = post.reply_to
    return post


def comment_count(world: World, post: WorldPost, now: datetime) -> int:
    """All comments below a story that are there now, at any depth."""
    return sum(
        (reply.exists(now) and not reply.dead) + comment_count(world, reply, now)
        for reply in world.replies(post)
        if reply.arrives_at <= now
    )


def hit_counts(world: World, post: WorldPost, now: datetime) -> dict[str, int]:
    """The counters that a story shows; a comment shows none, a job no comments worth the name but the number 0."""
    if post.reply_to is not None:
        return {}
    return {"score": _points(post, now), "replies": comment_count(world, post, now)}


def _points(post: WorldPost, now: datetime) -> int:
    return 1 + post.grown(post.peak.score, now)


def _tags(post: WorldPost) -> list[str]:
    kind = "comment" if post.reply_to else "job" if post.form == "job" else "story"
    more = {"ask": ["ask_hn"], "show": ["show_hn"]}.get(post.form, [])
    return [kind, f"author_{post.author.username}", f"story_{root(post).mark}", *more]


def _hit(post: WorldPost) -> dict[str, Any]:
    hit: dict[str, Any] = {
        "objectID": str(post.mark),
        # Some answers have milliseconds, some have not; and some name absent fields as null where others leave them out.
        "created_at": f"{post.created_at:%Y-%m-%dT%H:%M:%S}{'.000Z' if post.mark % 2 else 'Z'}",
        "created_at_i": int(post.created_at.timestamp()),
        "author": post.author.username,
        "_tags": _tags(post),
        "@counts": 0,
        "story_id": root(post).mark,
    }
    if post.reply_to is not None:
        story = root(post)
        hit |= {"comment_text": hackernews_html(post.text), "parent_id": post.reply_to.mark, "story_title": story.title}
        hit |= {"story_url": story.link} if story.link else {}
    else:
        hit |= {"title": post.title}
        hit |= {"url": post.link} if post.link else {}
        hit |= {"story_text": hackernews_html(post.text)} if post.text else {}
    nulls = (
        ("title", "url", "story_text", "comment_text", "parent_id", "story_title", "story_url") if post.mark % 3 == 0 else ()
    )
    return {**dict.fromkeys(nulls), **hit}


def _searched(post: WorldPost) -> list[tuple[str, str]]:
    text = "comment_text" if post.reply_to else "story_text"
    return [(name, value) for name, value in (("title", post.title or ""), (text, hackernews_html(post.text))) if value]


def _marker(query: str) -> Callable[[str], str]:
    """A function that puts `<em>` around the words of the query."""
    words = [re.escape(word) for word in re.findall(r"\w+", query)]
    if not words:
        return lambda text: text
    pattern = re.compile(rf"\b({'|'.join(words)})", re.IGNORECASE)
    return lambda text: pattern.sub(r"<em>\1</em>", text)


def _tag_groups(tags: str) -> list[frozenset[str]]:
    """`story,author_x,(ask_hn,show_hn)`: each group has to meet the tags of an item."""
    return [frozenset(part.strip("()").split(",")) for part in re.findall(r"\([^)]*\)|[^,()]+", tags)]


def _filters(call: Call) -> list[Filter] | None:
    """The numeric filters, all of which have to hold; None: one of them cannot be read."""
    filters: list[Filter] = []
    for value in (value for name, value in call.parameters if name == "numericFilters" and value):
        for part in value.split(","):
            found = _FILTER.fullmatch(part.replace(" ", ""))
            if found is None:
                return None
            filters.append((found[1], _COMPARE[found[2]], int(found[3])))
    return filters


def _whole(text: str | None, otherwise: int) -> int | None:
    if text is None:
        return otherwise
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None
