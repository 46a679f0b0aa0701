"""Feeds beyond what the contract suite proves for every platform."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.bookmark import Step
from monitor.errors import GoneError, PostError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Media, Post
from monitor.source import Source
from spiders.feeds import Feeds

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
EXAMPLES = Path(__file__).parent / "examples" / "feeds"
URL = "https://kettle.example/feed.xml"


def asked(url: str = URL) -> Asked:
    return Asked(Source(platform="feeds", kind="url", parameters={"url": url}), Step())


def reply(
    body: str | bytes, *, url: str = URL, content_type: str = "application/rss+xml; charset=utf-8", status: int = 200
) -> Reply:
    return Reply(status, {"content-type": content_type}, body.encode() if isinstance(body, str) else body, url, NOW)


def example(name: str) -> tuple[Page, list[Post]]:
    """An example's page, read as if its own address had been typed, and its posts from rows that went through JSON."""
    told = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))["reply"]
    body = told["body"] if isinstance(told["body"], str) else json.dumps(told["body"])
    answer = Reply(told["status"], told["headers"], body.encode(), told["url"], NOW)
    page = Feeds().read(answer, asked(told["url"]))
    assert isinstance(page, Page)
    return page, [Feeds().post(row, answer) for row in json.loads(json.dumps(page.rows))]


def item(inside: str, *, url: str = URL) -> Post:
    """The one post of an RSS feed with one item."""
    answer = reply(f'<rss version="2.0"><channel><title>T</title><item>{inside}</item></channel></rss>', url=url)
    page = Feeds().read(answer, asked(url))
    assert isinstance(page, Page)
    (row,) = page.rows
    return Feeds().post(row, answer)


# ---- asking and reading


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("https://kettle.example/feed.xml", "https://kettle.example/feed.xml"),
        ("http://kettle.example/feed?a=b", "http://kettle.example/feed?a=b"),
        ("kettle.example/feed.xml", "https://kettle.example/feed.xml"),
        ("feed://kettle.example/feed.xml", "https://kettle.example/feed.xml"),
        ("feed:http://kettle.example/feed.xml", "http://kettle.example/feed.xml"),
    ],
)
def test_ask__address_as_people_type_it__is_a_whole_one(typed, path):
    assert Feeds().ask(asked(typed).source, Step()) == Ask(path)


def test_read__validators__are_sent_back_as_received():
    assert example("rss.json")[0].validators == {
        "If-None-Match": 'W/"5f-kettle"',
        "If-Modified-Since": "Fri, 20 Nov 2026 15:20:00 GMT",
    }


def test_read__marks__are_the_identities_of_the_entries():
    page, posts = example("rss.json")
    assert list(page.marks) == [post.id for post in posts]


def test_read__feed_without_entries__is_an_empty_page():
    page = Feeds().read(reply('<rss version="2.0"><channel><title>Soon</title></channel></rss>'), asked())
    assert isinstance(page, Page)
    assert page.rows == []


def test_read__web_page_that_names_feeds__asks_for_the_first():
    html = """<!doctype html><html><head>
        <link rel=stylesheet href=/style.css><link rel="alternate" hreflang="de" href="/de" type="text/html">
        <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
        <LINK REL='Alternate' TYPE='application/atom+xml; charset=utf-8' HREF='atom.xml?a=1&amp;b=2'>
        <link rel="alternate" type="application/rss+xml" href="https://other.example/rss"></head><p>Hello"""
    read = Feeds().read(reply(html, url="https://kettle.example/blog/", content_type="text/html"), asked())
    assert read == [Ask("https://kettle.example/blog/atom.xml?a=1&b=2")]


def test_gather__feed_that_a_page_named__has_no_validators_of_its_own():
    """They would be sent to the page, which is asked first the next time too, and its 304 would hide new entries."""
    told = Reply(
        200, {"etag": '"1"'}, b"<rss><channel><item><guid>7</guid></item></channel></rss>", "https://kettle.example/f", NOW
    )
    page = Feeds().gather([told], asked("https://kettle.example/blog"))
    assert page.validators == {}
    assert list(page.marks) == ["https://kettle.example/f#7"]


@pytest.mark.parametrize(
    "body", ["", " \n", "<!doctype html><title>Are you human?</title>", '{"error": "no"}', "{", "just words", "<x/>"]
)
def test_read__no_feed_and_names_none__is_asked_again_and_says_so(body):
    with pytest.raises(ReplyError, match="is no feed"):
        Feeds().read(reply(body), asked())


def test_gather__what_a_page_named_is_no_feed_either__says_so():
    with pytest.raises(ReplyError, match="names as its feed"):
        Feeds().gather([reply("<html>")], asked())


def test_refusal__410__stops_the_source_and_nothing_else_does():
    assert isinstance(Feeds().refusal(reply("", status=410)), GoneError)
    assert Feeds().refusal(reply("", status=404)) is None


# ---- identity


def test_identity__ids_are_global_only_where_their_scheme_says_so():
    assert [post.id for post in example("rss.json")[1]][::3] == [
        "https://kettle.example/steam",
        "urn:uuid:5d7b3a36-0000-4000-8000-000000000001",
    ]


@pytest.mark.parametrize("guid", ["1042", "post:7", "kettle", "http://", "tag: with blanks", "javascript:alert(1)"])
def test_identity__id_of_the_feed_alone__is_told_apart_from_that_of_other_feeds(guid):
    inside = f'<guid isPermaLink="false">{guid}</guid>'
    assert item(inside).id == f"{URL}#{guid}"
    assert item(inside, url="https://other.example/rss").id == f"https://other.example/rss#{guid}"


def test_identity__no_id__is_made_of_link_title_and_date():
    bare = "<link>https://kettle.example/a</link><title>A</title>"
    dated = bare + "<pubDate>Fri, 20 Nov 2026 10:15:00 GMT</pubDate>"
    changed = bare + "<description>New words</description>"
    assert item(bare).id == item(changed).id
    assert item(bare).id != item(dated).id
    assert item("<description>One</description>").id != item("<description>Two</description>").id


def test_identity__endless_id__is_kept_as_its_hash():
    assert len(item(f"<guid>{'x' * 5000}</guid>").id) < 200


def test_identity__name_at_reddit__is_the_same_in_all_its_feeds():
    entry = "<guid>t3_1qcwxml</guid><link>https://www.reddit.com/r/a/comments/1qcwxml/</link>"
    assert item(entry).id == "t3_1qcwxml"
    assert item(entry.replace("www.reddit.com", "notreddit.com")).id == f"{URL}#t3_1qcwxml"


# ---- dates


def test_post__date_in_another_zone__is_utc():
    assert item("<pubDate>Fri, 20 Nov 2026 10:15:00 EST</pubDate>").created_at == datetime(2026, 11, 20, 15, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["", "soon", "0", "Mon, 01 Jan 0001 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 2035 00:00:00 GMT"]
)
def test_post__no_date_or_an_impossible_one__is_the_time_of_the_fetch(date):
    assert item(f"<title>A</title><pubDate>{date}</pubDate>").created_at == NOW


def test_post__date_of_change_alone__is_the_date_and_no_edit():
    post = item('<updated xmlns="http://www.w3.org/2005/Atom">2026-11-20T10:00:00Z</updated>')
    assert (post.created_at, post.edited_at) == (datetime(2026, 11, 20, 10, tzinfo=UTC), None)


def test_post__changed_after_it_was_published__is_edited():
    assert [post.edited_at for post in example("atom.json")[1]] == [datetime(2026, 11, 20, 10, tzinfo=UTC), None]


# ---- what it says


def test_post__rss__whole_content_before_the_excerpt_without_scripts():
    post = example("rss.json")[1][0]
    assert post.text == "It boils.\n\nSee how & why."
    assert post.links == ("https://kettle.example/how", "https://why.example/")
    assert (post.title, post.language, post.community) == ("Steam, at last", "en", "The Kettle & Co")
    assert post.author == Author(id=f"{URL}#Ada Boiler", name="Ada Boiler")
    assert post.tags == ("steam", "small engines")
    assert post.counts == Counts(replies=4)
    assert post.media == (Media(kind="audio", url="https://kettle.example/steam.mp3"),)


def test_post__escaped_twice__is_read_once_more():
    assert example("rss.json")[1][1].text == "Escaped twice."


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("Write &amp;lt;b&amp;gt; for bold", "Write <b> for bold"),  # about markup, not markup
        ("&lt;p&gt;Write &amp;lt;p&amp;gt;&lt;/p&gt;", "Write <p>"),
        ("AT&amp;amp;T &amp;amp; Sons", "AT&T & Sons"),
    ],
)
def test_post__text_about_markup__stays_as_it_is(description, text):
    assert item(f"<description>{description}</description>").text == text


def test_post__atom__inherits_language_and_base():
    first, second = example("atom.json")[1]
    assert (first.text, first.links, first.url) == (
        "Er ist rund.\n\nUnd hell.",
        ("https://planet.example/rund",),
        "https://planet.example/mond/1",
    )
    assert (first.title, first.language, first.tags, first.community) == ("Ein neuer Mond", "de", ("monde",), "Planet & Mond")
    assert (second.language, second.text) == ("en", "Nice. 1 < 2!")


def test_post__atom__author_of_the_entry_before_that_of_the_feed():
    first, second = example("atom.json")[1]
    assert first.author == Author(id="https://planet.example/luna", name="Luna Krater", url="https://planet.example/luna")
    assert second.author.name == "Planetarium"


def test_post__answer_to_an_entry__is_a_reply():
    first, second = example("atom.json")[1]
    assert (second.kind, second.reply_to) == ("reply", first.id)


def test_post__json_feed__is_read_as_the_others():
    first, second = example("json.json")[1]
    assert (first.id, first.native_id, first.url) == ("https://log.example/feed.json#7", "7", "https://log.example/2026/7")
    assert (first.text, first.title, first.language, first.tags) == ("Bonjour.\n\nAdieu.", "Sept", "fr", ("bruit",))
    assert first.media == (Media(kind="video", url="https://log.example/7.mp4", alt="Sept en images"),)
    assert first.author.name == "Le Journal"
    assert first.edited_at == datetime(2026, 11, 21, 13, tzinfo=UTC)
    assert (second.text, second.author.name, second.title) == ("Une ligne.\nUne autre.", "Invité", None)


def test_post__youtube__tells_views_and_ratings():
    (post,) = example("youtube.json")[1]
    assert (post.id, post.counts) == ("yt:video:abcdefghijk", Counts(views=2514, likes=35))
    assert [media.kind for media in post.media] == ["video", "image"]
    assert post.author.id == "https://www.youtube.com/channel/UC0000000000000000000000"


def test_post__news_with_its_publisher__the_publisher_is_the_author_and_not_in_the_title():
    post = item('<title>Kettles recalled - The Daily Boil</title><source url="https://boil.example">The Daily Boil</source>')
    assert post.title == "Kettles recalled"
    assert (post.author.name, post.author.url) == ("The Daily Boil", "https://boil.example")


def test_post__reddit__is_what_was_written_and_the_address_behind_the_link():
    head, tail = (
        "<table><tr><td>",
        ' submitted by <a href="https://x.example">/u/a</a> <span><a href="https://i.example/?a&amp;b">[link]</a></span>',
    )
    link = "<link>https://www.reddit.com/r/a/comments/1/</link>"
    written = item(f"{link}<description><![CDATA[{head}<!-- SC_OFF --><p>My words</p><!-- SC_ON -->{tail}]]></description>")
    bare = item(f"{link}<description><![CDATA[{head}{tail}]]></description>")
    assert (written.text, bare.text) == ("My words", "")
    assert bare.links == ("https://i.example/?a&b",)


def test_post__what_the_feed_does_not_say__is_unknown():
    post = item("<title>A</title>")
    assert (post.text, post.url, post.language, post.edited_at, post.counts) == ("", None, None, None, Counts())


@pytest.mark.parametrize(
    ("tag", "language"), [("en-US", "en"), ("pt_BR", "pt"), ("DE", "de"), ("english", None), ("x", None), ("und", None)]
)
def test_post__language__is_its_primary_subtag(tag, language):
    body = f'<rss version="2.0"><channel><language>{tag}</language><item><title>A</title></item></channel></rss>'
    page = Feeds().read(reply(body), asked())
    assert isinstance(page, Page)
    assert Feeds().post(page.rows[0], reply(body)).language == language


def test_post__entry_that_cannot_be_read__is_refused_alone():
    body = '{"version": "https://jsonfeed.org/version/1.1", "items": ["no entry", {"id": "1", "content_text": "One"}]}'
    page = Feeds().read(reply(body, content_type="application/feed+json"), asked())
    assert isinstance(page, Page)
    assert page.marks[0] is None
    with pytest.raises(PostError, match="cannot be read"):
        Feeds().post(page.rows[0], reply(body))
    assert Feeds().post(page.rows[1], reply(body)).text == "One"
