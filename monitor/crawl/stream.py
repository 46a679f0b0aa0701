"""One listening to one stream: connected, batch by batch to the store, connected again, until it is told to end.

A batch is committed before the next is taken from the socket, so that a slow store slows the sender and nothing piles up here.
The bookmark's head is the time of the last frame that is committed; a connection begins some seconds before it, and what is
heard twice changes nothing. Where the stream begins later than it was asked to, the ledger has a hole, and where a search can
read what was missed, it does so page by page between the batches.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor import clock
from monitor.bookmark import Bookmark, Step
from monitor.config import DEFAULT_DATABASE
from monitor.crawl.address import address
from monitor.crawl.batch import LONGEST_S, Batch
from monitor.crawl.enrich import completed
from monitor.crawl.frame import Frame
from monitor.crawl.normalize import FEWEST_TO_JUDGE_BY, LARGEST_SHARE_REFUSED
from monitor.crawl.pace import asked_wait_s
from monitor.crawl.page_item import PageItem
from monitor.crawl.poll import Poll
from monitor.crawl.reply_check import check
from monitor.crawl.stream_item import MISSED, StreamItem
from monitor.crawl.web_socket import DroppedError, RefusedOpeningError, TooLargeError, WebSocket, opened
from monitor.errors import CursorRefusedError, MonitorError, RefusedError, ReplyError, RetryLater
from monitor.page import Page, Reply
from monitor.post import EARLIEST
from monitor.query.query import Query
from monitor.source import Source

if TYPE_CHECKING:
    from monitor.crawl.spider import PlatformSpider

logger = logging.getLogger(__name__)

REWIND_MS = 5_000  # streams repeat after a reconnect, and their times are not quite in order
FIRST_MS = 60_000  # how far back a source begins that was never heard before
AHEAD = timedelta(minutes=10)  # a frame's time beyond our own clock is no time; as a cursor it would hide holes
SLACK_MS = 60_000  # how long after `since` a first frame may come without a hole being told of
SILENCE_S = 60.0  # without a frame or a ping the connection is taken for dead; Jetstream pings every 30 s
CAUGHT_UP_S = 3.0  # of silence, after which a stream that was asked for its past has no more of it
LOOK_S = 0.25  # how soon a stop is noticed
TRIES = 6  # of connecting in a row before the source is said to fail; with the pauses about half a minute
LONGEST_PAUSE_S = 60.0
MOST_RECENT = 20_000  # frames that are known again; far more than come in what a connection begins early by
FIRST_SKIP_MS = 1_000  # over a frame that is too large to take; twice as far each time that this was not far enough
MOST_UNREADABLE = 50  # of a walk that keeps only what matches, before it is asked whether the API has changed
SWITCHED = 101

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stream(Poll):
    """Listens to `source` from `bookmark` on. It ends at `deadline` by this clock, or when it has heard all up to `present`; with
    neither only when the crawl stops or a limit is reached. `pages`: batches and pages of gaps at most. `term`: only posts that say
    it are kept, all where it is None."""

    def __init__(  # noqa: PLR0913 - each by keyword
        self,
        spider: "PlatformSpider",
        source: Source,
        bookmark: Bookmark,
        *,
        epoch: int,
        pages: int,
        term: Query | None = None,
        deadline: datetime | None = None,
        present: datetime | None = None,
    ) -> None:
        super().__init__(spider, source, bookmark, epoch=epoch, pages=pages)
        self.walk.newest_done = True  # what is left to poll are gaps
        self.counted: Counter[str] = Counter()
        self._term = term
        self._deadline = deadline
        self._present_ms = None if present is None else _milliseconds(present)
        self._caught_up = False
        self._joined = False  # whether a batch of this connection is committed
        self._outdated = False  # the stream said that it no longer knows where we were
        self._skip_ms = 0
        self._asked_after = 0
        self._fills = True
        self._recent: dict[str, None] = {}  # keys, the oldest first

    async def items(self) -> AsyncIterator[PageItem]:
        """The batches, one at a time, and between them pages of gaps. Raises what ended it: the store, or a refusal for good."""
        self.began_at = clock.now()
        failures, largest_bytes = 0, self.spider.settings.getint("DOWNLOAD_MAXSIZE")
        while not self._over():
            heard = self.counted["frames"]
            try:
                async with opened(self._url(failures), headers=self._headers(), largest_bytes=largest_bytes) as socket:
                    self._refuse_simulated(socket)
                    async for item in self._listened(socket):
                        yield item
            except DroppedError as error:
                failures = 0 if self.counted["frames"] > heard else failures + 1
                await self._pause(self._wait_s(error, failures))
        while self._present_ms is not None and self._gaps_left():
            async for item in self._gap_pages():
                yield item
        self._say_counts()

    async def _listened(self, socket: WebSocket) -> AsyncIterator[PageItem]:
        logger.info("event=stream_opened source=%s", self.source.id)
        self._joined = False
        while not self._over():
            batch = await self._batch(socket)
            self._refuse_unreadable()
            item = await self._item_of(batch)
            if item is not None:
                yield item
                await item.committed
                self._took(item)
            async for page in self._gap_pages():
                yield page
            if batch.error is not None:
                raise batch.error

    async def _batch(self, socket: WebSocket) -> Batch:
        """What is heard until the batch is full, or old, or the connection ends, or a stop is noticed."""
        batch, loop = Batch(), asyncio.get_running_loop()
        alive_at, until = loop.time(), None
        while not batch.full and batch.broken < FEWEST_TO_JUDGE_BY - 1 and not self._over():
            now = loop.time()
            if until is not None and now >= until:
                break
            try:
                sent = await socket.receive(within_s=LOOK_S if until is None else min(LOOK_S, until - now))
            except DroppedError as error:
                batch.error = error
                break
            if sent:
                alive_at, until = now, until or now + LONGEST_S
                self._hear(sent, batch)
                if batch.error is not None:
                    break
            elif sent == b"":
                alive_at = now
            elif now - alive_at >= SILENCE_S:
                batch.error = DroppedError(f"{self.spider.name}: nothing was heard for {SILENCE_S:.0f} s.")
                break
            elif self._present_ms is not None and now - alive_at >= CAUGHT_UP_S:
                self._caught_up = True
        return batch

    def _hear(self, sent: bytes, batch: Batch) -> None:
        """Take one frame into the batch; where it says that the stream ends, as the error that the batch ends with."""
        frame = self._dated(self._frame(sent, batch))
        self.counted.update(("frames", frame.tells))
        if frame.tells == "end":
            batch.error = DroppedError(f"{self.spider.name} ended the stream: {frame.reason}.")
            return
        batch.heard(frame, size_bytes=len(sent))
        if self._told_again(frame):
            self.counted["repeated"] += 1
        elif frame.tells == "delete" or (frame.tells == "post" and self._keeps(frame, batch)):
            batch.keep(frame)
        if frame.mark is not None and self._present_ms is not None:
            self._caught_up = self._caught_up or frame.mark >= self._present_ms

    def _frame(self, sent: bytes, batch: Batch) -> Frame:
        """What was sent, read; a frame that cannot be is a row by itself, for quarantine."""
        try:
            return self.spider.frame(sent)
        except Exception as error:  # noqa: BLE001 - a stranger's frame may break a platform file in any way; only it is lost
            logger.debug("event=frame_unreadable source=%s reason=%s", self.source.id, type(error).__name__)
            batch.broken += 1
            self.counted["unreadable"] += 1
            return Frame(tells="post", row=sent.decode("utf-8", "replace"))

    def _dated(self, frame: Frame) -> Frame:
        """The frame without a mark that cannot be: one from the future would hide all to come, an old one would hide a hole."""
        mark = frame.mark
        if mark is None or self._asked_after - SLACK_MS <= mark <= _milliseconds(clock.now() + AHEAD):
            return frame
        return replace(frame, mark=None)

    def _told_again(self, frame: Frame) -> bool:
        """Whether it was heard before: what a stream repeats may be in another order by now, such as a deletion and its post."""
        if frame.key is None:
            return False
        known = frame.key in self._recent
        self._recent[frame.key] = None
        while len(self._recent) > MOST_RECENT:
            self._recent.pop(next(iter(self._recent)))
        return known

    def _keeps(self, frame: Frame, batch: Batch) -> bool:
        """Whether a post says what the source is about; one that cannot be read is kept, for quarantine."""
        if self._term is None or isinstance(frame.row, str):
            return True
        try:
            post = self.spider.post(frame.row, self._reply())
            return self._term.find(completed(post) if self._term.reads_completed else post) is not None
        except Exception as error:  # noqa: BLE001 - as above
            logger.debug("event=post_unreadable source=%s reason=%s", self.source.id, type(error).__name__)
            batch.broken += 1
            self.counted["unreadable"] += 1
            return True

    def _refuse_unreadable(self) -> None:
        """The pipelines judge a page by its rows; of a stream that keeps few of its posts all that were read have to be counted."""
        unreadable, posts = self.counted["unreadable"], self.counted["post"]
        if self._term is not None and unreadable >= MOST_UNREADABLE and unreadable > LARGEST_SHARE_REFUSED * posts:
            raise ReplyError(
                f"{unreadable} of {posts} posts of {self.source.id} cannot be read: its API seems to have changed."
            )

    # ---- from frames to the bookmark

    async def _item_of(self, batch: Batch) -> StreamItem | None:
        """The batch as an item, cut where a limit is reached; None where nothing was heard."""
        rows = await self._that_matter(batch)
        left = self.spider.posts_left  # after the last await: other walks take from it too
        batch = replace(batch, rows=rows) if left is None else replace(batch, rows=rows).first(left)
        if not batch.marks:
            return None
        if left is not None:
            self.spider.posts_left = left - len(batch.rows)
        marks = self._marks(batch)
        since = self._since()
        assert self.began_at is not None
        return StreamItem(
            source=replace(self.source, since=None if since is None or marks[0] <= since + SLACK_MS else self.source.since),
            page=Page([frame.row for _, frame in batch.rows], [None] * len(batch.rows)),
            reply=self._reply(),
            step=Step(),
            rules=self.rules,
            bookmark=self.bookmark,
            epoch=self.epoch,
            run=self.spider.session.run,
            asked_at=clock.now(),
            began_at=self.began_at,
            marks=marks,
            polled=self._term is not None,
        )

    async def _that_matter(self, batch: Batch) -> list[tuple[int, Frame]]:
        """What was kept: of each post the last that was told, and no deletion of one that is neither stored nor new."""
        keeping = await self.spider.session.keeping()
        last = {frame.post_id: place for place, frame in batch.rows}
        new = {frame.post_id for _, frame in batch.rows if frame.tells != "delete"}
        told = [(place, frame) for place, frame in batch.rows if frame.post_id is None or last[frame.post_id] == place]
        gone = [frame.post_id for _, frame in told if frame.tells == "delete" and frame.post_id not in new]
        asked = [post_id for post_id in gone if post_id is not None]
        known = new.union(await keeping.stored(asked) if asked else ())
        return [(place, frame) for place, frame in told if frame.tells != "delete" or frame.post_id in known]

    def _marks(self, batch: Batch) -> tuple[int, int]:
        """From where to where this batch proves the stream read: from the head before it, where there is no hole."""
        head = self._head()
        marks = batch.known_marks or [self._asked_after if head is None else head]
        if head is not None and (self._joined or min(marks) <= head):
            return min(head, *marks), max(head, *marks)
        return min(marks), max(marks)

    def _took(self, item: StreamItem) -> None:
        assert item.move is not None  # set by the commit that just ended
        if item.move.bookmark.gaps != self.bookmark.gaps or any(each.reason == MISSED for each in item.move.intervals):
            logger.warning("event=stream_missed source=%s: the ledger says what", self.source.id)
        self.bookmark = item.move.bookmark
        self.posts += len(item.posts)
        self._joined, self._outdated, self._skip_ms = True, False, 0
        self.walk.pages -= 1
        if self.walk.pages <= 0:
            self.walk.stopped = "page budget used"

    async def _gap_pages(self) -> AsyncIterator[PageItem]:
        """One page of what the stream missed, by a search, where there is one for us. That it fails does not end the stream."""
        if not self._gaps_left():
            return
        self._fills = False
        try:
            step = self.walk.next_step(self.bookmark, now=clock.now()) if self.spider.fills(self.source) else None
            item = None if step is None else await self._item(step)
        except MonitorError as error:
            logger.warning("event=gap_not_polled source=%s reason=%s", self.source.id, error)
            return
        if step is None or item is None:
            return
        yield item
        try:
            await item.committed
        except ReplyError as error:
            logger.warning("event=gap_not_polled source=%s reason=%s", self.source.id, error)
            return
        assert item.move is not None
        assert item.facts is not None
        self.bookmark = item.move.bookmark
        self.posts += len(item.posts)
        self.walk.took(step, item.move, item.facts)
        self._fills = True

    def _gaps_left(self) -> bool:
        return bool(self.bookmark.gaps) and self._fills and self.spider.posts_left != 0 and not self.spider.session.stopping

    # ---- connecting

    def _head(self) -> int | None:
        return int(self.bookmark.heads[0].mark) if self.bookmark.heads else None

    def _since(self) -> int | None:
        """How far back a person wants it; `limit=` alone makes no stream begin at its beginning."""
        since = self.source.since
        return None if since is None or since == EARLIEST else _milliseconds(since)

    def _after(self) -> int:
        """The mark behind which the next connection begins."""
        if self._outdated:
            return 0
        head = self._head()
        if head is None:
            since = self._since()
            return _milliseconds(clock.now()) - FIRST_MS if since is None else since
        return head + self._skip_ms if self._skip_ms else head - REWIND_MS

    def _url(self, failures: int) -> str:
        """Another server of those that keep the stream after each failure."""
        self._asked_after = self._after()
        ask, hosts = self.spider.ask(self.source, Step(after=self._asked_after)), self.spider.stream_hosts(self.source)
        return address(ask, base=hosts[failures % len(hosts)], parameters={}, instead=self.spider.given.base_url)

    def _headers(self) -> dict[str, str]:
        return {"User-Agent": str(self.spider.settings["USER_AGENT"])}

    def _reply(self) -> Reply:
        """What the platform's `post` is told of where a row came from."""
        ask = self.spider.ask(self.source, Step())
        return Reply(SWITCHED, {}, b"", self.spider.stream_hosts(self.source)[0] + ask.path, clock.now())

    def _refuse_simulated(self, socket: WebSocket) -> None:
        if "x-simulated" in socket.headers and self.spider.session.config.database == DEFAULT_DATABASE:
            raise RefusedError(
                f"{self.source.id} is served by a simulator, and simulated posts do not enter the database {DEFAULT_DATABASE}: "
                "set MONITOR_DATABASE to another name."
            )

    def _wait_s(self, error: DroppedError, failures: int) -> float:
        """Seconds until the next try. Raises what a person should know instead: a refusal for good, or that nothing helps."""
        wait_s = min(LONGEST_PAUSE_S, 2.0 ** min(failures, 6)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
        told: MonitorError = error
        if isinstance(error, TooLargeError):
            self._skip_ms = max(FIRST_SKIP_MS, 2 * self._skip_ms)
        if isinstance(error, RefusedOpeningError):
            told = self._refusal(error.reply)
            if isinstance(told, CursorRefusedError) and not self._outdated:
                self._outdated = True
                return 0.0
            if not isinstance(told, RetryLater):
                raise told
            wait_s = max(wait_s, told.wait_s or 0.0)
        lasting = self._deadline is None and self._present_ms is None and self.counted["frames"] > 0
        if (failures >= TRIES and not lasting) or wait_s > max(LONGEST_PAUSE_S, self._longest_wait_s()):
            raise told
        logger.warning("event=stream_dropped source=%s wait_s=%.1f reason=%s", self.source.id, wait_s, told)
        self.counted["drops"] += 1
        return wait_s

    def _longest_wait_s(self) -> float:
        return self.spider.settings.getfloat("MONITOR_LONGEST_WAIT_S")

    def _refusal(self, reply: Reply) -> MonitorError:
        if error := self.spider.refusal(reply):
            return error
        try:
            wait_s = asked_wait_s(reply.headers, now=clock.now())
            check(reply, platform=self.spider.name, accepts="*/*", cursor=None, wait_s=wait_s)
        except MonitorError as error:
            return error
        return ReplyError(f"{self.spider.name} answered {reply.status} where a stream was asked for.")

    async def _pause(self, wait_s: float) -> None:
        for _ in range(round(wait_s / LOOK_S)):
            if self._over():
                return
            await asyncio.sleep(LOOK_S)

    # ---- the end

    def _over(self) -> bool:
        """Whether enough was heard, or the crawl is to end."""
        late = self._deadline is not None and clock.now() >= self._deadline
        used_up = self.spider.posts_left == 0 or self.walk.pages <= 0
        return late or used_up or self._caught_up or self.spider.session.stopping

    def _say_counts(self) -> None:
        told = " ".join(f"{name}={count}" for name, count in sorted(self.counted.items()))
        logger.info("event=stream_ended source=%s stored=%d %s", self.source.id, self.posts, told)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
