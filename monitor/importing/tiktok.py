"""Videos as TikTok's pages are fed with them. Source: files of Zeeschuimer's module for tiktok.com, checked 2026-11-29.

The author is an object, or, in items that were embedded in a page, a bare name with `nickname` and `authorId` beside it.
"""

from collections.abc import Mapping
from typing import Any

from monitor.errors import PostError
from monitor.importing.format import count, text_of
from monitor.importing.identity import identity
from monitor.page import Reply
from monitor.post import Author, Counts, Media, Post
from monitor.text.dates import utc_from_seconds

PLATFORM = "tiktok"


def post(row: Mapping[str, Any], _reply: Reply) -> Post:
    """One video."""
    native_id = str(row["id"])
    author, created = _author(row), count(row.get("createTime"))
    if created is None:
        raise PostError("createTime is missing")
    marked = row.get("textExtra") or ()
    stats: Mapping[str, Any] = row.get("stats") or row.get("statsV2") or {}
    video = row.get("video") or {}
    return Post(
        id=identity(PLATFORM, native_id),
        platform=PLATFORM,
        native_id=native_id,
        url=f"https://www.tiktok.com/@{author.handle}/video/{native_id}" if author.handle else None,
        created_at=utc_from_seconds(created),
        text=row.get("desc") or "",
        language=text_of(row.get("textLanguage")) if row.get("textLanguage") != "un" else None,
        author=author,
        tags=tuple(each["hashtagName"] for each in marked if each.get("hashtagName")),
        mentions=tuple(each["userUniqueId"] for each in marked if each.get("userUniqueId")),
        media=(Media(kind="video", url=text_of(video.get("downloadAddr")) or text_of(video.get("playAddr"))),) if video else (),
        counts=Counts(
            likes=count(stats.get("diggCount")),
            reposts=count(stats.get("shareCount")),
            replies=count(stats.get("commentCount")),
            views=count(stats.get("playCount")),
        ),
    )


def _author(row: Mapping[str, Any]) -> Author:
    told = row.get("author")
    known: Mapping[str, Any] = (
        told if isinstance(told, Mapping) else {"uniqueId": told, "nickname": row.get("nickname"), "id": row.get("authorId")}
    )
    handle = text_of(known.get("uniqueId"))
    return Author(
        id=text_of(known.get("id")) or handle or "",
        handle=handle,
        name=text_of(known.get("nickname")),
        url=f"https://www.tiktok.com/@{handle}" if handle else None,
        followers=count((row.get("authorStats") or {}).get("followerCount")),
    )
