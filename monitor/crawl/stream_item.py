"""A batch of a stream on its way to the store: a page whose marks are those of all frames, kept or not.

What a batch means for the bookmark is what a newest page means (`monitor.advance`), with its lower end at the head before it
where the stream went on from there. Where it did not, a gap is left: posts that the stream no longer had.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.advance import Move, advance
from monitor.bookmark import Interval
from monitor.crawl.page_item import PageItem
from monitor.paging import Facts

MISSED = "the stream no longer had what was said then"


@dataclass(slots=True, eq=False, repr=False)
class StreamItem(PageItem):
    """`marks`: the lowest and the highest mark that this batch proves read. `polled`: a search can read what the stream missed,
    so that a gap stays open for it; else the ledger alone tells of it."""

    marks: tuple[int, ...] = ()
    polled: bool = False

    def _advanced(self) -> Move:
        rules = replace(self.rules, overlap=timedelta(0))  # within a connection nothing comes late
        top_at, bottom_at = self._at(max(self.marks)), self._at(min(self.marks))
        self.facts = Facts(
            marks=self.marks,
            asked_at=top_at or self.asked_at,  # the ledger has what was heard, up to the moment of the last frame
            began_at=self.began_at,
            top_at=top_at,
            bottom_at=bottom_at,
            posts=len(self.posts),
        )
        move = advance(self.bookmark, self.step, self.facts, rules=rules, since=self.source.since)
        told = tuple(self._told(interval) for interval in move.intervals)
        kept = move.bookmark if self.polled else replace(move.bookmark, gaps=())
        return replace(move, bookmark=kept, intervals=told)

    def _told(self, interval: Interval) -> Interval:
        if interval.state != "limited":
            return interval
        return replace(interval, reason=MISSED, state="limited" if self.polled else "capped")
