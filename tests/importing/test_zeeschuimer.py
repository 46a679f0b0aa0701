"""Items that Zeeschuimer kept, by the module that kept them, in its own envelope and in the one of 4CAT."""

from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.errors import PostError, SkipPost
from monitor.importing import fourcat
from monitor.importing.zeeschuimer import FORMAT, META, READERS
from monitor.page import Reply
from monitor.post import Author, Counts, Media, Post

REPLY = Reply(200, {}, b"", "file:x", datetime(2026, 11, 29, tzinfo=UTC))
SEEN = 1_700_000_100_000
TIKTOK = {
    "id": "7300000000000000001",
    "desc": "Tea time #tea @bob",
    "createTime": 1_700_000_000,
    "author": {"id": "66", "uniqueId": "ada", "nickname": "Ada"},
    "authorStats": {"followerCount": 10},
    "stats": {"diggCount": 1, "shareCount": 2, "commentCount": 3, "playCount": 4},
    "textExtra": [{"hashtagName": "tea"}, {"hashtagName": "", "userUniqueId": "bob"}],
    "video": {"downloadAddr": "https://v.example/1.mp4"},
    "music": {"title": "x"},
}
INSTAGRAM = {
    "id": "300_7",
    "code": "CwAbC",
    "taken_at": 1_700_000_000,
    "media_type": 8,
    "carousel_media": [
        {"media_type": 1, "image_versions2": {"candidates": [{"url": "https://i.example/1.jpg"}]}},
        {"media_type": 2, "video_versions": [{"url": "https://i.example/2.mp4"}]},
    ],
    "caption": {"text": "Two pictures #tea"},
    "user": {"id": "7", "username": "ada", "full_name": "Ada"},
    "like_count": 9,
    "comment_count": 2,
    "play_count": None,
    "location": {"name": "Berlin"},
}
THREADS = {
    "id": "1_2",
    "code": "DxYz",
    "taken_at": 1_700_000_000,
    "caption": {"text": "Hello"},
    "user": {"pk": "7", "username": "ada"},
    "like_count": 3,
    "text_post_app_info": {"repost_count": 1, "direct_reply_count": 2, "quote_count": 0},
}
X = {
    "id": "200",
    "rest_id": "200",
    "core": {
        "user_results": {
            "result": {"rest_id": "7", "core": {"screen_name": "ada", "name": "Ada"}, "legacy": {"followers_count": 5}}
        }
    },
    "views": {"count": "77"},
    "legacy": {
        "id_str": "200",
        "user_id_str": "7",
        "conversation_id_str": "200",
        "created_at": "Tue Nov 14 22:13:20 +0000 2023",
        "full_text": "Tea &amp; more",
        "entities": {"hashtags": [], "urls": [], "user_mentions": []},
        "favorite_count": 1,
        "retweet_count": 2,
        "reply_count": 3,
        "quote_count": 4,
        "lang": "en",
    },
}
TRUTH = {
    "id": "111",
    "created_at": "2023-11-14T22:13:20.000Z",
    "content": "<p>Tea <a href='https://tea.example'>here</a></p>",
    "url": "https://truthsocial.com/@ada/111",
    "account": {
        "id": "7",
        "username": "ada",
        "display_name": "Ada",
        "url": "https://truthsocial.com/@ada",
        "followers_count": 4,
    },
    "favourites_count": 1,
    "reblogs_count": 2,
    "replies_count": 3,
    "tags": [{"name": "tea"}],
    "mentions": [{"username": "bob"}],
    "media_attachments": [{"type": "image", "url": "https://m.example/1.jpg", "description": "Cup"}],
    "in_reply_to_id": "110",
}
AT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def kept(module: str, item: Any) -> dict[str, Any]:
    return {
        "nav_index": "1:2:0",
        "item_id": "1",
        "timestamp_collected": SEEN,
        "last_updated": SEEN,
        "source_platform": module,
        "source_platform_url": "https://example.org/",
        "data": item,
    }


def read(module: str, item: Any) -> Post:
    return FORMAT.post(kept(module, item), REPLY)


def test_tiktok() -> None:
    post = read("tiktok.com", TIKTOK)
    assert (post.id, post.platform, post.created_at) == ("tiktok:7300000000000000001", "tiktok", AT)
    assert (post.text, post.url) == ("Tea time #tea @bob", "https://www.tiktok.com/@ada/video/7300000000000000001")
    assert post.author == Author(id="66", handle="ada", name="Ada", url="https://www.tiktok.com/@ada", followers=10)
    assert (post.tags, post.mentions) == (("tea",), ("bob",))
    assert post.counts == Counts(likes=1, reposts=2, replies=3, views=4)
    assert post.media == (Media(kind="video", url="https://v.example/1.mp4"),)


def test_tiktok__embedded_in_a_page() -> None:
    post = read("tiktok.com", TIKTOK | {"author": "ada", "nickname": "Ada", "createTime": "1700000000"})
    assert (post.author.id, post.author.name, post.created_at) == ("ada", "Ada", AT)


def test_instagram() -> None:
    post = read("instagram.com", INSTAGRAM)
    assert (post.id, post.platform, post.created_at) == ("https://www.instagram.com/p/CwAbC/", "instagram", AT)
    assert (post.text, post.place) == ("Two pictures #tea", {"name": "Berlin"})
    assert post.author == Author(id="7", handle="ada", name="Ada", url="https://www.instagram.com/ada/")
    assert [(media.kind, media.url) for media in post.media] == [
        ("image", "https://i.example/1.jpg"),
        ("video", "https://i.example/2.mp4"),
    ]
    assert post.counts == Counts(likes=9, replies=2)
    assert read("instagram.com", INSTAGRAM | {"like_and_view_counts_disabled": True}).counts.likes is None


def test_instagram__a_partial_item_has_no_date_and_is_refused() -> None:
    with pytest.raises(PostError, match="partial"):
        read("instagram.com", INSTAGRAM | {"taken_at": None})


def test_threads() -> None:
    post = read("threads.net", THREADS)
    assert (post.id, post.url) == ("https://www.threads.com/t/DxYz", "https://www.threads.com/@ada/post/DxYz")
    assert (post.platform, post.text, post.author.id) == ("threads", "Hello", "7")
    assert post.counts == Counts(likes=3, reposts=1, replies=2, quotes=0)


def test_x() -> None:
    post = read("twitter.com", X)
    assert (post.id, post.created_at, post.text) == ("https://x.com/i/web/status/200", AT, "Tea & more")
    assert (post.kind, post.thread) == ("post", None)
    assert post.author == Author(id="7", handle="ada", name="Ada", url="https://x.com/ada", followers=5)
    assert post.counts == Counts(likes=1, reposts=2, replies=3, quotes=4, views=77)


def test_x__a_repost_and_one_level_deeper() -> None:
    again: dict[str, Any] = {
        "rest_id": "201",
        "core": X["core"],
        "legacy": X["legacy"] | {"id_str": "201", "full_text": "RT @ada: T…"},
    }  # type: ignore[operator]
    again["legacy"]["retweeted_status_result"] = {"result": {"tweet": X}}
    post = read("x.com", {"tweet": again})
    assert (post.kind, post.repost_of, post.text) == ("repost", "https://x.com/i/web/status/200", "Tea & more")


def test_x__what_was_hidden_is_skipped() -> None:
    with pytest.raises(SkipPost):
        read("twitter.com", {"id": "1", "__typename": "TweetTombstone"})


def test_truth_social() -> None:
    post = read("truthsocial.com", TRUTH)
    assert (post.id, post.platform, post.kind, post.reply_to) == ("truthsocial:111", "truthsocial", "reply", "truthsocial:110")
    assert (post.text, post.created_at, post.author.followers) == ("Tea here", AT, 4)
    assert (post.tags, post.mentions, post.counts) == (("tea",), ("bob",), Counts(likes=1, reposts=2, replies=3))
    assert post.media == (Media(kind="image", url="https://m.example/1.jpg", alt="Cup"),)


@pytest.mark.parametrize(
    ("module", "item"),
    [
        ("tiktok.com", TIKTOK),
        ("instagram.com", INSTAGRAM),
        ("threads.com", THREADS),
        ("twitter.com", X),
        ("truthsocial.com", TRUTH),
    ],
)
def test_in_the_envelope_of_4cat__is_the_same_post_seen_at_the_same_moment(module: str, item: dict[str, Any]) -> None:
    own = kept(module, item)
    turned = item | {META: {name: value for name, value in own.items() if name != "data"}}
    assert fourcat.FORMAT.post(turned, REPLY) == FORMAT.post(own, REPLY)
    assert fourcat.FORMAT.read_at(turned) == FORMAT.read_at(own) == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)


def test_a_module_that_is_not_read__says_its_name() -> None:
    with pytest.raises(PostError, match=r"pinterest\.com"):
        read("pinterest.com", {})
    assert "pinterest.com" not in READERS
