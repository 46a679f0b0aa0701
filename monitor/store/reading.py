"""A reading: one delivery of a post, encoded for MongoDB and with the digest by which a repeat is known. Pure.

A post is read many times: by later polls, by two topics, through two instances. `Digest` says in 36 bytes what one route
said at its last reading, so that a repeat costs one look-up and no write, in a fresh process too.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import bson
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from monitor import clock
from monitor.errors import PostError
from monitor.post import Author, Counts, Match, Post
from monitor.store.document import Document, document

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)

# The server takes 16 MiB; what is left is for the store's own fields and for revisions to come.
LARGEST_BYTES = 15 * 1024 * 1024
# The server's own limit fails a whole batch, not the one document; no place or attachment needs a tenth of this.
DEEPEST = 50

_Part = TypeVar("_Part", Author, Counts)

_NEVER = datetime.min.replace(tzinfo=UTC)
SAID = ("text", "title", "summary")
# Followers change with every reading of a busy author and are no word about the post: they are stored with other changes,
# but are no change by themselves.
# `created_at` stays as it was first read: where a feed tells no date it is the moment of the first reading.
BODY = (
    "url", "kind", "edited_at", "language", "author", "tags", "mentions", "links", "link_ids", "domains", "media",
    "place", "reply_to", "thread", "repost_of", "quote_of", "community", "sensitive",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Digest:
    """What one route said, in hashes: of the route, of text, title and summary, of the other fields, and of the counts.

    `row` is the caller's own digest of the row behind them, by which it knows a repeat without reading it; "" where unknown.
    """

    route: bytes
    said: bytes
    body: bytes
    counts: bytes
    row: bytes = field(default=b"", compare=False)

    @classmethod
    def of(cls, stored: Document, route: str, row: bytes) -> "Digest":
        """Hash a document (not yet blanked of anything). Raises what BSON encoding raises."""
        body = {name: stored[name] for name in BODY if name in stored}
        if "followers" in body["author"]:
            body["author"] = {name: value for name, value in body["author"].items() if name != "followers"}
        said = {name: stored[name] for name in SAID if name in stored}
        return cls(
            route_digest(route),
            _hash(said, size=8),
            _hash(body, size=6),
            _hash(stored.get("counts", {}), size=6),
            row,
        )

    @classmethod
    def unpack(cls, packed: bytes) -> "Digest":
        """Undo `pack`."""
        return cls(packed[:4], packed[4:12], packed[12:18], packed[18:24], packed[24:])

    def pack(self) -> bytes:
        """The 36 bytes, 24 without a row, as stored in `digests`."""
        return self.route + self.said + self.body + self.counts + self.row


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """A post ready for the store. `insertion` is the whole encoded document of a post not seen before."""

    post: Post
    document: Document
    digest: Digest
    fetched_at: datetime
    insertion: RawBSONDocument

    def __repr__(self) -> str:
        return f"<Reading of {self.post!r}>"


@cache
def route_digest(route: str) -> bytes:
    """By which a stored digest names its route."""
    return hashlib.blake2b(route.encode(), digest_size=4).digest()


def read(post: Post, row: bytes = b"") -> Reading:
    """Encode one post by itself; `row` as in `Digest`. Raises PostError, in words without its content, for what MongoDB cannot hold."""
    try:
        stored = document(post)
        fetched_at = stored["fetched_at"] = stored.get("fetched_at") or clock.now()
        stored.setdefault("first_seen", fetched_at)
        _refuse_depth(stored.get("place"), DEEPEST)
        digest = Digest.of(stored, post.seen_on[0] if post.seen_on else post.platform, row)
        encoded = bson.encode(stored | {"digests": [digest.pack()], "writes": 1}, codec_options=CODEC)
    except UnicodeEncodeError as error:
        raise PostError("it holds half of a surrogate pair, which is no Unicode text") from error
    except OverflowError as error:
        raise PostError("it holds a number or a date that is out of range") from error
    except RecursionError as error:
        raise PostError(f"it is nested deeper than {DEEPEST} levels") from error
    except (BSONError, AttributeError, TypeError, ValueError) as error:
        raise PostError(f"it holds a key or value that MongoDB cannot store ({type(error).__name__})") from error
    if len(encoded) > LARGEST_BYTES:
        raise PostError(f"it has {len(encoded)} bytes, and {LARGEST_BYTES} is the most that can be stored")
    return Reading(post, stored, digest, fetched_at, RawBSONDocument(encoded))


def read_batch(posts: Sequence[Post], rows: Mapping[str, bytes]) -> tuple[dict[str, Reading], dict[int, str]]:
    """Read posts each alone and join those of one id: (reading by id, reason of refusal by position in `posts`).

    `rows`: the digests of their rows by id, where known.
    """
    readings: dict[str, Reading] = {}
    refusals: dict[int, str] = {}
    for position, post in enumerate(posts):
        try:
            reading = read(post, rows.get(post.id, b""))
            if earlier := readings.get(post.id):
                reading = read(joined(earlier, reading))
        except PostError as error:
            refusals[position] = str(error)
        else:
            readings[post.id] = reading
    return readings, refusals


def joined(one: Reading, other: Reading) -> Post:
    """One post of two readings: what the later one said (the second, when equal), with the routes and topics of both.

    Later is what was edited later, and of one edit what was fetched later; a deletion is no edit, there the fetching counts.
    What the later one does not know of counts and author the earlier one tells.
    """
    deleted = one.post.deleted_at is not None or other.post.deleted_at is not None
    edits = (_NEVER, _NEVER) if deleted else (one.post.edited_at or _NEVER, other.post.edited_at or _NEVER)
    first_is_later = (edits[0], one.fetched_at) > (edits[1], other.fetched_at)
    later, earlier = (one.post, other.post) if first_is_later else (other.post, one.post)
    matches = earlier.topics
    if earlier.text != later.text:
        matches = tuple(Match(id=match.id, version=match.version) for match in matches)  # their spans point into the other text
    return replace(
        later,
        counts=later.counts if deleted else _completed(later.counts, earlier.counts),
        author=later.author if deleted else _completed(later.author, earlier.author),
        fetched_at=max(one.fetched_at, other.fetched_at),
        seen_on=tuple(dict.fromkeys((*later.seen_on, *earlier.seen_on))),
        topics=_newest_versions((*matches, *later.topics)),
        sentiment=later.sentiment or (earlier.sentiment if earlier.text == later.text else None),
    )


def _completed(part: _Part, other: _Part) -> _Part:
    return replace(part, **{name: told for name, told in asdict(other).items() if getattr(part, name) is None})


def _newest_versions(matches: Iterable[Match]) -> tuple[Match, ...]:
    kept: dict[str, Match] = {}
    for match in matches:
        if match.id not in kept or match.version >= kept[match.id].version:
            kept[match.id] = match
    return tuple(kept.values())


def _hash(part: Document, *, size: int) -> bytes:
    return hashlib.blake2b(bson.encode(part, codec_options=CODEC), digest_size=size).digest()


def _refuse_depth(value: object, left: int) -> None:
    if left == 0:
        raise RecursionError
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_depth(inner, left - 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_depth(inner, left - 1)
