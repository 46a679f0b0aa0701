"""The simulated Stack Exchange: one site, stackoverflow, by API 2.3. Replies are packed always, and tell the quota in their body.

A reply may ask by `backoff` that its method is left alone; who calls it all the same is throttled. Errors have numbers of their
own, and mostly the status 400. A key is taken as a bearer token alone.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from math import ceil
from typing import Any

from monitor.simulator.answer import Answer, Call, Row, compact, json_answer, listed
from monitor.simulator.limits import throttled
from monitor.simulator.listing import Found, Listing, sheet, whole
from monitor.simulator.people import Person
from monitor.simulator.thread_author import SITE, SITE_HOST, person_number, person_page
from monitor.simulator.word_index import words_of
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import feed_html, plain

KEY = "simulated-app-key"  # raises the quota, and opens nothing
PAGE, LARGEST_PAGE = 30, 100
BACKOFF_S = 2
BAN_S = 10  # after a call that did not heed a backoff
_BASE = "/2.3"
_ACCOUNT = re.compile(r"/users/(\d+)/posts")
_NAMES = {400: "bad_parameter", 403: "access_denied", 404: "no_method"}


class StackExchange:
    """Answers calls under /2.3 from the questions and answers of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listing = Listing(world, "stackexchange")
        self._silent_until: dict[str, datetime] = {}

    def answer(self, call: Call) -> Answer:
        self._world.reach(call.now)
        if call.headers.get("authorization", f"Bearer {KEY}") != f"Bearer {KEY}" or call.get("key"):
            return _error(403, "`key` is not valid, or not passed as a bearer token", status=403)
        method = _ACCOUNT.sub("/users/{ids}/posts", call.path.removeprefix(_BASE))
        if (until := self._silent_until.get(method, call.now)) > call.now:
            self._silent_until[method] = until + timedelta(seconds=BAN_S)
            wait_s = ceil((self._silent_until[method] - call.now).total_seconds())
            return replace(throttled(wait_s), over_limit=True)
        if call.get("site") not in {SITE, SITE_HOST}:
            return _error(400, f"No site found for name `{call.get('site')}`")
        if account := _ACCOUNT.fullmatch(call.path.removeprefix(_BASE)):
            return self._list(call, method, lambda post: person_number(post.author) == int(account[1]), self._post)
        if method not in {"/questions", "/search/advanced"}:
            return _error(404, "no method found with this name", status=404)
        tags = {tag for tag in (call.get("tagged") or "").split(";") if tag}
        words = set(words_of(call.get("q") or ""))

        def wanted(post: WorldPost) -> bool:
            said = set(words_of(f"{post.title or ''} {plain(post.text_at(call.now))}"))
            return post.form == "question" and tags <= set(post.tags) and words <= said

        return self._list(call, method, wanted, self._question)

    def _list(
        self, call: Call, method: str, wanted: Callable[[WorldPost], bool], row: Callable[[WorldPost, Call], Row]
    ) -> Answer:
        begin, end = whole(call.get("fromdate"), 0), whole(call.get("todate"), 2**62)
        found = self._listing.there(call, lambda post: wanted(post) and begin <= int(post.created_at.timestamp()) <= end)
        if call.get("order") == "asc":
            found = Found(found.posts[::-1], found.happened)
        size = max(1, min(whole(call.get("pagesize"), PAGE), LARGEST_PAGE))
        page = sheet(call, found, first=(max(1, whole(call.get("page"), 1)) - 1) * size, size=size)
        if page.refused is not None:
            return page.noted(_error(400, "page", status=page.refused))
        told: dict[str, Any] = {"has_more": page.following is not None}
        if call.standing is not None:
            told |= {"quota_max": call.standing.requests, "quota_remaining": call.standing.left}
        happened: frozenset[str] = frozenset()
        if "backoff" in call.quirks:
            told |= {"backoff": BACKOFF_S}
            self._silent_until[method] = call.now + timedelta(seconds=BACKOFF_S)
            happened = frozenset({"backoff"})
        rows = [row(post, call) for post in page.posts]
        answer = Answer(200, (b'{"items":', *listed(rows), b",", compact(told)[1:]), happened=happened)
        return page.noted(answer)

    def _question(self, post: WorldPost, call: Call) -> Row:
        counts = {
            "score": post.grown(post.peak.score, call.now),
            "replies": self._world.reply_count(post, call.now),
            "views": 1 + post.grown(post.peak.likes, call.now),
        }
        row = {
            "question_id": post.mark,
            **_said(post, call),
            "tags": list(post.tags),
            "view_count": counts["views"],
            "answer_count": counts["replies"],
            "is_answered": counts["replies"] > 0,
            "score": counts["score"],
        }
        return Row(compact(row), Shown(post, counts, call.now))

    def _post(self, post: WorldPost, call: Call) -> Row:
        score = post.grown(post.peak.score, call.now)
        row = {"post_id": post.mark, "post_type": post.form, **_said(post, call), "score": score}
        return Row(compact(row), Shown(post, {"score": score}, call.now))


def _error(number: int, message: str, *, status: int = 400) -> Answer:
    return json_answer({"error_id": number, "error_message": message, "error_name": _NAMES[number]}, status=status)


def _said(post: WorldPost, call: Call) -> dict[str, Any]:
    created, edited = int(post.created_at.timestamp()), post.edited_at if post.edited(call.now) else None
    told: dict[str, Any] = {
        "owner": _owner(post.author),
        "creation_date": created,
        "last_activity_date": int(edited.timestamp()) if edited else created,
        "content_license": "CC BY-SA 4.0",
        "link": post.url,
        "title": escape(post.title or "", quote=True),
    }
    if edited:
        told["last_edit_date"] = int(edited.timestamp())
    if call.get("filter") == "withbody":
        told["body"] = feed_html(post.text_at(call.now)) + "\n"
    return told


def _owner(person: Person) -> dict[str, Any]:
    return {
        "user_id": person_number(person),
        "display_name": person.username,
        "user_type": "registered",
        "reputation": 1 + person.followers,
        "link": person_page(person),
    }
