"""The simulated Bluesky: cursors, pins, reposts, search for those who are signed in, and threads."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from monitor.simulator.bluesky import Bluesky
from monitor.simulator.sky_sessions import APP_PASSWORD, IDENTIFIER
from monitor.simulator.thread_author import did
from monitor.simulator.writing import plain, tags_of

FEED, SEARCH, THREAD = (f"/xrpc/app.bsky.feed.{name}" for name in ("getAuthorFeed", "searchPosts", "getPostThread"))


@pytest.fixture
def server(world):
    return Bluesky(world)


@pytest.fixture
def busiest(world):
    """The person who says most, reposts included."""
    return Counter(post.author for post in world.posts("bluesky")).most_common(1)[0][0]


@pytest.fixture
def token(server, call):
    body = json.dumps({"identifier": IDENTIFIER, "password": APP_PASSWORD}).encode()
    return json.loads(server.answer(call("/xrpc/com.atproto.server.createSession", body=body)).body())["accessJwt"]


def told(answer):
    return json.loads(answer.body())


def every_page(server, call, address, key, **different):
    rows, cursor = [], ""
    while cursor is not None:
        page = told(server.answer(call(address + (f"&cursor={cursor}" if cursor else ""), **different)))
        rows += page[key]
        cursor = page.get("cursor")
    return rows


def test_author_feed__pages__show_everything_once_and_newest_first(server, call, world, now, busiest):
    items = every_page(server, call, f"{FEED}?actor={did(busiest)}&limit=7", "feed")
    shown = [item.get("reason", {}).get("uri") or item["post"]["uri"] for item in items]
    there = [
        post.uri
        for post in reversed(world.visible("bluesky", now))
        if post.author == busiest and not post.hidden and (post.repost_of is None or post.repost_of.exists(now))
    ]
    assert shown == there
    assert any("reason" in item for item in items)


def test_author_feed__new_posts_between_two_pages__the_cursor_stays_where_it_was(server, call, now, busiest):
    first = told(server.answer(call(f"{FEED}?actor={busiest.username}&limit=5")))
    later = call(f"{FEED}?actor={busiest.username}&limit=5&cursor={first['cursor']}", now=now + timedelta(days=1))
    below = [item["post"]["indexedAt"] for item in told(server.answer(later))["feed"]]
    assert max(below) < min(item["post"]["indexedAt"] for item in first["feed"])


def test_author_feed__pins__come_first_and_only_when_asked_for(server, call, busiest):
    plain_feed = told(server.answer(call(f"{FEED}?actor={busiest.username}")))["feed"]
    pinned = told(server.answer(call(f"{FEED}?actor={busiest.username}&includePins=true")))["feed"]
    assert pinned[0]["reason"]["$type"] == "app.bsky.feed.defs#reasonPin"
    assert pinned[1:] == plain_feed


def test_author_feed__unknown_account__is_an_error_with_a_name(server, call):
    answer = server.answer(call(f"{FEED}?actor=nobody.example"))
    assert (answer.status, told(answer)["error"]) == (400, "InvalidRequest")


def test_quirk_empty_page__is_empty_and_leads_to_what_it_would_have_shown(server, call, busiest):
    address = f"{FEED}?actor={busiest.username}&limit=5"
    first = told(server.answer(call(address)))
    empty = server.answer(call(f"{address}&cursor={first['cursor']}", quirks={"empty-page": 1.0}))
    assert told(empty)["feed"] == []
    assert empty.happened == {"empty-page"}
    after = server.answer(call(f"{address}&cursor={told(empty)['cursor']}", quirks={"empty-page": 1.0}))
    assert told(after) == told(server.answer(call(f"{address}&cursor={first['cursor']}")))


def test_search__stranger__is_turned_away_with_a_web_page(server, call):
    answer = server.answer(call(f"{SEARCH}?q=python"))
    assert (answer.status, answer.content_type) == (403, "text/html")


def test_search__signed_in__finds_the_words_and_tags_below_a_moment(server, call, world, now, token):
    signed = {"headers": {"authorization": f"Bearer {token}"}}
    rows = every_page(server, call, f"{SEARCH}?q=%23python&limit=10".replace("%23", "#"), "posts", **signed)
    there = [
        post.uri
        for post in reversed(world.visible("bluesky", now))
        if post.kind != "repost" and not post.hidden and "python" in tags_of(post.text)
    ]
    assert [row["uri"] for row in rows] == there
    until = rows[3]["indexedAt"]
    below = every_page(server, call, f"{SEARCH}?q=#python&until={until}", "posts", **signed)
    assert [row["uri"] for row in below] == there[4:]


def test_facets__cut_the_bytes_of_what_they_mark(server, call, busiest):
    marked = 0
    for item in every_page(server, call, f"{FEED}?actor={busiest.username}", "feed"):
        said = item["post"]["record"]["text"].encode()
        for facet in item["post"]["record"].get("facets", []):
            words = said[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
            kind = facet["features"][0]["$type"].partition("#")[2]
            assert words.startswith({"tag": "#", "mention": "@", "link": "https://"}[kind])
            marked += 1
    assert marked > 10


def test_thread__holds_all_answers(server, call, world, now):
    posts = [post for post in world.visible("bluesky", now) if post.kind == "post"]
    root = max(posts, key=lambda post: len([reply for reply in world.replies(post) if reply.exists(now)]))
    node = told(server.answer(call(f"{THREAD}?uri={root.uri}")))["thread"]
    assert node["post"]["record"]["text"] == plain(root.text)
    answers = [each for each in node["replies"] if "post" in each]
    assert [each["post"]["uri"] for each in answers] == [post.uri for post in world.replies(root) if post.exists(now)]
    assert answers[0]["post"]["record"]["reply"]["root"]["uri"] == root.uri


def test_handle__leads_to_its_did(server, call, busiest):
    answer = server.answer(call(f"/xrpc/com.atproto.identity.resolveHandle?handle={busiest.username}"))
    assert told(answer) == {"did": did(busiest)}


def test_unknown_method__is_not_implemented(server, call):
    assert server.answer(call("/xrpc/app.bsky.nothing")).status == 501
