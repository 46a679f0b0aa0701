"""How many posts of each topic the simulator showed, by a matcher that is simple on purpose. Pure.

It shares no code with the query language, the rollups or the trends whose figures are held against it: it knows a word, a phrase or
a #tag, and the rows of the simulator's log (`Shown.truth`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """The spike as the simulator's truth tells it: from one full hour to another, and how many posts were added."""

    subject: str
    from_at: datetime
    to_at: datetime
    extra_posts: int

    @classmethod
    def of(cls, truth: Mapping[str, Any]) -> "Planted":
        """Read it from `World.truth`."""
        spike = truth["spike"]
        begin, end = (datetime.fromisoformat(spike[name]) for name in ("from", "to"))
        return cls(subject=spike["subject"], from_at=begin, to_at=end, extra_posts=spike["extra_posts"])


def last_shown(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of each post the row in which it was shown last; a log is in the order of sending."""
    return list({row["uri"]: row for row in rows}.values())


def says(row: Mapping[str, Any], wanted: str) -> bool:
    """Whether a row has a word (in title, text or as a tag), a "phrase" (in title or text) or a #tag."""
    tags = {str(tag).casefold() for tag in row["tags"]}
    if wanted.startswith("#"):
        return wanted[1:].casefold() in tags
    words = wanted.strip('"').casefold()
    said = _ADDRESS.sub(" ", "\n".join(filter(None, (row["title"], row["summary"], row["text"])))).casefold()
    return (" " not in words and words in tags) or re.search(rf"\b{re.escape(words)}\b", said) is not None


def posts_of(rows: Iterable[Mapping[str, Any]], queries: Iterable[str]) -> dict[str, int]:
    """Posts by query, of rows that are of one post each; a post may be of several."""
    shown = list(rows)
    return {query: sum(says(row, query) for row in shown) for query in queries}


def written_between(rows: Iterable[Mapping[str, Any]], begin: datetime, end: datetime) -> list[Mapping[str, Any]]:
    """The rows whose posts were written from `begin` to before `end`. A row without a date was collected later than either."""
    return [row for row in rows if row["created_at"] and begin <= datetime.fromisoformat(row["created_at"]) < end]
