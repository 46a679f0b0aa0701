"""What is stored against what was shown: the conservation check of the demo and of the fault tests. Pure.

Shares no code with spiders or pipelines: one side is the simulator's own log, the other plain documents from MongoDB.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

# Two routes may show one post within moments, and either may be stored last.
AT_ONCE = timedelta(seconds=2)
_COUNTS = ("likes", "reposts", "replies", "quotes", "views", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Counts of posts. `missing` were shown and are neither stored nor set aside, `invented` stored and never shown, `doubled`
    stored more than once, `different` stored with another text, author, date or count. `examples` name a few of each."""

    shown: int
    stored: int
    missing: int
    invented: int
    doubled: int
    different: int
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether all was stored as it was shown, once."""
        return not (self.missing or self.invented or self.doubled or self.different)


def compare(shown: Iterable[Mapping[str, Any]], stored: Iterable[Mapping[str, Any]]) -> Comparison:
    """Compare log rows (`Shown.truth` with `sent_at`) with documents of `posts`. Rows marked as poison may be set aside."""
    truths: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    poisoned: set[str] = set()
    for row in shown:
        truths[row["uri"]].append(row)
        if row.get("poison"):
            poisoned.add(row["uri"])
    documents = list(stored)
    by_id = {document["_id"]: document for document in documents}
    natives = Counter((document["platform"], document["native_id"]) for document in documents)
    missing = [uri for uri in truths if uri not in by_id and uri not in poisoned]
    invented = [name for name in by_id if name not in truths]
    doubled = [f"{platform} {native}" for (platform, native), times in natives.items() if times > 1]
    different = [
        f"{uri}: {why}"
        for uri, rows in truths.items()
        if uri in by_id and uri not in poisoned and (why := _difference(rows, by_id[uri])) is not None
    ]
    return Comparison(
        shown=len(truths),
        stored=len(documents),
        missing=len(missing),
        invented=len(invented),
        doubled=len(doubled),
        different=len(different),
        examples={
            "missing": tuple(missing[:5]),
            "invented": tuple(invented[:5]),
            "doubled": tuple(doubled[:5]),
            "different": tuple(different[:5]),
        },
    )


def _difference(rows: list[Mapping[str, Any]], document: Mapping[str, Any]) -> str | None:
    """What differs from the newest showing; None when the document equals it, or one that was sent at the same time."""
    sent = [datetime.fromisoformat(row["sent_at"]) for row in rows]
    newest = max(sent)
    told = [_mismatch(row, document) for row, at in zip(rows, sent, strict=True) if newest - at <= AT_ONCE]
    return None if None in told else told[-1]


def _mismatch(row: Mapping[str, Any], document: Mapping[str, Any]) -> str | None:
    if (row.get("deleted_at") is None) != (document.get("deleted_at") is None):
        return "deleted"
    if row.get("deleted_at") is not None:
        return None if not document.get("text") else "text of a deleted post"
    if document.get("text", "") != row["text"]:
        return "text"
    if row["title"] is not None and document.get("title") != row["title"]:
        return "title"
    author = document["author"]
    if row["author"] is not None and row["author"] not in {author.get("handle"), author.get("name"), author["id"]}:
        return "author"
    if row["created_at"] is not None and abs(document["created_at"] - datetime.fromisoformat(row["created_at"])) >= timedelta(
        milliseconds=1
    ):
        return "created_at"
    counts = document.get("counts", {})
    for name in _COUNTS:
        if row["counts"].get(name) != counts.get(name):
            return f"counts.{name}"
    return None
