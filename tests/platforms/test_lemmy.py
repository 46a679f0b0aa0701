"""Lemmy beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime

import pytest

from monitor.bookmark import Step
from monitor.config import load
from monitor.errors import CredentialsError, GoneError, PostError, RateLimitedError, RefusedError, ReplyError
from monitor.page import Asked, Page, Reply
from monitor.source import Source
from spiders.lemmy import LIMITED_S, Lemmy

HOST = "nests.example"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FACTS = {"api": "v3", "languages": "37:en 39:de"}


def source(kind: str = "community", *, api: str = "v3", **parameters: str) -> Source:
    return Source(platform="lemmy", kind=kind, parameters={"instance": HOST, **parameters}, facts={**FACTS, "api": api})


def reply(body: object, *, status: int = 200) -> Reply:
    return Reply(
        status, {"content-type": "application/json"}, json.dumps(body).encode(), f"https://{HOST}/api/v3/post/list", NOW
    )


def view(number: int, *, minute: int = 0, hour: int = 8, **changed: object) -> dict[str, object]:
    name, uri = "A wren", f"https://{HOST}/post/{number}"
    said = {
        "id": number,
        "name": name,
        "ap_id": uri,
        "published": f"2026-11-20T{hour:02}:{minute:02}:00.000000Z",
        "language_id": 0,
    }
    return {
        "post": {**said, **changed},
        "creator": {"id": 14, "name": "wren", "actor_id": f"https://{HOST}/u/wren"},
        "community": {"id": 29, "name": "birds", "actor_id": "https://crows.example/c/birds"},
        "counts": {"score": 2, "upvotes": 3, "comments": 1},
    }


def comment(number: int, *, minute: int = 0, hour: int = 8, path: str = "", **changed: object) -> dict[str, object]:
    uri, content = f"https://{HOST}/comment/{number}", "Yes."
    said = {"id": number, "content": content, "ap_id": uri, "published": f"2026-11-20T{hour:02}:{minute:02}:00.000000Z"}
    return {**view(1), "comment": {**said, "path": path or f"0.{number}", **changed}, "counts": {"score": 1, "child_count": 4}}


def read(body: object, step: Step = Step(), asked: Source | None = None) -> Page:  # noqa: B008 - frozen
    return Lemmy().read(reply(body), Asked(asked or source(community="birds"), step))


def post(row: dict[str, object]):
    return Lemmy().post(row, reply({}))


# ---- asking


def told(kind: str, step: Step = Step(), *, api: str = "v3", **parameters: str) -> tuple[str, dict[str, object]]:  # noqa: B008 - frozen
    asked = Lemmy().ask(source(kind, api=api, **parameters), step)
    return asked.path, {name: value for name, value in asked.parameters.items() if value is not None}


def test_ask__every_kind_has_its_path_and_the_newest_first():
    page = {"sort": "New", "limit": 50}
    assert told("public") == ("/api/v3/post/list", {**page, "type_": "All"})
    assert told("community", community="birds@crows.example") == (
        "/api/v3/post/list",
        {**page, "type_": "All", "community_name": "birds@crows.example"},
    )
    assert told("comments", stream="comments") == ("/api/v3/comment/list", {**page, "type_": "All"})
    assert told("account", account="wren") == ("/api/v3/user", {**page, "username": "wren"})
    assert told("query", query="a b") == ("/api/v3/search", {**page, "q": "a b", "type_": "All", "listing_type": "All"})


def test_ask__api_4__has_other_paths_and_words():
    page = {"sort": "new", "limit": 50}
    assert told("public", api="v4") == ("/api/v4/post/list", {**page, "type_": "all"})
    assert told("account", api="v4", account="wren") == ("/api/v4/person/content", {**page, "username": "wren"})
    assert told("query", api="v4", query="wren")[1]["search_term"] == "wren"


def test_ask__cursor__is_a_page_number_or_the_servers_own():
    assert told("public", Step(cursor="3"))[1]["page"] == "3"
    assert told("public", Step(cursor="Pc6"))[1]["page_cursor"] == "Pc6"
    assert "page" not in told("public", Step(cursor="Pc6"))[1]


def test_ask__unknown_stream__is_refused_rather_than_answered_with_comments():
    with pytest.raises(RefusedError, match="stream= is comments"):
        Lemmy().ask(source("comments", stream="votes"), Step())


def test_resolve__site_is_asked_once_and_tells_version_and_languages():
    spider = Lemmy()
    ask = spider.resolve(Source(platform="lemmy", kind="public", parameters={"instance": HOST}))
    assert ask is not None
    assert ask.path == "/api/v3/site"
    assert spider.resolve(source("public")) is None
    languages = [{"id": 0, "code": "und"}, {"id": 37, "code": "en"}]
    known = reply({"version": "0.19.12", "all_languages": languages})
    assert spider.resolved(known, source("public")) == {"api": "v3", "languages": "37:en"}
    assert spider.resolved(reply({"version": "1.0.1"}), source("public")) == {"api": "v4", "languages": ""}


def test_login__token_is_the_instances_own():
    config = load({"LEMMY_TOKEN__NESTS_EXAMPLE": "own", "LEMMY_TOKEN__CROWS_EXAMPLE": "another"})
    assert Lemmy().login(config, source()) == {"Authorization": "Bearer own"}
    assert Lemmy().login(load({}), source()) == {}


@pytest.mark.parametrize(
    ("word", "status", "error"),
    [
        ("rate_limit_error", 400, RateLimitedError),
        ("rate_limit_error", 429, RateLimitedError),
        ("instance_is_private", 400, CredentialsError),
        ("couldnt_find_community", 400, GoneError),
        ("couldnt_find_person", 404, GoneError),
    ],
)
def test_refusal__is_told_by_the_word_rather_than_the_status(word, status, error):
    assert type(Lemmy().refusal(reply({"error": word}, status=status))) is error


def test_refusal__words_of_others_and_cut_bodies__are_left_to_the_reply_check():
    assert Lemmy().refusal(reply({"error": "couldnt_find_post"}, status=400)) is None
    assert Lemmy().refusal(reply(["?"], status=400)) is None
    assert Lemmy().refusal(Reply(502, {}, b"<html>", f"https://{HOST}/", NOW)) is None
    assert Lemmy().refusal(reply({"posts": [], "error": "rate_limit_error"})) is None


# ---- reading


def test_read__featured_posts__come_first_and_take_no_part_in_the_bookmark():
    rows = [
        view(1, hour=1, featured_community=True),
        view(2, hour=2, featured_local=True),
        view(9, minute=9),
        view(8, minute=8),
    ]
    page = read({"posts": rows, "next_page": "P8"})
    assert len(page.rows) == 4
    assert Lemmy().marked_at(page.bottom) == datetime(2026, 11, 20, 8, 8, tzinfo=UTC)
    assert sum(mark is None for mark in page.marks) == 2


def test_read__server_has_a_cursor__leads_on_until_it_is_null():
    assert read({"posts": [view(9)], "next_page": "P9"}).cursor == "P9"
    assert not read({"posts": [view(9)], "next_page": "P9"}).end
    assert read({"posts": [view(9)], "next_page": None}).end
    assert read({"posts": [], "next_page": None}).end


def test_read__server_counts_pages__a_full_one_leads_on_and_a_short_one_is_the_end():
    full = {"comments": [comment(9, minute=9), comment(8, minute=8)]}
    assert read(full, Step(size=2)).cursor == "2"
    assert read(full, Step(size=2, cursor="2")).cursor == "3"
    assert read(full, Step(size=3)).end


def test_read__posts_reach_further_back_than_comments__have_no_mark_beyond_them():
    """Comments between the last of this page and the last post are not read yet."""
    body = {"posts": [view(9, minute=9), view(8, hour=2)], "comments": [comment(7, minute=8), comment(6, minute=7)]}
    page = read(body, Step(size=2))
    assert len(page.rows) == 4
    assert Lemmy().marked_at(page.bottom) == datetime(2026, 11, 20, 8, 7, tzinfo=UTC)
    all_comments = read({**body, "comments": body["comments"][:1]}, Step(size=2))
    assert Lemmy().marked_at(all_comments.bottom) == datetime(2026, 11, 20, 2, tzinfo=UTC)


def test_read__pages_of_posts_and_comments__every_row_above_the_bottom_was_read():
    """Four pages of two lists of different density."""
    posts, comments = [view(n, hour=20 - 3 * n) for n in range(6)], [comment(n, minute=50 - 5 * n, hour=20) for n in range(8)]
    seen: list[str] = []
    for number in range(1, 5):
        part = slice(2 * number - 2, 2 * number)
        page = read({"posts": posts[part], "comments": comments[part]}, Step(size=2, cursor=str(number)))
        seen += [(row.get("comment") or row["post"])["ap_id"] for row in page.rows]
        due = [row for row in (*posts, *comments) if page.bottom is not None and mark_of(row) >= page.bottom]
        assert {(row.get("comment") or row["post"])["ap_id"] for row in due} <= set(seen)
    assert len(seen) == 14


def mark_of(row: dict[str, object]) -> int:
    (mark,) = read({"posts": [row]}).marks
    assert isinstance(mark, int)
    return mark


def test_read__row_that_is_no_object_or_has_no_date__is_left_for_quarantine():
    assert read({"posts": [7, {}, view(9, published="never"), None]}).marks == [None] * 4


@pytest.mark.parametrize("body", [[], 7, {}, {"error": "what"}, {"posts": None}, {"person_view": {}}], ids=repr)
def test_read__something_else_than_lists__is_refused(body):
    with pytest.raises(ReplyError):
        read(body)


def test_read__language__is_the_code_behind_the_number():
    page = read({"posts": [view(9, language_id=39), view(8, language_id=0), view(7, language_id=999)]})
    assert [post(row).language for row in page.rows] == ["de", None, None]


# ---- posts


def test_post__identity__is_that_of_the_home_instance():
    assert post(view(9, ap_id="https://crows.example/post/4")).id == "https://crows.example/post/4"
    assert post(view(9)).community == "birds@crows.example"
    assert post(view(9)).author.handle == f"wren@{HOST}"


def test_post__reply__names_the_post_or_the_comment_that_it_answers():
    first, second = post(comment(5)), post(comment(7, path="0.5.7"))
    assert (first.kind, first.reply_to, first.thread) == ("reply", f"https://{HOST}/post/1", f"https://{HOST}/post/1")
    assert (second.reply_to, second.thread) == ("5", f"https://{HOST}/post/1")
    assert (first.title, first.counts.replies) == (None, 4)


def test_post__counts_of_api_4__stand_in_the_post():
    row = view(9, score=-2, upvotes=1, comments=6) | {"counts": None}
    assert (post(row).counts.score, post(row).counts.likes, post(row).counts.replies) == (-2, 1, 6)


def test_post__link_to_a_picture__is_media_with_its_description_and_no_link():
    made = post(view(9, url="https://p.example/n.webp", url_content_type="image/webp", alt_text="A nest"))
    assert [(each.kind, each.url, each.alt) for each in made.media] == [("image", "https://p.example/n.webp", "A nest")]
    assert made.links == ()


def test_post__links_and_mentions__are_taken_from_the_text_too():
    made = post(
        view(9, url="https://a.example/1", body="See [this](https://b.example/2), @rook@crows.example and me@mail.example.")
    )
    assert made.links == ("https://a.example/1", "https://b.example/2")
    assert made.mentions == ("rook@crows.example",)


@pytest.mark.parametrize("how", ["deleted", "removed"])
def test_post__is_gone__keeps_nothing_that_was_said(how):
    made = post(view(9, body="What was said", url="https://a.example/1", **{how: True}))
    assert (made.text, made.title, made.links, made.deleted_at) == ("", None, (), NOW)


def test_post__date_of_an_old_server__is_utc():
    assert post(view(9, published="2026-11-20T08:00:00.123456")).created_at == datetime(2026, 11, 20, 8, 0, 0, 123000, UTC)


def test_post__says_nothing__is_refused():
    with pytest.raises(PostError):
        post(comment(9, content=""))


def test_read__recorded_page__marks_follow_the_order_of_the_server(recording):
    page = read(json.loads(recording("lemmy/v3-post-list.json").body))
    assert page.marks == sorted(page.marks, reverse=True)
    assert page.cursor == "Pc6"


@pytest.mark.parametrize("status", [400, 429])
def test_wait__refusal_for_asking_too_much__holds_everything_back(status):
    """Its status alone, 400, would not."""
    assert Lemmy().wait_s(reply({"error": "rate_limit_error"}, status=status)) == LIMITED_S


def test_wait__other_replies__hold_nothing_back():
    assert Lemmy().wait_s(reply({"error": "couldnt_find_post"}, status=400)) is None
    assert Lemmy().wait_s(reply({"posts": [{"name": '"rate_limit_error"'}]})) is None
