"""The search of the simulated Hacker News, asked without a server."""

import json
from datetime import timedelta

import pytest

from monitor.simulator.algolia import LAG
from monitor.simulator.hackernews import HackerNews
from monitor.simulator.world import Plan, World
from monitor.simulator.writing import plain

DATE = "/api/v1/search_by_date"


@pytest.fixture(scope="module")
def large():
    """A world with more stories than can be reached."""
    from datetime import UTC, datetime

    now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    world = World(Plan(seed=7, posts=6000), now=now)
    world.reach(now)
    return world


@pytest.fixture(scope="module")
def hackernews(large):
    return HackerNews(large)


@pytest.fixture
def get(hackernews, call):
    return lambda address, **different: json.loads(hackernews.answer(call(address, **different)).body())


def numbers(found):
    return [int(hit["objectID"]) for hit in found["hits"]]


def test_search_by_date__is_newest_first(get):
    found = get(f"{DATE}?query=python&hitsPerPage=100")
    seconds = [hit["created_at_i"] for hit in found["hits"]]
    assert len(seconds) == 100
    assert seconds == sorted(seconds, reverse=True)


def test_search__is_by_points(get):
    points = [hit["points"] for hit in get("/api/v1/search?query=python&tags=story&hitsPerPage=50")["hits"]]
    assert points == sorted(points, reverse=True)


def test_pages__are_disjoint_and_follow_each_other(get):
    whole = numbers(get(f"{DATE}?hitsPerPage=60"))
    assert whole == [*numbers(get(f"{DATE}?hitsPerPage=30")), *numbers(get(f"{DATE}?hitsPerPage=30&page=1"))]


def test_hits__beyond_1000__cannot_be_reached(get):
    """Whatever nbHits says: the page that crosses the wall is short, those beyond it are empty and say why."""
    assert get(DATE)["nbHits"] > 1500
    assert len(numbers(get(f"{DATE}?hitsPerPage=1000"))) == 1000
    assert len(numbers(get(f"{DATE}?hitsPerPage=300&page=3"))) == 100
    beyond = get(f"{DATE}?hitsPerPage=300&page=4")
    assert beyond["hits"] == []
    assert "1000" in beyond["message"]


def test_hits__by_cutting_the_time_range__are_all_reached(get, large, now):
    """The only way past the wall: again with created_at_i at most that of the oldest hit."""
    reached, bound = set(), int(now.timestamp())
    while True:
        found = numbers(get(f"{DATE}?hitsPerPage=1000&numericFilters=created_at_i<={bound}"))
        if set(found) <= reached:
            break
        reached |= set(found)
        bound = get(f"/api/v1/items/{found[-1]}", now=now + timedelta(days=1))["created_at_i"]
    wanted = {post.mark for post in large.visible("hackernews", now) if not post.dead and post.created_at + LAG <= now}
    assert reached >= wanted


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ("<", lambda second, bound: second < bound),
        ("<=", lambda second, bound: second <= bound),
        (">", lambda second, bound: second > bound),
        (">=", lambda second, bound: second >= bound),
    ],
)
def test_numeric_filters__compare_exactly(get, written, holds):
    seconds = [hit["created_at_i"] for hit in get(f"{DATE}?hitsPerPage=200")["hits"]]
    bound = seconds[100]
    found = [hit["created_at_i"] for hit in get(f"{DATE}?hitsPerPage=200&numericFilters=created_at_i{written}{bound}")["hits"]]
    assert set(found) & set(seconds) == {second for second in seconds if holds(second, bound)}


def test_numeric_filters__points_and_time_together(get, now):
    bound = int((now - timedelta(days=7)).timestamp())
    found = get(f"{DATE}?tags=story&numericFilters=points>=5,created_at_i>{bound}&hitsPerPage=200")["hits"]
    assert found
    assert all(hit["points"] >= 5 and hit["created_at_i"] > bound for hit in found)


def test_tags__comma_is_and__brackets_are_or(get):
    found = get(f"{DATE}?tags=story,(ask_hn,show_hn)&hitsPerPage=100")["hits"]
    kinds = [set(hit["_tags"]) for hit in found]
    assert all("story" in tags for tags in kinds)
    assert {True} == {bool(tags & {"ask_hn", "show_hn"}) for tags in kinds}
    assert any("ask_hn" in tags for tags in kinds)
    assert any("show_hn" in tags for tags in kinds)


def test_tags__author_and_thread(get):
    comment = get(f"{DATE}?tags=comment")["hits"][0]
    mine = get(f"{DATE}?tags=author_{comment['author']}")["hits"]
    assert {hit["author"] for hit in mine} == {comment["author"]}
    thread = get(f"{DATE}?tags=comment,story_{comment['story_id']}")["hits"]
    assert comment["objectID"] in [hit["objectID"] for hit in thread]


def test_matching__is_fuzzy__so_not_every_hit_says_the_word(get):
    texts = [f"{hit.get('title')} {hit.get('story_text')} {hit.get('comment_text')}".lower() for hit in
             get(f"{DATE}?query=rust&hitsPerPage=300")["hits"]]  # fmt: skip
    assert any("rustic" in text and "rust " not in text for text in texts)


def test_hit__two_writings_of_a_date__and_of_a_missing_field(get):
    hits = get(f"{DATE}?hitsPerPage=50")["hits"]
    assert {hit["created_at"][-5:] == ".000Z" for hit in hits} == {True, False}
    comments = [hit for hit in hits if "comment" in hit["_tags"]]
    assert {"title" in hit for hit in comments} == {True, False}


def test_index__is_a_minute_behind(get, large, now):
    post = next(post for post in reversed(large.posts("hackernews")) if not post.dead and post.created_at < now)
    assert post.mark not in numbers(get(DATE, now=post.created_at + LAG - timedelta(seconds=1)))
    assert post.mark in numbers(get(DATE, now=post.created_at + LAG))


def test_deleted_item__outlives_its_deletion_for_a_while(get, large):
    post = next(
        post for post in large.posts("hackernews")
        if post.deleted_at and not post.dead and post.created_at + LAG < post.deleted_at
    )  # fmt: skip
    address = f"{DATE}?numericFilters=created_at_i={int(post.created_at.timestamp())}"
    assert post.mark in numbers(get(address, now=post.deleted_at + timedelta(minutes=5)))
    assert post.mark not in numbers(get(address, now=post.deleted_at + timedelta(minutes=11)))


def test_item__is_the_whole_tree(get, hackernews, call, large, now):
    story = next(post for post in large.visible("hackernews", now) if len(large.replies(post)) > 1)
    answer = hackernews.answer(call(f"/api/v1/items/{story.mark}", now=now + timedelta(days=2)))
    tree = json.loads(answer.body())
    assert {child["parent_id"] for child in tree["children"]} == {story.mark}
    assert len(answer.rows()) > len(tree["children"])


def test_rows__carry_the_truth(hackernews, call):
    """The log knows a hit's words without reading the reply."""
    answer = hackernews.answer(call(f"{DATE}?tags=comment&hitsPerPage=20"))
    for row in answer.rows():
        hit = json.loads(row.body)
        assert hit["objectID"] == row.shown.post.native_id
        assert plain(row.shown.post.text).split()[0].strip("<>&'\"") in hit["comment_text"]


@pytest.mark.parametrize("query", ["hitsPerPage=1001", "hitsPerPage=x", "page=-1", "numericFilters=created_at_i"])
def test_bad_parameters__are_refused(hackernews, call, query):
    assert hackernews.answer(call(f"{DATE}?{query}")).status == 400


def test_quirks__on_further_pages(get):
    first = numbers(get(DATE))
    assert numbers(get(f"{DATE}?page=1", quirks={"paging-loop": 1.0})) == first
    assert get(f"{DATE}?page=1", quirks={"expired-cursor-400": 1.0})["status"] == 400
    endless = get(f"{DATE}?hitsPerPage=1000&page=77", quirks={"endless-cursor": 1.0})
    assert endless["hits"]
    assert endless["nbPages"] > 78 - 1
