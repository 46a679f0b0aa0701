"""What travels through Scrapy: a page on its way from the spider through the pipelines to the store."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.advance import Move, advance, refuse
from monitor.bookmark import Bookmark, Mark, Step, order
from monitor.errors import PostError
from monitor.late import closed
from monitor.page import Page, Reply
from monitor.paging import Facts, Rules
from monitor.post import Post
from monitor.source import Source
from monitor.store.commit import Commit
from monitor.store.quarantine import Refused, ReplyContext


@dataclass(frozen=True, slots=True)
class Repeat:
    """A post that is stored as its row says it."""

    post_id: str
    created_at: datetime


@dataclass(slots=True, eq=False, repr=False)
class PageItem:
    """A page with all that its commit needs. The pipelines fill `posts`, with the mark of each in `post_marks`, and `refused`.

    `encodings` are the page's rows as JSON, `digests` those of that JSON, `rows` those of the posts by their ids, and `repeats`
    the places of the rows that need no reading (`monitor.crawl.repeats`).

    `committed` completes when the page's outcome is known: with None once posts and bookmark are durable, with the error
    otherwise. The spider asks for the next page only then. `refusal`: the platform refused the step, and there is no page.
    `new`: how many of its posts were not stored before.
    """

    source: Source
    page: Page
    reply: Reply
    step: Step
    rules: Rules
    bookmark: Bookmark
    epoch: int
    run: str
    asked_at: datetime
    began_at: datetime
    refusal: str | None = None
    encodings: list[bytes | None] = field(default_factory=list)
    digests: list[bytes | None] = field(default_factory=list)
    repeats: dict[int, Repeat] = field(default_factory=dict)
    rows: dict[str, bytes] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    post_marks: list[Mark | None] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    facts: Facts | None = None
    move: Move | None = None
    new: int = 0
    committed: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def __repr__(self) -> str:
        return f"<PageItem {self.source.id} {len(self.page.rows)} rows>"

    def commit(self) -> Commit:
        """All that the store needs of this page, once the other pipelines are through with it."""
        move = self._moved()
        return Commit(
            source_id=self.source.id,
            epoch=self.epoch,
            run=self.run,
            bookmark=move.bookmark,
            reply=ReplyContext(
                url=self.reply.url, status=self.reply.status, fetched_at=self.reply.fetched_at, headers=self.reply.headers
            ),
            intervals=move.intervals,
            posts=self.posts,
            rows=self.rows,
            repeats=len(self.repeats),
            refused=self.refused,
            closed=self._closed(),
        )

    def _moved(self) -> Move:
        """Where the bookmark goes once `posts` are durable; ledger times come from the marks, else from the posts."""
        self.move = self._refused() if self.refusal is not None else self._advanced()
        return self.move

    def _refused(self) -> Move:
        self.facts = Facts(marks=(), asked_at=self.asked_at)
        return refuse(self.bookmark, self.step, reason=self.refusal or "", asked_at=self.asked_at, rules=self.rules)

    def _advanced(self) -> Move:
        marks = self._marks()
        oldest_at, newest_at = self._times()
        self.facts = Facts(
            marks=marks,
            cursor=self.page.cursor,
            ordered=self.page.ordered,
            end=self.page.end,
            asked_at=self.asked_at,
            began_at=self.began_at,
            top_at=self._at(max(marks, key=order, default=None)) or newest_at,
            bottom_at=self._at(min(marks, key=order, default=None)) or oldest_at,
            posts=len(self.posts) + len(self.repeats),
            validators=self.page.validators,
            unchanged=self.page.unchanged,
        )
        return advance(self.bookmark, self.step, self.facts, rules=self.rules, since=self.source.since)

    def _times(self) -> tuple[datetime | None, datetime | None]:
        """The times of the oldest and the newest post where marks tell none; None where nothing does.

        Servers give an old post that they learn of today a mark of today, which must not look like the end of a long way back:
        the oldest is the latest of the lower half of the page. Pinned rows, which have no mark, take no part.
        """
        marks = self.post_marks or [None] * len(self.posts)
        rows = [*zip(marks, (post.created_at for post in self.posts), strict=True)]
        rows += [(self.page.marks[place], repeat.created_at) for place, repeat in self.repeats.items()]
        known = [(mark, at) for mark, at in rows if at <= self.asked_at + timedelta(days=1)]
        marked = sorted((order(mark), at) for mark, at in known if mark is not None)
        if not marked:
            return min((at for _, at in known), default=None), max((at for _, at in known), default=None)
        oldest_at = max(at for _, at in marked[: (len(marked) + 1) // 2])
        return oldest_at, min(max(at for _, at in marked), self.asked_at)

    def _closed(self) -> frozenset[str]:
        """The posts that lie where the bookmark, as it was, calls everything read."""
        marked = zip(self.posts, self.post_marks, strict=False)  # a page may be made without the first pipeline, in tests
        return frozenset(
            post.id for post, mark in marked if closed(self.bookmark, mark, ordered=self.page.ordered, rules=self.rules)
        )

    def _marks(self) -> tuple[Mark, ...]:
        """The page's marks. Where most tell their time, one that tells none is a broken id: it would look like an end, or hide
        all posts to come. One that tells a time which cannot be, such as milliseconds for seconds, is never a mark."""
        marks = tuple(mark for mark in self.page.marks if mark is not None and self._possible(mark))
        timed = tuple(mark for mark in marks if self.rules.marked_at(mark) is not None)
        return timed if 2 * len(timed) > len(marks) else marks

    def _possible(self, mark: Mark) -> bool:
        try:
            self.rules.marked_at(mark)
        except PostError:
            return False
        return True

    def _at(self, mark: Mark | None) -> datetime | None:
        return None if mark is None else self.rules.marked_at(mark)
