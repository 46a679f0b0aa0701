"""Posts as the pages of Truth Social are fed with them: Mastodon's status of some years ago, with additions.

Source: files of Zeeschuimer's module for truthsocial.com, checked 2026-11-29.
"""

from collections.abc import Mapping
from typing import Any

from monitor.importing.format import count, text_of
from monitor.importing.identity import identity
from monitor.page import Reply
from monitor.post import Author, Counts, Kind, Media, MediaKind, Post
from monitor.text.dates import utc, utc_or_none
from monitor.text.html import plain_text

PLATFORM = "truthsocial"
_MEDIA: Mapping[str, MediaKind] = {"image": "image", "video": "video", "gifv": "gif", "audio": "audio", "tv": "video"}


def post(row: Mapping[str, Any], _reply: Reply) -> Post:
    """One post; its words are HTML."""
    native_id, original = str(row["id"]), row.get("reblog")
    said: Mapping[str, Any] = original or row
    account, quoted = row["account"], row.get("quote_id")
    kind: Kind = "repost" if original else "quote" if quoted else "reply" if row.get("in_reply_to_id") else "post"
    group = row.get("group") or {}
    return Post(
        id=identity(PLATFORM, native_id),
        platform=PLATFORM,
        native_id=native_id,
        url=text_of(row.get("url")),
        kind=kind,
        created_at=utc(row.get("created_at")),
        edited_at=utc_or_none(row.get("edited_at")),
        text=plain_text(said.get("content") or ""),
        language=text_of(said.get("language")),
        author=Author(
            id=str(account["id"]),
            handle=text_of(account.get("username")),
            name=text_of(account.get("display_name")),
            url=text_of(account.get("url")),
            followers=count(account.get("followers_count")),
            bot=account.get("bot"),
        ),
        tags=tuple(each["name"] for each in said.get("tags") or ()),
        mentions=tuple(each["username"] for each in said.get("mentions") or ()),
        media=tuple(
            Media(kind=_MEDIA[each["type"]], url=text_of(each.get("url")), alt=text_of(each.get("description")))
            for each in said.get("media_attachments") or ()
            if each.get("type") in _MEDIA
        ),
        reply_to=identity(PLATFORM, str(answered)) if (answered := row.get("in_reply_to_id")) else None,
        repost_of=identity(PLATFORM, str(original["id"])) if original else None,
        quote_of=identity(PLATFORM, str(quoted)) if quoted else None,
        community=text_of(group.get("display_name")),
        counts=Counts()
        if original
        else Counts(
            likes=count(row.get("favourites_count")),
            reposts=count(row.get("reblogs_count")),
            replies=count(row.get("replies_count")),
        ),
        sensitive=row.get("sensitive"),
    )
