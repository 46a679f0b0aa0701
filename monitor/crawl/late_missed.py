"""Posts that came too late: new ones inside a stretch that the ledger called covered before their page was read.

They are stored like any other. That some were found says that others like them, below what any page reaches, were not: where the
number grows, the platform's `overlap_s` is too short. A post that a person removed from the database and that is shown again is
counted, too.
"""

from datetime import timedelta

from monitor.crawl.page_item import PageItem
from monitor.store.commit import Committed
from monitor.store.connection import Store

_MOMENT = timedelta(milliseconds=1)  # the resolution of the ledger


async def late_missed(store: Store, item: PageItem, committed: Committed) -> int:
    """How many of a committed page's posts came too late. Asks the ledger only where the bookmark says that some may have.

    What the ledger calls failed or capped was known to be missing, and is no surprise. Raises StoreUnavailableError.
    """
    if not committed.late:
        return 0
    moments = {
        post.id: (item.rules.marked_at(mark) if mark is not None else None) or post.created_at
        for post, mark in zip(item.posts, item.post_marks, strict=True)
        if post.id in committed.late
    }
    known = await store.ledger.stretches(
        item.source.id,
        from_at=min(moments.values()),
        to_at=max(moments.values()) + _MOMENT,
        before=item.bookmark.version + 1,
    )
    covered = [stretch for stretch in known if stretch.state == "covered"]
    return sum(any(stretch.from_at <= at < stretch.to_at for stretch in covered) for at in moments.values())
