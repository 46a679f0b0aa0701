"""What one reading changes in a stored post: a pure function from (reading, what is stored) to one MongoDB update.

The rules, each for a reason seen in practice:

- A reading fetched earlier than the stored one changes nothing but who has seen the post (`seen_on`, `topics`).
- A route speaks for what the post says when it spoke before, or when it knows of a later edit. Another route (the same post
  through a second instance) renders the same text a little differently, for ever, and may have missed an edit: it adds
  counts and fields that were unknown, and does not replace text. So two routes do not fill `revisions` by turns.
- An unknown count or field never erases a known one; lists are replaced as a whole.
- A tombstone blanks the post. Only the route that reported the deletion can bring the post back, by a later reading.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from monitor.post import Match
from monitor.store.document import Document, blanked, match_document, match_of
from monitor.store.reading import BODY, SAID, Digest, Reading

# Enough to see how a post became what it is; a bot that edits each minute must not grow a document without end.
MOST_REVISIONS = 20
# Digests remembered per post, one per route; beyond it a route is treated as one that never spoke.
MOST_ROUTES = 32

LISTS = ("tags", "mentions", "links", "link_ids", "domains", "media")
# What is made of the text alone, and goes with it.
_OF_TEXT = ("signature", "sentiment")
_NEVER = datetime.min.replace(tzinfo=UTC)

# same: only routes and topics may be new. counted: only counts. body: other fields. aside: a route that does not speak for
# the text. edited: the text, too. deleted, revived: as they say. All from `aside` on need the whole stored document.
Verdict = Literal["same", "counted", "body", "aside", "edited", "deleted", "revived"]
NEED_WHOLE: frozenset[Verdict] = frozenset({"aside", "edited", "deleted", "revived"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The few fields of a stored post that decide; `writes` counts updates and guards against a concurrent one."""

    platform: str
    writes: int | None
    digests: tuple[Digest, ...]
    fetched_at: datetime
    edited_at: datetime | None
    created_at: datetime
    deleted: bool
    scored: bool
    topics: tuple[Match, ...]
    seen_on: tuple[str, ...]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Known":
        """Take them from a document or from the `PROJECTION` of one."""
        return cls(
            platform=stored["platform"],
            writes=stored.get("writes"),
            digests=tuple(Digest.unpack(packed) for packed in stored.get("digests", ())),
            fetched_at=stored.get("fetched_at", _NEVER),
            edited_at=stored.get("edited_at"),
            created_at=stored["created_at"],
            deleted="deleted_at" in stored,
            scored="sentiment" in stored,
            topics=tuple(match_of(match) for match in stored.get("topics", ())),
            seen_on=tuple(stored.get("seen_on", ())),
        )

    def last_of(self, route: bytes) -> Digest | None:
        """What this route said the last time."""
        return next((digest for digest in self.digests if digest.route == route), None)


PROJECTION = (
    "platform", "writes", "digests", "fetched_at", "edited_at", "created_at", "deleted_at", "sentiment.label", "topics", "seen_on",
)  # fmt: skip


def verdict(reading: Reading, known: Known) -> Verdict:
    """Decide what kind of change the reading is."""
    last = known.last_of(reading.digest.route)
    # A feed may name any post as its own: it is one more route then, and speaks for nothing.
    foreign = last is None and reading.post.platform != known.platform
    if foreign or last == reading.digest or reading.fetched_at < known.fetched_at:
        return "same"
    if reading.post.deleted_at is not None:
        return "same" if known.deleted else "deleted"
    if known.deleted:
        return "same" if last is None else "revived"
    edited_at, known_edited_at = reading.document.get("edited_at", _NEVER), known.edited_at or _NEVER
    if edited_at < known_edited_at or (last is None and edited_at == known_edited_at):
        return "aside"
    if last is None or last.said != reading.digest.said:
        return "edited"
    return "counted" if last.body == reading.digest.body else "body"


@dataclass(frozen=True, slots=True)
class _Delta:
    """Fields to set, fields to remove, and the version to push."""

    fields: Document
    gone: AbstractSet[str] = frozenset()
    pushed: Document | None = None


def change(reading: Reading, known: Known, whole: Document | None) -> Document | None:
    """Make the update document, or None where nothing is to be written.

    `whole` is the stored document and needed for the verdicts of `NEED_WHOLE`. The caller guards the update by
    `{"_id": ..., "writes": known.writes}`, so that it is never applied to anything but what was looked at here.
    """
    kind = verdict(reading, known)
    if kind in NEED_WHOLE and whole is None:
        raise ValueError(f"the verdict {kind} needs the whole stored post")
    delta = _DELTAS[kind](reading, known, whole or {})
    if not delta.fields and not delta.gone:
        return None
    update: Document = {"$set": delta.fields, "$inc": {"writes": 1}}
    if delta.gone:
        update["$unset"] = dict.fromkeys(sorted(delta.gone), "")
    if delta.pushed:
        update["$push"] = {"revisions": {"$each": [delta.pushed], "$slice": -MOST_REVISIONS}}
    return update


def _same(reading: Reading, known: Known, _whole: Document) -> _Delta:
    """Add who saw it and what it matches; nothing of it reaches a deleted post."""
    return _Delta({} if known.deleted else _added(reading, known))


def _counted(reading: Reading, known: Known, _whole: Document) -> _Delta:
    """Set the counts that are known."""
    digests = [reading.digest, *(digest for digest in known.digests if digest.route != reading.digest.route)]
    return _Delta(
        {
            **{f"counts.{name}": count for name, count in reading.document.get("counts", {}).items()},
            "fetched_at": reading.fetched_at,
            "digests": [digest.pack() for digest in digests[:MOST_ROUTES]],
            **_added(reading, known),
        }
    )


def _body(reading: Reading, known: Known, whole: Document) -> _Delta:
    """Set the fields that are known, and the lists as they are now."""
    stored = reading.document
    fields = {name: stored[name] for name in (*BODY, "raw") if name in stored and name != "author"}
    fields |= {f"author.{name}": value for name, value in stored["author"].items()}
    return _Delta(fields | _counted(reading, known, whole).fields, {name for name in LISTS if name not in stored})


def _aside(reading: Reading, known: Known, whole: Document) -> _Delta:
    """Set the counts, and of the other fields those that were unknown."""
    stored = reading.document
    fields = {
        name: stored[name] for name in BODY if name in stored and name not in whole and name not in ("author", "edited_at")
    }
    fields |= {f"author.{name}": value for name, value in stored["author"].items() if name not in whole["author"]}
    return _Delta(fields | _counted(reading, known, whole).fields)


def _edited(reading: Reading, known: Known, whole: Document) -> _Delta:
    """Replace the text and keep the old one; where the text turns out equal, only the other fields change."""
    stored = reading.document
    body = _body(reading, known, whole)
    before = {name: whole[name] for name in (*SAID, "edited_at") if name in whole}
    if all(before.get(name) == stored.get(name) for name in SAID):
        return body
    fields = body.fields | {name: stored[name] for name in (*SAID, *_OF_TEXT) if name in stored}
    gone = {name for name in (*SAID, *_OF_TEXT) if name not in stored and name in whole}
    if topics := _rematched(reading, known):
        fields["topics"] = topics
    return _Delta(fields, body.gone | gone, before | {"seen_at": known.fetched_at})


def _deleted(reading: Reading, known: Known, whole: Document) -> _Delta:
    """Blank it. The digest of the deleting route alone stays: no other route can bring it back."""
    left = blanked(whole)
    fields: Document = {name: left[name] for name in ("text", "author", "revisions", "topics") if name in left}
    fields |= {
        "deleted_at": reading.document["deleted_at"],
        "fetched_at": reading.fetched_at,
        "digests": [reading.digest.pack()],
    }
    if seen_on := _more_routes(reading, known):
        fields["seen_on"] = seen_on
    return _Delta(fields, whole.keys() - left.keys())


def _revived(reading: Reading, known: Known, whole: Document) -> _Delta:
    """Take the reading as it is; versions, first sight and what other routes added stay."""
    fields = {
        name: value for name, value in reading.document.items() if name not in ("_id", "first_seen", "revisions", "created_at")
    }
    fields |= {
        "digests": [reading.digest.pack()],
        "seen_on": _more_routes(reading, known) or list(known.seen_on),
        "topics": _rematched(reading, known),
    }
    return _Delta(fields, {"deleted_at"} | ({"sentiment"} & whole.keys() - fields.keys()))


_DELTAS: Mapping[Verdict, Callable[[Reading, Known, Document], _Delta]] = {
    "same": _same,
    "counted": _counted,
    "body": _body,
    "aside": _aside,
    "edited": _edited,
    "deleted": _deleted,
    "revived": _revived,
}


def _added(reading: Reading, known: Known) -> Document:
    """Routes and topics that are new, and a score where there was none."""
    fields: Document = {}
    if seen_on := _more_routes(reading, known):
        fields["seen_on"] = seen_on
    if topics := _more_topics(reading, known):
        fields["topics"] = topics
    if not known.scored and "sentiment" in reading.document and _same_text(reading, known):
        fields["sentiment"] = reading.document["sentiment"]
    return fields


def _more_routes(reading: Reading, known: Known) -> list[str] | None:
    added = [route for route in reading.post.seen_on if route not in known.seen_on]
    return [*known.seen_on, *added] if added else None


def _more_topics(reading: Reading, known: Known) -> list[Document] | None:
    """Topics joined where the reading matches one not known yet, or a later version of its query."""
    versions = {match.id: match.version for match in known.topics}
    added = [match for match in reading.post.topics if match.version > versions.get(match.id, 0)]
    if not added:
        return None
    if not _same_text(reading, known):
        added = [Match(id=match.id, version=match.version) for match in added]  # its spans point into another text
    return _joined_topics(known.topics, added)


def _rematched(reading: Reading, known: Known) -> list[Document]:
    """Topics after a change of text: the reading's as they are, the others without spans, which pointed into the old text."""
    old = [Match(id=match.id, version=match.version) for match in known.topics]
    return _joined_topics(old, reading.post.topics)


def _joined_topics(known: Sequence[Match], added: Sequence[Match]) -> list[Document]:
    by_id = {match.id: match for match in (*known, *added)}
    return [match_document(match) for match in by_id.values()]


def _same_text(reading: Reading, known: Known) -> bool:
    return all(digest.said == reading.digest.said for digest in known.digests)
