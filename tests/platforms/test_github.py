"""GitHub beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime

import pytest

from monitor.advance import advance
from monitor.bookmark import Bookmark, Head, Step
from monitor.config import load
from monitor.crawl.address import address
from monitor.errors import CredentialsError, PostError, RateLimitedError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.paging import Facts
from monitor.source import Source
from spiders.github import GitHub

API = "https://api.github.com"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
NINE = 1_795_165_200  # 2026-11-20T09:00:00Z


def source(kind="community", **parameters):
    return Source(platform="github", kind=kind, parameters=parameters or {"community": "nest/tea"})


def url_of(asked, step):
    return address(GitHub().ask(asked, step), base=GitHub.base_url, parameters=asked.parameters, instead=None)


def reply(body, *, url=f"{API}/repos/nest/tea/issues", status=200, **headers):
    told = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, told, url, NOW)


def read(answer, asked=None, step=None):
    return GitHub().read(answer, Asked(asked or source(), step or Step()))


def issue(number=1, **changes):
    told = {"id": number, "number": number, "html_url": f"https://github.com/nest/tea/issues/{number}", "title": "Cold tea"}
    said = {"body": "It is *cold*.", "user": {"login": "wren", "id": 7, "type": "User"}, "comments": 0}
    return {**told, **said, "created_at": "2026-11-19T08:00:00Z", "updated_at": "2026-11-20T09:00:00Z", **changes}


def post(**changes):
    return GitHub().post(issue(**changes), reply([]))


# ---- asking


@pytest.mark.parametrize(
    ("asked", "step", "url"),
    [
        (source(), Step(), f"{API}/repos/nest/tea/issues?state=all&direction=desc&sort=updated&per_page=100"),
        (
            source(),
            Step(after=NINE),
            f"{API}/repos/nest/tea/issues?state=all&direction=asc&sort=updated&per_page=100&since=2026-11-20T09%3A00%3A01Z",
        ),
        (
            source(),
            Step(floor=NINE),
            f"{API}/repos/nest/tea/issues?state=all&direction=desc&sort=updated&per_page=100&since=2026-11-20T09%3A00%3A01Z",
        ),
        (
            source(community="nest/tea", stream="comments"),
            Step(size=5),
            f"{API}/repos/nest/tea/issues/comments?direction=desc&sort=updated&per_page=5",
        ),
        (
            source("query", query="tea"),
            Step(until=NINE),
            f"{API}/search/issues?q=tea+is%3Aissue+updated%3A%3C%3D2026-11-20T09%3A00%3A00Z&order=desc&sort=updated&per_page=100",
        ),
        (
            source("query", query="is:pr"),
            Step(after=NINE),
            f"{API}/search/issues?q=is%3Apr+updated%3A%3E%3D2026-11-20T09%3A00%3A01Z&order=asc&sort=updated&per_page=100",
        ),
        (source("url", url="https://github.com/nest/tea/pull/3#issuecomment-9"), Step(), f"{API}/repos/nest/tea/issues/3"),
    ],
    ids=["newest", "since", "look", "comments", "search back", "search forward", "thread"],
)
def test_ask__by_the_moment_of_the_last_update(asked, step, url):
    assert url_of(asked, step) == url


def test_ask__discussions__backwards_below_the_second_that_the_cursor_began_at():
    discussions = source(community="nest/tea", stream="discussions")
    answer = {"discussionCount": 300, "pageInfo": {"hasNextPage": True, "endCursor": "Y3"}, "nodes": []}
    entered = Step(until=NINE)
    page = read(reply({"data": {"search": answer}}, url=f"{API}/graphql"), discussions, entered)
    assert isinstance(page, Page)
    asked = GitHub().ask(discussions, Step(cursor=page.cursor, until=NINE - 60))
    assert asked.body is not None
    variables = json.loads(asked.body)["variables"]
    assert variables == {"q": "repo:nest/tea updated:<=2026-11-20T09:00:00Z sort:updated-desc", "size": 100, "after": "Y3"}


@pytest.mark.parametrize(
    "asked",
    [source(community="tea"), source(community="nest/tea", stream="stars"), source("url", url="https://github.com/nest/tea")],
    ids=repr,
)
def test_ask__what_cannot_be_asked__is_said(asked):
    with pytest.raises(RefusedError):
        GitHub().ask(asked, Step())


# ---- reading


def test_read__link_header__is_followed_as_it_is():
    link = f'<{API}/repositories/9/issues?after=Y3%3D%3D&page=2>; rel="next", <{API}/repositories/9/issues?page=7>; rel="last"'
    page = read(reply([issue()], link=link))
    assert isinstance(page, Page)
    assert not page.end
    assert url_of(source(), Step(cursor=page.cursor)) == f"{API}/repositories/9/issues?after=Y3%3D%3D&page=2"


def test_read__forward__no_cursor_and_the_last_page_is_the_end():
    link = f'<{API}/repositories/9/issues?page=2>; rel="next"'
    rows = [issue(1), issue(2, updated_at="2026-11-20T09:00:01Z")]
    more, last = (read(answer, step=Step(after=NINE - 60)) for answer in (reply(rows, link=link), reply(rows)))
    assert isinstance(more, Page)
    assert isinstance(last, Page)
    assert [(page.cursor, page.end) for page in (more, last)] == [(None, False), (None, True)]


def test_read__forward__the_last_second_of_a_page_is_asked_for_again_with_the_next():
    """It may go on there, and the next page is asked for beyond a second."""
    link = f'<{API}/repositories/9/issues?page=2>; rel="next"'
    rows = [issue(1), issue(2, updated_at="2026-11-20T09:00:01Z"), issue(3, updated_at="2026-11-20T09:00:01Z")]
    more, last = (read(answer, step=Step(after=NINE - 60)) for answer in (reply(rows, link=link), reply(rows)))
    assert isinstance(more, Page)
    assert isinstance(last, Page)
    assert (more.marks, last.marks) == ([None, None, NINE], [NINE + 1, NINE + 1, NINE])


def test_read__a_second_that_fills_a_page__is_asked_for_page_by_page():
    link = f'<{API}/repositories/9/issues?page=2>; rel="next"'
    asks = read(reply([issue(1), issue(2)], link=link), step=Step(after=NINE - 1))
    assert isinstance(asks, list)
    assert [ask.parameters["page"] for ask in asks] == list(range(1, 11))
    assert {ask.parameters["since"] for ask in asks} == {"2026-11-20T09:00:00Z"}
    later = issue(3, updated_at="2026-11-20T09:00:01Z")
    page = GitHub().gather([reply([issue(1), issue(2)]), reply([later])], Asked(source(), Step(after=NINE - 1)))
    assert (page.top, page.end) == (NINE + 1, True)


def test_walk__quiet_repository__is_read_to_the_end_by_one_empty_page():
    """A bound that took in the last second again would find no end, and never rest."""
    seen = Bookmark(heads=(Head(mark=NINE, asked_at=NOW),), start=NINE, asked_at=NOW)
    facts = Facts(marks=(), end=True, asked_at=NOW)
    assert GitHub().ask(source(), Step(after=NINE)).parameters["since"] == "2026-11-20T09:00:01Z"
    assert advance(seen, Step(after=NINE), facts, rules=GitHub().rules(source())).progress


def test_read__search_beyond_a_thousand__is_not_ended_by_its_last_page():
    search = source("query", query="tea")
    pages = [
        read(reply({"total_count": count, "incomplete_results": False, "items": [issue()]}), search) for count in (1000, 1001)
    ]
    assert [isinstance(page, Page) and page.end for page in pages] == [True, False]


def test_read__search_that_ran_out_of_time__is_asked_again():
    with pytest.raises(ReplyError, match="ran out of time"):
        read(reply({"total_count": 5, "incomplete_results": True, "items": [issue()]}), source("query", query="tea"))


def test_read__thread__is_its_opener_and_all_pages_of_comments():
    thread = source("url", url="https://github.com/nest/tea/issues/1")
    assert read(reply(issue(comments=0)), thread) == Page([issue(comments=0)], [NINE], end=True)
    asks = read(reply(issue(comments=201)), thread)
    assert isinstance(asks, list)
    assert asks[0] == Ask("/repos/nest/tea/issues/1")
    assert [ask.parameters["page"] for ask in asks[1:]] == [1, 2, 3]
    endless = read(reply(issue(comments=9_950)), thread)
    assert isinstance(endless, list)
    assert [ask.parameters["page"] for ask in endless[1:]] == list(range(91, 101))


@pytest.mark.parametrize("body", [{}, {"message": "x"}, 7, [{"name": "bug", "color": "f00"}]], ids=repr)
def test_read__something_else_than_issues__is_refused(body):
    with pytest.raises(ReplyError):
        read(reply(body))


# ---- posts


def test_post__writer_is_gone__is_the_ghost():
    author = post(user=None).author
    assert (author.id, author.handle, author.url, author.bot) == ("ghost", "ghost", "https://github.com/ghost", None)


def test_post__nothing_was_written__is_its_title():
    made = post(body=None)
    assert (made.title, made.text) == ("Cold tea", "")


def test_post__pull_request__is_tagged_beside_its_labels():
    pull = "https://github.com/nest/tea/pull/1"
    assert post(html_url=pull, pull_request={"url": "x"}, labels=[{"name": "Bug"}]).tags == ("bug", "pull-request")
    assert post(labels=[{"name": "Bug"}]).tags == ("bug",)


def test_post__comment__answers_the_page_it_stands_on():
    made = post(html_url="https://github.com/nest/tea/pull/1#issuecomment-9", title=None)
    assert (made.kind, made.reply_to, made.thread) == (
        "reply",
        "https://github.com/nest/tea/pull/1",
        "https://github.com/nest/tea/pull/1",
    )
    assert (made.title, made.community) == (None, "nest/tea")


def test_post__markdown__is_plain_text_with_its_links():
    made = post(body="It is *cold*, see [the guide](https://atlas.example/guide).")
    assert (made.text, made.links) == ("It is cold, see the guide.", ("https://atlas.example/guide",))


def test_post__app__is_a_bot():
    assert post(user={"login": "dependabot[bot]", "id": 8, "type": "Bot"}).author.bot is True


def test_post__address_of_something_else__is_refused():
    with pytest.raises(PostError):
        post(html_url="https://github.com/nest/tea/commit/abc")


# ---- credentials and limits


def test_login__token__is_sent_with_the_version():
    assert GitHub().login(load({"GITHUB_TOKEN": "t"}), source()) == {
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": "Bearer t",
    }
    assert "Authorization" not in GitHub().login(load({}), source())


def test_login__discussions_without_a_token__says_what_to_set():
    with pytest.raises(CredentialsError, match="GITHUB_TOKEN"):
        GitHub().login(load({}), source(community="nest/tea", stream="discussions"))


@pytest.mark.parametrize(
    ("answer", "wait_s"),
    [
        (reply({}, status=403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW.timestamp()) + 90)), 90),
        (reply({}, status=429, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW.timestamp()) + 90)), 90),
        (reply({"message": "You have exceeded a secondary rate limit."}, status=403, retry_after="30"), 30),
        (
            reply({"message": "You have exceeded a secondary rate limit."}, status=403, x_ratelimit_reset="9999999999"),
            60,
        ),
    ],
    ids=["primary", "primary 429", "secondary", "secondary without a word on how long"],
)
def test_refusal__limits__also_as_403(answer, wait_s):
    error = GitHub().refusal(answer)
    assert isinstance(error, RateLimitedError)
    assert error.wait_s == wait_s


def test_refusal__403_of_another_kind__is_left_to_the_status():
    assert GitHub().refusal(reply({"message": "Resource not accessible"}, status=403, x_ratelimit_remaining="9")) is None
    assert GitHub().refusal(reply([])) is None


def test_refusal__401__names_the_variable():
    error = GitHub().refusal(reply({"message": "Bad credentials"}, status=401))
    assert isinstance(error, CredentialsError)
    assert "GITHUB_TOKEN" in str(error)


def test_read__graphql_error_with_200__is_one():
    answer = reply({"errors": [{"type": "RATE_LIMITED"}]}, url=f"{API}/graphql")
    with pytest.raises(RateLimitedError):
        read(answer, source(community="nest/tea", stream="discussions"))


def test_read__recorded_pages__lead_from_one_to_the_next(recording):
    pages = [read(recording(f"github/octokit-paginate-issues-{number}.json")) for number in range(5)]
    cursors = [page.cursor for page in pages if isinstance(page, Page)]
    assert cursors == [*(f"repositories/1000/issues?per_page=3&page={number}" for number in (2, 3, 4, 5)), None]


def test_wait__secondary_limit_without_a_header__holds_everything_back():
    answer = reply({"message": "You have exceeded a secondary rate limit."}, status=403)
    assert GitHub().wait_s(answer) == 60
    assert GitHub().wait_s(reply({"message": "Bad credentials"}, status=401)) is None
    assert GitHub().wait_s(reply([])) is None
