"""What is proven fetched for a source, and the next step of its walk. Pure: no I/O, no clock.

A bookmark is a list of heads (marks up to which everything was asked for, and when) and of open gaps below them. It moves
only by `advance`, after the posts of a page are durable; that it moves once, and only for the owner of the lease, is
`monitor.store.commit`'s business. The rules are those of docs/decisions/0001-bookmarks.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

# The API's own sort key. Strings are ids of one alphabet that sort by length, then by letter (snowflakes, ULIDs).
Mark = int | str


def order(mark: Mark) -> tuple[int, int | str]:
    """Sort key of a mark: whole numbers by value; strings by length, then letters ("999" before "1000")."""
    return (0, mark) if isinstance(mark, int) else (len(mark), mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a walk, as a platform's `ask` is told it. With all None: the newest page.

    cursor: continue where the platform said; until: the newest posts at or before this mark (a platform whose marks are
    unique may leave the mark itself out); after: the oldest posts beyond this mark; floor: the walk ends at this mark, a
    hint for platforms that can say so in the request; size: at most this many rows where the platform can be told; upto: the
    overlap is read again up to this mark, which is no matter to the platform.
    """

    cursor: str | None = None
    until: Mark | None = None
    after: Mark | None = None
    floor: Mark | None = None
    size: int | None = None
    upto: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Everything at or below `mark` was visible, or is in a gap, as of `asked_at`."""

    mark: Mark
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Posts above `floor`, up to and including `top`, that were never read. floor None: back to `since`.

    `top_at` is the event time of the top for the ledger, None where marks tell no time. `calls`: how many pages may still be
    asked of it before it is let go; None: as many as it takes.
    """

    top: Mark
    floor: Mark | None
    cursor: str | None
    cursor_at: datetime | None
    opened_at: datetime
    tries: int = 0
    reason: str | None = None
    since: datetime | None = None
    top_at: datetime | None = None
    floor_at: datetime | None = None
    calls: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The overlap of a source that is read forward, partly read again: up to `after`, for posts that came late; it ends at `upto`.

    `began_at`: when that began. Posts above `upto` were all read since then.
    """

    after: Mark
    upto: Mark
    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """The state of one source. heads and gaps are newest first; gaps are disjoint and at most 64.

    `start`: at or below this mark nothing was ever asked (`start_at`: its event time). `asked_at`: when the last reading began
    of all that lies above its floor; `again`: how far the next one got. `validators` and `seen` (ids of the last 500 entries)
    serve sources without paging. `version` counts commits.
    """

    heads: tuple[Head, ...] = ()
    gaps: tuple[Gap, ...] = ()
    start: Mark | None = None
    start_at: datetime | None = None
    asked_at: datetime | None = None
    again: Again | None = None
    validators: Mapping[str, str] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    version: int = 0


def charged(bookmark: Bookmark, top: Mark | None) -> Bookmark:
    """The bookmark after a page was asked of the gap that begins at `top`: one call less where its calls are numbered."""
    paid = tuple(
        replace(gap, calls=max(0, gap.calls - 1)) if gap.top == top and gap.calls is not None else gap for gap in bookmark.gaps
    )
    return replace(bookmark, gaps=paid)


# imported: posts of this time came from a file, which proves nothing about those that are not in it.
State = Literal["covered", "capped", "limited", "failed", "imported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A ledger entry in event time: what is proven, or known to be missing, between two moments. None: open at that end."""

    from_at: datetime | None
    to_at: datetime | None
    state: State
    reason: str | None = None
    posts: int = 0
    asked_at: datetime
