"""Files of Zeeschuimer, a browser extension that keeps the items that pages are fed with, as lines of JSON.

Source: its README, its background script and its modules, checked 2026-11-29. Each line is an envelope: `data`, the item as the
platform sent it; `source_platform`, the module; `timestamp_collected`, milliseconds. 4CAT turns it around and puts the envelope into
the item as `__import_meta`. The same item may stand there several times, seen on several pages; the last reading counts.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from monitor.errors import PostError
from monitor.importing import instagram, old_tweet, tiktok, truth_social
from monitor.importing.format import Format, one_row
from monitor.page import Reply
from monitor.post import Post
from monitor.text.dates import utc_from_milliseconds

META = "__import_meta"


def _of_page_of_x(item: Mapping[str, Any], reply: Reply) -> Post:
    return old_tweet.post(old_tweet.of_page(item), reply)


# By the module that kept it. Comments of TikTok, Douyin, Pinterest, RedNote, Gab, 9gag and Imgur are not read.
READERS: Mapping[str, Callable[[Mapping[str, Any], Reply], Post]] = {
    "tiktok.com": tiktok.post,
    "instagram.com": instagram.post,
    "threads.net": instagram.thread,
    "threads.com": instagram.thread,
    "twitter.com": _of_page_of_x,
    "x.com": _of_page_of_x,
    "truthsocial.com": truth_social.post,
}


def post(row: Any, reply: Reply) -> Post:
    """The post in an envelope, whichever way around it is."""
    envelope, item = opened(row)
    module = str(envelope.get("source_platform"))
    if module not in READERS:
        raise PostError(f"items of Zeeschuimer's module {module[:40]!r} are not read")
    if not isinstance(item, Mapping):
        raise PostError("data is no JSON object")
    return READERS[module](item, reply)


def read_at(row: Any) -> datetime | None:
    """When it was seen last, else when first."""
    envelope, _ = opened(row)
    told = envelope.get("last_updated") or envelope.get("timestamp_collected")
    try:
        return None if told is None else utc_from_milliseconds(told)
    except PostError:
        return None


def opened(row: Any) -> tuple[Mapping[str, Any], Any]:
    """The envelope and the item."""
    if not isinstance(row, Mapping):
        raise PostError("the row is no JSON object")
    inner = row.get(META)
    return (inner, row) if isinstance(inner, Mapping) else (row, row.get("data"))


FORMAT = Format("zeeschuimer", None, one_row, post, read_at)
