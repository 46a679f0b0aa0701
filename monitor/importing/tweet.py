"""Posts of X as version 2 of its API told them: pages of tweets with their includes, and tweets that hold what they refer to.

Source: the data dictionary of the X API v2 and the output of twarc2 and `twarc2 flatten`, checked 2026-11-29. A page keeps
authors, media, places and the tweets that others refer to apart; `flattened` puts them into the tweets, which is the one shape
that `post` reads, and the row that is kept. Texts have their signs escaped (&amp;) and all addresses shortened (t.co): both are undone,
and the addresses of a post's own media are taken out. A retweet's text is cut by X: that of the original stands in its place.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.errors import PostError
from monitor.importing.format import count, text_of
from monitor.importing.identity import identity
from monitor.page import Reply
from monitor.post import Author, Counts, Kind, Media, MediaKind, Post
from monitor.text.clean import LONGEST_TEXT_BYTES
from monitor.text.dates import utc

PLATFORM = "x"
COUNTS = {
    "likes": "like_count",
    "reposts": "retweet_count",
    "replies": "reply_count",
    "quotes": "quote_count",
    "views": "impression_count",
}
_MEDIA: Mapping[str, MediaKind] = {"photo": "image", "video": "video", "animated_gif": "gif"}
_KINDS: Mapping[str, Kind] = {"retweeted": "repost", "quoted": "quote", "replied_to": "reply"}
LONGEST_SHORT = 100  # characters; those of t.co have 23, and some dozen more in old tweets of other services
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def flattened(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tweets of a page with what they refer to put into them; `__twarc`, where the page has it, goes with each."""
    tweets = page.get("data") or []
    tweets = [tweets] if isinstance(tweets, dict) else tweets
    includes = page.get("includes") or {}
    known = {name: _by_key(includes.get(name), key) for name, key in (("users", "id"), ("tweets", "id"), ("places", "id"))}
    known["media"] = _by_key(includes.get("media"), "media_key")
    note = {"__twarc": page["__twarc"]} if "__twarc" in page else {}
    return [_whole(tweet, known) | note if isinstance(tweet, dict) else tweet for tweet in tweets]


def _by_key(entries: Any, key: str) -> dict[str, Any]:
    return {entry[key]: entry for entry in entries or () if isinstance(entry, dict) and isinstance(entry.get(key), str)}


def _whole(tweet: dict[str, Any], known: Mapping[str, Mapping[str, Any]], *, deep: bool = True) -> dict[str, Any]:
    made = dict(tweet)
    if author := known["users"].get(str(tweet.get("author_id"))):
        made["author"] = author
    keys = (tweet.get("attachments") or {}).get("media_keys") or ()
    if media := [known["media"][key] for key in keys if key in known["media"]]:
        made["attachments"] = {**tweet["attachments"], "media": media}
    if place := known["places"].get(str((tweet.get("geo") or {}).get("place_id"))):
        made["geo"] = {**tweet["geo"], **place}
    if deep:
        made["referenced_tweets"] = [
            {**_whole(known["tweets"].get(str(reference.get("id")), {}), known, deep=False), **reference}
            for reference in tweet.get("referenced_tweets") or ()
        ]
    return made


def post(row: Mapping[str, Any], _reply: Reply) -> Post:
    """A tweet that holds its author and what it refers to, as far as the file has them."""
    references = {str(each["type"]): each for each in row.get("referenced_tweets") or ()}
    kind: Kind = next((ours for theirs, ours in _KINDS.items() if theirs in references), "post")
    original = references.get("retweeted")
    said = original if original and text_of(original.get("text")) else row
    native_id = _id(row)
    quoted = references.get("quoted", {}).get("id")
    read = _Said(said, quoted)
    answered = references.get("replied_to", {}).get("id")
    conversation = row.get("conversation_id")
    author = _author(row)
    return Post(
        id=identity(PLATFORM, native_id),
        platform=PLATFORM,
        native_id=native_id,
        url=f"https://x.com/{author.handle}/status/{native_id}" if author.handle else identity(PLATFORM, native_id),
        kind=kind,
        created_at=utc(row.get("created_at")),
        text=read.text,
        language=_language(row.get("lang")),
        author=author,
        tags=read.tags,
        mentions=read.mentions,
        links=read.links,
        media=tuple(_media(said)),
        place=_place(row.get("geo")),
        reply_to=identity(PLATFORM, answered) if answered else None,
        thread=identity(PLATFORM, conversation) if conversation and conversation != native_id else None,
        repost_of=identity(PLATFORM, original["id"]) if original else None,
        quote_of=identity(PLATFORM, quoted) if quoted else None,
        counts=Counts() if original else _counts(row.get("public_metrics") or {}),
        sensitive=row.get("possibly_sensitive"),
    )


class _Said:
    """The text of a tweet as people read it, and what its entities mark. Long tweets have both in `note_tweet`."""

    def __init__(self, row: Mapping[str, Any], quoted: str | None) -> None:
        note = row.get("note_tweet") or {}
        text = note.get("text") or row.get("text")
        if not isinstance(text, str):
            raise PostError("text is missing or not a string")
        entities = (note.get("entities") if note.get("text") else row.get("entities")) or {}
        self.tags = tuple(each["tag"] for each in entities.get("hashtags") or ())
        self.mentions = tuple(each["username"] for each in entities.get("mentions") or ())
        self.text, self.links = readable(text, entities.get("urls") or (), quoted)


def readable(text: str, urls: Iterable[Mapping[str, Any]], quoted: str | None) -> tuple[str, tuple[str, ...]]:
    """The text with whole addresses and plain signs, and its links: without the post's own media and the post it quotes."""
    links: list[str] = []
    stands_for: dict[str, str] = {}
    for each in urls:
        short, whole = str(each["url"]), text_of(each.get("unwound_url")) or text_of(each.get("expanded_url"))
        own = whole is not None and _is_own_media(whole)
        if own or (whole and quoted and whole.partition("?")[0].endswith(f"/status/{quoted}")):
            stands_for.setdefault(short, "")
        else:
            stands_for.setdefault(short, whole or short)
            links.append(whole or short)
    return html.unescape(_written_out(text, stands_for)).strip(), tuple(dict.fromkeys(links))


def _written_out(text: str, stands_for: Mapping[str, str]) -> str:
    """The text with what its addresses stand for, in one pass: what is put in is not looked at again."""
    lengths = sorted({len(short) for short in stands_for if len(short) <= LONGEST_SHORT}, reverse=True)
    pieces: list[str] = []
    end, room = 0, LONGEST_TEXT_BYTES  # more is not kept of a text, so the rest may stay short
    for start in (found.start() for found in _ADDRESS.finditer(text)):
        here = (text[start : start + length] for length in lengths)
        short = next((each for each in here if each in stands_for), None)
        if short is not None and start >= end and room > 0:
            pieces += (text[end:start], stands_for[short])
            end, room = start + len(short), room - len(stands_for[short])
    return "".join((*pieces, text[end:]))


def _is_own_media(address: str) -> bool:
    head, _, last = address.rpartition("/")
    return last.isdigit() and "/status/" in head and head.endswith(("/photo", "/video"))


def _id(row: Mapping[str, Any]) -> str:
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str):
        raise PostError("id is missing or not a string")
    return str(row["id"])


def _author(row: Mapping[str, Any]) -> Author:
    """What the tweet holds of its author: twarc writes `author`, 4CAT `author_user`."""
    told: Mapping[str, Any] = row.get("author") or row.get("author_user") or {}
    handle = text_of(told.get("username")) or text_of(row.get("author_username"))
    return Author(
        id=row.get("author_id") or told.get("id") or "",
        handle=handle,
        name=text_of(told.get("name")) or text_of(row.get("author_fullname")),
        url=f"https://x.com/{handle}" if handle else None,
        followers=count((told.get("public_metrics") or {}).get("followers_count")),
    )


def _language(told: object) -> str | None:
    # X's own codes for what is no language: undetermined, and posts of links, tags, media or mentions alone.
    return None if told in {None, "und", "zxx", "qme", "qst", "qht", "qam", "qct", "art"} else text_of(told)


def _media(row: Mapping[str, Any]) -> Iterable[Media]:
    attachments = row.get("attachments") or {}
    entries: Sequence[Any] = (
        attachments.get("media") or attachments.get("media_keys") or ()
    )  # 4CAT puts the media under their keys
    for each in entries:
        if isinstance(each, Mapping) and each.get("type") in _MEDIA:
            address = text_of(each.get("url")) or text_of(each.get("preview_image_url"))
            yield Media(kind=_MEDIA[each["type"]], url=address, alt=text_of(each.get("alt_text")))


def _place(geo: Any) -> dict[str, Any] | None:
    geo = geo or {}
    place = geo.get("place") or geo
    point: Sequence[Any] = (geo.get("coordinates") or {}).get("coordinates") or ()
    known: dict[str, Any] = {"name": place.get("full_name"), "country": place.get("country_code")}
    if len(point) == 2:
        known |= {"longitude": point[0], "latitude": point[1]}
    return {name: told for name, told in known.items() if told is not None} or None


def _counts(told: Mapping[str, Any]) -> Counts:
    return Counts(**{ours: count(told.get(theirs)) for ours, theirs in COUNTS.items()})
