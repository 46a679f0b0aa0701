"""Posts as the pages of Instagram and of Threads are fed with them: both are one company's, and the item is nearly the same.

Source: files of Zeeschuimer's modules for instagram.com and threads, checked 2026-11-29. Items that Zeeschuimer marks as partial, and
those of the older GraphQL, lack the date or the author: they are refused, since a post without its date is none. That a post answers or
quotes another one is not told.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.errors import PostError
from monitor.importing.format import count, text_of
from monitor.importing.identity import identity
from monitor.page import Reply
from monitor.post import Author, Counts, Media, Post
from monitor.text.dates import utc_from_seconds

_PHOTO, _VIDEO, _ALBUM = 1, 2, 8


def post(row: Mapping[str, Any], _reply: Reply) -> Post:
    """A post of Instagram."""
    hidden = row.get("like_and_view_counts_disabled") is True
    views = row.get("view_count") if row.get("view_count") is not None else row.get("play_count")
    likes = None if hidden else count(row.get("like_count"))
    return _post(
        row,
        "instagram",
        page=f"https://www.instagram.com/p/{row['code']}/",
        people="https://www.instagram.com/{}/",
        counts=Counts(likes=likes, replies=count(row.get("comment_count")), views=count(views)),
    )


def thread(row: Mapping[str, Any], _reply: Reply) -> Post:
    """A post of Threads."""
    user, more = row.get("user") or {}, row.get("text_post_app_info") or {}
    return _post(
        row,
        "threads",
        page=f"https://www.threads.com/@{user.get('username')}/post/{row['code']}",
        people="https://www.threads.com/@{}",
        counts=Counts(
            likes=count(row.get("like_count")),
            reposts=count(more.get("repost_count")),
            replies=count(more.get("direct_reply_count")),
            quotes=count(more.get("quote_count")),
        ),
    )


def _post(row: Mapping[str, Any], platform: str, *, page: str, people: str, counts: Counts) -> Post:
    taken = count(row.get("taken_at"))
    if taken is None:
        raise PostError("taken_at is missing: the item is a partial one")
    user: Mapping[str, Any] = row.get("user") or row.get("owner") or {}
    handle = text_of(user.get("username"))
    native_id = str(row["code"])
    return Post(
        id=identity(platform, native_id),
        platform=platform,
        native_id=native_id,
        url=page,
        created_at=utc_from_seconds(taken),
        text=text_of((row.get("caption") or {}).get("text")) or "",
        author=Author(
            id=str(user.get("id") or user.get("pk") or handle or ""),
            handle=handle,
            name=text_of(user.get("full_name")),
            url=people.format(handle) if handle else None,
        ),
        media=tuple(_media(row)),
        place={"name": name} if (name := (row.get("location") or {}).get("name")) else None,
        counts=counts,
    )


def _media(row: Mapping[str, Any]) -> Iterable[Media]:
    for each in (row.get("carousel_media") or ()) if row.get("media_type") == _ALBUM or row.get("carousel_media") else (row,):
        alt = text_of(each.get("accessibility_caption"))
        if versions := each.get("video_versions"):
            yield Media(kind="video", url=text_of(versions[0].get("url")), alt=alt)
        elif pictures := (each.get("image_versions2") or {}).get("candidates"):
            yield Media(
                kind="video" if each.get("media_type") == _VIDEO else "image", url=text_of(pictures[0].get("url")), alt=alt
            )
