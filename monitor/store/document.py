"""How a post lies in MongoDB: the one place that maps `monitor.post` to documents and back. Pure.

Field names are those of docs/queries.md. What is unknown or empty is left out, so that `{$exists: false}` always means
"the platform did not say". The store's own bookkeeping in the same document (`digests`, `writes`) is `monitor.store.reading`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from monitor.post import Author, Counts, Match, Media, Post, Revision, Score

Document = dict[str, Any]

# Whose post a deleted one is: analysts can count them without learning who it was.
DELETED_AUTHOR_ID = "deleted"
# What a deleted post loses: everything that its author said or that tells who it was.
BLANKED = ("title", "summary", "media", "links", "link_ids", "domains", "signature", "mentions", "place", "raw")

# Fields that need no change to be stored, those that are dates, and those that are lists of texts.
_AS_IT_IS = (
    "url", "title", "summary", "language", "reply_to", "thread", "repost_of", "quote_of", "community", "sensitive", "signature",
    "raw",
)  # fmt: skip
_MOMENTS = ("edited_at", "fetched_at", "first_seen", "deleted_at")
_LISTS = ("tags", "mentions", "links", "link_ids", "domains", "seen_on")
_as_it_is, _moments_of, _lists_of = attrgetter(*_AS_IT_IS), attrgetter(*_MOMENTS), attrgetter(*_LISTS)
_PARTS: Mapping[type, tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {
    part: (tuple(field.name for field in fields(part)), attrgetter(*(field.name for field in fields(part))))
    for part in (Author, Counts, Media, Score, Revision)
}


def document(post: Post) -> Document:
    """Make the stored form: dates UTC in milliseconds, tuples as lists, `_id` first; a deleted post is blanked."""
    made: Document = {
        "_id": post.id,
        "platform": post.platform,
        "native_id": post.native_id,
        "kind": post.kind,
        "created_at": stored_moment(post.created_at),
        "text": post.text,
        "author": _known(post.author),
    }
    made |= {name: value for name, value in zip(_AS_IT_IS, _as_it_is(post), strict=True) if value is not None}
    made |= {name: list(texts) for name, texts in zip(_LISTS, _lists_of(post), strict=True) if texts}
    for name, moment in zip(_MOMENTS, _moments_of(post), strict=True):
        if moment is not None:
            made[name] = stored_moment(moment)
    made |= {name: part for name, part_of in _MADE if (part := part_of(post))}
    return made if post.deleted_at is None else blanked(made)


def blanked(stored: Document) -> Document:
    """Make a tombstone of a document: text empty, author unknown, `BLANKED` gone, and the same for its earlier versions."""
    kept = {name: value for name, value in stored.items() if name not in BLANKED}
    kept |= {"text": "", "author": {"id": DELETED_AUTHOR_ID}}
    if "revisions" in kept:
        kept["revisions"] = [
            {name: value for name, value in revision.items() if name in ("edited_at", "seen_at")} | {"text": ""}
            for revision in kept["revisions"]
        ]
    if "topics" in kept:
        kept["topics"] = [{"id": match["id"], "version": match["version"]} for match in kept["topics"]]
    return kept


def post_of(stored: Mapping[str, Any]) -> Post:
    """Make the post of a whole stored document; for a live post `post_of(document(post)) == post` but for microseconds."""
    return Post(
        id=stored["_id"],
        platform=stored["platform"],
        native_id=stored["native_id"],
        url=stored.get("url"),
        kind=stored["kind"],
        created_at=stored["created_at"],
        edited_at=stored.get("edited_at"),
        text=stored["text"],
        title=stored.get("title"),
        summary=stored.get("summary"),
        language=stored.get("language"),
        author=Author(**_numbers(stored["author"])),
        tags=tuple(stored.get("tags", ())),
        mentions=tuple(stored.get("mentions", ())),
        links=tuple(stored.get("links", ())),
        media=tuple(Media(**media) for media in stored.get("media", ())),
        place=stored.get("place"),
        reply_to=stored.get("reply_to"),
        thread=stored.get("thread"),
        repost_of=stored.get("repost_of"),
        quote_of=stored.get("quote_of"),
        community=stored.get("community"),
        counts=Counts(**_numbers(stored.get("counts", {}))),
        sensitive=stored.get("sensitive"),
        deleted_at=stored.get("deleted_at"),
        fetched_at=stored.get("fetched_at"),
        first_seen=stored.get("first_seen"),
        revisions=tuple(Revision(**revision) for revision in stored.get("revisions", ())),
        topics=tuple(match_of(match) for match in stored.get("topics", ())),
        link_ids=tuple(stored.get("link_ids", ())),
        domains=tuple(stored.get("domains", ())),
        signature=_bytes(stored.get("signature")),
        seen_on=tuple(stored.get("seen_on", ())),
        sentiment=Score(**stored["sentiment"]) if stored.get("sentiment") else None,
        raw=_bytes(stored.get("raw")),
    )


def stored_moment(moment: datetime | None) -> datetime | None:
    """Cut to what MongoDB keeps (UTC, whole milliseconds), so that a value compares equal after a round trip."""
    if moment is None or (moment.tzinfo is UTC and not moment.microsecond % 1000):
        return moment
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def match_document(match: Match) -> Document:
    """Keep spans as pairs; a match without spans has no such field."""
    made: Document = {"id": match.id, "version": match.version}
    if match.spans:
        made["spans"] = [list(span) for span in match.spans]
    return made


def match_of(stored: Mapping[str, Any]) -> Match:
    """Undo `match_document`."""
    spans = tuple((int(start), int(end)) for start, end in stored.get("spans", ()))
    return Match(id=stored["id"], version=int(stored["version"]), spans=spans)


def score_document(score: Score) -> Document:
    """Keep `label` even where it is None: an unscored post says so and why, and is not merely without a score."""
    return {"label": score.label} | _known(score)


def revision_document(revision: Revision) -> Document:
    """Keep what is known of an earlier version."""
    made = _known(revision)
    return made | {name: stored_moment(made[name]) for name in ("edited_at", "seen_at") if name in made}


def _known(value: Author | Counts | Media | Score | Revision) -> Document:
    names, values_of = _PARTS[type(value)]
    return {name: told for name, told in zip(names, values_of(value), strict=True) if told is not None}


# Fields that are made of parts; what comes out empty is left out.
_MADE: tuple[tuple[str, Callable[[Post], Any]], ...] = (
    ("counts", lambda post: _known(post.counts)),
    ("media", lambda post: [_known(media) for media in post.media]),
    ("place", lambda post: post.place and dict(post.place)),
    ("revisions", lambda post: [revision_document(revision) for revision in post.revisions]),
    ("topics", lambda post: [match_document(match) for match in post.topics]),
    ("sentiment", lambda post: post.sentiment and score_document(post.sentiment)),
)


def _bytes(stored: bytes | None) -> bytes | None:
    return None if stored is None else bytes(stored)


def _numbers(stored: Mapping[str, Any]) -> Document:
    # BSON's 64-bit integers come back as a subclass of int, which the domain's exact type checks refuse.
    return {name: int(value) if type(value) not in (bool, str) else value for name, value in stored.items()}
