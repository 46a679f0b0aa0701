"""The commit of a page: its posts, its quarantine rows, then its bookmark; of several pages together where that is cheaper.

The invariant of the whole project lives here: a bookmark moves only after what it covers is durable, once, and only for the
owner of the lease. A process may die between any two steps; the page is then read again and the repeat changes nothing.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from monitor.bookmark import Bookmark, Interval
from monitor.errors import MonitorError, StoreUnavailableError
from monitor.post import Post
from monitor.store.connection import Store
from monitor.store.outage import FIRST_PAUSE_S, persist
from monitor.store.posts import Outcome, outcomes
from monitor.store.progress import Move
from monitor.store.quarantine import Refused, ReplyContext

# Measured: 2,800 posts/s with groups of this size and time against 282 with one write for each.
GROUP_POSTS = 500
GROUP_S = 0.05
# Two bulks in flight hide the round trip, four fill a server with two cores.
MOST_BULKS = 4
# An election takes up to 12 s; beyond half a minute the walk ends, and its source is polled again when it is due.
DEADLINE_S = 30.0
# After so many commits of one source its ledger entries leave it. A stream that is heard for days brings two a second, 90,000 of
# them fill a document, and then no bookmark moves any more.
SETTLED_EVERY = 100

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Commit:
    """All that one page brings. `bookmark` is the new one, its version one above the stored one's.

    `intervals` are its ledger entries, `refused` the rows that could not be normalised, `reply` what a replay of a post needs
    that MongoDB refuses. `rows` are the digests of the posts' rows by id, `repeats` says how many rows were not even read, since they
    are stored as they are. `closed`: ids of posts that lie where everything was called read before.
    """

    source_id: str
    epoch: int
    run: str
    bookmark: Bookmark
    reply: ReplyContext
    intervals: tuple[Interval, ...] = ()
    posts: Sequence[Post] = ()
    rows: Mapping[str, bytes] = field(default_factory=dict)
    repeats: int = 0
    refused: Sequence[Refused] = ()
    closed: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Commit {self.source_id} version {self.bookmark.version} of {len(self.posts)} posts>"


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of the page's rows; the first three are posts, `refused` all that went to quarantine.

    `late`: which of the commit's `closed` posts were not stored before. `expired` and `erased`: posts that were dropped
    (`monitor.store.gone`); their page counts as read all the same. `topic_edits`: the number of `Topics.edits` when the posts were
    durable. Who edits a topic after that finds these posts stored, and who matched them before another edit matches them again.
    """

    new: int
    changed: int
    unchanged: int
    refused: int
    late: frozenset[str] = frozenset()
    expired: int = 0
    erased: int = 0
    topic_edits: int = 0


@dataclass(slots=True, eq=False)
class _Waiting:
    commit: Commit
    done: asyncio.Future[Committed] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Committer:
    """Group commit for one process. One page per source may be in it at a time; many sources share the writes.

    A group is written at 500 posts, after 50 ms, or at once when half of the walks inside `walking()` wait for it, or all wait
    for a write.
    """

    def __init__(self, store: Store, *, deadline_s: float = DEADLINE_S) -> None:
        self._store = store
        self._deadline_s = deadline_s
        self._walks = 0
        self._inside = 0
        self._waiting: list[_Waiting] = []
        self._timer: asyncio.TimerHandle | None = None
        self._bulks = asyncio.Semaphore(MOST_BULKS)
        self._flushes: set[asyncio.Task[None]] = set()

    @contextmanager
    def walking(self) -> Iterator[None]:
        """Count a walk as one that will bring pages, so that a group waits for it, but never for a walk that has ended."""
        self._walks += 1
        try:
            yield
        finally:
            self._walks -= 1
            self._flush_when_full()

    async def commit(self, commit: Commit) -> Committed:
        """Make one page durable and move its bookmark; returns when both are.

        Order: hours marked dirty, posts, quarantine rows, bookmark with ledger entries. Posts that MongoDB refuses go to
        quarantine. Raises StoreUnavailableError when outages last beyond the deadline, LeaseLostError when another owner or
        another page moved the bookmark, ReplyError when the bookmark itself cannot be stored. The bookmark has not moved
        then (or, after an outage, perhaps has: reading the page again is harmless), posts may be stored.
        """
        waiting = _Waiting(commit)
        self._waiting.append(waiting)
        self._inside += 1
        self._flush_when_full()
        return await waiting.done

    async def close(self) -> None:
        """Write what waits and wait for all writes under way."""
        self._flush()
        while self._flushes:
            await asyncio.gather(*self._flushes)

    def _flush_when_full(self) -> None:
        if not self._waiting:
            return
        posts = sum(len(waiting.commit.posts) for waiting in self._waiting)
        # By halves: one half of the walks reads its next pages while those of the other half are written.
        if posts >= GROUP_POSTS or self._inside >= self._walks or 2 * len(self._waiting) >= self._walks:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GROUP_S, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        group, self._waiting = self._waiting, []
        if group:
            self._begin(self._write(group))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._flushes.add(task)
        task.add_done_callback(self._flushes.discard)

    async def _settle(self, source_id: str) -> None:
        """Beside the walk, which does not wait for it; what fails is done with the next hundred, or at the end of the walk."""
        try:
            await self._store.ledger.settle(source_id)
        except MonitorError as error:
            logger.warning("event=ledger_not_settled source=%s reason=%s", source_id, error)

    async def _write(self, group: list[_Waiting]) -> None:
        """Write a group and settle every page in it; an error of all is told to all, an error of one to that one."""
        try:
            async with self._bulks:
                until = asyncio.get_running_loop().time() + self._deadline_s
                results = await self._make_durable([waiting.commit for waiting in group], until)
        except Exception as error:  # noqa: BLE001 (whatever it is: the walks wait for it, and none may wait for ever)
            results = [error] * len(group)
        # Here and not where the walks wake up: the first to bring its next page would find the others still inside.
        self._inside -= len(group)
        for waiting, result in zip(group, results, strict=True):
            if waiting.done.done():
                continue  # the walk was cancelled meanwhile
            if isinstance(result, Exception):
                waiting.done.set_exception(result)
            else:
                waiting.done.set_result(result)

    async def _make_durable(self, commits: list[Commit], until: float) -> list[Committed | Exception]:
        pages, fresh = await self._write_posts(commits, until)
        topic_edits = await persist(self._store.topics.edits, until=until)
        rows = [[*commit.refused, *refused_posts(commit, page)] for commit, page in zip(commits, pages, strict=True)]
        await persist(lambda: self._store.quarantine.add([row for page in rows for row in page]), until=until)
        moved = await self._move_bookmarks(commits, until)
        for error, commit in zip(moved, commits, strict=True):
            if error is None and commit.bookmark.version % SETTLED_EVERY == 0:
                self._begin(self._settle(commit.source_id))
        return [
            error or replace(_committed(commit, page, len(refused), fresh), topic_edits=topic_edits)
            for error, page, refused, commit in zip(moved, pages, rows, commits, strict=True)
        ]

    async def _write_posts(self, commits: list[Commit], until: float) -> tuple[list[Outcome], set[str]]:
        """What became of the posts of each commit, and the ids of all that are new."""
        posts = [post for commit in commits for post in commit.posts]
        rows: dict[str, bytes] = {}
        for commit in commits:
            for post_id, row in commit.rows.items():
                rows[post_id] = row if rows.get(post_id, row) == row else b""  # nobody knows which one the store will hold
        written = await persist(lambda: self._store.posts.write(posts, rows), until=until)
        fresh = {post_id for post_id, fate in written.fates.items() if fate == "new"}
        return outcomes([commit.posts for commit in commits], written), fresh

    async def _move_bookmarks(self, commits: list[Commit], until: float) -> list[MonitorError | None]:
        results: dict[int, MonitorError | None] = {}
        left = list(range(len(commits)))
        while True:
            moves = [_move(commits[position]) for position in left]
            results |= zip(left, await persist(partial(self._store.progress.move, moves), until=until), strict=True)
            left = [position for position in left if isinstance(results[position], StoreUnavailableError)]
            if not left or asyncio.get_running_loop().time() + FIRST_PAUSE_S >= until:
                return [results[position] for position in range(len(commits))]
            await asyncio.sleep(FIRST_PAUSE_S)


def refused_posts(commit: Commit, page: Outcome) -> list[Refused]:
    """Make the quarantine rows of posts that MongoDB refused."""
    return [
        Refused(
            platform=post.platform,
            source_id=commit.source_id,
            reason=f"The post cannot be stored: {reason}.",
            kind="PostError",
            raw=post.raw or b"",
            reply=commit.reply,
            post_id=post.id,
        )
        for post, reason in page.refused
    ]


def _committed(commit: Commit, page: Outcome, refused: int, fresh: set[str]) -> Committed:
    return Committed(
        new=page.new,
        changed=page.changed,
        unchanged=page.unchanged + commit.repeats,
        refused=refused,
        late=commit.closed & fresh,
        expired=page.expired,
        erased=page.erased,
    )


def _move(commit: Commit) -> Move:
    return Move(
        source_id=commit.source_id, epoch=commit.epoch, run=commit.run, bookmark=commit.bookmark, intervals=commit.intervals
    )
