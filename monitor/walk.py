"""Which step comes next in one poll of one source. Pure: no I/O, no clock.

What a read page then means for the bookmark is `monitor.advance`.
"""

from dataclasses import dataclass, field
from datetime import datetime

from monitor.advance import Move, gap_at, name_of
from monitor.bookmark import Bookmark, Mark, Step, order
from monitor.heads import floor_of
from monitor.paging import Facts, Rules

# Pages of the overlap that a poll reads again: as many as this, or so many times those that brought what is new. At four times, the
# overlap of the busiest source is read again within a third of its length.
AGAIN_AT_LEAST, AGAIN_TIMES = 32, 4


@dataclass(slots=True)
class Walk:
    """The steps of one poll of one source: first the newest posts, then one page of each gap in turn.

    A source that is read forward is first looked at where it is newest (docs/decisions/0004-look-first.md). Then comes the overlap
    with what is new; where polls are frequent, what is new and then a share of the overlap (0005-overlap-in-shares.md). Lives in
    memory only; losing it loses nothing. `pages` is how many may still be asked.
    """

    rules: Rules
    pages: int
    asked: set[Step] = field(default_factory=set)
    forward: Mark | None = None
    newest_done: bool = False
    top: Mark | None = None  # the newest head before this poll
    again_done: bool = False
    at_once: bool = False  # the overlap and what is new, in one go
    pages_ahead: int = 0  # asked for what is new
    pages_again: int = 0
    looks: bool = True  # False where few posts are wanted, and the oldest of them
    looked: bool = False
    turns: dict[tuple[object, datetime], int] = field(default_factory=dict)
    stuck: set[tuple[object, datetime]] = field(default_factory=set)
    stopped: str | None = None
    rolled_off: bool = False  # of a source without paging: every entry was new, so some may have been missed

    def next_step(self, bookmark: Bookmark, *, now: datetime) -> Step | None:
        """The next thing to ask, or None when the poll is complete or out of pages (`stopped` says which)."""
        if self.pages <= 0:
            self.stopped = "page budget used" if bookmark.gaps or not self.newest_done else None
            return None
        if self.top is None and bookmark.heads:
            self.top = bookmark.heads[0].mark
        step = self._newest(bookmark, now) or self._again(bookmark) or self._gap(bookmark, now)
        if step is None:
            return None
        if step in self.asked:
            self.stopped = "the platform's paging led back to a page already read"
            return None
        self.asked.add(step)
        self.pages -= 1
        return step

    def took(self, step: Step, move: Move, facts: Facts) -> None:
        """Note the outcome of a committed page."""
        if step.until is None and step.cursor is None:
            if step.upto is not None:
                self._took_again(move)
            if not self.newest_done:
                self._took_newest(step, move, facts)
            return
        gap = gap_at(move.bookmark, step.until)
        if not move.progress and gap is not None:
            self.stuck.add(name_of(gap))
            self.stopped = "the platform's paging did not get any further"

    def _took_again(self, move: Move) -> None:
        self.pages_again += 1
        self.again_done = move.bookmark.again is None or not move.progress
        if not move.progress:
            self.stopped = "the platform's paging did not get any further"

    def _took_newest(self, step: Step, move: Move, facts: Facts) -> None:
        self.pages_ahead += 1
        forward = self.rules.order == "oldest" and step.after is not None
        if not forward:
            self.looked = True
            self.newest_done = move.progress or self.rules.order == "whole"
            self.again_done = move.bookmark.asked_at == facts.asked_at  # the page reached the floor
            self.rolled_off = self.rules.order == "whole" and not move.progress
            return
        # What came after the walk began is the next poll's: on a busy timeline there would always be one more short page.
        caught_up = facts.bottom_at is not None and facts.began_at is not None and facts.bottom_at >= facts.began_at
        if facts.marks and move.progress and not facts.end and not caught_up:
            self.forward = max(facts.marks, key=order)
            return
        self.newest_done = True
        if facts.marks and not move.progress:
            self.stopped = "the platform's paging did not get any further"

    def _newest(self, bookmark: Bookmark, now: datetime) -> Step | None:
        if self.newest_done:
            return None
        floor = floor_of(bookmark, self.rules.overlap)
        if self.rules.order != "oldest" or floor is None or self._to_look():
            return Step(floor=floor)
        if self.forward is not None:
            return Step(after=self.forward, upto=bookmark.again.upto if self.at_once and bookmark.again else None)
        head = bookmark.heads[0]
        if bookmark.again is None:
            rare = now - head.asked_at >= self.rules.overlap / (AGAIN_TIMES - 1)
            self.at_once = rare or order(floor) >= order(head.mark)
        if self.at_once:
            return Step(after=floor, upto=head.mark)
        # Polls of one page take turns.
        turn = not self.asked and self.pages == 1 and bookmark.version % 2
        return (self._again(bookmark) if turn else None) or Step(after=head.mark)

    def _again(self, bookmark: Bookmark) -> Step | None:
        share = max(AGAIN_AT_LEAST, AGAIN_TIMES * self.pages_ahead)
        if self.rules.order != "oldest" or self.again_done or self.pages_again >= share:
            return None
        if bookmark.again is not None:
            return Step(after=bookmark.again.after, upto=bookmark.again.upto)
        floor = floor_of(bookmark, self.rules.overlap)
        if floor is None or self.top is None or order(floor) >= order(self.top):
            return None
        return Step(after=floor, upto=self.top)

    def _to_look(self) -> bool:
        """Whether the newest page comes first. The last page there is must get the walk on."""
        return self.looks and not self.looked and self.pages > 1

    def _gap(self, bookmark: Bookmark, now: datetime) -> Step | None:
        waiting = [gap for gap in bookmark.gaps if name_of(gap) not in self.stuck]
        if not waiting:
            return None
        gap = min(waiting, key=lambda gap: self.turns.get(name_of(gap), 0))
        # The gap that this poll itself opened is the rest of its newest walk: it is finished before older ones.
        if self.rules.order == "newest" and waiting[0].opened_at == bookmark.asked_at:
            gap = waiting[0]
        self.turns[name_of(gap)] = self.turns.get(name_of(gap), 0) + 1
        ttl = self.rules.cursor_ttl
        fresh = ttl is None or gap.cursor_at is None or now - gap.cursor_at <= ttl
        return Step(cursor=gap.cursor if fresh else None, until=gap.top, floor=gap.floor)
