"""Posts of X in the shape of version 1.1 of its API, which its own pages are still fed with (`legacy` in their GraphQL).

Source: the tweet object of the API v1.1 and files of twarc 1 and of Zeeschuimer's module for X, checked 2026-11-29. `post` reads a
tweet with its `user` in it; `of_page` makes one of what the pages are fed with.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.errors import PostError, SkipPost
from monitor.importing.format import count, text_of
from monitor.importing.identity import identity
from monitor.importing.tweet import PLATFORM, readable
from monitor.page import Reply
from monitor.post import Author, Counts, Kind, Media, MediaKind, Post

_MEDIA: Mapping[str, MediaKind] = {"photo": "image", "video": "video", "animated_gif": "gif"}
_WRITTEN = "%a %b %d %H:%M:%S %z %Y"


def post(row: Mapping[str, Any], _reply: Reply) -> Post:
    """A tweet of the API v1.1, in either of its modes: `full_text`, or `extended_tweet` beside a cut `text`."""
    native_id = text_of(row.get("id_str"))
    if native_id is None:
        raise PostError("id_str is missing")
    original, quoted = row.get("retweeted_status"), text_of(row.get("quoted_status_id_str"))
    said = original or row
    text, links, entities = _said(said, None if original else quoted)
    answered, author = text_of(row.get("in_reply_to_status_id_str")), _author(row.get("user") or {})
    kind: Kind = "repost" if original else "quote" if quoted else "reply" if answered else "post"
    thread = text_of(row.get("conversation_id_str"))
    return Post(
        id=identity(PLATFORM, native_id),
        platform=PLATFORM,
        native_id=native_id,
        url=f"https://x.com/{author.handle}/status/{native_id}" if author.handle else identity(PLATFORM, native_id),
        kind=kind,
        created_at=written(row.get("created_at")),
        text=text,
        language=None if (told := text_of(row.get("lang"))) in {"und", "zxx"} else told,
        author=author,
        tags=tuple(each["text"] for each in entities.get("hashtags") or ()),
        mentions=tuple(each["screen_name"] for each in entities.get("user_mentions") or ()),
        links=links,
        media=tuple(_media(said)),
        place={"name": place["full_name"]} if (place := row.get("place")) and place.get("full_name") else None,
        reply_to=identity(PLATFORM, answered) if answered else None,
        thread=identity(PLATFORM, thread) if thread and thread != native_id else None,
        repost_of=identity(PLATFORM, original["id_str"]) if original else None,
        quote_of=identity(PLATFORM, quoted) if quoted and not original else None,
        counts=Counts() if original else _counts(row),
        sensitive=row.get("possibly_sensitive"),
    )


def of_page(row: Mapping[str, Any]) -> dict[str, Any]:
    """A tweet as the pages of X are fed with it, in the shape of the API. Raises SkipPost where it is hidden from the reader."""
    row = row.get("tweet") or row  # with rules for who may answer, it lies one level deeper
    legacy = row.get("legacy")
    if not isinstance(legacy, Mapping):
        raise SkipPost("X showed no tweet here, only that there is one")
    shown = ((row.get("core") or {}).get("user_results") or {}).get("result") or {}
    told = {**(shown.get("legacy") or {}), **(shown.get("core") or {})}
    user = {"id_str": text_of(shown.get("rest_id")) or legacy.get("user_id_str"), **told}
    note = (((row.get("note_tweet") or {}).get("note_tweet_results") or {}).get("result")) or {}
    made = {"id_str": row.get("rest_id"), **legacy, "user": user, "views": count((row.get("views") or {}).get("count"))}
    if note.get("text"):
        made |= {"full_text": note["text"], "entities": note.get("entity_set") or {}}
    if original := (legacy.get("retweeted_status_result") or {}).get("result"):
        made["retweeted_status"] = of_page(original)
    return made


def written(told: object) -> datetime:
    """A moment such as `Wed Oct 10 20:19:24 +0000 2018`. Raises PostError for anything else."""
    try:
        return datetime.strptime(str(told), _WRITTEN).astimezone(UTC)
    except ValueError as error:
        raise PostError("created_at is no date of X") from error


def _said(row: Mapping[str, Any], quoted: str | None) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    whole: Mapping[str, Any] = row.get("extended_tweet") or row
    text = text_of(whole.get("full_text")) or text_of(row.get("full_text")) or row.get("text")
    if not isinstance(text, str):
        raise PostError("the tweet has no text")
    entities: Mapping[str, Any] = whole.get("entities") or {}
    for each in entities.get("media") or ():
        text = text.replace(each["url"], "")
    shown, links = readable(text, entities.get("urls") or (), quoted)
    return shown, links, entities


def _author(user: Mapping[str, Any]) -> Author:
    handle = text_of(user.get("screen_name"))
    return Author(
        id=text_of(user.get("id_str")) or "",
        handle=handle,
        name=text_of(user.get("name")),
        url=f"https://x.com/{handle}" if handle else None,
        followers=count(user.get("followers_count")),
    )


def _media(row: Mapping[str, Any]) -> Iterable[Media]:
    whole = row.get("extended_tweet") or row
    for each in (whole.get("extended_entities") or whole.get("entities") or {}).get("media") or ():
        if each.get("type") in _MEDIA:
            yield Media(
                kind=_MEDIA[each["type"]], url=text_of(each.get("media_url_https")), alt=text_of(each.get("ext_alt_text"))
            )


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(
        likes=count(row.get("favorite_count")),
        reposts=count(row.get("retweet_count")),
        replies=count(row.get("reply_count")),
        quotes=count(row.get("quote_count")),
        views=count(row.get("views")),
    )
