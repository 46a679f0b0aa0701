"""What happened on the simulated Bluesky, in the order in which its stream tells it: posts, deletions, accounts, identities."""

import heapq
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Literal

from monitor.simulator.endless import Endless
from monitor.simulator.people import Person
from monitor.simulator.thread_author import did, key
from monitor.simulator.world import World
from monitor.simulator.world_post import WorldPost

# So many frames that are no posts come with the posts.
EACH_IDENTITY, EACH_ACCOUNT = 7, 11
# Of the endless posts each fiftieth is deleted, as soon as it was read.
EACH_DELETED, DELETED_AFTER = 50, timedelta(milliseconds=400)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`seq` counts from 1; `time_us` is when the server met it. `post` None: it tells of `person` alone."""

    seq: int
    time_us: int
    tells: Literal["create", "delete", "identity", "account"]
    person: Person
    post: WorldPost | None = None


@dataclass(slots=True)
class Journal:
    """Grows as time goes on; what was written stays."""

    world: World
    endless: Endless | None = None
    events: list[Event] = field(default_factory=list)
    _posts: int = 0
    _deletions: list[tuple[datetime, int, WorldPost]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def reach(self, now: datetime) -> None:
        """Write down all that happened until `now`."""
        self.world.reach(now)
        new = [(post.created_at, post) for post in self._new_posts(now)]
        for _, post in new:
            if post.deleted_at is not None:
                heapq.heappush(self._deletions, (post.deleted_at, next(self._numbers), post))
        gone = []
        while self._deletions and self._deletions[0][0] <= now:
            at, _, post = heapq.heappop(self._deletions)
            gone.append((at, post))
        told = [(at, 0, "create", post) for at, post in new] + [(at, 1, "delete", post) for at, post in gone]
        for at, _, tells, post in sorted(told, key=lambda each: each[:2]):
            self._write(at, "create" if tells == "create" else "delete", post.author, post)
            if tells == "create" and post.number % EACH_IDENTITY == 0:
                self._write(at, "identity", post.author, None)
            if tells == "create" and post.number % EACH_ACCOUNT == 0:
                self._write(at, "account", post.author, None)

    def _write(
        self, at: datetime, tells: Literal["create", "delete", "identity", "account"], person: Person, post: WorldPost | None
    ) -> None:
        time_us = (at - _EPOCH) // timedelta(microseconds=1)
        if self.events and self.events[-1].time_us >= time_us:
            time_us = self.events[-1].time_us + 1
        self.events.append(Event(seq=len(self.events) + 1, time_us=time_us, tells=tells, person=person, post=post))

    def _new_posts(self, now: datetime) -> Iterator[WorldPost]:
        posts = self.world.posts("bluesky")
        while self._posts < len(posts) and posts[self._posts].created_at <= now:
            self._posts += 1
            if posts[self._posts - 1].kind != "repost":  # those are records of another collection
                yield posts[self._posts - 1]
        if self.endless is not None:
            yield from (_of_the_sky(post) for post in self.endless.reach(now))

    def at(self, time_us: int) -> int:
        """The index of the first event at or after a moment."""
        return bisect_left(self.events, time_us, key=lambda event: event.time_us)


def _of_the_sky(post: WorldPost) -> WorldPost:
    """An endless post as one of Bluesky."""
    uri = f"at://{did(post.author)}/app.bsky.feed.post/{key(post.mark >> 16)}{post.number % 1000:03d}"
    gone = post.created_at + DELETED_AFTER if post.number % EACH_DELETED == EACH_DELETED - 1 else None
    return replace(post, platform="bluesky", native_id=uri, uri=uri, url=None, deleted_at=gone)
