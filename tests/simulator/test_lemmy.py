"""The simulated Lemmy: featured first, cursors and page numbers, and what it says of unknown names."""

import json

import pytest

from monitor.simulator.lemmy import ENGLISH, VERSION, Lemmy
from monitor.simulator.thread_author import LEMMY_HOST
from monitor.simulator.writing import plain

POSTS, COMMENTS, USER, SEARCH = (f"/api/v3/{name}" for name in ("post/list", "comment/list", "user", "search"))


@pytest.fixture
def server(world):
    return Lemmy(world)


def told(answer):
    return json.loads(answer.body())


def there(world, now, kind):
    return [post for post in reversed(world.visible("lemmy", now)) if post.kind == kind]


def test_site__tells_version_and_languages(server, call):
    site = told(server.answer(call("/api/v3/site")))
    assert site["version"] == VERSION
    assert {"id": ENGLISH, "code": "en", "name": "English"} in site["all_languages"]


def test_posts__by_cursor__the_featured_one_first_then_newest_first_each_once(server, call, world, now):
    rows, cursor = [], ""
    while cursor is not None:
        page = told(server.answer(call(f"{POSTS}?sort=New&limit=50{cursor and f'&page_cursor={cursor}'}")))
        rows += page["posts"]
        cursor = page.get("next_page")
    posts = there(world, now, "post")
    assert [row["post"]["id"] for row in rows] == [post.mark for post in [posts[-1], *posts[:-1]]]
    assert [row["post"]["featured_community"] for row in rows].count(True) == 1
    assert rows[0]["post"]["featured_community"]


def test_community__has_its_own_posts_alone(server, call):
    rows = told(server.answer(call(f"{POSTS}?community_name=coffee@{LEMMY_HOST}&limit=50")))["posts"]
    assert {row["community"]["name"] for row in rows} == {"coffee"}


def test_comments__by_number__name_their_place_in_the_thread(server, call, world, now):
    first, second = (told(server.answer(call(f"{COMMENTS}?limit=20&page={page}")))["comments"] for page in (1, 2))
    comments = there(world, now, "reply")
    assert [row["comment"]["id"] for row in first + second] == [post.mark for post in comments[:40]]
    row, post = first[0], comments[0]
    parts = row["comment"]["path"].split(".")
    assert (parts[0], parts[-1]) == ("0", str(post.mark))
    assert len(parts) < 3 or parts[-2] == str(post.reply_to.mark)
    assert row["post"]["id"] == post.root.mark


def test_user__shows_posts_and_comments_side_by_side(server, call, world, now):
    person = there(world, now, "post")[0].author
    page = told(server.answer(call(f"{USER}?username={person.handle}&limit=50")))
    assert {row["creator"]["name"] for row in page["posts"] + page["comments"]} == {person.username}
    assert page["posts"]


def test_search__finds_titles_and_texts(server, call, now):
    page = told(server.answer(call(f"{SEARCH}?q=coffee&limit=50")))
    said = [f"{row['post']['name']} {row['post']['body']}" for row in page["posts"]]
    assert all("coffee" in each.lower() for each in said)
    assert len(said) > 5


@pytest.mark.parametrize(
    ("address", "word"),
    [
        (f"{POSTS}?community_name=nowhere@x.example", "couldnt_find_community"),
        (f"{USER}?username=nobody", "couldnt_find_person"),
        ("/api/v3/nothing", "not_found"),
    ],
)
def test_unknown_names__are_told_by_a_word(server, call, address, word):
    answer = server.answer(call(address))
    assert (answer.status, told(answer)["error"]) == (404, word)


def test_row__shows_what_the_log_says_of_it(server, call, now):
    answer = server.answer(call(f"{POSTS}?limit=5"))
    for row, sent in zip(told(answer)["posts"], answer.rows(), strict=True):
        truth = sent.shown.truth()
        assert (truth["uri"], truth["title"]) == (row["post"]["ap_id"], row["post"]["name"])
        assert truth["text"] == row["post"]["body"] == plain(sent.shown.post.text_at(now))
        assert truth["counts"]["score"] == row["counts"]["score"]
