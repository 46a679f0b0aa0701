"""One post of the simulated world, as it truly is; what each platform's API makes of it is in that platform's module."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from typing import Literal, get_args

from monitor.simulator.people import LOCAL_HOST, Person
from monitor.simulator.phrases import Mood
from monitor.simulator.writing import Text, links_of, mentions_of, plain, tags_of

Platform = Literal["mastodon", "hackernews", "feeds", "bluesky", "lemmy", "stackexchange", "github", "discourse", "devto"]
PLATFORMS: tuple[Platform, ...] = get_args(Platform)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """`url` None: the simulated server is still fetching it from the author's."""

    kind: Literal["image", "video", "audio", "gifv"]
    url: str | None
    alt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The counters a post ends up with; `hours` is how long it takes to two thirds of them."""

    likes: int = 0
    reposts: int = 0
    quotes: int = 0
    score: int = 0
    hours: float = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class WorldPost:
    """`mark` is the id as a number, in the platform's own order; `native_id` is the id as its API gives it (feeds: the
    guid, None where the feed has none). `arrives_at` is when the simulated server knows of it. `text` is what it says
    before, `edited_text` what it says from `edited_at` on."""

    platform: Platform
    number: int
    mark: int
    native_id: str | None
    uri: str
    url: str | None
    kind: Literal["post", "reply", "repost", "quote"]
    created_at: datetime
    arrives_at: datetime
    deleted_at: datetime | None = None
    edited_at: datetime | None = None
    author: Person
    subject: str | None
    mood: Mood | None
    language: str | None
    title: str | None = None
    summary: str | None = None
    text: Text = ()
    edited_text: Text = ()
    reply_to: "WorldPost | None" = None
    repost_of: "WorldPost | None" = None
    quote_of: "WorldPost | None" = None
    quote_state: str = "accepted"
    media: tuple[Attachment, ...] = ()
    link: str | None = None  # what a link story is about
    community: str | None = None
    tags: tuple[str, ...] = ()  # those that the platform keeps beside the text
    place: int = 1  # in its thread, whose first post has 1
    sensitive: bool = False
    hidden: bool = False  # taken out by a filter after the query: it uses a place on its page and is not shown
    dead: bool = False
    dated: bool = True  # False: the feed gives it no date
    form: str = ""  # what its platform calls it, where that is more than its kind: story, job, question, pull
    peak: Peak = Peak()

    def __repr__(self) -> str:
        return f"<WorldPost {self.platform} {self.mark}>"

    @property
    def local(self) -> bool:
        """Whether the author is at home on the simulated server."""
        return self.author.host == LOCAL_HOST

    @property
    def root(self) -> "WorldPost":
        """The first post of its thread; that is its own."""
        post = self
        while post.reply_to is not None:
            post = post.reply_to
        return post

    def exists(self, now: datetime) -> bool:
        """The server knows of it, and nobody deleted it."""
        return self.arrives_at <= now and (self.deleted_at is None or self.deleted_at > now)

    def edited(self, now: datetime) -> bool:
        return self.edited_at is not None and self.edited_at <= now

    def text_at(self, now: datetime) -> Text:
        return self.edited_text if self.edited(now) else self.text

    def grown(self, peak: int, now: datetime) -> int:
        """How far a counter has come on its way to `peak`."""
        age_hours = (now - self.created_at) / timedelta(hours=1)
        return int(peak * (1 - exp(-age_hours / self.peak.hours))) if age_hours > 0 else 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as it was shown in one row of a reply: with these counters, at this moment. `poison`: what was wrong with the
    row; `gone`: the row told only that the post was deleted or killed."""

    post: WorldPost
    counts: dict[str, int]
    at: datetime
    poison: str | None = None
    gone: bool = False

    def truth(self) -> dict[str, object]:
        """What a faithful collector has to know of this row, in plain JSON values. Times are RFC 3339 in UTC.

        `uri` is the post's global identity where its platform gives it one, else its address; `url` is different for every
        post. `author` is the handle with its host (feeds: the name as shown). `language` is what the platform says, `spoken`
        what it really is; `mood` and `subject` are what was meant.
        """
        post = self.post
        text = () if self.gone else post.text_at(self.at)
        link = [post.link] if post.link and not self.gone else []
        return {
            "platform": post.platform,
            "id": post.native_id,
            "uri": post.uri,
            "url": post.url,
            "kind": post.kind,
            "author": None if self.gone else post.author.handle,
            "author_name": None if self.gone else post.author.name,
            "created_at": post.created_at.isoformat() if post.dated else None,
            "edited_at": post.edited_at.isoformat() if post.edited_at and post.edited(self.at) else None,
            "deleted_at": self.at.isoformat() if self.gone else None,
            "title": None if self.gone else post.title,
            "summary": post.summary,
            "text": plain(text),
            "language": None if post.platform == "hackernews" else post.language,
            "spoken": post.language or post.author.language,
            "tags": [post.subject] if post.platform == "feeds" else [*post.tags, *tags_of(text)],  # feeds have categories
            "mentions": [person.handle for person in mentions_of(text)],
            "links": [*link, *links_of(text)],
            "reply_to": post.reply_to and post.reply_to.native_id,
            "repost_of": post.repost_of and post.repost_of.native_id,
            "quote_of": post.quote_of and post.quote_of.native_id,
            "community": post.community,
            "sensitive": post.sensitive,
            "mood": post.mood,
            "subject": post.subject,
            "counts": self.counts,
            "poison": self.poison,
        }
