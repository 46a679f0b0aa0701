"""Tables whose columns are known: those of this program, and those that 4CAT and Zeeschuimer export. Pure.

Source of the latter two: the data sources of 4CAT, which also make the tables of Zeeschuimer, checked 2026-11-29. Their `timestamp` is
written in the zone of the machine that made it; `unix_timestamp` is not.
"""

from collections.abc import Mapping, Sequence

from monitor.importing.column_map import FIELDS, ColumnMap

_OWN = frozenset({"id", "platform", "native_id", "created_at", "text", "author.id"})
_EVERYWHERE = {"native_id": "id", "text": "body", "created_at": "unix_timestamp", "author.handle": "author", "tags": "hashtags"}
# Platform, columns that are in no other table, and the columns of fields. Those that a table lacks are left out.
_TABLES: Sequence[tuple[str, frozenset[str], Mapping[str, str]]] = (
    (
        "x",
        frozenset({"retweet_count", "is_retweet", "author_id"}),
        {
            "url": "link", "author.id": "author_id", "author.name": "author_fullname", "author.followers": "author_followers",
            "language": "language_guess", "mentions": "mentions", "links": "urls", "thread": "thread_id", "quote_of": "quote_tweet_id",
            "is_repost": "is_retweet", "is_quote": "is_quote_tweet", "is_reply": "is_reply", "sensitive": "possibly_sensitive",
            "counts.likes": "like_count", "counts.reposts": "retweet_count", "counts.replies": "reply_count",
            "counts.quotes": "quote_count", "counts.views": "impression_count",
        },
    ),
    (
        "tiktok",
        frozenset({"tiktok_url", "plays"}),
        {
            "url": "tiktok_url", "author.name": "author_full", "author.followers": "author_followers", "counts.likes": "likes",
            "counts.replies": "comments", "counts.reposts": "shares", "counts.views": "plays",
        },
    ),
    (
        "instagram",
        frozenset({"num_likes", "num_comments", "media_type"}),
        {
            "url": "url", "author.id": "author_id", "author.name": "author_fullname", "counts.likes": "num_likes",
            "counts.replies": "num_comments", "counts.views": "play_count",
        },
    ),
    (
        "threads",
        frozenset({"author_is_verified", "reposts", "quotes"}),
        {
            "url": "url", "counts.likes": "likes", "counts.reposts": "reposts", "counts.replies": "replies",
            "counts.quotes": "quotes",
        },
    ),
    (
        "bluesky",
        frozenset({"repost_count", "replied_to_post", "author_display_name"}),
        {
            "created_at": "timestamp", "url": "link", "author.id": "author_id", "author.name": "author_display_name", "tags": "tags",
            "mentions": "mentions", "links": "links", "counts.likes": "like_count", "counts.reposts": "repost_count",
            "counts.replies": "reply_count", "counts.quotes": "quote_count",
        },
    ),
)  # fmt: skip


def known_map(header: Sequence[str]) -> ColumnMap | None:
    """The map of a table by its columns; None for a table that is not known."""
    there = frozenset(header)
    if there >= _OWN:
        return ColumnMap(columns={name: name for name in FIELDS if name in there}, lists=" ", guarded=True)
    for platform, own, columns in _TABLES:
        if there >= own and {"id", "body", "author"} <= there:
            kept = {name: column for name, column in {**_EVERYWHERE, **columns}.items() if column in there}
            return ColumnMap(columns=kept, constants={"platform": platform}, dates="seconds")
    return None
