"""Files of twarc: pages, flattened tweets and those of the old API, each read as what it is."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.importing.twarc import FORMAT
from monitor.importing.tweet import flattened
from monitor.page import Reply
from monitor.post import Counts, Media

REPLY = Reply(200, {}, b"", "file:x", datetime(2026, 11, 29, tzinfo=UTC))
RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings" / "x"
NOTE = {"url": "https://api.twitter.com/2/tweets/search/all", "version": "2.9.0", "retrieved_at": "2021-06-05T10:00:00+00:00"}
PAGE = {
    "data": [
        {"id": "1", "author_id": "7", "text": "one", "created_at": "2021-06-01T08:00:00Z"},
        {"id": "2", "author_id": "8", "text": "two", "created_at": "2021-06-01T09:00:00Z"},
    ],
    "includes": {"users": [{"id": "7", "username": "ada", "name": "Ada"}]},
    "errors": [{"value": "3", "title": "Not Found Error", "resource_type": "tweet"}],
    "meta": {"result_count": 2},
    "__twarc": NOTE,
}
OLD = {
    "id_str": "50",
    "created_at": "Wed Oct 10 20:19:24 +0000 2018",
    "full_text": "Tea &amp; cake https://t.co/a https://t.co/m",
    "user": {"id_str": "7", "screen_name": "ada", "name": "Ada", "followers_count": 3},
    "entities": {
        "hashtags": [{"text": "Tea"}],
        "user_mentions": [{"screen_name": "bob"}],
        "urls": [{"url": "https://t.co/a", "expanded_url": "https://tea.example/"}],
        "media": [{"url": "https://t.co/m", "type": "photo", "media_url_https": "https://pbs.example/m.jpg"}],
    },
    "in_reply_to_status_id_str": "49",
    "favorite_count": 4,
    "retweet_count": 5,
    "lang": "und",
}


def test_a_page__is_its_tweets__with_their_authors_and_the_moment_of_asking() -> None:
    rows = FORMAT.rows(PAGE)
    posts = [FORMAT.post(row, REPLY) for row in rows]
    assert [(post.text, post.author.id, post.author.handle) for post in posts] == [("one", "7", "ada"), ("two", "8", None)]
    assert posts[1].url == "https://x.com/i/web/status/2"
    assert {FORMAT.read_at(row) for row in rows} == {datetime(2021, 6, 5, 10, tzinfo=UTC)}


def test_a_page_and_its_flattened_tweets__give_equal_posts() -> None:
    flat = [json.loads(json.dumps(row)) for row in flattened(PAGE)]
    assert [FORMAT.post(row, REPLY) for line in flat for row in FORMAT.rows(line)] == [
        FORMAT.post(row, REPLY) for row in FORMAT.rows(PAGE)
    ]


def test_a_page_of_errors_alone__has_no_rows() -> None:
    assert list(FORMAT.rows({"errors": PAGE["errors"], "__twarc": NOTE})) == []


def test_one_tweet_by_its_id__is_a_page_of_one() -> None:
    assert [row["id"] for row in FORMAT.rows({"data": PAGE["data"][0], "includes": {}})] == ["1"]  # type: ignore[index]


def test_a_tweet_of_the_old_api__every_field() -> None:
    (row,) = FORMAT.rows(OLD)
    post = FORMAT.post(row, REPLY)
    assert (post.id, post.kind, post.language) == ("https://x.com/i/web/status/50", "reply", None)
    assert post.created_at == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)
    assert (post.text, post.links) == ("Tea & cake https://tea.example/", ("https://tea.example/",))
    assert (post.tags, post.mentions) == (("Tea",), ("bob",))
    assert post.media == (Media(kind="image", url="https://pbs.example/m.jpg"),)
    assert (post.author.handle, post.author.followers) == ("ada", 3)
    assert post.counts == Counts(likes=4, reposts=5)


def test_an_old_retweet__has_the_words_of_the_original() -> None:
    again = OLD | {"id_str": "60", "full_text": "RT @ada: Tea…", "retweeted_status": OLD, "entities": {}}
    post = FORMAT.post(again, REPLY)
    assert (post.kind, post.repost_of, post.text) == (
        "repost",
        "https://x.com/i/web/status/50",
        "Tea & cake https://tea.example/",
    )


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recorded replies of X are not on this machine")
def test_recorded_pages__are_read_whole_where_they_have_what_a_post_needs() -> None:
    read = 0
    for path in sorted(RECORDINGS.glob("academic-tweets-search-all-*.json")):
        body: Any = json.loads(path.read_text())["response"]["body"]
        if not isinstance(body, dict) or not body.get("data"):
            continue
        posts = [FORMAT.post(row, REPLY) for row in FORMAT.rows(body) if "author_id" in row and "created_at" in row]
        assert all(post.author.handle for post in posts if body.get("includes", {}).get("users"))
        assert not any("https://t.co/" in link for post in posts for link in post.links)
        read += len(posts)
    assert read > 300
    print(f"{read} recorded tweets read")
