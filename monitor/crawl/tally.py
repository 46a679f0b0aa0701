"""What a crawl counted: pages and posts by what became of them. In memory; the run record keeps it."""

from dataclasses import dataclass, field

from monitor.crawl.coverage import Coverage
from monitor.crawl.page_item import PageItem
from monitor.store.commit import Committed


@dataclass(slots=True)
class Tally:
    """Posts as the platform sent them (`posts`) and what the store made of them; `quarantined` were refused.

    `late_missed`: new ones that an earlier poll should have brought, see `monitor.crawl.late_missed`. `expired` and `erased` were
    dropped, see `monitor.store.gone`.
    """

    pages: int = 0
    posts: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    late_missed: int = 0
    expired: int = 0
    erased: int = 0
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, item: PageItem, committed: Committed, *, late_missed: int = 0) -> None:
        """Count a committed page."""
        self.pages += 1
        self.posts += len(item.posts) + len(item.repeats)
        self.new += committed.new
        self.changed += committed.changed
        self.unchanged += committed.unchanged
        self.quarantined += committed.refused
        self.late_missed += late_missed
        self.expired += committed.expired
        self.erased += committed.erased
        self.coverage.add(item.posts)

    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        names = ("pages", "posts", "new", "changed", "unchanged", "quarantined", "late_missed", "expired", "erased")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return " ".join(f"{name}={count}" for name, count in self.counts().items())
