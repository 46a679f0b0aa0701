"""Heads of a bookmark: which are kept, and at which mark the next walk may stop. Pure: no I/O, no clock."""

from datetime import UTC, datetime, timedelta

from monitor.bookmark import Bookmark, Gap, Head, Mark, order
from monitor.paging import Facts, Rules

MOST_HEADS = 64
FUTURE = timedelta(days=1)  # a mark later than this is a wrong clock and would hide all true posts
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
BELOW_ALL: frozenset[Mark] = frozenset({0, "0"})


def floor_of(bookmark: Bookmark, overlap: timedelta) -> Mark | None:
    """The mark at which the next walk may stop: nothing at or below it can still turn up. None before the first page.

    A post with a mark up to a head's was due by `asked_at + overlap`; so a head is settled once a later walk began after that.
    Measuring from that later walk, not from now, is what keeps late posts when the polling interval exceeds the overlap.
    """
    if not bookmark.heads or bookmark.asked_at is None:
        return None
    settled = bookmark.asked_at - overlap
    for head in bookmark.heads:
        if head.asked_at <= settled:
            return head.mark
    return bookmark.heads[-1].mark


def credible(facts: Facts, rules: Rules) -> list[Mark]:
    latest = facts.asked_at + FUTURE
    return [mark for mark in facts.marks if (at := rules.marked_at(mark)) is None or at <= latest]


def settled(marks: list[Mark], facts: Facts, rules: Rules) -> tuple[Head, ...]:
    """The newest mark on the page that nothing late can undercut any more, known where marks tell their time."""
    timed = [(mark, at) for mark in marks if (at := rules.marked_at(mark)) is not None and at <= facts.asked_at - rules.overlap]
    if not timed:
        return ()
    mark, at = max(timed, key=lambda pair: order(pair[0]))
    return (Head(mark=mark, asked_at=at),)


def lowest(bottom: Mark, facts: Facts) -> Head:
    """The head below which nothing is expected: the oldest post of the page, or none at all where there was no older one.

    A platform that showed all it has may show a post late that is older than its oldest.
    """
    below_all: Mark = 0 if isinstance(bottom, int) else "0"
    return Head(mark=below_all if facts.end or not facts.marks else bottom, asked_at=LONG_AGO)


def time_of(mark: Mark, rules: Rules) -> datetime | None:
    """The event time of a head's mark; None where it tells none."""
    return None if mark in BELOW_ALL else rules.marked_at(mark)


def sunk(heads: tuple[Head, ...], gap: Gap, facts: Facts, rules: Rules, bottom: Mark) -> tuple[Head, ...]:
    """The heads while a source is first read back to its `since`: the lowest goes down to where nothing late can turn up."""
    if heads[-1].mark != gap.top or gap.top_at is None or gap.top_at <= gap.opened_at - rules.overlap:
        return heads
    newer = heads[:-1] or (Head(mark=gap.top, asked_at=gap.opened_at),)  # a first page of one post
    return (
        *newer,
        *(settled(credible(facts, rules), facts, rules) or (lowest(bottom, facts),)),
    )


def kept_heads(heads: tuple[Head, ...], asked_at: datetime, rules: Rules) -> tuple[Head, ...]:
    """Newest first, one per mark with its earliest time, and only as many as a floor can still be chosen from."""
    earliest: dict[Mark, Head] = {}
    for head in heads:
        if head.mark not in earliest or head.asked_at < earliest[head.mark].asked_at:
            earliest[head.mark] = head
    ordered = sorted(earliest.values(), key=lambda head: order(head.mark), reverse=True)
    kept: list[Head] = []
    for head in ordered:
        kept.append(head)
        if head.asked_at <= asked_at - rules.overlap:
            break
    while len(kept) > MOST_HEADS:
        # Fewer heads to choose from lowers a floor, which costs re-reading and loses nothing; the last one must stay.
        kept = [kept[0], *kept[1:-1:2], kept[-1]]
    return tuple(kept)
