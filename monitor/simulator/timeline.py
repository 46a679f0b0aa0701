"""A Mastodon timeline: posts by id, and the exact meaning of max_id, since_id and min_id."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from monitor.simulator.world_post import WorldPost


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which page is asked for. `min_id` wins over `since_id`, as it does in Mastodon."""

    limit: int
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None


@dataclass(slots=True)
class Timeline:
    """Posts in ascending order of id; grows at its end only."""

    marks: list[int] = field(default_factory=list)
    posts: list[WorldPost] = field(default_factory=list)

    def append(self, post: WorldPost) -> None:
        self.marks.append(post.mark)
        self.posts.append(post)

    def page(self, window: Window, *, there: Callable[[WorldPost], bool]) -> list[WorldPost]:
        """At most `limit` posts for which `there` holds, newest first.

        Without min_id: the newest below max_id and above since_id. With it: those immediately above min_id (and below max_id).
        """
        below = len(self.marks) if window.max_id is None else bisect_left(self.marks, window.max_id)
        if window.min_id is not None:
            upward = range(bisect_right(self.marks, window.min_id), below)
            return self._take(iter(upward), window.limit, there)[::-1]
        above = 0 if window.since_id is None else bisect_right(self.marks, window.since_id)
        return self._take(iter(range(below - 1, above - 1, -1)), window.limit, there)

    def _take(self, places: Iterator[int], limit: int, there: Callable[[WorldPost], bool]) -> list[WorldPost]:
        taken: list[WorldPost] = []
        for place in places:
            if len(taken) >= limit:
                break
            if there(self.posts[place]):
                taken.append(self.posts[place])
        return taken
