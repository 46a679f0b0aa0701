"""Bluesky beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from monitor.bookmark import Step
from monitor.config import load
from monitor.crawl.address import address
from monitor.errors import CredentialsError, CursorRefusedError, GoneError, RefusedError, ReplyError, SignInOverError, SkipPost
from monitor.page import Asked, Page, Reply
from monitor.post import Counts
from monitor.source import Source
from spiders.bluesky import Bluesky

STRANGER = "https://public.api.bsky.app/xrpc/app.bsky.feed"
OWN = "https://pds.example/xrpc/app.bsky.feed"
DID = "did:plc:wren"
BOTH = {"BLUESKY_IDENTIFIER": "@wren.example", "BLUESKY_PASSWORD": "a-secret"}
NINE = 1_795_165_200_000  # 2026-11-20T09:00:00Z


def source(kind="account", facts=None, **parameters):
    return Source(platform="bluesky", kind=kind, parameters=parameters or {"account": "wren.example"}, facts=facts or {})


def url_of(asked, step=None):
    ask = Bluesky().ask(asked, step or Step())
    return address(ask, base=Bluesky.base_url, parameters=asked.parameters, instead=None)


def reply(body, url=f"{STRANGER}.getAuthorFeed?actor=x", status=200):
    told = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {}, told, url, datetime(2026, 11, 22, 8, tzinfo=UTC))


def read(answer, asked=None, step=None):
    page = Bluesky().read(answer, Asked(asked or source(), step or Step()))
    assert isinstance(page, Page)
    return page


def view(**changes):
    author = {"did": DID, "handle": "wren.example", "labels": changes.pop("author_labels", [])}
    record = {"text": "A wren.", "createdAt": "2026-11-20T09:00:00Z", **changes.pop("record", {})}
    uri = f"at://{DID}/app.bsky.feed.post/3k"
    return {"uri": uri, "author": author, "record": record, "indexedAt": "2026-11-20T09:00:00Z", "labels": [], **changes}


def post(row, url=f"{STRANGER}.getAuthorFeed?actor=x"):
    return Bluesky().post(row, reply({}, url))


def reposted(**reason):
    told = {"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": "did:plc:rook"}, "indexedAt": "2026-11-21T00:00:00Z"}
    return {"post": view(likeCount=9), "reason": {**told, **reason}}


# ---- asking


@pytest.mark.parametrize(
    ("url", "asks"),
    [
        (
            "https://bsky.app/profile/wren.example/feed/birds",
            "getFeed?feed=at%3A%2F%2Fdid%3Aplc%3Awren%2Fapp.bsky.feed.generator",
        ),
        (
            "https://bsky.app/profile/wren.example/lists/3l",
            "getListFeed?list=at%3A%2F%2Fdid%3Aplc%3Awren%2Fapp.bsky.graph.list",
        ),
        (f"at://{DID}/app.bsky.feed.post/3k", "getPostThread?uri=at%3A%2F%2Fdid%3Aplc%3Awren%2Fapp.bsky.feed.post%2F3k&depth="),
    ],
)
def test_ask__url__is_a_feed_a_list_or_a_thread(url, asks):
    assert url_of(source("url", {"did": DID}, url=url)).startswith(f"{STRANGER}.{asks}")


def test_ask__url_of_something_else__says_what_to_use():
    with pytest.raises(RefusedError, match="no post, feed or list"):
        url_of(source("url", url="https://bsky.app/profile/wren.example"))


def test_ask__account__is_asked_by_did_once_that_is_known():
    assert "actor=wren.example" in url_of(source())
    assert "actor=did%3Aplc%3Awren" in url_of(source(facts={"did": DID}))


def test_ask__search__is_entered_at_a_moment_and_paged_below_it():
    """A cursor is an offset into the answer to the very same question."""
    search = source("query", query="tea")
    entered = Step(until=NINE)
    assert url_of(search, entered).endswith("searchPosts?q=tea&sort=latest&limit=100&until=2026-11-20T09%3A00%3A00.001Z")
    page = read(reply({"posts": [view()], "cursor": "100"}, f"{OWN}.searchPosts"), search, entered)
    further = url_of(search, Step(cursor=page.cursor, until=NINE - 5000))
    assert further.endswith("limit=100&cursor=100&until=2026-11-20T09%3A00%3A00.001Z")


def test_ask__tag__is_a_search_for_the_tag():
    assert "searchPosts?q=%23tea&sort=latest" in url_of(source("tag", tag="tea"))


def test_rules__old_cursors_of_searches_alone_are_not_used():
    assert Bluesky().rules(source("query", query="tea")).cursor_ttl == timedelta(minutes=10)
    assert Bluesky().rules(source()).cursor_ttl is None


def test_ask__stream__is_opened_behind_a_mark_and_what_it_missed_is_searched_for():
    heard = source("stream", stream="jetstream", query="tea")
    opening = Bluesky().ask(heard, Step(after=NINE))
    assert (opening.path, opening.parameters["cursor"]) == ("/subscribe", NINE * 1000)
    assert "searchPosts?q=tea&sort=latest" in url_of(heard, Step(until=NINE, floor=NINE - 10))
    tagged = source("stream", stream="jetstream", tag="tea")
    assert "searchPosts?q=%23tea" in url_of(tagged, Step(until=NINE))


# ---- reading


def test_read__empty_page_with_a_cursor__is_not_the_end():
    page = read(reply({"feed": [], "cursor": "c"}))
    assert (page.cursor, page.end) == ("c", False)
    assert read(reply({"feed": []})).end


def test_read__pinned_row__is_a_post_without_a_mark_and_a_repost_is_marked_by_its_own_moment():
    pinned = {"post": view(), "reason": {"$type": "app.bsky.feed.defs#reasonPin"}}
    assert read(reply({"feed": [pinned, reposted(), {"post": view()}]})).marks == [None, NINE + 15 * 3_600_000, NINE]


def test_read__feed_generator__is_taken_for_unordered():
    answer = {"feed": [{"post": view()}], "cursor": "c"}
    feed = source("url", url="https://bsky.app/profile/wren.example/feed/birds")
    assert not read(reply(answer, f"{STRANGER}.getFeed?feed=x"), feed).ordered
    assert read(reply(answer, f"{STRANGER}.getListFeed?list=x"), feed).ordered


@pytest.mark.parametrize("body", [{}, [], {"feeds": []}, {"feed": {}}, 7, {"thread": 7}], ids=repr)
def test_read__something_else_than_posts__is_refused(body):
    with pytest.raises(ReplyError):
        read(reply(body))


def test_read__recorded_thread__holds_the_post_it_was_asked_for(recording):
    answer = recording("bluesky/bskyr-f-postthread.json")
    page = read(answer, source("url", url="at://did:plc:a/app.bsky.feed.post/3k"))
    assert (len(page.rows), page.end) == (1, True)
    assert Bluesky().post(page.rows[0], answer).links == ("http://localview.net", "https://rstats.ai/gov.html")


# ---- posts


def test_post__repost__has_the_address_of_its_record__else_one_of_original_and_reposter():
    told, untold = post(reposted(uri="at://did:plc:rook/app.bsky.feed.repost/3r")), post(reposted())
    assert told.id == "at://did:plc:rook/app.bsky.feed.repost/3r"
    assert untold.id == f"at://{DID}/app.bsky.feed.post/3k#repost-by-did:plc:rook"
    assert {told.repost_of, untold.repost_of} == {f"at://{DID}/app.bsky.feed.post/3k"}
    assert (told.kind, told.author.id, told.created_at.day, told.counts) == ("repost", "did:plc:rook", 21, Counts())


@pytest.mark.parametrize(
    ("told", "sensitive"),
    [
        ({}, False),
        ({"labels": [{"src": "l", "val": "porn"}]}, True),
        ({"labels": [{"src": "l", "val": "porn"}, {"src": "l", "val": "porn", "neg": True}]}, False),
        ({"record": {"labels": {"values": [{"val": "graphic-media"}]}}}, True),
        ({"author_labels": [{"src": "l", "val": "!hide"}]}, True),
        ({"labels": None}, False),
    ],
    ids=["none", "labelled", "withdrawn", "by the author", "the author", "null"],
)
def test_post__labels__make_it_sensitive(told, sensitive):
    assert post(view(**told)).sensitive is sensitive


def test_post__no_labels_told__sensitivity_is_unknown():
    row = view()
    del row["labels"]
    assert post(row).sensitive is None


def test_post__author_not_shown_to_strangers__is_skipped_where_we_are_one():
    row = view(author_labels=[{"src": DID, "val": "!no-unauthenticated"}])
    with pytest.raises(SkipPost, match="signed in"):
        post(row)
    with pytest.raises(SkipPost):
        post({"post": view(), "reason": reposted(by=row["author"])["reason"]})
    assert post(row, f"{OWN}.searchPosts?q=x").text == "A wren."


def test_post__reply_that_quotes__is_a_quote_and_says_what_it_answers():
    above = {"uri": f"at://{DID}/app.bsky.feed.post/3a"}
    quote = {"$type": "app.bsky.embed.record#view", "record": {"uri": f"at://{DID}/app.bsky.feed.post/3q"}}
    made = post(view(record={"reply": {"root": above, "parent": above}}, embed=quote))
    assert (made.kind, made.reply_to, made.thread, made.quote_of) == (
        "quote",
        above["uri"],
        above["uri"],
        quote["record"]["uri"],
    )


# ---- signing in


@pytest.mark.parametrize("asked", [source(), source("url", url="https://bsky.app/profile/wren.example/feed/birds")])
def test_sign_in__accounts_and_feeds_need_none(asked):
    assert Bluesky().sign_in(load(BOTH), asked, {}) is None


def test_sign_in__search__by_password_and_then_by_what_that_gave():
    search = source("query", query="tea")
    first = Bluesky().sign_in(load(BOTH), search, {})
    assert first is not None
    assert first.path == "https://bsky.social/xrpc/com.atproto.server.createSession"
    assert json.loads(first.body or b"") == {"identifier": "wren.example", "password": "a-secret"}
    again = Bluesky().sign_in(load(BOTH), search, {"access": "a", "refresh": "r", "server": "https://pds.example"})
    assert again is not None
    assert (again.path, again.body) == ("https://pds.example/xrpc/com.atproto.server.refreshSession", None)
    assert again.headers == {"Authorization": "Bearer r"}


def test_sign_in__without_credentials_search_is_tried__with_half_of_them_not():
    search = source("tag", tag="tea")
    assert Bluesky().sign_in(load({}), search, {}) is None
    with pytest.raises(CredentialsError, match="BLUESKY_IDENTIFIER and BLUESKY_PASSWORD"):
        Bluesky().sign_in(load({"BLUESKY_IDENTIFIER": "wren.example"}), search, {})


def test_signed__requests_go_to_the_accounts_own_server(recording):
    answer = recording("bluesky/bskyr-repo-auth-refresh.json")
    facts = Bluesky().signed_in(answer)
    assert facts["server"] == "https://puffball.us-east.host.bsky.network"
    ask = Bluesky().signed(Bluesky().ask(source("tag", tag="tea"), Step()), {**facts, "access": "a"})
    assert ask.path == "https://puffball.us-east.host.bsky.network/xrpc/app.bsky.feed.searchPosts"
    assert ask.headers == {"Authorization": "Bearer a"}


def test_signed_in__no_server_is_told__the_one_that_was_asked_is_it():
    body = {"accessJwt": "a", "refreshJwt": "r"}
    facts = Bluesky().signed_in(reply(body, "https://pds.example/xrpc/com.atproto.server.refreshSession"))
    assert facts == {"access": "a", "refresh": "r", "server": "https://pds.example"}


# ---- refusals


@pytest.mark.parametrize(
    ("status", "body", "url", "error"),
    [
        (400, {"error": "ExpiredToken"}, f"{OWN}.searchPosts", SignInOverError),
        (401, {"error": "InvalidToken"}, f"{OWN}.searchPosts", SignInOverError),
        (
            401,
            {"error": "AuthenticationRequired"},
            "https://bsky.social/xrpc/com.atproto.server.createSession",
            CredentialsError,
        ),
        (403, b"<html>", f"{STRANGER}.searchPosts?q=x", CredentialsError),
        (401, {"error": "AuthMissing"}, f"{STRANGER}.searchPosts?q=x", CredentialsError),
        (400, {"error": "InvalidRequest", "message": "Profile not found"}, f"{STRANGER}.getAuthorFeed", GoneError),
        (400, {"error": "AccountTakedown"}, f"{STRANGER}.getAuthorFeed", GoneError),
        (400, {"error": "UnknownFeed"}, f"{STRANGER}.getFeed", GoneError),
        (400, {"error": "CursorTooOld"}, "wss://jetstream.example/xrpc/x", CursorRefusedError),
    ],
    ids=repr,
)
def test_refusal__is_told_by_name(status, body, url, error):
    assert type(Bluesky().refusal(reply(body, url, status))) is error


def test_refusal__search_of_strangers__says_what_to_set_and_what_works_without():
    told = str(Bluesky().refusal(reply(b"<html>", f"{STRANGER}.searchPosts?q=x", 403)))
    assert "BLUESKY_IDENTIFIER and BLUESKY_PASSWORD" in told
    assert "stream=jetstream" in told
    assert "follow accounts" in told


@pytest.mark.parametrize(("status", "body"), [(200, {"feed": []}), (429, {"error": "RateLimitExceeded"}), (502, b"")], ids=repr)
def test_refusal__what_the_status_says_is_left_to_it(status, body):
    assert Bluesky().refusal(reply(body, status=status)) is None


def test_resolve__a_handle_is_looked_up_once__a_did_never():
    asked = Bluesky().resolve(source())
    assert asked is not None
    assert asked.parameters == {"handle": "wren.example"}
    assert Bluesky().resolved(reply({"did": DID}), source()) == {"did": DID}
    searching, known = source("query", query="tea"), source(facts={"did": DID})
    assert [Bluesky().resolve(each) for each in (known, source(account=DID), searching)] == [None] * 3
