"""Which step comes next in one poll of one source. Pure: no I/O, no clock.

What a read page then means for the bookmark is `monitor.advance`.
"""

from dataclasses import dataclass, field
from datetime import datetime

from monitor.advance import Facts, Move, Rules, floor_of, gap_at, name_of
from monitor.bookmark import Bookmark, Mark, Step, order


@dataclass(slots=True)
class Walk:
    """The steps of one poll of one source: first the newest posts, then one page of each gap in turn.

    A source that is read forward is first looked at where it is newest: that page is all, or is stored and proves nothing
    (docs/decisions/0004-look-first.md). Lives in memory only; losing it loses nothing. `pages` is how many may still be asked.
    """

    rules: Rules
    pages: int
    asked: set[Step] = field(default_factory=set)
    forward: Mark | None = None
    newest_done: bool = False
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
        step = self._newest(bookmark) or self._gap(bookmark, now)
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
            self._took_newest(step, move, facts)
            return
        gap = gap_at(move.bookmark, step.until)
        if not move.progress and gap is not None:
            self.stuck.add(name_of(gap))
            self.stopped = "the platform's paging did not get any further"

    def _took_newest(self, step: Step, move: Move, facts: Facts) -> None:
        forward = self.rules.order == "oldest" and step.after is not None
        if not forward:
            self.looked = True
            self.newest_done = move.progress or self.rules.order == "whole"
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

    def _newest(self, bookmark: Bookmark) -> Step | None:
        if self.newest_done:
            return None
        floor = floor_of(bookmark, self.rules.overlap)
        if self.rules.order == "oldest" and floor is not None and not self._to_look():
            return Step(after=floor if self.forward is None else self.forward)
        return Step(floor=floor)

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
