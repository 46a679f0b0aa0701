"""DEV beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime

import pytest

from monitor.bookmark import Step
from monitor.errors import PostError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.source import Source
from spiders.devto import DevTo

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def source(kind: str = "account", value: str = "wren") -> Source:
    return Source(platform="devto", kind=kind, parameters={kind: value})


def reply(body: object) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode(), "https://dev.to/api/articles", NOW)


def article(**changed: object) -> dict[str, object]:
    row = {
        "id": 7,
        "title": "Sorting & more",
        "description": "Four ways to sort...",
        "url": "https://dev.to/wren/sorting-1a2b",
        "canonical_url": "https://dev.to/wren/sorting-1a2b",
        "published_timestamp": "2026-11-20T08:00:00Z",
        "user": {"username": "wren", "user_id": 91},
    }
    return {**row, **changed}


def post(**changed: object):
    return DevTo().post(article(**changed), reply([]))


def read(rows: object, step: Step = Step(), kind: str = "account") -> Page:  # noqa: B008 - frozen
    return DevTo().read(reply(rows), Asked(source(kind), step))


def test_ask__accounts_and_the_newest__come_by_page():
    assert DevTo().ask(source(), Step()) == Ask("/api/articles", {"username": "wren", "per_page": 100, "page": None})
    assert DevTo().ask(source("community", "latest"), Step(cursor="3", size=9)) == Ask(
        "/api/articles/latest", {"per_page": 9, "page": "3"}
    )


def test_ask__tags_and_searches__are_asked_for_everything_recent_at_once():
    """Their order is popularity: a page by itself proves nothing."""
    assert DevTo().ask(source("tag", "python"), Step()) == Ask("/api/articles", {"tag": "python", "top": 2, "per_page": 1000})
    assert DevTo().ask(source("query", "a b"), Step()).path == "/api/articles/search"
    assert {DevTo.kinds[kind].order for kind in ("tag", "query")} == {"whole"}


def test_ask__unknown_list__is_refused_rather_than_answered_with_the_newest():
    with pytest.raises(RefusedError, match="community= is latest"):
        DevTo().ask(source("community", "hottest"), Step())


def test_read__only_an_empty_page_is_the_end():
    assert (read([article()]).cursor, read([article()]).end) == ("2", False)
    assert read([article()], Step(cursor="2")).cursor == "3"
    assert (read([]).cursor, read([]).end) == (None, True)


def test_read__marks__are_seconds_by_page_and_identities_where_there_are_none():
    (second,) = read([article()]).marks
    assert DevTo().marked_at(second) == datetime(2026, 11, 20, 8, tzinfo=UTC)
    (identity,) = read([article()], kind="tag").marks
    assert identity == post().id
    assert DevTo().marked_at(identity) is None


@pytest.mark.parametrize("kind", ["account", "tag"])
def test_read__row_that_is_no_article__is_left_for_quarantine(kind):
    assert read([7, {}, None, article(id=None, published_timestamp="soon")], kind=kind).marks == [None] * 4


@pytest.mark.parametrize("body", [{}, 7, {"error": "not found", "status": 404}], ids=repr)
def test_read__something_else_than_a_list__is_refused(body):
    with pytest.raises(ReplyError):
        read(body)


def test_post__appeared_elsewhere_before__that_address_is_a_link():
    assert post(canonical_url="https://wren.example/sorting").links == ("https://wren.example/sorting",)
    assert post().links == ()


def test_post__new_address__does_not_make_it_another_article():
    assert post(url="https://dev.to/crane/sorting-1a2b").id == post().id == "https://dev.to/api/articles/7"


def test_post__tags__are_the_list_whatever_stands_in_the_text_of_them():
    assert post(tag_list=["python", "beginners"], tags="python, beginners").tags == ("python", "beginners")


def test_post__account_without_a_number__is_known_by_name():
    assert post(user={"username": "wren"}).author.id == "wren"
    assert post().author.id == "91"


@pytest.mark.parametrize("changed", [{"id": "7"}, {"title": "", "description": None}, {"published_timestamp": None}], ids=repr)
def test_post__is_none__is_refused(changed):
    with pytest.raises(PostError):
        post(**changed)


def test_read__recorded_list__is_in_the_order_of_its_marks(recording):
    page = DevTo().read(recording("devto/medkue-articles-by-username.json"), Asked(source(), Step()))
    assert page.marks == sorted(page.marks, reverse=True)
