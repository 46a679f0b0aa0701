"""Lines of 4CAT's own data sources: tweets with their users inside, and posts of Bluesky."""

from datetime import UTC, datetime

import pytest

from monitor.errors import PostError
from monitor.importing.fourcat import FORMAT
from monitor.page import Reply
from monitor.post import Counts, Media

REPLY = Reply(200, {}, b"", "file:x", datetime(2026, 11, 29, tzinfo=UTC))
URI = "at://did:plc:ada/app.bsky.feed.post/3k"


def test_a_tweet__has_its_author_and_media_inside() -> None:
    post = FORMAT.post(
        {
            "id": "5",
            "author_id": "7",
            "author_user": {"id": "7", "username": "ada", "name": "Ada", "public_metrics": {"followers_count": 2}},
            "text": "Tea",
            "created_at": "2021-06-01T08:00:00.000Z",
            "public_metrics": {"like_count": 1},
            "attachments": {"media_keys": [{"type": "photo", "url": "https://pbs.example/1.jpg"}]},
        },
        REPLY,
    )
    assert (post.id, post.author.handle, post.author.followers) == ("https://x.com/i/web/status/5", "ada", 2)
    assert (post.media, post.counts) == ((Media(kind="image", url="https://pbs.example/1.jpg"),), Counts(likes=1))


def test_a_post_of_bluesky__has_the_identity_that_its_spider_gives_it() -> None:
    row = {
        "uri": URI,
        "author": {"did": "did:plc:ada", "handle": "ada.example", "display_name": "Ada"},
        "record": {
            "text": "Tea #tea",
            "created_at": "2024-01-02T03:04:05.678Z",
            "langs": ["en"],
            "reply": {"parent": {"uri": "at://p"}, "root": {"uri": "at://r"}},
            "facets": [{"features": [{"tag": "tea"}]}, {"features": [{"uri": "https://tea.example"}]}],
        },
        "like_count": 1,
        "repost_count": 2,
        "reply_count": 3,
        "quote_count": 4,
        "4CAT_metadata": {"collected_at": 1_704_200_000, "query": "tea", "rank": 1},
    }
    post = FORMAT.post(row, REPLY)
    assert (post.id, post.platform, post.url) == (URI, "bluesky", "https://bsky.app/profile/did:plc:ada/post/3k")
    assert (post.kind, post.reply_to, post.thread, post.language) == ("reply", "at://p", "at://r", "en")
    assert (post.tags, post.links) == (("tea",), ("https://tea.example",))
    assert post.created_at == datetime(2024, 1, 2, 3, 4, 5, 678_000, UTC)
    assert post.counts == Counts(likes=1, reposts=2, replies=3, quotes=4)
    assert FORMAT.read_at(row) == datetime(2024, 1, 2, 12, 53, 20, tzinfo=UTC)


def test_an_item_of_another_source__is_refused_with_a_way_out() -> None:
    with pytest.raises(PostError, match="--map"):
        FORMAT.post({"_chat": {}, "message": "hello"}, REPLY)
