"""The simulated Mastodon: one instance, chatter.example, with what it knows of four others.

Behaves as version 4.5 does for public reads: paths, limits, paging by max_id, since_id and min_id, Link headers, errors.
The public and tag timelines have no boosts and the public one no replies; an account's timeline has both.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from monitor.simulator import instance
from monitor.simulator.answer import Answer, Call, Row, json_answer, listed
from monitor.simulator.endless import TAG, Endless
from monitor.simulator.listing import EXPIRED, late
from monitor.simulator.paging import Links, link_header, links, window_of
from monitor.simulator.people import LOCAL_HOST, Person
from monitor.simulator.status_search import search
from monitor.simulator.statuses import Statuses, account, account_id, acct
from monitor.simulator.timeline import Timeline, Window
from monitor.simulator.world import World
from monitor.simulator.world_post import WorldPost
from monitor.simulator.writing import tags_of

TOKEN = "simulated-user-token"  # noqa: S105 - the one token that the simulated instance accepts; it opens nothing else
MOST_ANCESTORS, MOST_DESCENDANTS, MOST_DEPTH = 40, 60, 20  # what a context shows to anonymous readers


@dataclass(frozen=True, slots=True)
class Found:
    """A page on its way: what was asked, what was found, where it leads, and the quirks that happened so far."""

    window: Window
    posts: list[WorldPost]
    ways: Links
    happened: set[str]


class Mastodon:
    """Answers calls from the posts of `world`."""

    def __init__(self, world: World, *, endless: Endless | None = None) -> None:
        self._world = world
        self._endless = endless
        self._statuses = Statuses(world)
        self._read = 0
        self._public, self._everything = Timeline(), Timeline()
        self._tags: dict[str, Timeline] = defaultdict(Timeline)
        self._accounts: dict[str, Timeline] = defaultdict(Timeline)
        self._people: dict[str, Person] = {}
        self._by_id: dict[str, WorldPost] = {}
        self._routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
            (re.compile(pattern), answer)
            for pattern, answer in (
                (r"/api/v1/timelines/tag/([^/]+)", self._tag_timeline),
                (r"/api/v1/timelines/public", self._public_timeline),
                (r"/api/v1/accounts/lookup", self._lookup),
                (r"/api/v1/accounts/([^/]+)/statuses", self._account_timeline),
                (r"/api/v1/accounts/([^/]+)", self._account),
                (r"/api/v1/statuses/([^/]+)/context", self._context),
                (r"/api/v1/statuses/([^/]+)", self._status),
                (r"/api/v2/search", self._search),
                (r"/api/v2/instance", lambda _: json_answer(instance.entity(people=len(self._people)))),
                (r"/\.well-known/nodeinfo", lambda call: json_answer(instance.nodeinfo_links(call.base))),
                (
                    r"/nodeinfo/2\.0",
                    lambda _: json_answer(instance.nodeinfo(people=len(self._people), posts=len(self._by_id))),
                ),
            )
        ]

    def answer(self, call: Call) -> Answer:
        self._catch_up(call)
        authorization = call.headers.get("authorization")
        if authorization is not None and authorization != f"Bearer {TOKEN}":
            return json_answer({"error": "The access token is invalid"}, status=401)
        for pattern, answer in self._routes:
            if found := pattern.fullmatch(call.path):
                return answer(call, *found.groups())
        return json_answer({"error": "Not Found"}, status=404)

    def _catch_up(self, call: Call) -> None:
        """Put the posts that were made since the last call into their timelines."""
        self._world.reach(call.now)
        posts = self._world.posts("mastodon")
        for post in posts[self._read :]:
            self._by_id[str(post.mark)] = post
            self._everything.append(post)
            self._accounts[account_id(post.author)].append(post)
            self._people.setdefault(account_id(post.author), post.author)
            if post.kind == "repost":
                continue
            if post.kind != "reply":
                self._public.append(post)
            for tag in tags_of(post.edited_text or post.text):
                self._tags[tag].append(post)
        self._read = len(posts)
        for post in self._endless.reach(call.now) if self._endless else ():
            self._by_id[str(post.mark)] = post
            self._tags[TAG].append(post)

    def _search(self, call: Call) -> Answer:
        return search(call, statuses=self._statuses, everything=self._everything, people=self._people.values(), tags=self._tags)

    def _tag_timeline(self, call: Call, tag: str) -> Answer:
        none, every = {name.lower() for name in call.all("none")}, {name.lower() for name in call.all("all")}
        names = list(dict.fromkeys(name.lower() for name in (tag, *call.all("any"))))
        timeline = self._tags.get(names[0], Timeline()) if len(names) == 1 else self._joined(names)

        def wanted(post: WorldPost) -> bool:
            tags = set(tags_of(post.edited_text or post.text))
            return every <= tags and not none & tags

        return self._page(call, timeline, wanted=wanted if none or every else None)

    def _joined(self, tags: list[str]) -> Timeline:
        joined = Timeline()
        found = {post.mark: post for tag in tags for post in self._tags.get(tag, Timeline()).posts}
        for mark in sorted(found):
            joined.append(found[mark])
        return joined

    def _public_timeline(self, call: Call) -> Answer:
        return self._page(call, self._public)

    def _account_timeline(self, call: Call, account_number: str) -> Answer:
        if account_number not in self._people:
            return json_answer({"error": "Record not found"}, status=404)
        if call.truthy("pinned"):
            rows = [self._statuses.row(post, call.now) for post in self._pinned(account_number, call)]
            return Answer(200, listed(rows))
        no_replies, no_boosts = call.truthy("exclude_replies"), call.truthy("exclude_reblogs")
        tagged = (call.get("tagged") or "").lower()

        def wanted(post: WorldPost) -> bool:
            left_out = (no_replies and post.kind == "reply") or (no_boosts and post.kind == "repost")
            return not left_out and (not tagged or tagged in tags_of(post.edited_text or post.text))

        return self._page(call, self._accounts[account_number], wanted=wanted, of_account=True)

    def _pinned(self, account_number: str, call: Call) -> list[WorldPost]:
        """The oldest post of every third account is pinned."""
        posts = [post for post in self._accounts[account_number].posts if post.kind == "post" and post.exists(call.now)]
        return posts[:1] if self._people[account_number].number % 3 == 0 else []

    def _page(
        self,
        call: Call,
        timeline: Timeline,
        *,
        wanted: Callable[[WorldPost], bool] | None = None,
        of_account: bool = False,
    ) -> Answer:
        happened: set[str] = set()
        window = window_of(call)
        for name, status in EXPIRED.items():
            if name in call.quirks and window.max_id is not None:
                refusal = json_answer({"error": "Record not found"}, status=status)
                return replace(refusal, happened=frozenset({name}))
        there = self._there(call, wanted, happened)
        posts = timeline.page(window, there=there)
        found = Found(window, posts, links(posts, next_page=not of_account or len(posts) == window.limit), happened)
        found = self._misled(call, timeline, found)
        rows = [self._statuses.row(post, call.now) for post in found.posts if of_account or not post.hidden]
        if "out-of-order" in call.quirks and len(rows) > 1:
            random.Random(f"{window}").shuffle(rows)
            happened.add("out-of-order")
        headers = {"Link": link_header(call, found.ways)} if found.ways else {}
        return Answer(200, listed(rows), headers, happened=frozenset(happened))

    def _there(self, call: Call, wanted: Callable[[WorldPost], bool] | None, happened: set[str]) -> Callable[[WorldPost], bool]:
        """What a post has to be to appear in this reply. Both `local` and `remote` mean neither, as in Mastodon."""
        local, remote = call.truthy("local"), call.truthy("remote")
        kept_back = partial(_late, call=call, bound_s=self._world.plan.late_s, happened=happened)
        needs: list[Callable[[WorldPost], bool]] = []
        if local != remote:
            needs.append(lambda post: post.local == local)
        if call.truthy("only_media"):
            needs.append(lambda post: bool(post.media))
        if wanted is not None:
            needs.append(wanted)
        return lambda post: post.exists(call.now) and all(needed(post) for needed in needs) and not kept_back(post)

    def _misled(self, call: Call, timeline: Timeline, found: Found) -> Found:
        """The quirks of further pages: a way on that leads back to the first, or one that never ends."""
        below = found.window.max_id
        if below is None or not timeline.marks:
            return found
        if "paging-loop" in call.quirks and found.posts and below <= timeline.marks[-1]:
            found.happened.add("paging-loop")
            found = replace(found, ways={**found.ways, "next": {"max_id": timeline.marks[-1] + 1}})
        if "endless-cursor" in call.quirks and len(found.posts) < found.window.limit:
            found.happened.add("endless-cursor")
            oldest = Window(limit=found.window.limit, min_id=0)
            posts = timeline.page(oldest, there=lambda post: post.exists(call.now))
            found = replace(found, posts=posts, ways={**found.ways, "next": {"max_id": below - 1}})
        return found

    def _lookup(self, call: Call) -> Answer:
        wanted = (call.get("acct") or "").removeprefix("@").removesuffix(f"@{LOCAL_HOST}").lower()
        found = next((person for person in self._people.values() if acct(person) == wanted), None)
        return json_answer(account(found)) if found else json_answer({"error": "Record not found"}, status=404)

    def _account(self, _call: Call, account_number: str) -> Answer:
        found = self._people.get(account_number)
        return json_answer(account(found)) if found else json_answer({"error": "Record not found"}, status=404)

    def _existing(self, call: Call, status_id: str) -> WorldPost | None:
        post = self._by_id.get(status_id)
        return post if post is not None and post.exists(call.now) else None

    def _status(self, call: Call, status_id: str) -> Answer:
        post = self._existing(call, status_id)
        if post is None:
            return json_answer({"error": "Record not found"}, status=404)
        return Answer(200, (self._statuses.row(post, call.now),))

    def _context(self, call: Call, status_id: str) -> Answer:
        post = self._existing(call, status_id)
        if post is None:
            return json_answer({"error": "Record not found"}, status=404)
        ancestors: list[WorldPost] = []
        above = post.reply_to
        while above is not None and len(ancestors) < MOST_ANCESTORS:
            if above.exists(call.now):
                ancestors.insert(0, above)
            above = above.reply_to
        below = self._descendants(post, call, depth=MOST_DEPTH)[:MOST_DESCENDANTS]
        parts = (b'{"ancestors":', *self._rows(ancestors, call), b',"descendants":', *self._rows(below, call), b"}")
        return Answer(200, parts)

    def _rows(self, posts: list[WorldPost], call: Call) -> tuple[bytes | Row, ...]:
        return listed([self._statuses.row(post, call.now) for post in posts])

    def _descendants(self, post: WorldPost, call: Call, *, depth: int) -> list[WorldPost]:
        if not depth:
            return []
        found: list[WorldPost] = []
        for reply in self._world.replies(post):
            if reply.exists(call.now):
                found += [reply, *self._descendants(reply, call, depth=depth - 1)]
        return found


def _late(post: WorldPost, *, call: Call, bound_s: int, happened: set[str]) -> bool:
    kept_back = late(post, call, bound_s=bound_s)
    if kept_back:
        happened.add("late")
    return kept_back
