"""Mastodon beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime

import pytest

from monitor.bookmark import Step
from monitor.config import load
from monitor.errors import CredentialsError, PostError, RefusedError, ReplyError, SkipPost
from monitor.page import Asked, Page, Reply
from monitor.post import Counts
from monitor.source import Source
from spiders.mastodon import Mastodon

HOST = "birds.example"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def source(kind: str = "tag", **parameters: str) -> Source:
    return Source(platform="mastodon", kind=kind, parameters={"instance": HOST, **parameters}, facts={"id": "77"})


def reply(body: object, *, status: int = 200, link: str | None = None) -> Reply:
    headers = {"content-type": "application/json"} | ({"link": link} if link else {})
    return Reply(status, headers, json.dumps(body).encode(), f"https://{HOST}/api/v1/timelines/public", NOW)


def status(**changed: object) -> dict[str, object]:
    row = {
        "id": "115590000000000001",
        "created_at": "2026-11-20T08:00:00.123Z",
        "uri": f"https://{HOST}/users/wren/statuses/1",
        "url": f"https://{HOST}/@wren/1",
        "visibility": "public",
        "content": "<p>A wren.</p>",
        "account": {"id": "77", "acct": "wren", "uri": f"https://{HOST}/users/wren", "url": f"https://{HOST}/@wren"},
    }
    return {**row, **changed}


def post(**changed: object):
    row = status(**changed)
    return Mastodon().post(row, reply([row]))


def read(answer: Reply, step: Step = Step()) -> Page:  # noqa: B008 - frozen
    return Mastodon().read(answer, Asked(source(tag="birds"), step))


# ---- asking


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (Step(), {}),
        (Step(after="5"), {"min_id": "5"}),
        (Step(until="9"), {"max_id": "9"}),
        (Step(cursor="8"), {"max_id": "8"}),
        (Step(size=3), {"limit": 3}),
    ],
    ids=repr,
)
def test_ask__step_becomes_the_parameters_of_paging(step, wanted):
    asked = Mastodon().ask(source(tag="birds"), step).parameters
    assert {name: value for name, value in asked.items() if value is not None} == {"limit": 40} | wanted


def test_ask__every_kind_has_its_path():
    ask = Mastodon().ask
    assert ask(source(tag="grüne vögel/1"), Step()).path == "/api/v1/timelines/tag/gr%C3%BCne%20v%C3%B6gel%2F1"
    assert ask(source("account", account="wren"), Step()).path == "/api/v1/accounts/77/statuses"
    assert ask(source("query", query="a b"), Step()).path == "/api/v2/search"
    assert ask(source("query", query="a b"), Step()).parameters["type"] == "statuses"
    assert ask(source("public"), Step()).path == "/api/v1/timelines/public"
    assert ask(source("public", community="local"), Step()).parameters["local"] == "true"


def test_ask__unknown_part_of_the_public_timeline__is_refused_rather_than_answered_with_all_of_it():
    with pytest.raises(RefusedError, match="community= is local, remote"):
        Mastodon().ask(source("public", community="nearby"), Step())


def test_resolve__account_is_looked_up_once():
    known, unknown = (
        source("account", account="wren"),
        Source(platform="mastodon", kind="account", parameters={"account": "wren"}),
    )
    assert Mastodon().resolve(known) is None
    assert Mastodon().resolve(source(tag="birds")) is None
    ask = Mastodon().resolve(unknown)
    assert ask is not None
    assert (ask.path, ask.parameters) == ("/api/v1/accounts/lookup", {"acct": "wren"})
    assert Mastodon().resolved(reply({"id": "77"}), unknown) == {"id": "77"}


def test_login__token_of_the_instance_comes_before_the_general_one():
    both = load({"MASTODON_TOKEN": "general", "MASTODON_TOKEN__BIRDS_EXAMPLE": "own"})
    assert Mastodon().login(both, source()) == {"Authorization": "Bearer own"}
    assert Mastodon().login(load({"MASTODON_TOKEN": "general"}), source()) == {"Authorization": "Bearer general"}
    assert Mastodon().login(load({}), source()) == {}


def test_login__search_without_a_token__says_what_to_set():
    with pytest.raises(CredentialsError, match="MASTODON_TOKEN or MASTODON_TOKEN__BIRDS_EXAMPLE"):
        Mastodon().login(load({}), source("query", query="nest"))


def test_refusal__401__names_the_variable():
    error = Mastodon().refusal(reply({"error": "The access token is invalid"}, status=401))
    assert isinstance(error, CredentialsError)
    assert HOST in str(error)
    assert "MASTODON_TOKEN" in str(error)
    assert Mastodon().refusal(reply([])) is None


# ---- reading


def test_read__cursor_is_what_the_link_header_says():
    link = (
        f'<https://{HOST}/api/v1/timelines/public?limit=40&max_id=114>; rel="next", <https://{HOST}/x?min_id=116>; rel="prev"'
    )
    assert read(reply([status()], link=link)).cursor == "114"


def test_read__server_sends_no_link_header__the_lowest_id_leads_on():
    assert read(reply([status(id="9"), status(id="8"), status(id="3", pinned=True)])).cursor == "8"


def test_read__short_page__is_not_the_end_and_an_empty_one_is():
    assert not read(reply([status()])).end
    assert read(reply([])).end
    assert read(reply([])).cursor is None


def test_read__page_above_a_mark__has_no_cursor_which_would_lead_back_down():
    link = f'<https://{HOST}/x?max_id=114>; rel="next"'
    assert read(reply([status()], link=link), Step(after="1")).cursor is None


def test_read__pinned_row__is_a_post_but_takes_no_part_in_the_bookmark():
    page = read(reply([status(id="3", pinned=True), status(id="9"), status(id="8")]))
    assert len(page.rows) == 3
    assert (page.top, page.bottom) == ("9", "8")


def test_read__row_that_is_no_object__is_left_for_quarantine():
    page = read(reply([status(id="9"), 7, None]))
    assert page.marks == ["9", None, None]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"error": "nothing"},
        7,
        "text",
        [{"id": "1", "acct": "wren", "username": "wren"}],
        [{"name": "birds", "history": []}],
    ],
    ids=repr,
)
def test_read__something_else_than_posts__is_refused(body):
    with pytest.raises(ReplyError):
        read(reply(body))


def test_marked_at__tells_the_moment_of_snowflakes_only():
    at = Mastodon().marked_at("115590000000000001")
    assert at is not None
    assert (at.year, at.month) == (2025, 11)
    assert [Mastodon().marked_at(mark) for mark in ("42", "BrB1e2Xc9vYQ0mT4zK", "01JD8X5Y4Z", "712345678901234567", 7)] == [
        None
    ] * 5


# ---- posts


def test_post__boost__is_a_repost_with_the_words_of_the_original_and_no_counts():
    original = status(uri="https://crows.example/1", favourites_count=9, created_at="2026-11-19T08:00:00Z", language="de")
    boost = post(content="", reblog=original, uri=f"https://{HOST}/users/wren/statuses/1/activity", favourites_count=0)
    assert (boost.kind, boost.id, boost.repost_of) == (
        "repost",
        f"https://{HOST}/users/wren/statuses/1/activity",
        original["uri"],
    )
    assert (boost.text, boost.language, boost.counts) == ("A wren.", "de", Counts())
    assert boost.created_at.day == 20


def test_post__boost_with_the_uri_of_the_original__gets_an_identity_of_its_own():
    original = status()
    boosts = [post(reblog=original, id="2", account={"id": str(n), "uri": f"https://{HOST}/users/{n}"}) for n in (1, 2, 1)]
    assert boosts[0].id == f"https://{HOST}/users/wren/statuses/1#repost-by-https://{HOST}/users/1"
    assert boosts[0].id == boosts[2].id != boosts[1].id
    assert {boost.repost_of for boost in boosts} == {original["uri"]}


@pytest.mark.parametrize("told", [{"visibility": "private"}, {"visibility": "direct"}, {"visibility": 7}], ids=repr)
def test_post__not_for_everybody__is_skipped(told):
    with pytest.raises(SkipPost):
        post(**told)


def test_post__boost_of_what_is_not_for_everybody__is_skipped():
    with pytest.raises(SkipPost):
        post(reblog=status(visibility="private"))


@pytest.mark.parametrize(
    ("told", "kind", "quote_of"),
    [
        ({"quote": {"state": "accepted", "quoted_status": status(uri="https://a.example/1")}}, "quote", "https://a.example/1"),
        ({"quote": {"state": "accepted", "quoted_status": None, "quoted_status_id": "12"}}, "quote", "12"),
        ({"quote": {"state": "revoked", "quoted_status": None}}, "post", None),
        ({"quote": {"state": "a_state_to_come", "quoted_status": status()}}, "post", None),
        ({"quote": {"id": "12", "uri": "https://a.example/1"}, "quote_id": "12"}, "quote", "https://a.example/1"),
        ({"pleroma": {"quote": {"id": "12", "url": "https://a.example/2"}}}, "quote", "https://a.example/2"),
        ({"quote": None, "quote_id": "12"}, "quote", "12"),
        ({"quote": None, "in_reply_to_id": "11"}, "reply", None),
    ],
    ids=["whole", "shallow", "revoked", "unknown state", "bare", "pleroma", "id alone", "none"],
)
def test_post__quotes_of_all_dialects(told, kind, quote_of):
    made = post(**told)
    assert (made.kind, made.quote_of) == (kind, quote_of)


def test_post__reply_that_quotes__is_a_quote_and_says_what_it_answers():
    made = post(in_reply_to_id="11", quote={"state": "accepted", "quoted_status": status(uri="https://a.example/1")})
    assert (made.kind, made.reply_to, made.quote_of) == ("quote", "11", "https://a.example/1")


def test_post__author__is_known_by_what_all_servers_share():
    assert post().author.id == f"https://{HOST}/users/wren"
    assert post().author.handle == f"wren@{HOST}"
    far = post(account={"id": "9", "acct": "rook@crows.example", "pleroma": {"ap_id": "https://crows.example/users/rook"}})
    assert (far.author.id, far.author.handle) == ("https://crows.example/users/rook", "rook@crows.example")
    assert post(account={"id": 9}).author.id == f"https://{HOST}/api/v1/accounts/9"


def test_post__links__are_neither_names_nor_tags_and_the_card_is_one():
    content = (
        f'<p><a href="https://{HOST}/@rook" class="u-url mention">@rook</a> <a href="https://{HOST}/tags/nest" rel="tag">#nest</a> '
        f'<a href="https://plain.example/tag">#bird</a> <a href="https://atlas.example/a">here</a></p>'
    )
    made = post(
        content=content,
        tags=[{"name": "Bird", "url": "https://plain.example/tag"}, {"name": "nest"}],
        mentions=[{"acct": "rook", "url": f"https://{HOST}/@rook"}],
        card={"url": "https://atlas.example/b"},
    )
    assert made.links == ("https://atlas.example/a", "https://atlas.example/b")
    assert (made.tags, made.mentions) == (("bird", "nest"), (f"rook@{HOST}",))


@pytest.mark.parametrize(("told", "likes"), [(3, 3), ("3", 3), (0, 0), (-1, None), (None, None)])
def test_post__counts__are_unknown_rather_than_wrong(told, likes):
    assert post(favourites_count=told).counts.likes == likes


@pytest.mark.parametrize("told", ["many", 1.5, True, []], ids=repr)
def test_post__count_that_is_no_number__is_refused(told):
    with pytest.raises(PostError):
        post(favourites_count=told)


def test_post__media_still_being_fetched__has_its_remote_address():
    files = [
        {"type": "image", "url": None, "remote_url": "https://crows.example/n.png", "description": "A nest"},
        {"type": "unknown"},
    ]
    made = post(media_attachments=files, content="")
    assert [(media.kind, media.url, media.alt) for media in made.media] == [
        ("image", "https://crows.example/n.png", "A nest"),
        ("file", None, None),
    ]


def test_post__says_nothing__is_refused():
    with pytest.raises(PostError, match="says nothing"):
        post(content="")
    assert post(content="", poll={"options": []}).text == ""


def test_post__recorded_quote_by_a_bridge__is_whole(recording):
    answer = recording("mastodon/get-v1-statuses-id-200-entity-quote.json")
    (row,) = read(answer).rows
    made = Mastodon().post(row, answer)
    assert made.kind == "quote"
    assert made.quote_of is not None
    assert all(link in made.text for link in made.links)
