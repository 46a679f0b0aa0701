"""The simulated Hacker News items (hacker-news.firebaseio.com, v0): items one by one, lists of ids, users.

`null` with 200 stands for an id that is not published yet and for one that never will be.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from monitor.simulator.algolia import comment_count, hit_counts
from monitor.simulator.answer import Answer, Call, Row, compact, json_answer
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import hackernews_html

LONG_LIST, SHORT_LIST = 500, 200
SLOW_SHARE = 0.03  # of the items: maxitem counts them before they can be read
SLOWEST = timedelta(seconds=120)
_LISTS = {
    "newstories": (("story", "ask", "show", "job"), LONG_LIST),
    "topstories": (("story", "ask", "show", "job"), LONG_LIST),
    "beststories": (("story", "ask", "show"), SHORT_LIST),
    "askstories": (("ask",), SHORT_LIST),
    "showstories": (("show",), SHORT_LIST),
    "jobstories": (("job",), SHORT_LIST),
}


class Firebase:
    """Answers calls under /v0 from the Hacker News posts of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_id: dict[int, WorldPost] = {}

    def answer(self, call: Call) -> Answer:
        for post in self._world.posts("hackernews")[len(self._by_id) :]:
            self._by_id[post.mark] = post
        name = call.path.removeprefix("/v0/").removesuffix(".json")
        if not call.path.endswith(".json"):
            return json_answer({"error": "404 Not Found"}, status=404)
        if found := re.fullmatch(r"item/(\d{1,15})", name):
            return self._item(int(found[1]), call.now)
        if found := re.fullmatch(r"user/([\w-]+)", name):
            return json_answer(self._user(found[1], call.now))
        return self._overview(name, call.now)

    def _overview(self, name: str, now: datetime) -> Answer:
        if name == "maxitem":
            return json_answer(max((post.mark for post in self._born(now)), default=0))
        if name == "updates":
            newest = self._born(now)[-30:]
            changed = {"items": [post.mark for post in newest], "profiles": sorted({post.author.username for post in newest})}
            return json_answer(changed)
        if name in _LISTS:
            return json_answer(self._list(name, now))
        return json_answer({"error": "Permission denied"}, status=401)

    def _born(self, now: datetime) -> list[WorldPost]:
        return [post for post in self._by_id.values() if post.created_at <= now]

    def _list(self, name: str, now: datetime) -> list[int]:
        forms, longest = _LISTS[name]
        stories = [post for post in self._born(now) if post.form in forms and not _deleted(post, now) and not post.dead]
        if name in ("topstories", "beststories"):
            stories = sorted(stories[-4 * longest :], key=lambda post: post.grown(post.peak.score, now))
        return [post.mark for post in reversed(stories[-longest:])]

    def _item(self, number: int, now: datetime) -> Answer:
        post = self._by_id.get(number)
        if post is None or published_at(post) > now:
            return json_answer(None)
        item: dict[str, Any] = {"id": number, "time": int(post.created_at.timestamp()), "type": _type(post)}
        if post.reply_to is not None:
            item["parent"] = post.reply_to.mark
        if _deleted(post, now):
            return Answer(200, (Row(compact({**item, "deleted": True}), Shown(post, {}, now, gone=True)),))
        item |= {"by": post.author.username, **({"dead": True} if post.dead else {})}
        counts = hit_counts(self._world, post, now)
        if post.reply_to is None:
            item |= {"title": post.title, "score": counts["score"]}
            item |= {"url": post.link} if post.link else {}
            item |= {"descendants": comment_count(self._world, post, now)} if post.form != "job" else {}
        if post.form == "job":
            counts.pop("replies")
        item |= {"text": hackernews_html(post.text)} if post.text else {}
        kids = [reply.mark for reply in self._world.replies(post) if published_at(reply) <= now]
        item |= {"kids": kids} if kids else {}
        body = compact(dict(sorted(item.items())))
        return Answer(200, (Row(body, Shown(post, counts, now, gone=post.dead)),))

    def _user(self, name: str, now: datetime) -> dict[str, Any] | None:
        theirs = [post for post in self._born(now) if post.author.username == name]
        if not theirs:
            return None
        joined = self._world.start - timedelta(days=theirs[0].author.joined_day)
        return {
            "created": int(joined.timestamp()),
            "id": name,
            "karma": 1 + sum(post.grown(post.peak.score, now) for post in theirs),
            "submitted": [post.mark for post in reversed(theirs)],
        }


def published_at(post: WorldPost) -> datetime:
    """When the item itself can be read; for some that is a while after its id counts."""
    share = crc32(b"%d" % post.mark) / 2**32
    return post.created_at + SLOWEST * (share / SLOW_SHARE) if share < SLOW_SHARE else post.created_at


def _deleted(post: WorldPost, now: datetime) -> bool:
    return post.deleted_at is not None and post.deleted_at <= now


def _type(post: WorldPost) -> str:
    return "comment" if post.reply_to else "job" if post.form == "job" else "story"
