"""What a platform file made of a row, checked and cleaned field by field, so that it can be stored and shown. Pure."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from monitor.errors import PostError
from monitor.post import EARLIEST, LARGEST_COUNT, LEEWAY, MEDIA_KINDS, Author, Counts, Media, Post
from monitor.text.clean import clean, is_clean

# More is no post by a person, and would make a document that no index holds.
MOST_ENTRIES = 1000
_DEEPEST_PLACE = 4

_TEXTS = ("text", "url", "title", "summary", "language", "reply_to", "thread", "repost_of", "quote_of", "community")
_IDENTITIES = ("id", "platform", "native_id")
_LISTS = ("tags", "mentions", "links")
_MOMENTS = ("created_at", "edited_at", "deleted_at")
_texts_of = attrgetter(*_TEXTS, *_IDENTITIES, "author.id", "author.handle", "author.name", "author.url")


def checked(post: Post, *, fetched_at: datetime) -> tuple[dict[str, Any], int]:
    """The fields of `post` that must change to be stored, and how many characters, texts or dates were changed for it.

    Raises PostError for a field of the wrong type, an identity that cannot be stored as it is, or a date in the future.
    """
    if post.created_at > fetched_at + LEEWAY:
        raise PostError("created_at lies more than a day after the moment of fetching")
    made, changes = ({}, 0) if _in_order(post) else _made_storable(post)
    made |= {name: moment for name in _MOMENTS if (moment := _moment(told := getattr(post, name))) is not told}
    if post.edited_at is not None and not EARLIEST <= post.edited_at <= fetched_at + LEEWAY:
        return made | {"edited_at": None}, changes + 1  # it would outrank every true edit to come
    return made, changes


def _in_order(post: Post) -> bool:
    """Whether every text is one and needs no cleaning, and every other value has its type: nearly always, and quickly told."""
    author, media, lists = post.author, post.media, (post.tags, post.mentions, post.links, post.media)
    if not author.id or post.place is not None or type(post.counts) is not Counts:
        return False
    if not all(type(each) is tuple and len(each) <= MOST_ENTRIES for each in lists):
        return False
    if media and not all(isinstance(each, Media) and each.kind in MEDIA_KINDS for each in media):
        return False
    told = [text for text in _texts_of(post) if text is not None]
    told += [text for each in media for text in (each.url, each.alt) if text is not None]
    try:
        together = " ".join([*told, *post.tags, *post.mentions, *post.links])
    except TypeError:
        return False
    followers = author.followers
    return (
        is_clean(together)
        and (post.sensitive is None or type(post.sensitive) is bool)
        and (author.bot is None or type(author.bot) is bool)
        and (followers is None or (type(followers) is int and 0 <= followers <= LARGEST_COUNT))
    )


def _made_storable(post: Post) -> tuple[dict[str, Any], int]:
    """Field by field, for the exact change or the exact reason of refusal."""
    fields = _Fields()
    for name in _IDENTITIES:
        fields.identity(name, getattr(post, name))
    made: dict[str, Any] = {name: fields.text(name, getattr(post, name)) for name in _TEXTS}
    made |= {name: tuple(fields.texts(name, getattr(post, name))) for name in _LISTS}
    made["author"] = fields.author(post.author)
    made["media"] = tuple(fields.media(post.media))
    if post.place is not None:
        made["place"] = fields.place(post.place, depth=0)
    _typed("sensitive", post.sensitive, bool)
    if not isinstance(post.counts, Counts):
        raise PostError("counts are none")
    return made, fields.changes


class _Fields:
    """Cleans values and counts the changes."""

    def __init__(self) -> None:
        self.changes = 0

    def text(self, name: str, value: Any) -> str | None:
        if value is None:
            return None
        if type(value) is not str:
            raise PostError(f"{name} is a {type(value).__name__}, not text")
        cleaned, changes = clean(value)
        self.changes += changes
        return cleaned

    def identity(self, name: str, value: str) -> None:
        """An identity is never changed: two different ones could become the same."""
        if clean(value)[1]:
            raise PostError(f"{name} holds characters that cannot be stored")

    def texts(self, name: str, values: Any) -> Iterable[str]:
        for value in _entries(name, values):
            text = self.text(name, value)
            if text is None:
                raise PostError(f"{name} holds an entry that is none")
            yield text

    def author(self, author: Author) -> Author:
        known = (author.handle, author.name, author.url)
        self.identity("author.id", author.id)
        if not author.id:
            raise PostError("author.id is missing")
        _typed("author.bot", author.bot, bool)
        _typed("author.followers", author.followers, int)
        if author.followers is not None and not 0 <= author.followers <= LARGEST_COUNT:
            raise PostError("author.followers is outside 0 to 2**63 - 1")
        handle, name, url = (self.text(f"author.{part}", getattr(author, part)) for part in ("handle", "name", "url"))
        return author if (handle, name, url) == known else replace(author, handle=handle, name=name, url=url)

    def media(self, attachments: Any) -> Iterable[Media]:
        for media in _entries("media", attachments):
            if not isinstance(media, Media) or media.kind not in MEDIA_KINDS:
                raise PostError("media holds an entry of no known kind")
            yield replace(media, url=self.text("media.url", media.url), alt=self.text("media.alt", media.alt))

    def place(self, value: Any, *, depth: int) -> Any:
        if isinstance(value, str):
            return self.text("place", value)
        if isinstance(value, Mapping) and depth < _DEEPEST_PLACE:
            return {self._key(key): self.place(each, depth=depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple) and depth < _DEEPEST_PLACE:
            return [self.place(each, depth=depth + 1) for each in _entries("place", value)]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST_COUNT:
            return value
        raise PostError("place holds a value that cannot be stored")

    def _key(self, key: Any) -> str:
        if type(key) is not str or not key.isidentifier():
            raise PostError("place has a key that is no field name")
        return key


def _entries(name: str, values: Any) -> Iterable[Any]:
    if not isinstance(values, tuple | list):
        raise PostError(f"{name} is a {type(values).__name__}, not a list")
    if len(values) > MOST_ENTRIES:
        raise PostError(f"{name} has more than {MOST_ENTRIES} entries")
    return values


def _typed(name: str, value: object, wanted: Callable[..., object]) -> None:
    if value is not None and type(value) is not wanted:
        raise PostError(f"{name} is a {type(value).__name__}")


def _moment(moment: datetime | None) -> datetime | None:
    """In UTC and whole milliseconds, as MongoDB gives it back."""
    if moment is None:
        return None
    if moment.tzinfo is UTC and not moment.microsecond % 1000:
        return moment
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
