"""AT Protocol posts: addresses, moments, embeds, labels, threads, errors."""

import json
from datetime import UTC, datetime

import pytest

from monitor.errors import PostError
from monitor.page import Reply
from monitor.post import Media
from monitor.text.atproto import (
    Embedded,
    address_of,
    author_of,
    created_at,
    error_of,
    labels_in_force,
    page_of_post,
    posts_of_thread,
    read_embed,
    read_said,
    says_gone,
    sorted_at,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
POST = "at://did:plc:a/app.bsky.feed.post/3k"


def view(claimed, indexed):
    return {"record": {"createdAt": claimed}, "indexedAt": indexed}


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        (POST, POST),
        ("https://bsky.app/profile/wren.example/post/3k", "at://wren.example/app.bsky.feed.post/3k"),
        ("https://bsky.app/profile/did:plc:a/feed/birds?x=1", "at://did:plc:a/app.bsky.feed.generator/birds"),
        ("https://bsky.app/profile/wren.example/lists/3l", "at://wren.example/app.bsky.graph.list/3l"),
    ],
)
def test_address_of__at_uris_and_pages(text, uri):
    assert str(address_of(text)) == uri


@pytest.mark.parametrize("text", ["", "https://bsky.app/profile/wren.example", "at://did:plc:a", "https://elsewhere.example/"])
def test_address_of__anything_else__is_none(text):
    assert address_of(text) is None


def test_page_of_post__is_by_did_and_of_posts_only():
    assert page_of_post(POST) == "https://bsky.app/profile/did:plc:a/post/3k"
    with pytest.raises(PostError):
        page_of_post("at://did:plc:a/app.bsky.feed.generator/3k")


@pytest.mark.parametrize(
    ("claimed", "indexed", "hour"),
    [
        ("2026-11-20T10:00:00+02:00", "2026-11-20T09:00:00Z", 8),
        ("2026-11-20T10:00:00.123456789Z", "2026-11-20T09:00:00Z", 10),
        ("2011-05-01T00:00:00Z", "2026-11-20T09:00:00Z", 9),
        ("1970-01-01T00:00:00Z", "2026-11-20T09:00:00Z", 9),
        ("2099-01-01T00:00:00Z", "2026-11-20T09:00:00Z", 9),
        ("2026-11-22T08:00:01Z", "2026-11-22T07:00:00Z", 7),
        ("yesterday", "2026-11-20T09:00:00Z", 9),
        ("2026-11-20T10:00:00Z", None, 10),
    ],
)
def test_created_at__is_the_claimed_moment_unless_it_cannot_be(claimed, indexed, hour):
    assert created_at(view(claimed, indexed), NOW).hour == hour


@pytest.mark.parametrize("claimed", ["2099-01-01T00:00:00Z", "soon", None])
def test_created_at__claim_is_impossible_and_the_server_says_nothing__is_refused(claimed):
    with pytest.raises(PostError):
        created_at(view(claimed, None), NOW)


def test_sorted_at__is_the_earlier_moment__of_a_repost_its_own():
    row = {"post": view("2026-11-20T10:00:00Z", "2026-11-20T09:00:00Z")}
    nine = 1_795_165_200_000
    assert sorted_at(row) == sorted_at(row["post"]) == nine
    repost = {**row, "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "indexedAt": "2026-11-20T11:00:00Z"}}
    assert sorted_at(repost) == nine + 2 * 3_600_000


@pytest.mark.parametrize(
    "row",
    [{"post": view("x", "2026-11-20T09:00:00Z"), "reason": {"$type": "a#reasonPin"}}, {}, None, 7, {"post": view("x", 7)}],
    ids=["pinned", "empty", "null", "number", "no date"],
)
def test_sorted_at__has_no_place__is_none(row):
    assert sorted_at(row) is None


def test_read_embed__record_without_addresses__keeps_the_words():
    raw = {"$type": "app.bsky.embed.images", "images": [{"alt": "A pot", "image": {"ref": {"$link": "b"}}}]}
    assert read_embed(raw) == Embedded((Media(kind="image", alt="A pot"),))


@pytest.mark.parametrize(
    ("record", "made"),
    [
        ({"$type": "app.bsky.embed.record#viewRecord", "uri": POST}, Embedded(quoted=POST)),
        ({"$type": "app.bsky.embed.record#viewBlocked", "uri": POST}, Embedded(quoted=POST)),
        ({"cid": "c", "uri": POST}, Embedded(quoted=POST)),
        ({"$type": "app.bsky.embed.record#viewDetached", "uri": POST}, Embedded()),
        (
            {"$type": "app.bsky.graph.defs#listView", "uri": "at://did:plc:a/app.bsky.graph.list/3l"},
            Embedded(links=("https://bsky.app/profile/did:plc:a/lists/3l",)),
        ),
    ],
    ids=["whole", "blocked", "record", "detached", "list"],
)
def test_read_embed__quotes_and_what_looks_like_them(record, made):
    assert read_embed({"$type": "app.bsky.embed.record#view", "record": record}) == made


def test_read_embed__of_a_kind_to_come__is_a_file():
    assert read_embed({"$type": "app.bsky.embed.hologram"}).media == (Media(kind="file"),)
    assert read_embed(None) == Embedded()


def test_read_said__nothing_at_all__is_refused():
    with pytest.raises(PostError, match="says nothing"):
        read_said({"record": {"text": ""}})


def test_labels_in_force__withdrawn_ones_are_gone__others_stay():
    told = [{"src": "a", "val": "porn"}, {"src": "a", "val": "porn", "neg": True}, {"src": "b", "val": "gore"}]
    assert labels_in_force(told, None, [{"val": "!warn"}]) == {"gore", "!warn"}
    assert labels_in_force([{"src": "a", "val": "porn"}, {"src": "b", "val": "porn", "neg": True}]) == {"porn"}


def test_author_of__handle_that_leads_nowhere_is_none():
    author = author_of({"did": "did:plc:a", "handle": "handle.invalid", "labels": [{"val": "bot"}]})
    assert (author.id, author.handle, author.bot) == ("did:plc:a", None, True)
    assert author_of({"did": "did:plc:a", "handle": "wren.example"}).bot is None


def test_posts_of_thread__parents_first_then_the_answers_below_each_other():
    def node(name, **more):
        return {"post": name, **more}

    answers = [node("d", replies=[node("e"), {"notFound": True}]), node("f")]
    thread = node("c", parent=node("b", parent=node("a", parent={"blocked": True})), replies=answers)
    assert list(posts_of_thread(thread)) == ["a", "b", "c", "d", "e", "f"]


def test_posts_of_thread__a_thousand_levels__needs_no_recursion():
    thread = {"post": 0}
    for level in range(1, 5000):
        thread = {"post": level, "replies": [thread]}
    assert len(list(posts_of_thread(thread))) == 5000


def test_error_of__reads_errors_only():
    def told(status, body):
        return error_of(Reply(status, {}, body, "https://pds.example/xrpc/x", NOW))

    named = json.dumps({"error": "InvalidRequest", "message": "Profile not found"}).encode()
    assert told(400, named) == ("InvalidRequest", "Profile not found")
    assert told(200, named) == told(403, b"<html>") == told(502, b"") == told(400, b"[]") == ("", "")


@pytest.mark.parametrize(
    ("name", "message", "gone"),
    [
        ("AccountTakedown", "", True),
        ("UnknownFeed", "", True),
        ("InvalidRequest", "Unable to resolve handle", True),
        ("InvalidRequest", "limit must be a number", False),
        ("UpstreamFailure", "not found", False),
    ],
)
def test_says_gone(name, message, gone):
    assert says_gone(name, message) is gone
