"""The simulated GitHub: order by update, ways to the next page, conditional requests, search and discussions."""

import json
import re

import pytest

from monitor.simulator.github import SECONDARY_S, TOKEN, GitHub
from monitor.simulator.github_views import second, updated_at
from monitor.simulator.thread_author import OWNER

ISSUES = f"/repos/{OWNER}/python/issues"
AGENT = {"user-agent": "test"}
SIGNED = {**AGENT, "authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def server(world):
    return GitHub(world)


@pytest.fixture
def ask(server, call):
    """An answer to somebody who says who he is."""
    return lambda address, **different: server.answer(call(address, **{"headers": AGENT, **different}))


def told(answer):
    return json.loads(answer.body())


def issues(world, now):
    posts = [
        post for post in world.visible("github", now) if post.form in {"issue", "pull"} and post.community == f"{OWNER}/python"
    ]
    return sorted(posts, key=lambda post: (updated_at(world, post, now), post.mark))


def discussions(size, after=None, query=f"repo:{OWNER}/python sort:updated-desc"):
    variables = {"q": query, "size": size, "after": after}
    return json.dumps({"query": "query", "variables": variables}).encode()


def test_issues__since_a_moment__oldest_update_first_and_pull_requests_among_them(ask, world, now):
    posts = issues(world, now)
    since = second(updated_at(world, posts[5], now))
    rows = told(ask(f"{ISSUES}?state=all&sort=updated&direction=asc&per_page=100&since={since}"))
    assert [row["html_url"] for row in rows] == [post.uri for post in posts[5:105]]
    assert any("pull_request" in row for row in rows)


def test_issue__commented_on__was_updated_then(ask, world, now):
    commented = next(post for post in reversed(issues(world, now)) if any(reply.exists(now) for reply in world.replies(post)))
    row = told(ask(f"{ISSUES}/{commented.uri.rpartition('/')[2]}"))
    assert row["updated_at"] >= second(max(reply.created_at for reply in world.replies(commented) if reply.exists(now)))
    assert row["comments"] == world.reply_count(commented, now)
    below = told(ask(f"{ISSUES}/{row['number']}/comments"))
    assert all(each["html_url"].startswith(f"{commented.uri}#issuecomment-") for each in below)
    assert len(below) == row["comments"]


def test_link__leads_through_all_pages_and_the_last_has_none(ask, world, now):
    address, seen = f"{ISSUES}?direction=asc&per_page=10", []
    while address:
        answer = ask(address)
        seen += [row["html_url"] for row in told(answer)]
        ways = re.fullmatch(r'<http://127\.0\.0\.1:1(/\S+)>; rel="next"', answer.headers.get("Link", ""))
        address = ways and ways[1]
    assert seen == [post.uri for post in issues(world, now)]
    assert len(seen) > 20


def test_etag__the_same_again__is_304_without_rows(ask):
    first = ask(ISSUES)
    again = ask(ISSUES, headers={**AGENT, "if-none-match": first.headers["ETag"]})
    assert (again.status, again.rows(), again.headers["ETag"]) == (304, [], first.headers["ETag"])
    assert ask(ISSUES, headers={**AGENT, "if-none-match": 'W/"0"'}).status == 200


def test_search__words_and_bounds__and_how_many_there_are(ask):
    page = told(ask("/search/issues?q=python is:issue&order=desc&per_page=100"))
    assert page["total_count"] == len(page["items"]) > 5
    assert all("python" in f"{row['title']} {row['body']}".lower() for row in page["items"])
    middle = page["items"][3]["updated_at"]
    below = told(ask(f"/search/issues?q=python is:issue updated:<={middle}&order=desc&per_page=100"))
    assert [row["id"] for row in below["items"]] == [row["id"] for row in page["items"] if row["updated_at"] <= middle]


def test_search__beyond_the_reachable_results__is_refused(ask):
    assert ask("/search/issues?q=python&per_page=100&page=11").status == 422


def test_discussions__need_a_token_and_page_by_cursor(ask, world, now):
    assert ask("/graphql", body=discussions(5)).status == 401
    first = told(ask("/graphql", headers=SIGNED, body=discussions(5)))["data"]["search"]
    after = first["pageInfo"]["endCursor"]
    second_page = told(ask("/graphql", headers=SIGNED, body=discussions(5, after)))["data"]["search"]
    rows = first["nodes"] + second_page["nodes"]
    assert [row["updated_at"] for row in rows] == sorted((row["updated_at"] for row in rows), reverse=True)
    there = [p for p in world.visible("github", now) if p.form == "discussion" and p.community == f"{OWNER}/python"]
    assert first["discussionCount"] == len(there)


def test_discussions__error__comes_with_status_200(ask):
    answer = ask("/graphql", headers=SIGNED, body=b"{}")
    assert (answer.status, told(answer)["errors"][0]["type"]) == (200, "BAD_REQUEST")


def test_secondary_limit__is_a_403_with_calls_left(ask):
    answer = ask(ISSUES, quirks={"secondary-limit": 1.0})
    assert (answer.status, answer.headers, answer.happened) == (403, {"Retry-After": str(SECONDARY_S)}, {"secondary-limit"})


@pytest.mark.parametrize(("headers", "status"), [({}, 403), ({**AGENT, "authorization": "Bearer other"}, 401), (SIGNED, 200)])
def test_who_asks__has_to_say_so(server, call, headers, status):
    assert server.answer(call(ISSUES, headers=headers)).status == status


def test_unknown_repository__is_not_found(ask):
    assert ask("/repos/no/where/issues").status == 404
