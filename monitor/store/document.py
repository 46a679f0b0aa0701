"""How a post lies in MongoDB: the one place that maps `monitor.post` to documents and back. Pure.

Field names are those of docs/queries.md. What is unknown or empty is left out, so that `{$exists: false}` always means
"the platform did not say". The store's own bookkeeping in the same document (`digests`, `writes`) is `monitor.store.reading`'s.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bson.binary import Binary

from monitor.post import Author, Counts, Match, Media, Post, Revision, Score

Document = dict[str, Any]

# Whose post a deleted one is: analysts can count them without learning who it was.
DELETED_AUTHOR_ID = "deleted"
# What a deleted post loses: everything that its author said or that tells who it was.
BLANKED = ("title", "summary", "media", "links", "mentions", "place", "raw")


def document(post: Post) -> Document:
    """Make the stored form: dates UTC in milliseconds, tuples as lists, `_id` first; a deleted post is blanked."""
    made: Document = {
        "_id": post.id,
        "platform": post.platform,
        "native_id": post.native_id,
        "url": post.url,
        "kind": post.kind,
        "created_at": stored_moment(post.created_at),
        "edited_at": stored_moment(post.edited_at),
        "fetched_at": stored_moment(post.fetched_at),
        "first_seen": stored_moment(post.first_seen),
        "text": post.text,
        "title": post.title,
        "summary": post.summary,
        "language": post.language,
        "author": _known(post.author, Author),
        "tags": list(post.tags),
        "mentions": list(post.mentions),
        "links": list(post.links),
        "media": [_known(media, Media) for media in post.media],
        "place": dict(post.place) if post.place else None,
        "reply_to": post.reply_to,
        "thread": post.thread,
        "repost_of": post.repost_of,
        "quote_of": post.quote_of,
        "community": post.community,
        "counts": _known(post.counts, Counts),
        "sensitive": post.sensitive,
        "deleted_at": stored_moment(post.deleted_at),
        "revisions": [revision_document(revision) for revision in post.revisions],
        "topics": [match_document(match) for match in post.topics],
        "seen_on": list(post.seen_on),
        "sentiment": score_document(post.sentiment) if post.sentiment else None,
        "raw": Binary(post.raw) if post.raw is not None else None,
    }
    kept = {name: value for name, value in made.items() if value is not None and value not in ([], {})}
    return kept if post.deleted_at is None else blanked(kept)


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
        seen_on=tuple(stored.get("seen_on", ())),
        sentiment=Score(**stored["sentiment"]) if stored.get("sentiment") else None,
        raw=bytes(stored["raw"]) if stored.get("raw") is not None else None,
    )


def stored_moment(moment: datetime | None) -> datetime | None:
    """Cut to what MongoDB keeps (UTC, whole milliseconds), so that a value compares equal after a round trip."""
    if moment is None:
        return None
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
    return {"label": score.label} | _known(score, Score)


def revision_document(revision: Revision) -> Document:
    """Keep what is known of an earlier version."""
    made = _known(revision, Revision)
    return made | {name: stored_moment(made[name]) for name in ("edited_at", "seen_at") if name in made}


def _known(value: object, kind: type[Author] | type[Counts] | type[Media] | type[Score] | type[Revision]) -> Document:
    names = kind.__slots__
    return {name: getattr(value, name) for name in names if getattr(value, name) is not None}


def _numbers(stored: Mapping[str, Any]) -> Document:
    # BSON's 64-bit integers come back as a subclass of int, which the domain's exact type checks refuse.
    return {name: int(value) if type(value) not in (bool, str) else value for name, value in stored.items()}
