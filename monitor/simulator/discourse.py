"""The simulated Discourse: one forum, forum.example. Refusals say in a header and in the body how long to wait.

`/posts.json` counts ids down; search, categories, tags and accounts name posts by page, which are then read in their topics. An
old topic is pinned in every list of topics.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from monitor.simulator.answer import Answer, Call, Row, compact, json_answer, listed
from monitor.simulator.listing import Found, Listing, Sheet, sheet, whole
from monitor.simulator.statuses import moment
from monitor.simulator.word_index import words_of
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import feed_html, plain

PAGE, TOPICS, ACTIONS = 50, 30, 30
NEIGHBOURS = 20  # posts of one stretch of a topic
NEW_TOPIC, REPLY = 4, 5  # actions of an account
LIKE = 2
_NOT_FOUND = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}


class Discourse:
    """Answers calls from the topics of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listing = Listing(world, "discourse")
        self._routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
            (re.compile(pattern), answer)
            for pattern, answer in (
                (r"/posts\.json", self._posts),
                (r"/search\.json", self._search),
                (r"/user_actions\.json", self._actions),
                (r"/c/([^/]+)/l/latest\.json", self._category),
                (r"/tag/([^/]+)/l/latest\.json", self._tag),
                (r"/t/(\d+)/(\d+)\.json", self._topic),
            )
        ]

    def answer(self, call: Call) -> Answer:
        self._world.reach(call.now)
        for pattern, answer in self._routes:
            if found := pattern.fullmatch(call.path):
                return answer(call, *found.groups())
        return json_answer(_NOT_FOUND, status=404)

    def _posts(self, call: Call) -> Answer:
        before = call.get("before")
        everything = self._listing.there(call)
        below = len(everything.posts) if before is None else sum(post.mark < int(before) for post in everything.posts)
        page = sheet(call, everything, first=len(everything.posts) - below, size=PAGE)
        if page.refused is not None:
            return page.noted(json_answer(_NOT_FOUND, status=page.refused))
        return page.noted(Answer(200, (b'{"latest_posts":', *listed([self._row(post, call) for post in page.posts]), b"}")))

    def _search(self, call: Call) -> Answer:
        words = set(words_of((call.get("q") or "").replace("order:latest", "")))
        found = self._listing.there(call, lambda post: words <= set(words_of(plain(post.text_at(call.now)))))
        number = max(1, whole(call.get("page"), 1))
        page = sheet(call, found, first=(number - 1) * PAGE, size=PAGE)
        named = [{**_named(post), "id": post.mark, "blurb": plain(post.text)[:40]} for post in page.posts]
        told = {"more_full_page_results": page.following is not None or None}
        return _names(page, {"posts": named, "topics": [], "grouped_search_result": told})

    def _actions(self, call: Call) -> Answer:
        name = (call.get("username") or "").lower()
        if all(post.author.username != name for post in self._world.posts("discourse")):
            return json_answer(_NOT_FOUND, status=404)
        found = self._listing.there(call, lambda post: post.author.username == name)
        page = sheet(call, found, first=whole(call.get("offset"), 0), size=ACTIONS)
        rows = [{**_named(post), "action_type": REPLY if post.reply_to else NEW_TOPIC} for post in page.posts]
        return _names(page, {"user_actions": rows})

    def _category(self, call: Call, name: str) -> Answer:
        if all(post.community != name for post in self._world.posts("discourse")):
            return json_answer(_NOT_FOUND, status=404)
        return self._topics(call, lambda post: post.community == name)

    def _tag(self, call: Call, name: str) -> Answer:
        return self._topics(call, lambda post: name in post.tags)

    def _topics(self, call: Call, wanted: Callable[[WorldPost], bool]) -> Answer:
        found = self._listing.there(call, lambda post: post.reply_to is None and wanted(post))
        pinned = found.posts[-1:]
        found = Found(pinned + found.posts[:-1], found.happened)
        page = sheet(call, found, first=whole(call.get("page"), 0) * TOPICS, size=TOPICS)
        topics = [
            {"id": post.mark, "title": post.title, "created_at": moment(post.created_at), "pinned": post in pinned}
            for post in page.posts
        ]
        return _names(page, {"topic_list": {"topics": topics, "per_page": TOPICS}})

    def _topic(self, call: Call, topic: str, number: str) -> Answer:
        """A stretch of a topic around one post. The log counts that post alone as shown: who asks for it wants no other."""
        stretch = self._listing.there(call, lambda post: post.root.mark == int(topic)).posts[::-1]
        place = next((place for place, post in enumerate(stretch) if post.place == int(number)), None)
        if place is None:
            return json_answer(_NOT_FOUND, status=404)
        begin = max(0, place - NEIGHBOURS // 2)
        rows = [self._row(post, call) for post in stretch[begin : begin + NEIGHBOURS]]
        rows = [row if row.shown and row.shown.post.place == int(number) else Row(row.body, None) for row in rows]
        told = {"id": int(topic), "title": stretch[0].root.title, "posts_count": len(stretch)}
        return Answer(200, (b'{"post_stream":{"posts":', *listed(rows), b"},", compact(told)[1:]))

    def _row(self, post: WorldPost, call: Call) -> Row:
        counts = {
            "likes": post.grown(post.peak.likes, call.now),
            "replies": self._world.reply_count(post, call.now),
            "views": 1 + post.grown(post.peak.score, call.now),
        }
        edited = post.edited_at if post.edited(call.now) else None
        row = {
            "id": post.mark,
            "name": post.author.name,
            "username": post.author.username,
            "user_id": post.author.number + 1,
            "created_at": moment(post.created_at),
            "updated_at": moment(edited or post.created_at),
            "version": 2 if edited else 1,
            "cooked": feed_html(post.text_at(call.now)),
            "post_number": post.place,
            "post_type": 1,
            "reply_to_post_number": _answered(post, call.now),
            "topic_id": post.root.mark,
            "topic_slug": (post.url or "").split("/")[4],
            "topic_title": post.root.title,
            "reply_count": counts["replies"],
            "reads": counts["views"],
            "actions_summary": [{"id": LIKE, "count": counts["likes"]}],
            "hidden": False,
            "user_deleted": False,
        }
        return Row(compact(row), Shown(post, counts, call.now))


def _answered(post: WorldPost, now: datetime) -> int | None:
    above = post.reply_to
    return above.place if above is not None and above.reply_to is not None and above.exists(now) else None


def _named(post: WorldPost) -> dict[str, Any]:
    return {"topic_id": post.root.mark, "post_number": post.place, "created_at": moment(post.created_at)}


def _names(page: Sheet, told: dict[str, Any]) -> Answer:
    """A list that names posts and shows none."""
    return page.noted(json_answer(told) if page.refused is None else json_answer(_NOT_FOUND, status=page.refused))
