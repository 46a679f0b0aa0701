"""Discourse beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime

import pytest

from monitor.bookmark import Step
from monitor.config import load
from monitor.errors import CredentialsError, PostError, RateLimitedError, RefusedError, ReplyError, SkipPost
from monitor.page import Ask, Asked, Page, Reply
from monitor.source import Source
from spiders.discourse import Discourse

HOST = "forum.example"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def source(kind: str = "public", **parameters: str) -> Source:
    return Source(platform="discourse", kind=kind, parameters={"instance": HOST, **parameters})


def reply(body: object, *, status: int = 200, path: str = "/posts.json") -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode(), f"https://{HOST}{path}", NOW)


def row(number: int = 1, **changed: object) -> dict[str, object]:
    told = {
        "id": number,
        "username": "wren",
        "user_id": 21,
        "created_at": "2026-11-20T08:00:00.000Z",
        "updated_at": "2026-11-20T09:00:00.000Z",
        "cooked": "<p>A nest.</p>",
        "post_number": 1,
        "topic_id": 57,
        "topic_slug": "a-nest",
        "actions_summary": [],
    }
    return {**told, **changed}


def post(**changed: object):
    return Discourse().post(row(**changed), reply({}))


def read(*ids: int, step: Step = Step()) -> Page:  # noqa: B008 - frozen
    page = Discourse().read(reply({"latest_posts": [row(number) for number in ids]}), Asked(source(), step))
    assert isinstance(page, Page)
    return page


def named(body: object, step: Step = Step(), kind: str = "query") -> list[str]:  # noqa: B008 - frozen
    asks = Discourse().read(reply(body), Asked(source(kind, **{kind: "nest"}), step))
    assert isinstance(asks, list)
    return [ask.path for ask in asks]


def found(*hits: tuple[str, int, int]) -> dict[str, object]:
    posts = [
        {"id": 900, "created_at": at, "topic_id": topic, "post_number": number, "blurb": "..."} for at, topic, number in hits
    ]
    return {"posts": posts, "grouped_search_result": {}}


def topics(*listed: tuple[str, int, bool]) -> dict[str, object]:
    return {"topic_list": {"topics": [{"id": number, "created_at": at, "pinned": pinned} for at, number, pinned in listed]}}


def day(number: int) -> str:
    return f"2026-11-{number:02}T08:00:00.000Z"


def millisecond(number: int) -> int:
    return round(datetime(2026, 11, number, 8, tzinfo=UTC).timestamp() * 1000)


# ---- asking


def test_ask__all_posts__are_counted_down():
    assert Discourse().ask(source(), Step()) == Ask("/posts.json", {"before": None})
    assert Discourse().ask(source(), Step(until=90)).parameters == {"before": 90}
    assert Discourse().ask(source(), Step(until=90, cursor="40")).parameters == {"before": "40"}


def test_ask__what_names_posts__comes_by_page_and_newest_first():
    ask, third = Discourse().ask, Step(cursor="2")
    assert ask(source("query", query="a nest"), third) == Ask("/search.json", {"q": "a nest order:latest", "page": 3})
    assert ask(source("tag", tag="c++"), third) == Ask("/tag/c%2B%2B/l/latest.json", {"order": "created", "page": 2})
    assert ask(source("community", community="birds/6"), Step()).path == "/c/birds/6/l/latest.json"
    actions = ask(source("account", account="wren"), third)
    assert (actions.path, actions.parameters["offset"], actions.parameters["filter"]) == ("/user_actions.json", 60, "4,5")


@pytest.mark.parametrize("query", ["ab", '"ab"', "x"])
def test_ask__search_for_too_little__is_refused_before_the_server_does(query):
    with pytest.raises(RefusedError, match="three characters"):
        Discourse().ask(source("query", query=query), Step())


def test_login__key_is_the_forums_own():
    config = load({"DISCOURSE_USER_API_KEY__FORUM_EXAMPLE": "own", "DISCOURSE_USER_API_KEY__META_EXAMPLE": "another"})
    assert Discourse().login(config, source()) == {"User-Api-Key": "own"}
    assert Discourse().login(load({}), source()) == {}


def test_refusal__rate_limit__waits_as_long_as_the_body_says():
    body = {"errors": ["slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 14}}
    error = Discourse().refusal(reply(body, status=429))
    assert isinstance(error, RateLimitedError)
    assert error.wait_s == 14
    odd = Discourse().refusal(reply({"error_type": "rate_limit", "extras": {"wait_seconds": "soon"}}, status=429))
    assert isinstance(odd, RateLimitedError)
    assert odd.wait_s is None


def test_refusal__forum_is_for_members__names_the_variable():
    error = Discourse().refusal(reply({"error_type": "not_logged_in"}, status=403))
    assert isinstance(error, CredentialsError)
    assert "DISCOURSE_USER_API_KEY__" in str(error)


def test_refusal__named_post_is_gone__does_not_stop_the_source():
    assert isinstance(Discourse().refusal(reply({"error_type": "not_found"}, status=404, path="/t/57/3.json")), ReplyError)
    assert Discourse().refusal(reply({"error_type": "not_found"}, status=404, path="/tag/x/l/latest.json")) is None


def test_refusal__page_of_a_proxy__is_left_to_the_reply_check():
    assert Discourse().refusal(Reply(429, {}, b"Slow down.", f"https://{HOST}/", NOW)) is None
    assert Discourse().refusal(reply(["?"], status=429)) is None


# ---- reading


def test_read__page_leads_below_its_lowest_id():
    assert (read(315, 314, 300).cursor, read(315, 314, 300).end) == ("300", False)
    assert read(90, 80, step=Step(cursor="90")).cursor == "80"


@pytest.mark.parametrize("ids", [(), (90,)], ids=["nothing", "only the id asked from"])
def test_read__nothing_public_among_the_ids_of_an_older_server__goes_on_below_them(ids):
    page = read(*ids, step=Step(cursor="90", until=315))
    assert (page.cursor, page.end) == ("40", False)


def test_read__floor_or_the_first_id__is_the_end():
    assert read(step=Step(cursor="90", until=315, floor=60)).end
    assert read(step=Step(cursor="40", until=90)).end
    assert read(3, 1, step=Step(cursor="9")).end
    assert read().end


def test_read__search__asks_for_each_post_in_its_topic():
    assert named(found((day(20), 57, 3), (day(19), 57, 1))) == ["/t/57/3.json", "/t/57/1.json"]


def test_read__search__asks_down_to_one_post_at_or_below_the_floor_which_proves_the_way():
    hits = found((day(20), 4, 1), (day(19), 3, 1), (day(18), 2, 1), (day(17), 1, 1))
    assert named(hits, Step(floor=millisecond(19))) == ["/t/4/1.json", "/t/3/1.json"]


def test_read__search__what_was_read_above_a_gap_is_not_asked_again():
    hits = found((day(20), 4, 1), (day(19), 3, 1), (day(18), 2, 1))
    assert named(hits, Step(until=millisecond(19))) == ["/t/3/1.json", "/t/2/1.json"]
    page = Discourse().read(reply(hits), Asked(source("query", query="nest"), Step(until=millisecond(10), cursor="1")))
    assert isinstance(page, Page)
    assert (page.cursor, page.end) == ("2", False)


def test_read__pinned_topic__is_news_only_when_it_is():
    old, new = (day(1), 1, True), (day(21), 9, True)
    assert named(topics(old, (day(20), 4, False), (day(19), 3, False)), kind="tag") == ["/t/4/1.json", "/t/3/1.json"]
    assert named(topics(new, (day(20), 4, False)), kind="tag") == ["/t/9/1.json", "/t/4/1.json"]


@pytest.mark.parametrize("body", [found(), topics(), {"user_actions": []}], ids=["search", "topics", "actions"])
def test_read__nothing_is_named__is_the_end(body):
    page = Discourse().read(reply(body), Asked(source("query", query="nest"), Step(cursor="3")))
    assert isinstance(page, Page)
    assert (page.rows, page.end) == ([], True)


def test_gather__keeps_of_each_topic_the_post_that_was_asked_for_with_the_title():
    stream = [row(310), row(314, post_number=2), row(315, post_number=3)]
    told = {"post_stream": {"posts": stream}, "title": "A nest & four eggs"}
    replies = [reply(told, path="/t/57/3.json"), reply(told, path="/t/57/1.json")]
    page = Discourse().gather(replies, Asked(source("query", query="nest"), Step(cursor="4")))
    assert sorted(each["id"] for each in page.rows) == [310, 315]
    assert {each["topic_title"] for each in page.rows} == {"A nest & four eggs"}
    assert (page.cursor, page.marks) == ("5", [millisecond(20)] * 2)


@pytest.mark.parametrize("body", [[], 7, {}, {"badges": []}, {"latest_posts": 7}], ids=repr)
def test_read__something_else__is_refused(body):
    with pytest.raises(ReplyError):
        Discourse().read(reply(body), Asked(source(), Step()))


def test_marked_at__tells_the_time_of_milliseconds_only():
    assert Discourse().marked_at(millisecond(20)) == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert Discourse().marked_at(315) is None


# ---- posts


def test_post__quotations__are_not_the_authors_words():
    inner = '<aside class="quote"><blockquote>deep</blockquote><aside class="onebox">box</aside></aside>'
    quote = f'<aside class="quote no-group" data-username="rook"><div>rook:</div><blockquote>{inner} said</blockquote></aside>'
    assert post(cooked=f"<p>One</p>{quote}<p>Two</p>{quote}<p>Three</p>").text == "One\n\nTwo\n\nThree"


def test_post__onebox__is_no_quotation():
    assert "Atlas" in post(cooked='<aside class="onebox allowlistedgeneric"><p>Atlas</p></aside>').text


def test_post__quotation_is_never_closed__hides_the_rest():
    assert post(cooked='<p>One</p><aside class="quote"><p>said</p>').text == "One"


def test_post__hundred_thousand_open_tags__take_no_time():
    """A second of its own time is a hundred times what it takes; quadratic reading would take minutes."""
    import time

    started = time.process_time()
    post(cooked="<p>One</p>" + '<aside class="quote"' * 50_000 + "<img " * 50_000)
    assert time.process_time() - started < 1


def test_post__mentions_emoji_and_pictures():
    made = post(
        cooked='<p><a class="mention" href="/u/rook">@rook</a> <a class="mention-group" href="/g/all">@all</a> '
        '<img src="https://forum.example/w.png" title=":wren:" class="emoji" alt=":wren:"> '
        '<img src="https://forum.example/nest.jpg" alt="Four eggs" width="690"></p>'
    )
    assert made.mentions == ("rook",)
    assert made.text == "@rook @all :wren: Four eggs"
    assert [each.url for each in made.media] == ["https://forum.example/nest.jpg"]


def test_post__reply__names_what_it_answers_or_the_topic():
    assert post(post_number=1).reply_to is None
    assert post(post_number=3).reply_to == f"https://{HOST}/t/57/1"
    made = post(post_number=3, reply_to_post_number=2)
    assert (made.kind, made.reply_to, made.thread) == ("reply", f"https://{HOST}/t/57/2", f"https://{HOST}/t/57/1")


def test_post__title__belongs_to_the_first_post():
    assert post(topic_title="A nest").title == "A nest"
    assert post(topic_title="A nest", post_number=2).title is None


def test_post__edit__is_told_by_the_version_not_by_the_date():
    assert post(version=1).edited_at is None
    assert post(version=2).edited_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_post__likes__are_unknown_where_no_count_is_given():
    assert post(actions_summary=[{"id": 2, "count": 3}, {"id": 3, "count": 9}]).counts.likes == 3
    assert post(actions_summary=[{"id": 2, "can_act": True}]).counts.likes is None
    assert post().counts.likes is None


def test_post__robot_of_the_forum__is_one():
    assert post(user_id=-1).author.bot is True
    assert post().author.bot is None
    assert post().author.id == f"21@{HOST}"


@pytest.mark.parametrize("changed", [{"deleted_at": day(20)}, {"user_deleted": True}], ids=repr)
def test_post__is_gone__keeps_nothing_that_was_said(changed):
    made = post(topic_title="A nest", **changed)
    assert (made.text, made.title, made.deleted_at) == ("", None, NOW)


@pytest.mark.parametrize(
    "changed",
    [{"hidden": True}, {"post_type": 3}, {"post_type": 4}, {"cooked": '<aside class="quote">said</aside>'}, {"cooked": ""}],
    ids=repr,
)
def test_post__says_nothing_to_everybody__is_skipped(changed):
    with pytest.raises(SkipPost):
        post(**changed)


def test_post__place_is_no_number__is_refused():
    with pytest.raises(PostError):
        post(topic_id="57")


# ---- recordings


@pytest.mark.parametrize(
    ("name", "kind", "posts"),
    [("latest", "tag", 3), ("hot", "tag", 3), ("new", "tag", 3), ("top", "tag", 3), ("category-latest-topics", "community", 2),
     ("topics-created-by", "account", 1), ("replies", "account", 1), ("replies-and-topics", "account", 2)],
)  # fmt: skip
def test_read__recorded_list__every_post_that_is_named_is_asked_for(recording, name, kind, posts):
    """Apart from pinned topics that are older than all others."""
    answer = recording(f"discourse/discourse-api-{name}.json")
    listed = answer.json.get("topic_list", {}).get("topics", [])
    oldest = min((topic["created_at"] for topic in listed if not topic["pinned"]), default="")
    stale = [topic for topic in listed if topic["created_at"] < oldest]
    asks = Discourse().read(answer, Asked(source(kind), Step()))
    assert isinstance(asks, list)
    assert len(asks) == posts - len(stale)


def test_wait__only_the_body_says_how_long__it_is_heeded():
    body = {"errors": ["slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 14}}
    assert Discourse().wait_s(reply(body, status=429)) == 14
    assert Discourse().wait_s(reply({**body, "extras": ["soon"]}, status=429)) is None
    assert Discourse().wait_s(reply({"error_type": "not_found"}, status=404)) is None
    assert Discourse().wait_s(reply({"latest_posts": []})) is None
