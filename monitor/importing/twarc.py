"""Files of twarc: pages of the X API v2 as twarc2 writes them, tweets as `twarc2 flatten` does, and tweets of twarc 1.

Source: twarc's documentation, checked 2026-11-29. A page that holds errors alone (tweets that are gone or hidden) has no rows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from monitor.errors import PostError
from monitor.importing import old_tweet, tweet
from monitor.importing.format import Format, moment_or_none
from monitor.page import Reply
from monitor.post import Post


def rows(line: Any) -> Sequence[Any]:
    """The tweets of a page, or the line, which is a tweet itself."""
    if (
        isinstance(line, Mapping)
        and not ({"id", "id_str"} & line.keys())
        and {"data", "errors", "meta", "includes"} & line.keys()
    ):
        return tweet.flattened(line)
    return (line,)


def post(row: Any, reply: Reply) -> Post:
    """A tweet of either API."""
    if not isinstance(row, Mapping):
        raise PostError("the row is no JSON object")
    return old_tweet.post(row, reply) if "id_str" in row else tweet.post(row, reply)


def read_at(row: Any) -> datetime | None:
    """When twarc asked for it."""
    note = row.get("__twarc") if isinstance(row, Mapping) else None
    return moment_or_none(note.get("retrieved_at")) if isinstance(note, Mapping) else None


FORMAT = Format("twarc", tweet.PLATFORM, rows, post, read_at)
