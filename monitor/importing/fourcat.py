"""Files of 4CAT, as lines of JSON: the items of its data sources, as they were collected.

Source: the data sources of 4CAT, checked 2026-11-29. Read are what it imported from Zeeschuimer, tweets of its source for the X API v2,
and posts of its source for Bluesky. Its tables (CSV) are read by their columns: `monitor.importing.columns`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.errors import PostError
from monitor.importing import tweet, zeeschuimer
from monitor.importing.format import Format, count, one_row, text_of
from monitor.page import Reply
from monitor.post import Author, Counts, Post
from monitor.text.atproto import page_of_post
from monitor.text.dates import utc, utc_from_seconds

_META = "4CAT_metadata"


def post(row: Any, reply: Reply) -> Post:
    """The post that an item is, by the shape of the item."""
    if not isinstance(row, Mapping):
        raise PostError("the row is no JSON object")
    if zeeschuimer.META in row:
        return zeeschuimer.post(row, reply)
    if str(row.get("uri")).startswith("at://"):
        return _skeet(row)
    if "author_id" in row and "public_metrics" in row:
        return tweet.post(row, reply)
    raise PostError("the item is of no data source of 4CAT that is read here: export it as CSV and give a --map")


def read_at(row: Any) -> datetime | None:
    """When 4CAT, or Zeeschuimer before it, collected the item."""
    if not isinstance(row, Mapping):
        return None
    if zeeschuimer.META in row:
        return zeeschuimer.read_at(row)
    told = (row.get(_META) or {}).get("collected_at")
    try:
        return None if told is None else utc_from_seconds(told)
    except PostError:
        return None


def _skeet(row: Mapping[str, Any]) -> Post:
    """A post of Bluesky as the Python SDK names its fields."""
    record, author, uri = row["record"], row["author"], str(row["uri"])
    answered = record.get("reply") or {}
    features = list(_features(record))
    handle = text_of(author.get("handle"))
    return Post(
        id=uri,
        platform="bluesky",
        native_id=uri,
        url=page_of_post(uri),
        kind="reply" if answered else "post",
        created_at=utc(record.get("created_at") or record.get("createdAt")),
        text=record.get("text") or "",
        language=next(iter(record.get("langs") or ()), None),
        author=Author(
            id=author["did"],
            handle=handle,
            name=text_of(author.get("display_name")),
            url=f"https://bsky.app/profile/{handle}" if handle else None,
        ),
        tags=tuple(each["tag"] for each in features if each.get("tag")),
        links=tuple(each["uri"] for each in features if each.get("uri")),
        reply_to=answered["parent"]["uri"] if answered else None,
        thread=answered["root"]["uri"] if answered else None,
        counts=Counts(
            likes=count(row.get("like_count")),
            reposts=count(row.get("repost_count")),
            replies=count(row.get("reply_count")),
            quotes=count(row.get("quote_count")),
        ),
    )


def _features(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for facet in record.get("facets") or ():
        yield from facet.get("features") or ()


FORMAT = Format("4cat", None, one_row, post, read_at)
