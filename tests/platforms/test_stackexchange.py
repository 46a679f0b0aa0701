"""Stack Exchange beyond what the contract suite proves for every platform."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.advance import advance
from monitor.bookmark import Bookmark, Head, Step
from monitor.config import load
from monitor.errors import CredentialsError, PostError, RateLimitedError, RefusedError, ReplyError
from monitor.page import Asked, Page, Reply
from monitor.paging import Facts
from monitor.source import Source
from monitor.walk import Walk
from spiders.stackexchange import StackExchange

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
T = 1795161600
URL = "https://api.stackexchange.com/2.3/questions?site=stackoverflow"


def source(kind: str = "tag", **parameters: str) -> Source:
    return Source(platform="stackexchange", kind=kind, parameters=parameters or {"tag": "python"})


def reply(body: object, *, status: int = 200, url: str = URL) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode(), url, NOW)


def question(second: int = T, **changed: object) -> dict[str, object]:
    row = {
        "question_id": second - T + 1,
        "creation_date": second,
        "title": "How to sort?",
        "body": "<p>Like this</p>",
        "link": "https://stackoverflow.com/questions/1/how-to-sort",
        "owner": {"user_id": 3, "display_name": "Ada", "link": "https://stackoverflow.com/users/3/ada"},
    }
    return {**row, **changed}


def post(**changed: object):
    return StackExchange().post(question(**changed), reply({}))


def read(rows: list[object], step: Step = Step(), *, more: bool = False) -> Page:  # noqa: B008 - frozen
    return StackExchange().read(reply({"items": rows, "has_more": more}), Asked(source(), step))


# ---- asking


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (Step(), {"order": "desc"}),
        (Step(after=T), {"order": "asc", "fromdate": T}),
        (Step(floor=T), {"order": "desc", "fromdate": T}),
        (Step(until=T), {"order": "desc", "todate": T}),
        (Step(size=7), {"order": "desc", "pagesize": 7}),
    ],
    ids=repr,
)
def test_ask__step_becomes_the_direction_and_a_second(step, wanted):
    asked = StackExchange().ask(source(), step).parameters
    always = {"tagged": "python", "site": "stackoverflow", "filter": "withbody", "sort": "creation", "pagesize": 100}
    assert {name: value for name, value in asked.items() if value is not None} == always | wanted


def test_ask__every_kind_has_its_path_and_site():
    ask = StackExchange().ask
    assert ask(source("query", query="a b", community="es.stackoverflow"), Step()).path == "/search/advanced"
    assert ask(source("query", query="a b", community="es.stackoverflow"), Step()).parameters["site"] == "es.stackoverflow"
    assert ask(source("account", account="3"), Step()).path == "/users/3/posts"
    assert ask(source("community", community="english"), Step()).path == "/questions"


def test_ask__account_by_name__says_that_numbers_are_needed():
    with pytest.raises(RefusedError, match="by number"):
        StackExchange().ask(source("account", account="ada"), Step())


# ---- what replies ask for


def test_wait__backoff_of_a_good_reply__is_kept_to_the_fraction():
    assert StackExchange().wait_s(reply({"items": [], "backoff": 0.2, "quota_remaining": 90})) == pytest.approx(0.2)
    assert StackExchange().wait_s(reply({"items": [], "quota_remaining": 90})) is None


def test_wait__quota_used_up__lasts_until_midnight_utc():
    four_hours = timedelta(hours=4).total_seconds()
    assert StackExchange().wait_s(reply({"items": [], "quota_remaining": 0, "backoff": 10})) == four_hours


def test_wait__ban__is_as_long_as_it_says():
    body = {"error_id": 502, "error_message": "too many requests from this IP, more requests available in 17524 seconds"}
    assert StackExchange().wait_s(reply(body, status=400)) == 17524
    error = StackExchange().refusal(reply(body, status=502))
    assert isinstance(error, RateLimitedError)
    assert error.wait_s == 17524


def test_wait__ban_without_a_time__is_some_minutes():
    error = StackExchange().refusal(reply({"error_id": 502, "error_message": "Violation of backoff parameter"}, status=400))
    assert isinstance(error, RateLimitedError)
    assert error.wait_s is not None
    assert error.wait_s >= 60


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"items": [', b"[]", b"7"], ids=repr)
def test_wait__body_is_something_else__asks_for_nothing(body):
    answer = Reply(502, {}, body, URL, NOW)
    assert StackExchange().wait_s(answer) is None
    assert StackExchange().refusal(answer) is None


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (400, RefusedError),
        (401, CredentialsError),
        (403, CredentialsError),
        (404, RefusedError),
        (500, ReplyError),
        (503, ReplyError),
    ],
)
def test_refusal__is_told_by_the_number_in_the_body(number, error):
    assert type(StackExchange().refusal(reply({"error_id": number, "error_message": "words"}, status=400))) is error


# ---- reading


def test_read__second_asked_from__has_no_part_any_more_but_its_posts_are_kept():
    page = read([question(T), question(T + 1)], Step(after=T))
    assert (len(page.rows), page.marks) == (2, [None, T + 1])


def test_read__nothing_but_the_second_asked_from__ends_the_walk_well():
    """Else a quiet tag would look as if its paging had failed."""
    page, spider = read([question(T)], Step(after=T)), StackExchange()
    assert (page.top, page.end) == (None, True)
    facts = Facts(marks=(), end=True, asked_at=NOW)
    before = Bookmark(heads=(Head(mark=T, asked_at=NOW - timedelta(hours=1)),), start=T, asked_at=NOW - timedelta(hours=1))
    step = Walk(rules=spider.rules(source()), pages=1).next_step(before, now=NOW)
    assert step is not None
    assert step.after == T
    move = advance(before, step, facts, rules=spider.rules(source()))
    assert move.progress
    assert move.bookmark.asked_at == NOW


def test_read__full_page_of_the_second_asked_from__does_not_pass_for_progress():
    assert read([question(T), question(T)], Step(after=T), more=True).top == T


def test_read__end__is_what_the_wrapper_says():
    assert not read([question(T)], more=True).end
    assert read([question(T)]).end


def test_read__row_without_a_second__is_left_for_quarantine():
    assert read([7, {}, question(creation_date="1795161600")]).marks == [None] * 3


@pytest.mark.parametrize("body", [[], 7, {}, {"items": None}], ids=repr)
def test_read__something_else_than_items__is_refused(body):
    with pytest.raises(ReplyError):
        StackExchange().read(reply(body), Asked(source(), Step()))


# ---- posts


def test_post__entities_of_title_and_name__are_decoded_once():
    made = post(title="&quot;a&quot; &amp;lt; b", owner={"user_id": 3, "display_name": "Ada &amp; Co"})
    assert (made.title, made.author.name) == ('"a" &lt; b', "Ada & Co")


def test_post__code_keeps_its_lines():
    assert post(body="<p>So:</p>\n\n<pre><code>a = 1\n    b\n</code></pre>").text == "So:\n\na = 1\n    b"


def test_post__account_was_deleted__keeps_the_name_that_is_left():
    made = post(owner={"user_type": "does_not_exist", "display_name": "user801"})
    assert (made.author.id, made.author.name, made.author.url) == ("deleted", "user801", None)
    assert post(owner=None).author.id == "deleted"


def test_post__answer_of_an_account__is_a_reply_under_its_own_address():
    row = {
        "post_id": 9,
        "post_type": "answer",
        "creation_date": T,
        "body": "<p>So.</p>",
        "link": "https://stackoverflow.com/a/9",
    }
    made = StackExchange().post(row, reply({}))
    assert (made.kind, made.id, made.title) == ("reply", "https://stackoverflow.com/a/9", None)


def test_post__question_has_one_identity_by_every_route():
    row = {
        "post_id": 1,
        "post_type": "question",
        "creation_date": T,
        "body": "<p>So?</p>",
        "link": "https://stackoverflow.com/q/1",
    }
    assert StackExchange().post(row, reply({})).id == post().id == "https://stackoverflow.com/q/1"


def test_post__language__is_that_of_the_site():
    assert post().language == "en"
    assert post(link="https://es.stackoverflow.com/q/1").language == "es"
    assert post(link="https://french.stackexchange.com/q/1").language is None


@pytest.mark.parametrize("changed", [{"question_id": "1"}, {"question_id": True}, {"title": None, "body": ""}], ids=repr)
def test_post__is_none__is_refused(changed):
    with pytest.raises(PostError):
        post(**changed)


def test_wait__recorded_backoff__is_below_a_second(recording):
    answer = recording("stackexchange/perceval-stackexchange-question-backoff-page.json")
    assert StackExchange().wait_s(answer) == pytest.approx(0.2)


@pytest.mark.parametrize("off_s", [-50, 0.3, 50])
def test_wait_and_units_left__at_midnight__the_rest_of_the_day_before_does_not_close_the_new_one(off_s):
    """The platform may still count the day before, or a reply was on its way at midnight."""
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    for left in (0, 1, 57):
        told = replace(reply({"items": [], "quota_remaining": left}), fetched_at=midnight + timedelta(seconds=off_s))
        assert StackExchange().units_left(told) is None
        assert StackExchange().wait_s(told) == (None if left > 2 else 50 if off_s < 0 else 60)


def test_wait_and_units_left__a_reply_of_the_day_before_that_is_read_late__by_the_moment_it_was_made():
    sent = format_datetime(datetime(2026, 11, 22, 23, 59, 20, tzinfo=UTC), usegmt=True)
    late = replace(
        reply({"items": [], "quota_remaining": 1}),
        fetched_at=datetime(2026, 11, 23, 0, 1, 30, tzinfo=UTC), headers={"date": sent},
    )  # fmt: skip
    assert StackExchange().units_left(late) is None
    assert StackExchange().wait_s(late) == 40


def test_units_left__on_the_day__is_what_the_wrapper_says_but_for_some_that_are_kept():
    assert StackExchange().units_left(reply({"items": [], "quota_remaining": 90})) == 88
    assert StackExchange().units_left(reply({"items": [], "quota_remaining": 1})) == 0


def test_login__key__goes_as_a_bearer_token_and_never_into_an_address():
    key = "an-app-key"
    headers = StackExchange().login(load({"STACKEXCHANGE_KEY": key}), source())
    assert headers == {"Authorization": f"Bearer {key}"}
    assert key not in str(StackExchange().ask(source(), Step()))


def test_login__without_a_key__is_anonymous():
    assert StackExchange().login(load({}), source()) == {}


def test_refusal__of_access__names_the_variable():
    error = StackExchange().refusal(reply({"error_id": 403, "error_message": "no such key"}, status=403))
    assert isinstance(error, CredentialsError)
    assert "STACKEXCHANGE_KEY" in str(error)
