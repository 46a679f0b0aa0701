"""Hacker News beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.bookmark import Step
from monitor.errors import PostError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.source import Source
from spiders.hackernews import HackerNews, permalink

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
EXAMPLES = Path(__file__).parent / "examples" / "hackernews"
SECOND = 1795166103
FIREBASE = "https://hacker-news.firebaseio.com/v0"


def source(kind: str, value: str) -> Source:
    return Source(platform="hackernews", kind=kind, parameters={kind: value})


def reply(body, url: str = "https://hn.algolia.com/api/v1/search_by_date") -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode(), url, NOW)


def example(name: str) -> Reply:
    told = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))["reply"]
    return Reply(told["status"], told["headers"], json.dumps(told["body"]).encode(), told["url"], NOW)


def posts(name: str, kind: str = "query"):
    read = HackerNews().read(example(name), Asked(source(kind, "x"), Step()))
    assert isinstance(read, Page)
    return [HackerNews().post(row, example(name)) for row in read.rows]


def hits(*seconds: int, size: int, page: int = 0) -> Reply:
    rows = [{"objectID": str(number), "author": "a", "created_at_i": second} for number, second in enumerate(seconds, 1)]
    return reply({"hits": rows, "hitsPerPage": size, "page": page, "nbHits": 99_999, "nbPages": 99})


def searched(answer: Reply, step: Step = Step()) -> Page:  # noqa: B008 - frozen
    read = HackerNews().read(answer, Asked(source("query", "python"), step))
    assert isinstance(read, Page)
    return read


# ---- asking


def test_ask__query_from_the_top__is_by_date_without_typos():
    ask = HackerNews().ask(source("query", "python"), Step())
    assert ask.path == "/api/v1/search_by_date"
    assert ask.parameters == {
        "query": "python",
        "tags": "(story,comment,poll,job)",
        "numericFilters": None,
        "typoTolerance": "false",
        "hitsPerPage": 200,
        "page": None,
    }


def test_ask__gap__both_of_its_seconds_are_asked_for_again():
    """Siblings of the same second would be dropped by an open bound."""
    filters = HackerNews().ask(source("query", "python"), Step(until=20, floor=10)).parameters["numericFilters"]
    assert filters == "created_at_i<=20,created_at_i>=10"


def test_ask__account__is_searched_by_its_tag():
    assert HackerNews().ask(source("account", "pg"), Step()).parameters["tags"] == "(story,comment,poll,job),author_pg"


@pytest.mark.parametrize(
    "url", ["https://news.ycombinator.com/item?id=8863", "news.ycombinator.com/item?p=2&id=8863#9224", "8863"]
)
def test_ask__thread__is_searched_by_its_story(url):
    assert HackerNews().ask(source("url", url), Step()).parameters["tags"] == "(story,comment,poll,job),story_8863"


@pytest.mark.parametrize("url", ["https://news.ycombinator.com/newest", "https://example.org/item?id=x", ""])
def test_ask__address_of_no_thread__is_refused_with_an_example(url):
    with pytest.raises(RefusedError, match=r"item\?id=8863"):
        HackerNews().ask(source("url", url), Step())


@pytest.mark.parametrize(("community", "path"), [("new", "newstories"), ("jobs", "jobstories"), ("everything", "maxitem")])
def test_ask__list__is_asked_of_firebase(community, path):
    assert HackerNews().ask(source("community", community), Step()) == Ask(f"{FIREBASE}/{path}.json")


def test_ask__unknown_list__is_refused_with_those_there_are():
    with pytest.raises(RefusedError, match="new, ask, show, jobs, everything"):
        HackerNews().ask(source("community", "top"), Step())


# ---- searching past the wall


def test_read__page_is_not_full__nothing_lies_beyond():
    assert searched(hits(5, 4, size=3)).end


def test_read__page_is_full__the_walk_goes_on_at_its_oldest_second_and_needs_no_cursor():
    page = searched(hits(5, 4, 4, size=3))
    assert (page.top, page.bottom, page.cursor, page.end) == (5, 4, None, False)


def test_read__full_page_of_one_second__goes_on_by_page_number_within_it():
    page = searched(hits(SECOND, SECOND, size=2), Step(until=SECOND))
    assert page.cursor == f"{SECOND}.1"
    ask = HackerNews().ask(source("query", "python"), Step(cursor=page.cursor, until=SECOND))
    assert (ask.parameters["numericFilters"], ask.parameters["page"]) == (f"created_at_i<={SECOND}", 1)


def test_read__further_page_is_still_that_second__goes_on_to_the_next():
    assert searched(hits(9, 9, size=2, page=1), Step(cursor="9.1", until=9)).cursor == "9.2"


def test_read__further_page_leaves_the_second__goes_on_by_time():
    assert searched(hits(9, 8, size=2, page=1), Step(cursor="9.1", until=9)).cursor is None


def test_read__further_page_is_all_of_another_second__begins_that_second_anew():
    """Page numbers count from the bound, which has moved."""
    assert searched(hits(8, 8, size=2, page=1), Step(cursor="9.1", until=9)).cursor == "8.0"


def test_read__more_hits_in_one_second_than_can_be_reached__the_walk_goes_below_it():
    assert searched(hits(*[9] * 500, size=500, page=1), Step(cursor="9.1", until=9)).cursor == "8.0"


def test_a_walk_over_crowded_seconds_reads_every_hit():
    """Against a search that, like the real one, never shows more than the first thousand of what matches."""
    stored = sorted(
        [(second, number) for number, second in enumerate([50] * 700 + [49] + [48] * 450 + [47, 46, 45] * 3)], reverse=True
    )
    spider, read, step = HackerNews(), set(), Step()
    for _ in range(30):
        parameters = spider.ask(source("query", "x"), step).parameters
        until = int((parameters["numericFilters"] or "created_at_i<=99").partition("<=")[2])
        size, page = parameters["hitsPerPage"], parameters["page"] or 0
        shown = [hit for hit in stored if hit[0] <= until][:1000][page * size : (page + 1) * size]
        found = searched(hits(*[second for second, _ in shown], size=size, page=page), step)
        read |= set(shown)
        if found.end:
            break
        step = Step(cursor=found.cursor, until=found.bottom)
    assert read == set(stored)


def test_read__hit_without_a_time__is_a_row_that_moves_no_bookmark():
    answer = reply({"hits": [{"objectID": "1", "author": "a", "title": "Undated"}], "hitsPerPage": 20})
    page = searched(answer)
    assert (len(page.rows), page.top) == (1, None)
    with pytest.raises(PostError, match="date"):
        HackerNews().post(page.rows[0], answer)


def test_read__options_of_a_poll__are_no_posts():
    assert searched(reply({"hits": [{"_tags": ["pollopt"], "created_at_i": 5}], "hitsPerPage": 20})).rows == []


def test_read__neither_hits_nor_item__is_asked_again():
    with pytest.raises(ReplyError):
        searched(reply({"id": "tomek", "karma": 6}))


# ---- threads


def test_read__thread_of_a_comment__its_tree_is_asked_for():
    """Only stories are found by `story_N`."""
    asked = Asked(source("url", "https://news.ycombinator.com/item?id=70000003"), Step(floor=5))
    assert HackerNews().read(reply({"hits": [], "hitsPerPage": 200}), asked) == [Ask("/api/v1/items/70000003")]


def test_read__deeper_page_of_a_thread_is_empty__is_its_end():
    asked = Asked(source("url", "https://news.ycombinator.com/item?id=1"), Step(until=9, floor=5))
    page = HackerNews().read(reply({"hits": [], "hitsPerPage": 200}), asked)
    assert isinstance(page, Page)
    assert page.end


def test_gather__tree__gives_every_comment_and_is_the_whole_of_it():
    page = HackerNews().gather([example("thread.json")], Asked(source("url", "70000001"), Step()))
    assert [row["id"] for row in page.rows] == [70000001, 70000003, 70000006, 70000005]
    assert page.end
    assert not page.ordered


# ---- lists and items


def listed(numbers, step: Step, community: str = "new") -> list[int]:
    read = HackerNews().read(reply(numbers), Asked(source("community", community), step))
    asks = [] if isinstance(read, Page) else read
    return [int(ask.path.rpartition("/")[2].removesuffix(".json")) for ask in asks]


def test_read__list_of_ids__asks_for_the_newest_items_first_whatever_their_rank():
    assert listed([3, 9, 5], Step()) == [9, 5, 3]


def test_read__list_of_ids__stops_at_the_floor_and_reads_one_item_there_as_proof():
    assert listed([9, 8, 7, 6, 5], Step(floor=7)) == [9, 8, 7]


def test_read__nothing_new_in_the_list__one_known_item_is_read():
    assert listed([7, 6, 5], Step(floor=7)) == [7]


def test_read__list_of_ids__goes_on_below_the_cursor():
    assert listed(list(range(200, 100, -1)), Step(cursor="151", until=151, floor=10)) == list(range(150, 100, -1))


def test_read__list_does_not_reach_the_gap__is_refused_and_not_called_covered():
    with pytest.raises(RefusedError, match="no longer in it"):
        listed([9, 8], Step(cursor="8", until=8, floor=2))


def test_read__newest_item__everything_below_is_followed_down_to_the_floor():
    assert listed(1000, Step(floor=996), "everything") == [1000, 999, 998, 997, 996]
    assert listed(1000, Step(), "everything") == list(range(1000, 950, -1))
    assert listed(1000, Step(cursor="951", until=951, floor=948), "everything") == [950, 949, 948]


def test_read__item_1_was_read__is_the_end_of_everything():
    read = HackerNews().read(reply(1000), Asked(source("community", "everything"), Step(cursor="1", until=1)))
    assert isinstance(read, Page)
    assert read.end


def test_gather__item_is_not_out_yet__gives_no_row_and_the_walk_goes_on_below_it():
    replies = [reply(None, f"{FIREBASE}/item/12.json"), example("item-comment.json"), reply(None, f"{FIREBASE}/item/10.json")]
    page = HackerNews().gather(replies, Asked(source("community", "everything"), Step()))
    assert (list(page.marks), page.cursor, page.end) == ([70000003], "10", False)


def test_marked_at__second_or_id__only_a_second_tells_a_time():
    assert HackerNews().marked_at(SECOND) == datetime(2026, 11, 20, 9, 15, 3, tzinfo=UTC)
    assert HackerNews().marked_at(70000004) is None


# ---- posts


def test_post__story_by_both_ways__is_one_post():
    by_search, by_item = posts("search.json")[0], posts("item-story.json", "community")[0]
    assert by_search == by_item
    assert by_search.id == permalink(70000004)
    assert by_search.links == ("https://teapot.example/python",)
    assert (by_search.counts.score, by_search.counts.replies, by_search.counts.likes) == (12, 1, None)


def test_post__comment__leads_to_its_parent_and_story():
    comment = posts("search.json")[1]
    assert (comment.kind, comment.reply_to, comment.thread) == ("reply", permalink(70000001), permalink(70000001))
    assert comment.counts.replies is None


def test_post__comment__is_plain_text_with_its_paragraphs_and_whole_addresses():
    text = 'I tried it on the old Pi.\n\nIt "just works", see https://pi.example/a/rather/long/address/indeed - 3 < 4 really.'
    assert posts("search.json")[1].text == text


def test_post__comment_by_item__its_story_is_unknown():
    comment = posts("item-comment.json", "community")[0]
    assert (comment.reply_to, comment.thread, comment.text) == (permalink(70000001), None, "I tried it.\n\nIt's slow.")


def test_post__older_reply_with_nulls__is_a_story_with_text():
    story = posts("search.json")[3]
    assert (story.kind, story.links, story.reply_to) == ("post", (), None)
    assert story.title == "Ask HN: Who still runs Python 2? R&D only?"
    assert story.text == "Asking for a very old friend.\n\nWhat keeps you there?"


@pytest.mark.parametrize("name", ["item-deleted.json", "item-dead.json"])
def test_post__deleted_or_killed__keeps_its_place_and_nothing_of_what_it_said(name):
    gone = posts(name, "community")[0]
    assert (gone.deleted_at, gone.text, gone.title, gone.author.id, gone.links) == (NOW, "", None, "deleted", ())
    assert gone.reply_to == permalink(70000003)


def test_post__deleted_comment_in_a_tree__is_known_by_its_missing_author():
    assert [post.deleted_at for post in posts("thread.json", "url")] == [None, None, NOW, None]


def test_post__language__is_never_told():
    assert {post.language for post in posts("search.json")} == {None}


def test_post__writer_is_missing__is_refused():
    with pytest.raises(PostError, match=r"author\.id"):
        HackerNews().post({"objectID": "1", "created_at_i": SECOND, "title": "x"}, reply({}))
