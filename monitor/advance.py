"""How a bookmark moves: what a read page means for it, with the ledger entries of the same commit. Pure: no I/O, no clock.

`monitor.walk` decides what to ask. A crash between asking and committing costs at most a page read again (tests/test_walk.py,
tests/faults). The rules and the measurement behind the floor are in docs/decisions/0001-bookmarks.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from monitor.bookmark import Again, Bookmark, Gap, Head, Interval, Mark, State, Step, charged, order
from monitor.heads import credible, floor_of, kept_heads, lowest, settled, sunk, time_of
from monitor.paging import Facts, Rules

MOST_GAPS = 64  # beyond it the two oldest are joined: some re-reading, never loss
MOST_TRIES = 8  # refusals after which a gap is given up and said to be `failed`
SEEN_ENTRIES = 500  # more than any feed shows at once
BEYOND = "beyond what the platform keeps reachable"
BUDGET_USED = "the calls for filling it are used up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The bookmark after a page, the ledger entries that go with it, and whether the walk got anywhere."""

    bookmark: Bookmark
    intervals: tuple[Interval, ...]
    progress: bool


def advance(bookmark: Bookmark, step: Step, facts: Facts, *, rules: Rules, since: datetime | None = None) -> Move:
    """What `bookmark` becomes after the page that `step` asked for. The version is one higher even when nothing else moved."""
    if rules.order == "whole":
        move = _whole(bookmark, facts)
    elif step.until is not None or step.cursor is not None:
        move = _deeper(charged(bookmark, step.until), step, facts, rules)
    elif rules.order == "oldest" and step.after is not None:
        move = _forward(bookmark, step, facts, rules)
    elif rules.order == "oldest" and bookmark.heads and not _reaches(bookmark, facts, rules):
        move = _looked(bookmark, facts, rules)
    else:
        move = _newest(bookmark, facts, rules, since)
    kept, lapsed = _lapse(move.bookmark, rules, facts.asked_at)
    return replace(move, bookmark=replace(kept, version=bookmark.version + 1), intervals=(*move.intervals, *lapsed))


def refuse(bookmark: Bookmark, step: Step, *, reason: str, asked_at: datetime, rules: Rules) -> Move:
    """What `bookmark` becomes when the platform refuses `step`: its gap forgets the cursor and counts a try.

    The gap keeps its size until the tries are used up; then the ledger says that it failed.
    """
    bookmark = charged(bookmark, step.until)
    gap = gap_at(bookmark, step.until)
    tried = bookmark if gap is None else _with_gap(bookmark, gap, replace(gap, cursor=None, tries=gap.tries + 1, reason=reason))
    kept, lapsed = _lapse(tried, rules, asked_at)
    return Move(bookmark=replace(kept, version=bookmark.version + 1), intervals=lapsed, progress=False)


def _newest(bookmark: Bookmark, facts: Facts, rules: Rules, since: datetime | None) -> Move:
    marks = credible(facts, rules)
    if not marks and facts.cursor is not None and not facts.end:  # there is more, and where it lies is not told
        return Move(bookmark=bookmark, intervals=(), progress=False)
    if not marks:
        covered = _interval(bookmark.asked_at, facts.asked_at, "covered", facts)
        return Move(bookmark=replace(bookmark, asked_at=facts.asked_at, again=None), intervals=covered, progress=True)
    top, bottom = max(marks, key=order), min(marks, key=order)
    heads = (Head(mark=top, asked_at=facts.asked_at), *settled(marks, facts, rules))
    covered = _interval(facts.bottom_at, facts.asked_at, "covered", facts)
    if not bookmark.heads:
        if bookmark.asked_at is not None:  # it was empty then, so all that came since is wanted
            since = min(since or bookmark.asked_at, bookmark.asked_at - rules.overlap)
        first = replace(
            bookmark,
            heads=kept_heads((*heads, lowest(bottom, facts)), facts.asked_at, rules),
            start=bottom,
            start_at=facts.bottom_at,
            asked_at=facts.asked_at,
        )
        if facts.end and since is not None and facts.bottom_at is not None and since < facts.bottom_at:
            down = _down_to(since, facts.asked_at, facts, rules)
            return Move(bookmark=replace(first, start_at=since), intervals=down, progress=True)
        if since is None or facts.end or (facts.bottom_at is not None and facts.bottom_at <= since):
            return Move(bookmark=first, intervals=covered, progress=True)
        gap = _opened(bottom, None, facts, since)
        return Move(bookmark=replace(first, gaps=(gap,)), intervals=(*covered, *_unread(gap, facts)), progress=True)
    floor = floor_of(bookmark, rules.overlap)
    assert floor is not None  # heads are never empty here
    gaps = _minus(bookmark.gaps, top, bottom, facts)
    if gaps and order(gaps[0].top) > order(floor):
        floor = gaps[0].top
    if facts.end or _reached(floor, marks, facts):
        intervals = _since_then(bookmark.asked_at, facts)
    else:
        gap = _opened(bottom, floor, facts, None, floor_at=time_of(floor, rules) or bookmark.asked_at)
        gaps, intervals = (gap, *gaps), (*covered, *_unread(gap, facts))
    heads = kept_heads((*heads, *bookmark.heads), facts.asked_at, rules)
    moved = replace(bookmark, heads=heads, gaps=_joined(gaps), asked_at=facts.asked_at, again=None)
    return Move(bookmark=moved, intervals=intervals, progress=True)


def _looked(bookmark: Bookmark, facts: Facts, rules: Rules) -> Move:
    """A newest page that does not reach the floor: all that is new if it reaches the newest head, else it proves nothing."""
    marks = credible(facts, rules)
    if not marks or not _reached(bookmark.heads[0].mark, marks, facts):
        return Move(bookmark=bookmark, intervals=(), progress=False)
    covered = _since_then(bookmark.heads[0].asked_at, facts)
    return Move(bookmark=_ahead(bookmark, marks, facts, rules), intervals=covered, progress=True)


def _ahead(bookmark: Bookmark, marks: list[Mark], facts: Facts, rules: Rules) -> Bookmark:
    """The bookmark with heads from a page that shows all between the newest head and its own newest mark."""
    top = max(marks, key=order, default=bookmark.heads[0].mark)
    heads = (Head(mark=top, asked_at=facts.asked_at), *settled(marks, facts, rules), *bookmark.heads)
    return replace(bookmark, heads=kept_heads(heads, bookmark.asked_at or facts.asked_at, rules))


def _deeper(bookmark: Bookmark, step: Step, facts: Facts, rules: Rules) -> Move:
    gap = gap_at(bookmark, step.until)
    if gap is None:  # the bookmark changed under this walk; its page is stored, the bookmark stays
        return Move(bookmark=bookmark, intervals=(), progress=False)
    bottom = min(facts.marks, key=order, default=None)
    if facts.end or (bottom is None and not _new_cursor(step, facts)) or _bottomed(gap, facts, bottom):
        return _close(bookmark, gap, facts, bottom, rules)
    lower = bottom is not None and order(bottom) < order(gap.top) and facts.ordered
    above = bottom is not None and order(bottom) > order(gap.top)
    if not lower and (not _new_cursor(step, facts) or (above and rules.resumes_by_mark)):
        tried = replace(gap, cursor=None, tries=gap.tries + 1, reason="no progress")
        return Move(bookmark=_with_gap(bookmark, gap, tried), intervals=(), progress=False)
    shrunk = replace(gap, cursor=facts.cursor, cursor_at=facts.asked_at, tries=0, reason=None)
    covered: tuple[Interval, ...] = ()
    if lower and bottom is not None:
        sunk_to = [at for at in (gap.top_at, facts.bottom_at) if at is not None]
        shrunk = replace(shrunk, top=bottom, top_at=min(sunk_to, default=None))
        covered = _interval(facts.bottom_at, gap.top_at or facts.asked_at, "covered", facts)
    moved = _with_gap(bookmark, gap, shrunk)
    if gap.floor is None and lower and bottom is not None:
        moved = replace(moved, heads=sunk(bookmark.heads, gap, facts, rules, bottom), start=bottom, start_at=facts.bottom_at)
    return Move(bookmark=moved, intervals=covered, progress=True)


def _close(bookmark: Bookmark, gap: Gap, facts: Facts, bottom: Mark | None, rules: Rules) -> Move:
    moved = _with_gap(bookmark, gap, None)
    if gap.floor is None:
        lowest = gap.top if bottom is None else min(gap.top, bottom, key=order)
        # The end of everything was reached, so asking back to an older `since` again would find nothing new.
        started = gap.since if gap.since is not None else facts.bottom_at
        moved = replace(moved, heads=sunk(bookmark.heads, gap, facts, rules, lowest), start=lowest, start_at=started)
    to_at = gap.top_at or facts.asked_at
    from_at = gap.floor_at or facts.bottom_at
    return Move(bookmark=moved, intervals=_down_to(from_at, to_at, facts, rules), progress=True)


def _down_to(from_at: datetime | None, to_at: datetime, facts: Facts, rules: Rules) -> tuple[Interval, ...]:
    """What a page proves that ends a walk at `from_at`: where nothing more is shown, that there is none, or none is kept so long."""
    edge = facts.asked_at - rules.window if rules.window is not None else None
    if facts.end and edge is not None and from_at is not None and from_at < edge < to_at:
        capped = _interval(from_at, edge, "capped", facts, reason=BEYOND)
        return (*_interval(edge, to_at, "covered", facts), *capped)
    return _interval(from_at, to_at, "covered", facts)


def _forward(bookmark: Bookmark, step: Step, facts: Facts, rules: Rules) -> Move:
    assert step.after is not None
    began_at = facts.began_at or facts.asked_at  # a later page of this walk says nothing new about what the first one read
    top = max(facts.marks, key=order, default=None)
    if top is None:
        covered = _interval(time_of(step.after, rules) or bookmark.asked_at, began_at, "covered", facts)
        moved = _read_again(_ahead(bookmark, [], facts, rules), step, None, began_at, rules)
        return Move(bookmark=moved, intervals=covered, progress=True)
    if order(top) <= order(step.after):
        return Move(bookmark=bookmark, intervals=(), progress=False)
    # Between the mark that was asked after and the first post of the page lies nothing, which is covered, too.
    known = [at for at in (facts.bottom_at, time_of(step.after, rules) or bookmark.asked_at) if at is not None]
    covered = _interval(min(known, default=None), began_at if facts.end else facts.top_at, "covered", facts)
    marks, moved = credible(facts, rules), bookmark
    if marks and order(max(marks, key=order)) > order(bookmark.heads[0].mark):
        moved = _ahead(bookmark, marks, facts, rules)
    moved = _read_again(moved, step, None if facts.end else top, began_at, rules)
    return Move(bookmark=moved, intervals=covered, progress=True)


def _read_again(bookmark: Bookmark, step: Step, top: Mark | None, began_at: datetime, rules: Rules) -> Bookmark:
    """How far the overlap is read again after a page up to `top` (None: up to the end); at its end a new floor can be chosen."""
    if step.upto is None:
        return bookmark
    began_at = bookmark.again.began_at if bookmark.again is not None else began_at
    if top is not None and order(top) < order(step.upto):
        return replace(bookmark, again=Again(after=top, upto=step.upto, began_at=began_at))
    return replace(bookmark, heads=kept_heads(bookmark.heads, began_at, rules), asked_at=began_at, again=None)


def _whole(bookmark: Bookmark, facts: Facts) -> Move:
    asked_before = bookmark.asked_at
    if facts.unchanged:
        covered = _interval(asked_before, facts.asked_at, "covered", facts)
        return Move(bookmark=replace(bookmark, asked_at=facts.asked_at), intervals=covered, progress=True)
    entries = tuple(dict.fromkeys(str(mark) for mark in facts.marks))
    known = set(bookmark.seen)
    meets = not known or not entries or any(entry in known for entry in entries)
    reason = None if meets else "every entry was new: some may have rolled off between two fetches"
    told = _interval(asked_before, facts.asked_at, "covered" if meets else "capped", facts, reason=reason)
    seen = tuple(dict.fromkeys((*entries, *bookmark.seen)))[:SEEN_ENTRIES]
    moved = replace(bookmark, seen=seen, validators=dict(facts.validators), asked_at=facts.asked_at)
    return Move(bookmark=moved, intervals=told, progress=meets)


def _reached(floor: Mark, marks: list[Mark], facts: Facts) -> bool:
    edge = min(marks, key=order) if facts.ordered else max(marks, key=order)
    return order(edge) <= order(floor)


def _reaches(bookmark: Bookmark, facts: Facts, rules: Rules) -> bool:
    """Whether a newest page shows all there is above the floor."""
    floor, marks = floor_of(bookmark, rules.overlap), credible(facts, rules)
    return facts.end or (floor is not None and bool(marks) and _reached(floor, marks, facts))


def _bottomed(gap: Gap, facts: Facts, bottom: Mark | None) -> bool:
    if bottom is None:
        return False
    if gap.floor is not None:
        return _reached(gap.floor, list(facts.marks), facts)
    at = facts.bottom_at if facts.ordered else facts.top_at
    return gap.since is not None and at is not None and at <= gap.since


def _opened(top: Mark, floor: Mark | None, facts: Facts, since: datetime | None, *, floor_at: datetime | None = None) -> Gap:
    return Gap(
        top=top,
        floor=floor,
        cursor=facts.cursor,
        cursor_at=facts.asked_at,
        opened_at=facts.asked_at,
        since=since,
        top_at=facts.bottom_at,
        floor_at=since if floor is None else floor_at,
    )


def _minus(gaps: tuple[Gap, ...], top: Mark, bottom: Mark, facts: Facts) -> tuple[Gap, ...]:
    """The gaps without what an ordered page from `top` down to `bottom` has just read of them."""
    if not facts.ordered:
        return gaps
    left: list[Gap] = []
    for gap in gaps:
        if not order(bottom) < order(gap.top) <= order(top):
            left.append(gap)
        elif gap.floor is None or order(bottom) > order(gap.floor):
            left.append(replace(gap, top=bottom, top_at=facts.bottom_at, cursor=facts.cursor, cursor_at=facts.asked_at))
    return tuple(left)


def _joined(gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    while len(gaps) > MOST_GAPS:
        newer, older = gaps[-2:]
        joined = replace(newer, floor=older.floor, since=older.since, floor_at=older.floor_at, tries=0, calls=None)
        gaps = (*gaps[:-2], joined)
    return gaps


def _lapse(bookmark: Bookmark, rules: Rules, now: datetime) -> tuple[Bookmark, tuple[Interval, ...]]:
    """Give up gaps that can no longer be asked, saying so in the ledger."""
    told: list[Interval] = []
    kept: list[Gap] = []
    for gap in bookmark.gaps:
        beyond = rules.window is not None and gap.top_at is not None and gap.top_at < now - rules.window
        spent = gap.calls == 0 and not beyond and gap.tries < MOST_TRIES
        if not (beyond or spent or gap.tries >= MOST_TRIES):
            kept.append(gap)
            continue
        reason = BEYOND if beyond else BUDGET_USED if spent else gap.reason
        state: State = "capped" if beyond else "limited" if spent else "failed"
        told.append(Interval(from_at=gap.floor_at, to_at=gap.top_at, state=state, reason=reason, asked_at=now))
    return (replace(bookmark, gaps=tuple(kept)), tuple(told)) if told else (bookmark, ())


def _interval(
    from_at: datetime | None, to_at: datetime | None, state: State, facts: Facts, *, reason: str | None = None
) -> tuple[Interval, ...]:
    if from_at is None or to_at is None or from_at > to_at:
        return ()
    made = Interval(from_at=from_at, to_at=to_at, state=state, reason=reason, posts=facts.posts, asked_at=facts.asked_at)
    return (made,)


def _since_then(asked_at: datetime | None, facts: Facts) -> tuple[Interval, ...]:
    """What a page proves that reaches what was known at `asked_at`: all since then, and as far back as it shows."""
    known = [at for at in (asked_at, facts.bottom_at) if at is not None]
    return _interval(min(known, default=None), facts.asked_at, "covered", facts)


def _unread(gap: Gap, facts: Facts) -> tuple[Interval, ...]:
    """Until its pages are read, the ledger says of a gap that it is known and not yet read."""
    if gap.floor_at is None or gap.top_at is None or gap.floor_at > gap.top_at:
        return ()
    return (Interval(from_at=gap.floor_at, to_at=gap.top_at, state="limited", reason="not yet read", asked_at=facts.asked_at),)


def _new_cursor(step: Step, facts: Facts) -> bool:
    return facts.cursor is not None and facts.cursor != step.cursor


def gap_at(bookmark: Bookmark, top: Mark | None) -> Gap | None:
    """The gap that begins at `top`."""
    return next((gap for gap in bookmark.gaps if gap.top == top), None)


def _with_gap(bookmark: Bookmark, gap: Gap, changed: Gap | None) -> Bookmark:
    gaps = tuple(changed if each is gap else each for each in bookmark.gaps)
    return replace(bookmark, gaps=tuple(each for each in gaps if each is not None))


def name_of(gap: Gap) -> tuple[object, datetime]:
    """What stays the same of a gap while its top sinks."""
    return (gap.floor, gap.opened_at)
