"""Pages of posts, for the platforms that page by number or cursor: what is there, a stretch of it, and the quirks of paging."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from zlib import crc32

from monitor.simulator.answer import Answer, Call
from monitor.simulator.world import World
from monitor.simulator.world_post import Platform, WorldPost

EXPIRED = {"expired-cursor-400": 400, "expired-cursor-404": 404}


@dataclass(frozen=True, slots=True)
class Found:
    """Posts in the order of their platform, and the quirks that changed them."""

    posts: list[WorldPost]
    happened: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page. `following`: the place in the order at which the next one begins, None where there is none; `refused`: the
    status that a cursor gets which is said to be unknown."""

    posts: list[WorldPost]
    following: int | None
    happened: frozenset[str]
    refused: int | None = None

    def noted(self, answer: Answer) -> Answer:
        """The answer with the quirks that led to it."""
        return replace(answer, happened=answer.happened | self.happened)


class Listing:
    """The posts of one platform of `world`."""

    def __init__(self, world: World, platform: Platform) -> None:
        self._world = world
        self._platform = platform

    def there(self, call: Call, wanted: Callable[[WorldPost], bool] = lambda _: True) -> Found:
        """What is there at the moment of the call, newest first, without what the quirk `late` keeps back."""
        self._world.reach(call.now)
        posts = [post for post in reversed(self._world.posts(self._platform)) if post.exists(call.now) and wanted(post)]
        if "late" not in call.quirks:
            return Found(posts)
        arrived = [post for post in posts if not late(post, call, bound_s=self._world.plan.late_s)]
        return Found(arrived, frozenset({"late"}) if len(arrived) < len(posts) else frozenset())

    def by_mark(self, call: Call, mark: str) -> WorldPost | None:
        """The post of this number, where it is there."""
        return next(iter(self.there(call, lambda post: str(post.mark) == mark).posts), None)


def sheet(call: Call, found: Found, *, first: int, size: int) -> Sheet:
    """The `size` posts from place `first` on, with the quirks of paging that the call asks for."""
    happened = set(found.happened)
    for name, status in EXPIRED.items():
        if first and name in call.quirks:
            return Sheet(posts=[], following=None, happened=frozenset({name}), refused=status)
    posts = found.posts[first : first + size]
    following = first + size if first + size < len(found.posts) else None
    if "paging-loop" in call.quirks and first and posts:
        happened.add("paging-loop")
        following = 0
    elif "endless-cursor" in call.quirks and first and following is None:
        happened.add("endless-cursor")
        posts, following = found.posts[-size:], first + size
    if "out-of-order" in call.quirks and len(posts) > 1:
        happened.add("out-of-order")
        random.Random(f"{first}").shuffle(posts)
    return Sheet(posts=posts, following=following, happened=frozenset(happened))


def late(post: WorldPost, call: Call, *, bound_s: int) -> bool:
    """Whether the quirk `late` keeps this post back for now: the same posts each time, each until its own moment."""
    share = crc32(b"%d" % post.mark) / 2**32
    delay = timedelta(seconds=bound_s * (crc32(b"late%d" % post.mark) / 2**32))
    return share < call.quirks.get("late", 0) and call.now < post.arrives_at + delay


def whole(text: str | None, otherwise: int) -> int:
    """The number that a parameter holds; `otherwise` where it holds none."""
    return int(text) if text is not None and text.isdecimal() and len(text) < 19 else otherwise
