"""How far back a source is wanted: the gap that leads back to `since` is opened, or let go. Pure: no I/O, no clock."""

from dataclasses import replace
from datetime import datetime

from monitor.bookmark import Bookmark, Gap
from monitor.paging import Rules


def reach_back(bookmark: Bookmark, since: datetime | None, *, rules: Rules, now: datetime) -> Bookmark:
    """Open the gap that leads from what was ever asked back to `since`, unless it is open or was read already."""
    if since is None or bookmark.start is None or any(gap.floor is None for gap in bookmark.gaps):
        return bookmark
    # Where the end of everything was reached, that is told by `start_at` alone.
    started = min((at for at in (rules.marked_at(bookmark.start), bookmark.start_at) if at is not None), default=None)
    if started is not None and started <= since:
        return bookmark
    gap = Gap(
        top=bookmark.start, floor=None, cursor=None, cursor_at=None, opened_at=now, since=since, top_at=started, floor_at=since
    )
    return replace(bookmark, gaps=(*bookmark.gaps, gap))


def let_go(bookmark: Bookmark, since: datetime) -> Bookmark:
    """The bookmark without the gap that leads back to `since`: what lies below counts as never asked again."""
    return replace(bookmark, gaps=tuple(gap for gap in bookmark.gaps if gap.floor is not None or gap.since != since))
