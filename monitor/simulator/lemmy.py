"""The simulated Lemmy: one instance of version 0.19, plaza.example, with what it knows of another, by API 3.

No header tells a limit; the refusal beyond it says neither how long nor, always, 429. The featured post of a list stands first.
Lists of posts page by cursor; comments, search and accounts by number, and an unknown name is 404.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from monitor.simulator.answer import Answer, Call, Row, compact, json_answer, listed
from monitor.simulator.listing import Found, Listing, sheet, whole
from monitor.simulator.people import Person
from monitor.simulator.thread_author import LEMMY_HOST
from monitor.simulator.word_index import words_of
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import plain

VERSION = "0.19.8"
PAGE, LARGEST_PAGE = 10, 50
ENGLISH = 37  # of Lemmy's list of languages


class Lemmy:
    """Answers calls under /api/v3 from the posts of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listing = Listing(world, "lemmy")
        self._routes: dict[str, Callable[[Call], Answer]] = {
            "/api/v3/site": self._site,
            "/api/v3/post/list": self._posts,
            "/api/v3/comment/list": self._comments,
            "/api/v3/user": self._user,
            "/api/v3/search": self._search,
        }

    def answer(self, call: Call) -> Answer:
        self._world.reach(call.now)
        route = self._routes.get(call.path)
        return route(call) if route else json_answer({"error": "not_found"}, status=404)

    def _site(self, _call: Call) -> Answer:
        languages = [{"id": 0, "code": "und", "name": "Undetermined"}, {"id": ENGLISH, "code": "en", "name": "English"}]
        return json_answer({"version": VERSION, "all_languages": languages, "site_view": {"site": {"name": "Plaza"}}})

    def _community(self, call: Call) -> Callable[[WorldPost], bool] | None:
        """What belongs to the community that is asked for, or to any; None: there is none of that name."""
        name = call.get("community_name")
        if name is None:
            return lambda _: True
        full = name if "@" in name else f"{name}@{LEMMY_HOST}"
        known = any(post.community == full for post in self._world.posts("lemmy"))
        return (lambda post: post.community == full) if known else None

    def _posts(self, call: Call) -> Answer:
        community = self._community(call)
        if community is None:
            return json_answer({"error": "couldnt_find_community"}, status=404)
        found = self._listing.there(call, lambda post: post.kind == "post" and community(post))
        featured = found.posts[-1:]  # the oldest one stands first of all, under every sort
        found = Found(featured + found.posts[:-1], found.happened)
        cursor = call.get("page_cursor")
        first = int(cursor[1:], 16) if cursor else (_page(call) - 1) * _size(call)
        page = sheet(call, found, first=first, size=_size(call))
        if page.refused is not None:
            return page.noted(json_answer({"error": "couldnt_find_post"}, status=page.refused))
        rows = [self._row(post, call, featured=post in featured) for post in page.posts]
        following = b"" if page.following is None else b',"next_page":' + compact(f"P{page.following:x}")
        return page.noted(Answer(200, (b'{"posts":', *listed(rows), following, b"}")))

    def _comments(self, call: Call) -> Answer:
        community = self._community(call)
        if community is None:
            return json_answer({"error": "couldnt_find_community"}, status=404)
        found = self._listing.there(call, lambda post: post.kind == "reply" and community(post))
        return self._numbered(call, comments=found)

    def _user(self, call: Call) -> Answer:
        name, _, host = (call.get("username") or "").partition("@")
        wanted = f"{name}@{host or LEMMY_HOST}"
        person = next((post.author for post in self._world.posts("lemmy") if post.author.handle == wanted), None)
        if person is None:
            return json_answer({"error": "couldnt_find_person"}, status=404)
        own = self._listing.there(call, lambda post: post.author == person)
        return self._numbered(
            call, posts=_only(own, "post"), comments=_only(own, "reply"), also={"person_view": _actor(person)}
        )

    def _search(self, call: Call) -> Answer:
        words = set(words_of(call.get("q") or ""))

        def wanted(post: WorldPost) -> bool:
            return words <= set(words_of(f"{post.title or ''} {plain(post.text_at(call.now))}"))

        found = self._listing.there(call, wanted)
        also = {"type_": "All", "communities": [], "users": []}
        return self._numbered(call, posts=_only(found, "post"), comments=_only(found, "reply"), also=also)

    def _numbered(
        self, call: Call, *, posts: Found | None = None, comments: Found | None = None, also: dict[str, Any] | None = None
    ) -> Answer:
        """Posts and comments side by side, the same page of both."""
        parts: list[bytes | Row] = [compact(also or {})[:-1], b"," if also else b""]
        happened: frozenset[str] = frozenset()
        for name, found in (("posts", posts), ("comments", comments)):
            if found is None:
                continue
            page = sheet(call, found, first=(_page(call) - 1) * _size(call), size=_size(call))
            happened |= page.happened
            if page.refused is not None:
                return page.noted(json_answer({"error": "unknown"}, status=page.refused))
            parts += [b"," if parts[-1] == b"]" else b"", compact(name), b":"]
            parts += listed([self._row(post, call) for post in page.posts])
        return Answer(200, (*parts, b"}"), happened=happened)

    def _row(self, post: WorldPost, call: Call, *, featured: bool = False) -> Row:
        score, likes = 1 + post.grown(post.peak.score, call.now), 1 + post.grown(post.peak.likes, call.now)
        below = self._world.reply_count(post, call.now)
        told = {"score": score, "upvotes": likes, "downvotes": max(0, likes - score), "published": _moment(post.created_at)}
        around = {"creator": _actor(post.author), "post": _post(post.root, call.now, featured=featured)}
        around |= {"community": _community(post.community or "")}
        if post.kind == "reply":
            row = {"comment": _comment(post, call.now), **around, "counts": {**told, "child_count": below}}
        else:
            row = {**around, "counts": {**told, "comments": below}}
        return Row(compact(row), Shown(post, {"score": score, "likes": likes, "replies": below}, call.now))


def _only(found: Found, kind: str) -> Found:
    return Found([post for post in found.posts if post.kind == kind], found.happened)


def _page(call: Call) -> int:
    return max(1, whole(call.get("page"), 1))


def _size(call: Call) -> int:
    return max(1, min(whole(call.get("limit"), PAGE), LARGEST_PAGE))


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _said(post: WorldPost, now: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": post.mark, "ap_id": post.uri, "published": _moment(post.created_at), "local": post.author.host == LEMMY_HOST,
        "deleted": False, "removed": False, "language_id": ENGLISH,
    }  # fmt: skip
    return {**told, "updated": _moment(post.edited_at)} if post.edited_at and post.edited(now) else told


def _post(post: WorldPost, now: datetime, *, featured: bool) -> dict[str, Any]:
    return {
        **_said(post, now), "name": post.title, "body": plain(post.text_at(now)), "nsfw": False,
        "featured_community": featured, "featured_local": False,
    }  # fmt: skip


def _comment(post: WorldPost, now: datetime) -> dict[str, Any]:
    path = [str(post.mark)]
    above = post.reply_to
    while above is not None and above.kind == "reply":
        path.insert(0, str(above.mark))
        above = above.reply_to
    return {**_said(post, now), "content": plain(post.text_at(now)), "path": ".".join(("0", *path)), "post_id": post.root.mark}


def _actor(person: Person) -> dict[str, Any]:
    shown = {"display_name": person.name} if person.name else {}
    uri = f"https://{person.host}/u/{person.username}"
    return {"id": person.number + 1, "name": person.username, "actor_id": uri, "bot_account": person.bot, **shown}


def _community(handle: str) -> dict[str, Any]:
    name, _, host = handle.partition("@")
    return {"id": 1, "name": name, "title": name.capitalize(), "actor_id": f"https://{host}/c/{name}"}
