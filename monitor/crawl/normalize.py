"""Rows become posts, each alone: a row that cannot be one is refused with a reason, and the page goes on.

The same step serves the pipelines, replays from quarantine and of raw rows, and `monitor normalize`. No I/O.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Protocol
from urllib.parse import urlsplit

from monitor.crawl.checked import checked
from monitor.crawl.page_item import PageItem
from monitor.crawl.raw import compressed, pack, set_aside
from monitor.errors import PostError, ReplyError, SkipPost
from monitor.page import Reply
from monitor.post import Post
from monitor.source import IMPORT, Source
from monitor.store.quarantine import Refused, ReplyContext

# A page of which more is refused shows a changed API, not bad posts: it is asked again and its bookmark stays.
LARGEST_SHARE_REFUSED = 0.2
# Fewer say nothing about the API, however short the page; else one poison row could hold up a source for ever.
FEWEST_TO_JUDGE_BY = 5
_LONGEST_REASON = 200


class Platform(Protocol):
    """What of a platform spider this step needs."""

    def post(self, row: Any, reply: Reply, /) -> Post: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row that is no post. `kind` is the error's name; `reason` one line without anything of the row's content."""

    row: Any = field(repr=False)
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalized:
    """Posts and refusals together are as many as the rows were, in their order. `places`: of which row each post was made.
    `changes`: what cleaning took, see `clean`."""

    posts: list[Post]
    places: list[int]
    refused: list[Refusal]
    changes: int


def normalize(
    platform: Platform, rows: Sequence[Any], reply: Reply, *, seen_on: str, encodings: Sequence[bytes | None] = ()
) -> Normalized:
    """Make a Post of each row, checked, cleaned and with `fetched_at`, `seen_on` and `raw` filled in. Never raises.

    `encodings`: the JSON of each row, where it was made before.
    """
    posts, places, refused, changes = list[Post](), list[int](), list[Refusal](), 0
    for place, (row, encoding) in enumerate(zip_longest(rows, encodings)):
        try:
            post = platform.post(row, reply)
            fields, changed = checked(post, fetched_at=reply.fetched_at)
            raw = pack(row) if encoding is None else compressed(encoding)
            posts.append(post.filled(**fields, fetched_at=reply.fetched_at, seen_on=(seen_on,), raw=raw))
            places.append(place)
            changes += changed
        except Exception as error:  # noqa: BLE001 - a stranger's row may break a platform file in any way; only that row is lost
            refused.append(Refusal(row=row, kind=type(error).__name__, reason=_reason(error)))
    return Normalized(posts=posts, places=places, refused=refused, changes=changes)


def normalize_page(platform: Platform, item: PageItem) -> None:
    """Fill the item's `posts` and `refused` from the rows of its page that are no repeats.

    Raises ReplyError, so that nothing is stored and the bookmark stays, when so much is refused that the API must have changed.
    """
    left = [place for place in range(len(item.page.rows)) if place not in item.repeats]
    rows, encodings = [item.page.rows[place] for place in left], [item.encodings[place] for place in left if item.encodings]
    made = normalize(platform, rows, item.reply, seen_on=route(item.source), encodings=encodings)
    broken = [refusal for refusal in made.refused if refusal.kind != SkipPost.__name__]
    if len(broken) >= FEWEST_TO_JUDGE_BY and len(broken) > LARGEST_SHARE_REFUSED * len(item.page.rows):
        raise ReplyError(
            f"{len(broken)} of {len(item.page.rows)} posts of {item.source.id} cannot be read: its API seems to have changed. "
            f"Nothing of the page was stored. The first: {broken[0].reason}."
        )
    item.posts = made.posts
    places = [left[place] for place in made.places]
    item.post_marks = [item.page.marks[place] for place in places]
    if item.digests:
        for post, place in zip(made.posts, places, strict=True):
            # Of two rows of one post nobody knows which one the store will hold.
            item.rows[post.id] = b"" if post.id in item.rows else item.digests[place] or b""
    item.refused = [_quarantined(refusal, item) for refusal in made.refused]


def route(source: Source) -> str:
    """By which way a post came: the platform, and the server where the source names one (`mastodon/example.org`); or a kind of file."""
    if source.imported:
        return f"{IMPORT}/{source.parameters['format']}"
    server = source.parameters.get("instance") or urlsplit(source.parameters.get("url", "")).hostname
    return f"{source.platform}/{server}" if server else source.platform


def _quarantined(refusal: Refusal, item: PageItem) -> Refused:
    return Refused(
        platform=item.source.platform,
        source_id=item.source.id,
        reason=refusal.reason,
        kind=refusal.kind,
        raw=set_aside(refusal.row),
        reply=ReplyContext.of(item.reply),
    )


def _reason(error: Exception) -> str:
    """One line that names the fault and the field. Python's own errors may quote values, so only their safe part is told."""
    if isinstance(error, SkipPost | PostError):
        text = str(error)
    elif isinstance(error, KeyError) and error.args and str(error.args[0]).isidentifier():
        text = f"{error.args[0]} is missing{_where(error)}"
    else:
        text = f"{type(error).__name__}{_where(error)}"
    return " ".join(text.split())[:_LONGEST_REASON].encode("utf-8", "replace").decode()


def _where(error: Exception) -> str:
    """The place in our own code, which tells a developer the field."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f" ({frames[-1].name}, line {frames[-1].lineno}: {frames[-1].line})" if frames else ""
