"""The simulated Stack Exchange: forward by second, quota in the body, and what a backoff that is not heeded costs."""

import json
from datetime import timedelta

import pytest

from monitor.simulator.quota import Standing
from monitor.simulator.stackexchange import BACKOFF_S, BAN_S, KEY, StackExchange
from monitor.simulator.thread_author import person_number

QUESTIONS = "/2.3/questions?site=stackoverflow&filter=withbody&sort=creation&pagesize=100"


@pytest.fixture
def server(world):
    return StackExchange(world)


def told(answer):
    return json.loads(answer.body())


def questions(world, now):
    return [post for post in world.visible("stackexchange", now) if post.form == "question"]


def test_questions__either_way__and_both_bounds_belong_to_it(server, call, world, now):
    posts = questions(world, now)
    begin, end = int(posts[3].created_at.timestamp()), int(posts[20].created_at.timestamp())
    page = told(server.answer(call(f"{QUESTIONS}&order=asc&fromdate={begin}&todate={end}")))
    assert [row["question_id"] for row in page["items"]] == [post.mark for post in posts[3:21]]
    newest = told(server.answer(call(f"{QUESTIONS}&order=desc")))
    assert [row["question_id"] for row in newest["items"]] == [post.mark for post in posts[:-101:-1]]
    assert newest["has_more"] is (len(posts) > 100)


def test_titles__have_entities_and_bodies_only_the_filter_that_asks_for_them(server, call):
    rows = told(server.answer(call(QUESTIONS)))["items"]
    assert all(row["body"].startswith("<p>") for row in rows)
    assert [row["title"] for row in rows if "'" in row["title"]] == []
    assert any("&#x27;" in row["title"] for row in rows)
    assert "body" not in told(server.answer(call("/2.3/questions?site=stackoverflow")))["items"][0]


def test_tag_search_and_account__show_only_what_was_asked_for(server, call, world, now):
    tagged = told(server.answer(call(f"{QUESTIONS}&tagged=coffee")))["items"]
    assert tagged
    assert all("coffee" in row["tags"] for row in tagged)
    found = told(server.answer(call("/2.3/search/advanced?site=stackoverflow&filter=withbody&q=coffee")))["items"]
    assert found
    assert all("coffee" in f"{row['title']} {row['body']}".lower() for row in found)
    person = questions(world, now)[0].author
    own = told(server.answer(call(f"/2.3/users/{person_number(person)}/posts?site=stackoverflow&filter=withbody")))["items"]
    assert {row["owner"]["user_id"] for row in own} == {person_number(person)}
    assert {row["post_type"] for row in own} <= {"question", "answer"}


def test_quota__is_told_in_the_body(server, call, now):
    standing = Standing(requests=300, seconds=86_400, left=17, reset_at=now)
    page = told(server.answer(call(QUESTIONS, standing=standing)))
    assert (page["quota_max"], page["quota_remaining"]) == (300, 17)


def test_backoff__a_call_of_the_same_method_before_it_is_over__is_throttled_and_makes_it_longer(server, call, now):
    asked = server.answer(call(QUESTIONS, quirks={"backoff": 1.0}))
    assert (told(asked)["backoff"], asked.happened) == (BACKOFF_S, {"backoff"})
    early = server.answer(call(QUESTIONS, now=now + timedelta(seconds=BACKOFF_S - 1)))
    assert (early.status, early.over_limit, told(early)["error_name"]) == (400, True, "throttle_violation")
    assert server.answer(call(QUESTIONS, now=now + timedelta(seconds=BACKOFF_S + 1))).over_limit
    assert server.answer(call(QUESTIONS, now=now + timedelta(seconds=BACKOFF_S + 2 * BAN_S + 1))).status == 200


def test_backoff__another_method__may_be_called(server, call):
    server.answer(call(QUESTIONS, quirks={"backoff": 1.0}))
    assert server.answer(call("/2.3/search/advanced?site=stackoverflow&q=coffee")).status == 200


def test_key__is_taken_as_a_bearer_token_and_not_in_an_address(server, call):
    assert server.answer(call(QUESTIONS, headers={"authorization": f"Bearer {KEY}"})).status == 200
    assert server.answer(call(QUESTIONS, headers={"authorization": "Bearer other"})).status == 403
    assert server.answer(call(f"{QUESTIONS}&key={KEY}")).status == 403


@pytest.mark.parametrize(
    ("address", "status", "number"), [("/2.3/nothing?site=stackoverflow", 404, 404), ("/2.3/questions?site=nowhere", 400, 400)]
)
def test_errors__have_numbers_of_their_own(server, call, address, status, number):
    answer = server.answer(call(address))
    assert (answer.status, told(answer)["error_id"]) == (status, number)
