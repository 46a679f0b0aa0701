"""Which fields of posts a file holds: all, or those that were named, parts after a dot (`author.handle`). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from monitor.errors import UsageError
from monitor.post import FIELDS, Author, Counts, Score

PARTS: Mapping[str, type[Author | Counts | Score]] = {"author": Author, "counts": Counts, "sentiment": Score}
NAMES = (
    *(name for name in FIELDS if name not in {"raw", "signature"}),
    *(f"{part}.{field.name}" for part, kind in PARTS.items() for field in fields(kind)),
)
# What may be passed on where texts may not: enough to ask the platform for the post again.
IDS = ("id", "platform", "native_id")


@dataclass(frozen=True, slots=True)
class Selection:
    """`names` in the order in which they were asked for; None: every field."""

    names: tuple[str, ...] | None = None

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The same for a table: of a part that is named as a whole, all its columns."""
        if self.names is None:
            return None
        parts = {name: tuple(f"{name}.{field.name}" for field in fields(kind)) for name, kind in PARTS.items()}
        return tuple(column for name in self.names for column in parts.get(name, (name,)))

    def of(self, post: Mapping[str, Any]) -> dict[str, Any]:
        """The chosen part of a post as `exported` gives it; what the post does not have is left out."""
        if self.names is None:
            return dict(post)
        made: dict[str, Any] = {}
        for name in self.names:
            whole, _, part = name.partition(".")
            if whole not in post:
                continue
            if not part:
                made[whole] = post[whole]
            elif part in post[whole]:
                made.setdefault(whole, {})[part] = post[whole][part]
        return made


ALL = Selection()


def read_selection(text: str) -> Selection:
    """The fields of a text such as "id,text,author.handle". Raises UsageError for one that no post has, with the nearest there is."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(f"Posts have no field {name[:60]!r}.{meant} There are: {', '.join(NAMES)}.")
    whole = {name for name in names if name in PARTS}
    if twice := [name for name in names if name.partition(".")[0] in whole and "." in name]:
        raise UsageError(f"{twice[0]} is a part of {twice[0].partition('.')[0]}, which is named as well. Name one of them.")
    if not names:
        raise UsageError(f"--fields names no field. Write some of: {', '.join(NAMES)}.")
    return Selection(names)
