"""Tweets of the X API v2: what a page keeps apart is put together, and each field of the post is the one it should be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.errors import PostError
from monitor.importing import tweet
from monitor.page import Reply
from monitor.post import Author, Counts, Media
from monitor.text.clean import LONGEST_TEXT_BYTES

REPLY = Reply(200, {}, b"", "file:x", datetime(2026, 11, 29, tzinfo=UTC))
ADA = {"id": "7", "username": "ada", "name": "Ada", "public_metrics": {"followers_count": 12}}
BOB = {"id": "8", "username": "bob", "name": "Bob"}
ORIGINAL = {
    "id": "100",
    "author_id": "8",
    "text": "Tea &amp; milk, in full https://t.co/a",
    "created_at": "2021-06-01T08:00:00.000Z",
    "entities": {
        "urls": [{"url": "https://t.co/a", "expanded_url": "https://tea.example/?a=1"}],
        "hashtags": [{"tag": "Tea"}],
        "mentions": [{"username": "cy"}],
    },
}
TWEET = {
    "id": "101",
    "author_id": "7",
    "text": "Look &lt;here&gt; https://t.co/b https://t.co/c #Tea",
    "created_at": "2021-06-02T08:00:00.250Z",
    "conversation_id": "99",
    "lang": "en",
    "possibly_sensitive": False,
    "public_metrics": {"like_count": 1, "retweet_count": 2, "reply_count": 3, "quote_count": 4, "impression_count": 5},
    "referenced_tweets": [{"type": "replied_to", "id": "99"}],
    "attachments": {"media_keys": ["3_1"]},
    "geo": {"place_id": "p1", "coordinates": {"type": "Point", "coordinates": [13.4, 52.5]}},
    "entities": {
        "hashtags": [{"tag": "Tea"}],
        "mentions": [{"username": "bob"}],
        "urls": [
            {"url": "https://t.co/b", "expanded_url": "https://short.example/x", "unwound_url": "https://long.example/x"},
            {"url": "https://t.co/c", "expanded_url": "https://twitter.com/ada/status/101/photo/1"},
        ],
    },
}
INCLUDES = {
    "users": [ADA, BOB],
    "tweets": [ORIGINAL],
    "media": [{"media_key": "3_1", "type": "photo", "url": "https://pbs.example/1.jpg", "alt_text": "A cup"}],
    "places": [{"id": "p1", "full_name": "Berlin", "country_code": "DE"}],
}


def read(*tweets: Any) -> list[Any]:
    page = {"data": list(tweets), "includes": INCLUDES}
    return [tweet.post(row, REPLY) for row in tweet.flattened(page)]


def test_a_reply__every_field() -> None:
    (post,) = read(TWEET)
    assert (post.id, post.native_id, post.url) == ("https://x.com/i/web/status/101", "101", "https://x.com/ada/status/101")
    assert (post.platform, post.kind, post.language, post.sensitive) == ("x", "reply", "en", False)
    assert post.created_at == datetime(2021, 6, 2, 8, 0, 0, 250_000, UTC)
    assert post.text == "Look <here> https://long.example/x  #Tea"
    assert post.author == Author(id="7", handle="ada", name="Ada", url="https://x.com/ada", followers=12)
    assert (post.tags, post.mentions, post.links) == (("Tea",), ("bob",), ("https://long.example/x",))
    assert post.media == (Media(kind="image", url="https://pbs.example/1.jpg", alt="A cup"),)
    assert post.place == {"name": "Berlin", "country": "DE", "longitude": 13.4, "latitude": 52.5}
    assert post.reply_to == post.thread == "https://x.com/i/web/status/99"
    assert post.counts == Counts(likes=1, reposts=2, replies=3, quotes=4, views=5)


def test_a_retweet__has_the_words_of_the_original_and_no_counts() -> None:
    (post,) = read(
        {
            "id": "102",
            "author_id": "7",
            "text": "RT @bob: Tea &amp; mil…",
            "created_at": "2021-06-03T08:00:00Z",
            "public_metrics": {"retweet_count": 9},
            "referenced_tweets": [{"type": "retweeted", "id": "100"}],
        }
    )
    assert (post.kind, post.repost_of, post.author.handle) == ("repost", "https://x.com/i/web/status/100", "ada")
    assert (post.text, post.links, post.tags) == (
        "Tea & milk, in full https://tea.example/?a=1",
        ("https://tea.example/?a=1",),
        ("Tea",),
    )
    assert post.counts == Counts()


def test_a_retweet__of_what_is_not_in_the_file__keeps_what_there_is() -> None:
    reference = [{"type": "retweeted", "id": "555"}]
    (post,) = read(
        {
            "id": "1",
            "author_id": "7",
            "text": "RT @x: cut…",
            "created_at": "2021-06-03T08:00:00Z",
            "referenced_tweets": reference,
        }
    )
    assert (post.text, post.repost_of) == ("RT @x: cut…", "https://x.com/i/web/status/555")


def test_a_quote__does_not_link_to_what_it_quotes() -> None:
    link = {"url": "https://t.co/q", "expanded_url": "https://twitter.com/bob/status/100?s=20"}
    (post,) = read(
        {
            "id": "103",
            "author_id": "8",
            "text": "So true https://t.co/q",
            "created_at": "2021-06-03T08:00:00Z",
            "entities": {"urls": [link]},
            "referenced_tweets": [{"type": "quoted", "id": "100"}],
        }
    )
    assert (post.kind, post.quote_of, post.text, post.links) == ("quote", "https://x.com/i/web/status/100", "So true", ())


def test_a_long_tweet__is_whole() -> None:
    note = {"text": "All of it #long", "entities": {"hashtags": [{"tag": "long"}]}}
    (post,) = read(
        {
            "id": "1",
            "author_id": "7",
            "text": "All of…",
            "created_at": "2023-06-03T08:00:00Z",
            "note_tweet": note,
            "lang": "qme",
        }
    )
    assert (post.text, post.tags, post.language) == ("All of it #long", ("long",), None)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"id": 7, "text": "a", "author_id": "7", "created_at": "2021-06-03T08:00:00Z"},
        {"id": "7", "text": None, "author_id": "7", "created_at": "2021-06-03T08:00:00Z"},
        {"id": "7", "text": "a", "author_id": "7", "created_at": "yesterday"},
        {
            "id": "7",
            "text": "a",
            "author_id": "7",
            "created_at": "2021-06-03T08:00:00Z",
            "public_metrics": {"like_count": "many"},
        },
    ],
)
def test_what_is_no_tweet__is_refused(row: Any) -> None:
    with pytest.raises(PostError):
        tweet.post(row, REPLY)


def saying(text: str, *urls: dict[str, str]) -> Any:
    """A tweet of this text and these addresses."""
    row = {"id": "1", "author_id": "7", "created_at": "2021-06-03T08:00:00Z", "text": text, "entities": {"urls": list(urls)}}
    return tweet.post(row, REPLY)


@pytest.mark.parametrize("short", ["a", "", "http", "https://t.co/a"])
def test_an_address__whatever_it_stands_for__is_written_out_once(short: str) -> None:
    """What stands in the place of one address is not read again for the next."""
    text = short or "a"
    post = saying(f"{text} b", *[{"url": short, "expanded_url": f"{short}/{short}"}] * 22)
    assert post.text == (f"{short}/{short} b" if short.startswith("https") else f"{text} b")
    assert post.links == (f"{short}/{short}",)


def test_addresses__the_longest_that_stands_there__side_by_side_too() -> None:
    one, two = (
        {"url": "https://t.co/a", "expanded_url": "https://x.example/"},
        {"url": "https://t.co/ab", "expanded_url": "https://y.example/"},
    )
    assert (
        saying("https://t.co/abhttps://t.co/a,https://t.co/c", one, two).text
        == "https://y.example/https://x.example/,https://t.co/c"
    )


def test_a_short_address_many_times_for_a_long_one__makes_no_text_longer_than_is_kept() -> None:
    post = saying("https://t.co/a " * 2000, {"url": "https://t.co/a", "expanded_url": "https://x.example/" + "y" * 10_000})
    assert post.text.startswith("https://x.example/yy")
    assert post.text.endswith("https://t.co/a")
    assert LONGEST_TEXT_BYTES < len(post.text) < 2 * LONGEST_TEXT_BYTES
