"""Reading feeds that are broken or hostile; what entries mean as posts is in tests/platforms/test_feeds.py."""

import time

import pytest

from monitor.text.feed import Feed, read_feed

URL = "https://kettle.example/feed.xml"
ITEMS = "".join(f"<item><guid>{number}</guid><title>Item {number}</title></item>" for number in range(3))


def read(body: str | bytes, content_type: str | None = "application/xml") -> Feed:
    feed = read_feed(body.encode() if isinstance(body, str) else body, url=URL, content_type=content_type)
    assert feed is not None
    return feed


def rss(inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>T</title>{inside}</channel></rss>'


def titles(feed: Feed) -> list[str | None]:
    return [entry["title"] and entry["title"]["value"] for entry in feed.entries]


# ---- broken feeds


@pytest.mark.parametrize(
    "body",
    [
        "\n\n  " + rss(ITEMS),
        "\ufeff" + rss(ITEMS),
        rss(ITEMS).replace("<title>T</title>", "<title>A & B</title>"),
        rss(ITEMS).replace("<title>T</title>", "<x:y>undeclared</x:y>"),
        rss(ITEMS).replace("<title>T</title>", "<title>&nbsp;</title>"),
        rss(ITEMS) + "<br/>Warning: 1 query in 0.2 s",
        rss(ITEMS).replace("</channel></rss>", ""),
    ],
)
def test_read_feed__not_well_formed__every_entry_is_read(body):
    assert titles(read(body)) == ["Item 0", "Item 1", "Item 2"]


def test_read_feed__cut_anywhere__no_entry_is_half_read():
    """A server that dies while it writes ends its reply in good order; the rest comes with the next poll."""
    whole = rss(ITEMS + "<item><guid>3</guid><title>Item 3</title><description>Long text</description></item>").encode()
    known = read(whole).entries
    for end in range(len(whole)):
        feed = read_feed(whole[:end], url=URL, content_type="application/xml")
        if feed is not None:
            assert feed.entries == known[: len(feed.entries)], end


@pytest.mark.parametrize(
    "poison",
    [
        "&#xD800;",
        "&#x110000;",
        "&#99999999999999999999999;",
        '<a href="http://[bad/x">x</a>',
        "<media:rating>x</media:rating></media:credit>",
        "<media:player></media:title></media:player>",
        '<psc:chapter start="x"/>',
        "<geo:lat>x</geo:lat><georss:point>1 x</georss:point>",
        "</category></name></url>",
        "<link>http://[bad</link><enclosure url='http://[bad/a.mp3'/>",
        "\x00\x01\x1f",
    ],
)
@pytest.mark.parametrize("place", range(3))
def test_read_feed__one_poisoned_entry__the_others_are_read(poison, place):
    items = [
        f"<item><guid>{number}</guid><title>Item {number}</title>{poison * (number == place)}</item>" for number in range(3)
    ]
    feed = read(rss("".join(items)))
    assert len(feed.entries) == 3
    for number in {0, 1, 2} - {place}:
        assert feed.entries[number]["id"] == str(number)
        assert feed.entries[number]["title"] == {"type": "text/plain", "value": f"Item {number}"}


def test_read_feed__entry_that_the_parser_fails_on__is_kept_as_it_came(monkeypatch):
    parse = __import__("feedparser").parse

    def failing(stream, **options):
        body = stream.getvalue()
        if b"poison" in body:
            raise KeyError("media_player")
        return parse(stream, **options)

    monkeypatch.setattr("feedparser.parse", failing)
    feed = read(rss(ITEMS.replace("Item 1", "poison")))
    assert feed.entries[1] == {"unreadable": "<item><guid>1</guid><title>poison</title></item>"}
    assert [entry.get("id") for entry in feed.entries] == ["0", None, "2"]
    assert feed.title == "T"


@pytest.mark.parametrize("guid", ["7", "t3_1qcwxml", "/posts/7", "a:b"])
def test_read_feed__id_that_is_no_address__stays_as_it_is_and_is_no_link(guid):
    entry = read(rss(f"<item><guid>{guid}</guid></item>")).entries[0]
    assert (entry["id"], entry["link"]) == (guid, None)


def test_read_feed__link_that_is_no_address__is_none():
    assert read(rss("<item><link>http://[bad/x</link></item>")).entries[0]["link"] is None


def test_read_feed__permalink_alone__is_id_and_link():
    entry = read(rss("<item><guid>https://kettle.example/7</guid></item>")).entries[0]
    assert (entry["id"], entry["link"]) == ("https://kettle.example/7", "https://kettle.example/7")


# ---- encodings


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", "application/rss+xml"),
        ("iso-8859-1", "iso-8859-1", "application/xml"),
        ("iso-8859-1", "utf-8", "application/xml; charset=iso-8859-1"),  # HTTP is right
        ("utf-8", "utf-8", "text/xml"),  # text/xml without a charset would be ASCII
        ("iso-8859-1", "iso-8859-1", None),
        ("utf-16", "utf-16", "application/xml"),
        ("utf-8", "klingon-8", "application/xml"),
        ("utf-8", "utf-8", "application/xml; charset=klingon-8"),
        ("utf-8", "utf-8", "text/html"),
    ],
)
def test_read_feed__encoding__is_found_among_header_declaration_and_bytes(encoding, declared, content_type):
    body = rss("<item><title>Grüße</title></item>").replace("UTF-8", declared)
    assert titles(read(body.encode(encoding), content_type)) == ["Grüße"]


# ---- hostile feeds


def entities(*, before: str = "", doctype: str = "<!DOCTYPE rss [") -> str:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol" * 100}">' for n in range(9))
    return rss("<item><title>A&l8;</title></item>").replace("?><rss", f"?>{before}{doctype}{laughs}]><rss")


@pytest.mark.parametrize(
    "body",
    [
        entities(),
        entities(before="\n\n<!-- <!DOCTYPE rss [ ]> --><?a b?>\n"),
        entities(doctype='<!DOCTYPE rss PUBLIC "a>b" "c[d" ['),
        entities(doctype="<!doctype rss ["),
        entities().encode("utf-16"),
        entities().encode("utf-16-be"),
    ],
    ids=["plain", "hidden", "quoted", "lower", "utf-16", "utf-16 without mark"],
)
def test_read_feed__entities_that_grow__are_never_expanded(body):
    began = time.process_time()
    feed = read_feed(body.encode() if isinstance(body, str) else body, url=URL, content_type="application/xml")
    assert time.process_time() - began < 2
    assert feed is None or "lollol" not in str(feed)


def test_read_feed__one_long_entity_used_often__is_never_expanded():
    declared = f'<!DOCTYPE rss [\n<!ENTITY a "{"b" * 100_000}">\n]>'
    item = f"<item><title>{'&a;' * 1000}</title></item>"
    feed = read(rss(item).replace("?><rss", f"?>\n{declared}<rss"))
    assert len(str(feed)) < 10_000


def test_read_feed__external_entity__is_never_fetched(tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    declared = (
        f'<!DOCTYPE rss [<!ENTITY % p SYSTEM "file://{tmp_path}/secret"><!ENTITY s SYSTEM "file://{tmp_path}/secret">%p;]>'
    )
    feed = read(rss("<item><title>A&s;</title></item>").replace("?><rss", f"?>{declared}<rss"))
    assert "hunter2" not in str(feed)


def test_read_feed__document_type_without_definitions__is_left_alone():
    """RSS 0.91 has one by its specification."""
    declared = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.example/rss-0.91.dtd">'
    body = rss("<item><title>A &#8212; B</title></item>").replace("?><rss", f"?>\n{declared}\n<rss")
    assert titles(read(body)) == ["A \N{EM DASH} B"]


@pytest.mark.parametrize("author", ["a." * 40_000 + "@" + "a." * 40_000, "a" * 100_000], ids=["dots", "letters"])
def test_read_feed__author_made_to_hold_up_the_parser__costs_nothing(author):
    """The library alone takes more than a minute for the first."""
    began = time.process_time()
    feed = read(rss(f"<item><title>A</title><author>{author}</author></item>"))
    assert time.process_time() - began < 2
    assert titles(feed) == ["A"]
    assert len((feed.entries[0]["author"] or {"name": ""})["name"]) <= 500


def test_read_feed__deep_json__is_no_feed():
    assert read_feed(b'{"items":' + b"[" * 100_000, url=URL, content_type="application/json") is None


@pytest.mark.parametrize("value", ["null", "7", "[]", '"x"', "{}", "true"])
@pytest.mark.parametrize(
    "field", ["url", "title", "content_html", "content_text", "authors", "tags", "attachments", "image", "id"]
)
def test_read_feed__field_of_another_type__costs_no_entry(field, value):
    body = f'{{"version": "https://jsonfeed.org/version/1", "items": [{{"{field}": {value}}}, {{"id": "2"}}]}}'
    assert [entry["id"] for entry in read(body, "application/json").entries][1] == "2"
