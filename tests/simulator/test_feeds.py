"""The simulated feeds, read by feedparser and json."""

import json
from datetime import timedelta

import feedparser
import pytest

from monitor.simulator.feed_list import FEEDS, MOVED_PATH, PAGE_PATH
from monitor.simulator.feeds import Feeds

BY_NAME = {feed.path.rsplit("/", 1)[1]: feed for feed in FEEDS}
XML = [feed for feed in FEEDS if feed.format != "json"]


@pytest.fixture(scope="module")
def feeds(world):
    return Feeds(world)


@pytest.fixture
def get(feeds, call):
    return lambda path, **different: feeds.answer(call(path, **different))


def parsed(answer):
    return feedparser.parse(answer.body(), response_headers={"content-type": answer.content_type})


def test_formats__are_all_there():
    assert {feed.format for feed in FEEDS} == {"rss", "atom", "rdf", "json"}


@pytest.mark.parametrize("feed", XML, ids=lambda feed: feed.path)
def test_feed__holds_its_newest_entries(get, world, now, feed):
    entries = parsed(get(feed.path)).entries
    newest = [post for post in world.visible("feeds", now) if post.community == feed.name][::-1][: feed.window]
    assert 10 <= feed.window <= 40
    assert [entry.link for entry in entries] == [post.url for post in newest]
    assert [entry.title for entry in entries] == [post.title for post in newest]


@pytest.mark.parametrize("feed", XML, ids=lambda feed: feed.path)
def test_feed__is_well_formed_but_for_the_broken_one(get, feed):
    assert bool(parsed(get(feed.path)).bozo) is feed.broken


def test_json_feed__has_entries(get):
    found = json.loads(get("/feeds/log.json").body())
    assert found["version"].startswith("https://jsonfeed.org/version/")
    assert len(found["items"]) == 25


def test_feed__in_latin_1__says_so_and_is(get):
    body = get("/feeds/anzeiger.xml").body()
    assert b'encoding="iso-8859-1"' in body
    assert "Größe".encode("iso-8859-1") in body


def test_feed__without_guids_and_dates__has_neither(get):
    entry = parsed(get("/feeds/corner.xml")).entries[0]
    assert "published" not in entry
    assert "id" not in entry


def test_guid__that_is_no_permalink__is_no_address(get):
    assert parsed(get("/feeds/notes.atom")).entries[0].id.startswith("tag:notes.example,2026:")


@pytest.mark.parametrize(("header", "validator"), [("if-none-match", "ETag"), ("if-modified-since", "Last-Modified")])
def test_unchanged_feed__is_304(get, header, validator):
    first = get("/feeds/weekly.xml")
    again = get("/feeds/weekly.xml", headers={header: first.headers[validator]})
    assert (again.status, again.body()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("header", ["if-none-match", "if-modified-since"])
def test_changed_feed__is_sent_again(get, now, header):
    old = get("/feeds/weekly.xml").headers["ETag" if header == "if-none-match" else "Last-Modified"]
    assert get("/feeds/weekly.xml", headers={header: old}, now=now + timedelta(days=4)).status == 200


def test_etag__wins_over_the_date(get):
    date = get("/feeds/weekly.xml").headers["Last-Modified"]
    assert get("/feeds/weekly.xml", headers={"if-none-match": '"other"', "if-modified-since": date}).status == 200


def test_date_that_cannot_be_read__is_as_good_as_none(get):
    assert get("/feeds/weekly.xml", headers={"if-modified-since": "yesterday"}).status == 200


def test_moved_feed__names_its_new_address(get):
    moved = get(MOVED_PATH)
    assert moved.status == 301
    assert moved.headers["Location"] == f"http://127.0.0.1:1{FEEDS[0].path}"


def test_page__names_feeds_for_discovery(get):
    page = get(PAGE_PATH).body().decode()
    assert f'type="application/rss+xml" title="{FEEDS[0].name}" href="{FEEDS[0].path}"' in page
    assert 'rel="alternate"' in page


def test_unknown_feed__is_404(get):
    assert get("/feeds/none.xml").status == 404
