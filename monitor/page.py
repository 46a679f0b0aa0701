"""A page: one API reply with its raw posts, as it travels from the platform file to the store.

`Ask` is what a platform file wants to be sent, `Reply` what came back (checked), `Page` what the platform file read from
it. What a page means for the bookmark is in `monitor.bookmark`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from monitor.bookmark import Mark, Step, order
from monitor.source import Source
from monitor.text.tolerant import decoded


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `path` is joined to the platform's base address unless it is a whole address itself; parameters with
    value None are left out, a list repeats its name; `headers` are those beyond what the shared spider sends; `units` of a quota
    are what it costs, where a platform counts so."""

    path: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold credentials, as a body may
    method: str = "GET"
    body: bytes | None = field(default=None, repr=False)
    units: int = 1

    def with_headers(self, headers: Mapping[str, str]) -> "Ask":
        """This ask with further headers."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reply answers: the source, and the step of its walk."""

    source: Source
    step: Step


@dataclass(frozen=True)
class Reply:
    """A complete, decompressed reply. Header names are lower case; `url` is where it came from after `base_url`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    fetched_at: datetime

    def __repr__(self) -> str:
        return f"<Reply {self.status} {len(self.body)} bytes>"

    @cached_property
    def json(self) -> Any:
        """The decoded body; values that nothing can hold are `Unreadable`. Raises ValueError where it is no whole JSON (the
        reply check has refused that before)."""
        return decoded(self.body)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one reply, one per post, in the reply's order, with the mark of each.

    A row must survive a round trip through JSON: that is how it is kept raw and replayed. A mark is the API's own sort key
    (None: pinned or featured, the row takes no part in the bookmark; for a source without paging the mark is the entry's
    identity). `cursor` leads to the next page. `ordered` False: rows come in no useful order. `end`: the platform proved that
    nothing lies beyond this page. `validators` are sent back with the next ask (ETag, Last-Modified); `unchanged`: a 304.
    """

    rows: Sequence[Any]
    marks: Sequence[Mark | None]
    cursor: str | None = None
    ordered: bool = True
    end: bool = False
    validators: Mapping[str, str] = field(default_factory=dict)
    unchanged: bool = False

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.marks):
            raise ValueError(f"a page of {len(self.rows)} rows needs as many marks, not {len(self.marks)}")

    def __repr__(self) -> str:
        return f"<Page {len(self.rows)} rows>"

    @property
    def top(self) -> Mark | None:
        """The newest mark; None where no row has one."""
        return max((mark for mark in self.marks if mark is not None), key=order, default=None)

    @property
    def bottom(self) -> Mark | None:
        """The oldest mark; None where no row has one."""
        return min((mark for mark in self.marks if mark is not None), key=order, default=None)

    def first(self, most: int) -> "Page":
        """This page with only its first `most` rows; the cursor would skip the others, so it is dropped."""
        return self._only(range(most)) if most < len(self.rows) else self

    def oldest(self, most: int) -> "Page":
        """This page with only its `most` oldest rows, for a walk that goes forward in time."""
        if most >= len(self.rows):
            return self
        by_age = sorted(range(len(self.rows)), key=lambda row: (0, 0) if (mark := self.marks[row]) is None else order(mark))
        return self._only(sorted(by_age[:most]))

    def _only(self, kept: Sequence[int]) -> "Page":
        rows, marks = [self.rows[row] for row in kept], [self.marks[row] for row in kept]
        # Validators would make the next reply a 304, and the rows left out here would never be seen.
        return replace(self, rows=rows, marks=marks, cursor=None, end=False, validators={})
