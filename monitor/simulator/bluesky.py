"""The simulated Bluesky: author feeds, threads, search for those who are signed in, and sessions, under /xrpc.

Behaves as the AppView of late 2026: opaque cursors, where only a page without one is the end; strangers are turned away from
search with 403; pinned posts come when they are asked for. Every reply tells the limit, its reset in epoch seconds.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime

from monitor.simulator.answer import Answer, Call, Row, compact, json_answer
from monitor.simulator.listing import Found, Listing, Sheet, sheet, whole
from monitor.simulator.people import Person
from monitor.simulator.sky_sessions import Sessions
from monitor.simulator.sky_views import Parts, feed_item, thread, view_row
from monitor.simulator.thread_author import did
from monitor.simulator.word_index import words_of
from monitor.simulator.world import World
from monitor.simulator.world_post import WorldPost
from monitor.simulator.writing import plain, tags_of

PAGE, LARGEST_PAGE = 50, 100
SEARCH_PAGE = 25
EMPTY = "-empty"  # ends a cursor that an empty page gave, so that it is another one
_CHALLENGE = b"<!doctype html><html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1></body></html>"


class Bluesky:
    """Answers calls from the posts of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listing = Listing(world, "bluesky")
        self._sessions = Sessions()
        self._routes: dict[str, Callable[[Call], Answer]] = {
            "com.atproto.server.createSession": self._sessions.create,
            "com.atproto.server.refreshSession": self._sessions.renew,
            "com.atproto.identity.resolveHandle": self._resolve,
            "app.bsky.feed.getAuthorFeed": self._author_feed,
            "app.bsky.feed.getPostThread": self._thread,
            "app.bsky.feed.searchPosts": self._search,
        }

    def answer(self, call: Call) -> Answer:
        name = call.path.removeprefix("/xrpc/")
        if name not in self._routes:
            return _error("MethodNotImplemented", "Method Not Implemented", status=501)
        signing_in = name.startswith("com.atproto.server.")
        refusal = None if signing_in else self._sessions.refusal(call)
        return refusal or self._routes[name](call)

    def _person(self, who: str) -> Person | None:
        people = (post.author for post in self._world.posts("bluesky"))
        return next((person for person in people if who.lower() in {did(person), person.username}), None)

    def _resolve(self, call: Call) -> Answer:
        self._world.reach(call.now)
        person = self._person(call.get("handle") or "")
        return json_answer({"did": did(person)}) if person else _error("InvalidRequest", "Unable to resolve handle")

    def _author_feed(self, call: Call) -> Answer:
        self._world.reach(call.now)
        person = self._person(call.get("actor") or "")
        if person is None:
            return _error("InvalidRequest", "Profile not found")

        def wanted(post: WorldPost) -> bool:
            return post.author == person and (post.repost_of is None or post.repost_of.exists(call.now))

        found = self._listing.there(call, wanted)
        cursor = call.get("cursor")
        first = 0 if cursor is None else _place(found, int(cursor.removesuffix(EMPTY), 36))
        page = sheet(call, found, first=first, size=_size(call, PAGE))
        items = [feed_item(self._world, post, call) for post in page.posts if not post.hidden]
        if cursor is None and call.truthy("includePins"):
            own = [post for post in found.posts if post.kind == "post" and not post.hidden]
            items = [feed_item(self._world, post, call, pinned=True) for post in own[-1:]] + items
        following = None if page.following is None else _cursor(found, page.following)
        return _listed(call, b"feed", items, page, cursor=following)

    def _search(self, call: Call) -> Answer:
        if "authorization" not in call.headers:
            return Answer(403, (_CHALLENGE,), content_type="text/html")
        if call.get("sort") not in {"latest", None}:
            return _error("InvalidRequest", "The simulator sorts by latest alone")
        words, tags = _asked(call.get("q") or "")
        until, since = _moment(call.get("until")), _moment(call.get("since"))

        def wanted(post: WorldPost) -> bool:
            if post.kind == "repost" or (until and post.created_at >= until) or (since and post.created_at < since):
                return False
            return words <= set(words_of(plain(post.text))) and tags <= set(tags_of(post.text))

        found, cursor = self._listing.there(call, wanted), call.get("cursor")
        page = sheet(call, found, first=whole((cursor or "").removesuffix(EMPTY), 0), size=_size(call, SEARCH_PAGE))
        items: list[Parts] = [(view_row(self._world, post, call),) for post in page.posts if not post.hidden]
        following = None if page.following is None else str(page.following)
        return _listed(call, b"posts", items, page, cursor=following)

    def _thread(self, call: Call) -> Answer:
        wanted = call.get("uri")
        post = next(iter(self._listing.there(call, lambda post: post.uri == wanted and post.kind != "repost").posts), None)
        if post is None:
            return _error("NotFound", f"Post not found: {wanted}")
        return Answer(200, (b'{"thread":', *thread(self._world, post, call), b"}"))


def _error(name: str, message: str, *, status: int = 400) -> Answer:
    return json_answer({"error": name, "message": message}, status=status)


def _listed(call: Call, name: bytes, items: list[Parts], page: Sheet, *, cursor: str | None) -> Answer:
    """The reply for a page. With the quirk `empty-page` it is empty, and its cursor leads to what it would have shown."""
    asked = call.get("cursor")
    if page.refused is not None:
        return page.noted(_error("InvalidRequest", "Malformed cursor", status=page.refused))
    if "empty-page" in call.quirks and asked is not None and not asked.endswith(EMPTY):
        told = {name.decode(): [], "cursor": asked + EMPTY}
        return Answer(200, (compact(told),), happened=frozenset({"empty-page"}))
    parts: list[bytes | Row] = [b'{"', name, b'":[']
    for number, item in enumerate(items):
        parts += [b",", *item] if number else item
    parts.append(b"]" if cursor is None else b'],"cursor":' + compact(cursor))
    return page.noted(Answer(200, (*parts, b"}")))


def _size(call: Call, usual: int) -> int:
    return max(1, min(whole(call.get("limit"), usual), LARGEST_PAGE))


def _cursor(found: Found, place: int) -> str:
    """A cursor tells the last post above the page; beyond the end, a moment before everything."""
    above = found.posts[place - 1].mark if 0 < place <= len(found.posts) else found.posts[0].mark + 1 if not place else 0
    return _base36(above)


def _place(found: Found, mark: int) -> int:
    """The place of the first post below a mark."""
    return bisect_left(found.posts, -mark + 1, key=lambda post: -post.mark)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


def _asked(query: str) -> tuple[set[str], set[str]]:
    """Words and tags of a query, all of which have to be there."""
    tags = {tag.lower() for tag in re.findall(r"#(\w+)", query)}
    return set(words_of(re.sub(r"#\w+", " ", query))), tags


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
