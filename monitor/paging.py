"""What a platform states about its paging, and what one page of it says. Pure: no I/O, no clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.bookmark import Mark
from monitor.source import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a platform states about its paging. `overlap`: how late a post may become visible after the time of its mark."""

    order: Order
    overlap: timedelta
    marked_at: Callable[[Mark], datetime | None] = lambda _mark: None
    cursor_ttl: timedelta | None = None
    window: timedelta | None = None
    resumes_by_mark: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page says, apart from its posts.

    `asked_at`: when it was asked for; `began_at`: when the first page of the same walk was (None: this is it); `top_at` and
    `bottom_at`: event times of its newest and oldest marked post.
    """

    marks: tuple[Mark, ...]
    cursor: str | None = None
    ordered: bool = True
    end: bool = False
    asked_at: datetime
    began_at: datetime | None = None
    top_at: datetime | None = None
    bottom_at: datetime | None = None
    posts: int = 0
    validators: Mapping[str, str] = field(default_factory=dict)
    unchanged: bool = False
