"""Addresses of one page have one identity; those of different pages have not."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.link_identity import (
    LONGEST_LINK,
    SAME_SITE,
    TRACKING,
    domain,
    domains,
    is_front_page,
    link_identities,
    link_identity,
)

STORY = "https://news.example/2026/wrens?id=7&page=2"

# Pieces of which hostile and of which usual addresses are made.
_PIECES = (
    r"http:// https:// HTTPS:\\ www. m. amp. example.org google.com a.cdn.ampproject.org youtu.be twitter.com co.uk [::1] [ ] @ "
    r":80 :8080 : / // /amp /amp/s/ /c/s/ .amp .html .. . %2e %2F %25 %zz % %C3%A9 é bücher. 。 ℂ ? & = a=1 utm_source=x + # #!/ #/ "
    r"xn-- xn--a _ - A 1 \ "
)
PIECES = st.sampled_from([*_PIECES.split(), " ", "\ud800", "\x00", "\t", "\u00ad", "a" * 70])
ADDRESSES = st.lists(PIECES, max_size=14).map("".join)


@pytest.mark.parametrize(
    "link",
    [
        "http://news.example/2026/wrens?id=7&page=2",
        "HTTPS://News.Example/2026/wrens?id=7&page=2",
        " https://news.example:443/2026/wrens?id=7&page=2\n",
        "http://news.example:80/2026/wrens/?id=7&page=2#comments",
        "https://news.example./2026/wrens?page=2&id=7",
        "https://www.news.example/2026/wrens?id=7&page=2&utm_source=x&UTM_medium=y&fbclid=z",
        "https://m.news.example/2026/wrens?id=7&&page=2&",
        "https://mobile.news.example/2026/wrens?id=7&page=2",
        "https://amp.news.example/2026/wrens?id=7&page=2",
        "https://news.example/amp/2026/wrens?id=7&page=2",
        "https://news.example/2026/wrens/amp/?id=7&page=2",
        "https://news.example/2026/wrens.amp?id=7&page=2&amp=1",
        "https://www.google.co.uk/amp/s/www.news.example/2026/wrens?id=7&page=2",
        "https://news-example.cdn.ampproject.org/c/s/news.example/2026/wrens?id=7&page=2",
        "https://reader:secret@news.example/2026/wrens?id=7&page=2",
        "https://news.example/2025/../2026/./wrens?id=7&page=2",
        "https://news.example/2026/%77r%65ns?i%64=7&page=2#:~:text=birds",
        "https:\\\\news.example\\2026\\wrens?id=7&page=2",
        "https://news.example/20\n26/wrens?id=7&page=2",
    ],
)
def test_link_identity__of_one_page__is_one(link):
    assert link_identity(link) == STORY


@pytest.mark.parametrize(
    ("link", "identity"),
    [
        ("http://example.org", "https://example.org"),
        ("http://example.org/", "https://example.org"),
        ("https://example.org:8443/A", "https://example.org:8443/A"),
        ("https://en.m.wikipedia.org/wiki/Ada_%28writer%29", "https://en.wikipedia.org/wiki/Ada_(writer)"),
        ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://xn--bcher-kva.example/stra%c3%9fe", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://www.gov.uk/help", "https://www.gov.uk/help"),
        ("https://m.com/a", "https://m.com/a"),
        ("https://example.org/amp", "https://example.org/amp"),
        ("https://example.org/a%2Fb", "https://example.org/a%2Fb"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/?q=a+b&q=A%20B", "https://example.org?q=a%20b&q=A%20B"),
        ("https://example.org/?q=1%2B1", "https://example.org?q=1%2B1"),
        ("https://example.org/?utm_source=x", "https://example.org"),
        ("https://app.example/#/rooms/7", "https://app.example#/rooms/7"),
        ("https://app.example/#!rooms", "https://app.example#!rooms"),
        ("https://youtu.be/dQw4?si=abc&t=10", "https://youtube.com/watch?t=10&v=dQw4"),
        ("https://m.youtube.com/watch?v=dQw4&feature=share", "https://youtube.com/watch?v=dQw4"),
        ("https://mobile.twitter.com/ada/status/1?s=20", "https://x.com/ada/status/1"),
        ("http://192.0.2.7:80/a", "https://192.0.2.7/a"),
        ("http://[2001:DB8:0::1]:80/a", "https://[2001:db8::1]/a"),
    ],
)
def test_link_identity(link, identity):
    assert link_identity(link) == identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a", "https://example.org/a?b"),
        ("https://example.org/?a=1&a=2", "https://example.org/?a=2&a=1"),
        ("https://example.org/?ref=one", "https://example.org/?ref=two"),
        ("https://example.org/?s=one", "https://example.org/?s=two"),
        ("https://example.org:8080", "https://example.org:8081"),
        ("https://one.example.org", "https://two.example.org"),
        ("https://example.org/a/b", "https://example.org/a%2Fb"),
        ("https://example.org/?a=b%26c", "https://example.org/?a=b&c"),
        ("https://app.example/#/one", "https://app.example/#/two"),
    ],
)
def test_link_identity__of_different_pages__differs(one, other):
    assert link_identity(one) != link_identity(other)


@pytest.mark.parametrize(
    "link",
    [
        "", "example.org", "mailto:ada@example.org", "javascript:alert(1)", "https://", "https:///a", "https://[::1", "https://[x]/",
        "https://a..b/", "https://a b/", "https://example.org:99999/", "https://example.org:port/", "https://" + "a." * 200 + "org",
        "https://xn--é.org", "https://example.org/" + "a" * LONGEST_LINK, "https://example.org/" + "é" * (LONGEST_LINK // 4),
    ],
)  # fmt: skip
def test_link_identity__of_what_is_no_link__is_none(link):
    assert link_identity(link) is None


@given(ADDRESSES | st.text() | ADDRESSES.map("https://example.org/".__add__))
def test_link_identity__any_text__is_none_or_ascii_and_its_own_identity(link):
    identity = link_identity(link)
    if identity is not None:
        assert identity.isascii()
        assert link_identity(identity) == identity
        assert domain(identity)


@given(st.lists(st.sampled_from(sorted(TRACKING)), max_size=4), st.permutations(["id=7", "page=2"]))
def test_link_identity__tracking_in_any_order__changes_nothing(names, parameters):
    tracked = [f"{name}=x" for name in names]
    assert link_identity("https://news.example/2026/wrens?" + "&".join([*tracked, *parameters])) == STORY


def test_same_site__leads_to_a_host_that_is_none_of_its_own():
    assert not set(SAME_SITE) & set(SAME_SITE.values())


@pytest.fixture
def suffixes_read():
    """The list of public suffixes is read by the first call of a process, which takes a third of a second."""
    assert domain(link_identity("https://www.example.co.uk/a")) == "example.co.uk"


@pytest.mark.parametrize(
    "unit", ["https://a/", "a/../", "/amp", ".amp", "%2e/", "&a=b", "?", "é", "%", "www.", "amp/s/a.org/", "//", "@", "。"]
)
def test_link_identity__longest_link__takes_little_time(unit, suffixes_read):
    for start in ("https://www.google.com/amp/s/www.google.com/", "https://example.org/?", "https://"):
        begun = process_time()
        link_identity((start + unit * LONGEST_LINK)[:LONGEST_LINK])
        assert process_time() - begun < 0.5


def test_link_identity__nested_wrappers__end_soon(suffixes_read):
    begun = process_time()
    assert link_identity("https://" + "google.com/amp/s/" * 200 + "example.org/a") == "https://example.org/a"
    assert process_time() - begun < 0.5


def test_link_identities__each_once_in_order():
    links = ["https://b.example/x", "mailto:a@b.example", "https://a.example", "http://www.b.example/x/#top"]
    assert link_identities(links) == ("https://b.example/x", "https://a.example")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://news.bbc.co.uk:8080/a", "bbc.co.uk"),
        ("https://ada.github.io/a", "ada.github.io"),
        ("https://www.gov.uk", "www.gov.uk"),
        ("https://twitter.com/ada", "x.com"),
        ("https://localhost:3000/a", "localhost"),
        ("https://192.0.2.7/a", "192.0.2.7"),
        ("https://[2001:db8::1]:81/a", "[2001:db8::1]"),
        ("https://www.bücher.みんな", "xn--bcher-kva.xn--q9jyb4c"),
    ],
)
def test_domain(link, expected):
    assert domain(link_identity(link)) == expected


def test_domains__each_once_in_order():
    assert domains(["https://b.example/1", "https://a.example", "https://c.b.example/2"]) == ("b.example", "a.example")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://www.example.org/", True),
        ("https://example.org:81", True),
        ("https://example.org/a", False),
        ("https://example.org/?p=1", False),
        ("https://app.example/#/a", False),
    ],
)
def test_is_front_page(link, expected):
    assert is_front_page(link_identity(link)) is expected
