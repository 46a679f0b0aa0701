"""What a bookmark calls read: a post that turns up there was not shown when it should have been. Pure: no I/O, no clock.

Platforms show some posts late. For as long as a platform's `overlap` says they are read for again; what comes later
still is found by chance alone, where a page reaches further down than it had to.
"""

from monitor.bookmark import Bookmark, Mark, order
from monitor.heads import floor_of
from monitor.paging import Rules


def closed(bookmark: Bookmark, mark: Mark | None, *, ordered: bool, rules: Rules) -> bool:
    """Whether nothing new was to be expected at `mark`: settled, beyond the overlap, above where reading began, in no gap.

    False wherever marks say nothing about time: without paging, and on pages in no order.
    """
    if mark is None or not ordered or rules.order == "whole":
        return False
    floor = floor_of(bookmark, rules.overlap)
    if floor is None or bookmark.start is None or not order(bookmark.start) < order(mark) <= order(floor):
        return False
    return not any(
        order(mark) <= order(gap.top) and (gap.floor is None or order(mark) > order(gap.floor)) for gap in bookmark.gaps
    )
