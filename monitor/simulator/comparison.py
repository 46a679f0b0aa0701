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
    by_url = {document.get("url"): document["_id"] for document in documents}
    # Entries of some feeds have no identity of their own; their address is all that both sides know.
    ids = {uri: uri if uri in by_id else by_url.get(rows[0]["url"], uri) for uri, rows in truths.items()}
    natives = Counter((document["platform"], document["native_id"]) for document in documents)
    missing = [uri for uri in truths if ids[uri] not in by_id and uri not in poisoned]
    invented = sorted(set(by_id) - set(ids.values()))
    doubled = [f"{platform} {native}" for (platform, native), times in natives.items() if times > 1]
    different = [
        f"{uri}: {why}"
        for uri, rows in truths.items()
        if ids[uri] in by_id and uri not in poisoned and (why := _difference(rows, by_id[ids[uri]])) is not None
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
    """The first field in which a document is not what a row said, or None."""
    if document.get("deleted_at") is not None:
        return "text of a deleted post" if document.get("text") else None
    author, counts = document["author"], document.get("counts", {})
    if row["kind"] == "repost":  # it says and counts nothing itself; what a collector makes of the original is its choice
        return None if row["author"] in {author.get("handle"), author.get("name")} else "author"
    pairs: list[tuple[str, Any, Any]] = [
        ("text", row["text"], document.get("text", "")),
        ("title", row["title"], document.get("title")),
        ("author", row["author"] in {None, author.get("handle"), author.get("name")}, True),
        ("created_at", _moment(row) or document["created_at"], document["created_at"]),
        *((f"counts.{name}", row["counts"].get(name), counts.get(name)) for name in _COUNTS),
    ]
    return next((name for name, told, kept in pairs if told != kept), None)


def _moment(row: Mapping[str, Any]) -> datetime | None:
    """The row's date in whole milliseconds, as MongoDB keeps it; None where the platform shows none."""
    if row["created_at"] is None:
        return None
    moment = datetime.fromisoformat(row["created_at"])
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
