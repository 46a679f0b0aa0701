"""A post: one public utterance on one platform, in the one shape that everything here shares.

The field names are those of the documents in MongoDB (`id` is stored as `_id`), fixed and described for analysts in
docs/queries.md. None always means "the platform did not say", never zero or empty. No I/O lives here: HTML and entities
are read in `monitor.text`, storing is in `monitor.store.posts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Literal, get_args

from monitor.errors import PostError

Kind = Literal["post", "reply", "repost", "quote"]
MediaKind = Literal["image", "video", "audio", "gif", "link", "file"]
Label = Literal["positive", "neutral", "negative"]

KINDS = frozenset(get_args(Kind))
MEDIA_KINDS = frozenset(get_args(MediaKind))

# Before the first of the platforms we know existed; a date below it is a parse error or a hoax, not a post.
EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)
# Clocks of authors and servers run ahead by minutes, zones by hours; more than a day is no date to count by.
LEEWAY = timedelta(days=1)
LARGEST_COUNT = 2**63 - 1  # what BSON can hold
LONGEST_ID_BYTES = 1000  # index keys stay small; the longest real ids (feed guids) seen are below 500
COUNTED = ("likes", "reposts", "replies", "quotes", "views", "score")
_counts_of = attrgetter(*COUNTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote it. `id` is the platform's stable id as a string, `handle` what people type (no leading @)."""

    id: str
    handle: str | None = None
    name: str | None = None
    url: str | None = None
    followers: int | None = None
    bot: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Reactions as this platform counts them; None is unknown and never stands for 0. Only `score` may be negative."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None
    score: int | None = None

    def __post_init__(self) -> None:
        for name, count in zip(COUNTED, _counts_of(self), strict=True):
            if count is None:
                continue
            if type(count) is not int:
                raise PostError(f"counts.{name} is a {type(count).__name__}, not a whole number")
            if abs(count) > LARGEST_COUNT or (count < 0 and name != "score"):
                raise PostError(f"counts.{name} is outside 0 to 2**63 - 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One attachment: its kind, where it lies (None while the platform still fetches it) and the author's alt text."""

    kind: MediaKind
    url: str | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Sentiment by one scorer: compound in -1..1, the three shares in 0..1; or label None and the reason for it."""

    scorer: str
    version: str | None = None
    label: Label | None = None
    compound: float | None = None
    positive: float | None = None
    neutral: float | None = None
    negative: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A topic that a post matches: which version of its query, and where in `text` (character offsets, end exclusive)."""

    id: str
    version: int
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an edited post said before, and until when we saw it say so."""

    text: str
    title: str | None = None
    summary: str | None = None
    edited_at: datetime | None = None
    seen_at: datetime


# Without slots, since `filled` copies each post three times on its way: 1.5 us against 4.2.
@dataclass(frozen=True, kw_only=True, repr=False)
class Post:
    """One post. A platform's `post()` fills what the platform said; the pipelines fill the part below the line.

    `id` is the global identity (ActivityPub uri, at-uri, permalink, guid): the same post seen by two routes has one id.
    `text` is plain text with paragraphs kept ("" for a post of media alone). `reply_to`, `thread`, `repost_of` and
    `quote_of` are global ids of other posts where the platform tells them, else its native ids.
    Raises PostError for what no post can be.
    """

    id: str
    platform: str
    native_id: str
    url: str | None
    kind: Kind = "post"
    created_at: datetime
    edited_at: datetime | None = None
    text: str
    title: str | None = None
    summary: str | None = None
    language: str | None = None
    author: Author
    tags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    place: Mapping[str, Any] | None = None
    reply_to: str | None = None
    thread: str | None = None
    repost_of: str | None = None
    quote_of: str | None = None
    community: str | None = None
    counts: Counts = Counts()
    sensitive: bool | None = None
    deleted_at: datetime | None = None
    # ---- filled on the way to the store
    fetched_at: datetime | None = None
    first_seen: datetime | None = None
    revisions: tuple[Revision, ...] = ()
    topics: tuple[Match, ...] = ()
    link_ids: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    signature: bytes | None = None
    seen_on: tuple[str, ...] = ()
    sentiment: Score | None = None
    raw: bytes | None = None

    def __post_init__(self) -> None:
        for name, value in (("id", self.id), ("platform", self.platform), ("native_id", self.native_id)):
            if type(value) is not str or not value:
                raise PostError(f"{name} is missing or not a string")
        if 4 * len(self.id) > LONGEST_ID_BYTES and len(self.id.encode("utf-8", "replace")) > LONGEST_ID_BYTES:
            raise PostError(f"id is longer than {LONGEST_ID_BYTES} bytes")
        if self.kind not in KINDS:
            raise PostError(f"kind {self.kind!r} is none of {', '.join(sorted(KINDS))}")
        if type(self.text) is not str:
            raise PostError("text is not a string")
        if not isinstance(self.author, Author) or type(self.author.id) is not str:
            raise PostError("author.id is missing or not a string")
        self._check_moments()

    def _check_moments(self) -> None:
        told = (("created_at", self.created_at), ("edited_at", self.edited_at), ("deleted_at", self.deleted_at))
        for name, moment in told:
            if moment is None and name != "created_at":
                continue
            if not isinstance(moment, datetime) or moment.utcoffset() is None:
                raise PostError(f"{name} is missing or has no zone")
        if self.created_at < EARLIEST:
            raise PostError(f"created_at lies in the year {self.created_at.year}, before {EARLIEST.year}")

    def filled(self, **fields: Any) -> "Post":
        """A copy with other values for some fields, which are not checked again, as `dataclasses.replace` would."""
        made = object.__new__(Post)
        object.__setattr__(made, "__dict__", {**self.__dict__, **fields})  # a third of the time of filling a new one
        return made

    def __repr__(self) -> str:
        # Scrapy logs whole items when a pipeline fails: a long repr would put posts into logs.
        return f"<Post {self.platform} {self.native_id[:40]} {len(self.text)} chars>"


FIELDS = tuple(field.name for field in fields(Post))
