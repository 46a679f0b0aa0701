"""HTML to text: what is said stays, paragraphs stay apart, and both ways of reading give the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import html as reading
from monitor.text import mastodon_html
from monitor.text.html import links_of, plain_text, text_and_links
from monitor.text.mastodon_html import read_exact

LONG = "https://atlas.example/birds/of/the/northern/shore"
SHORTENED = (
    '<a href="https://atlas.example/birds/of/the/northern/shore" rel="nofollow noopener" translate="no"><span class="invisible">'
    'https://</span><span class="ellipsis">atlas.example/birds</span><span class="invisible">/of/the/northern/shore</span></a>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("no markup", "no markup"),
        ("<p>dog</p><p>cat</p>", "dog\n\ncat"),
        ("<p>dog</p>\n<p>cat</p>\n", "dog\n\ncat"),
        ("dog<p>cat<p>cow", "dog\n\ncat\n\ncow"),
        ("dog<br>cat<br/>cow<br />hen", "dog\ncat\ncow\nhen"),
        ("<p>dog<br></p><p><br>cat</p>", "dog\n\ncat"),
        ("dog<br><br>cat", "dog\n\ncat"),
        ("dog<br>  cat <br />\xa0 cow", "dog\ncat\ncow"),
        ("<p>a &amp; b &lt;3 &quot;c&quot; &#39;d&#39;</p>", "a & b <3 \"c\" 'd'"),
        ("it&#x27;s&nbsp;&nbsp;late", "it's late"),
        ("&amp;amp; is decoded once: &amp;lt;b&amp;gt;", "&amp; is decoded once: &lt;b&gt;"),
        ("caf&eacute; &hellip; &#128512; &notit;", "café … 😀 ¬it;"),
        ("  spaces \t and\r\nline ends   count once ", "spaces and line ends count once"),
        ("<p>one <b>bold</b><i>er</i> word</p>", "one bolder word"),
        ("<ul><li>dog</li><li>cat</li></ul>cow", "dog\ncat\n\ncow"),
        ("<div>dog</div><div>cat</div>", "dog\ncat"),
        ("<h1>Dogs</h1>bark", "Dogs\n\nbark"),
        ("<blockquote>dog</blockquote>cat", "dog\n\ncat"),
        ("<table><tr><td>dog<td>4 legs<tr><td>hen<td>2</table>", "dog 4 legs\nhen 2"),
        ("<pre>if x:\n    bark()</pre>", "if x:\n    bark()"),
        ("dog<script>cat()</script><style>p {}</style><!-- cow -->", "dog"),
        ("dog<!-- > -->cat", "dogcat"),
        ("hi<img src='x' alt=':blobcat:'>there", "hi :blobcat: there"),
        ("hi<img alt='😀'>", "hi😀"),
        ("A<b>B</b>&lt;script&gt;alert(1)&lt;/script&gt;", "AB<script>alert(1)</script>"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("dog</p>cat", "dog\n\ncat"),
        ("<P CLASS=x>dog</P>cat", "dog\n\ncat"),
        ('<a title="a > b">dog</a>', "dog"),
        ("<blink>dog</blink> <x-new>cat</x-new>", "dog cat"),
        ("a\0b\ud800c", "ab\ufffdc"),
        ('<meta charset="latin-1">grüße 😀', "grüße 😀"),
    ],
)
def test_plain_text(html, text):
    assert reading._laid_out(reading._read_any(html).marked_text()) == text
    if "\0" not in html:  # which the platform's other fields may hold as well; `monitor.text.clean` takes it from all of them
        assert plain_text(html) == text


def test_plain_text__link_that_mastodon_shortens__is_whole():
    assert plain_text(f"<p>See {SHORTENED} now</p>") == f"See {LONG} now"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f'<a href="{LONG}">https://atlas.example/birds...</a>', LONG),
        (f'<a href="{LONG}">atlas.example/birds…</a>', LONG),
        (f'<a href="{LONG}"><span>atlas.example/bi...</span></a>', LONG),
        (f'<a href="{LONG}">read on...</a>', "read on..."),
        (f'<a href="{LONG}">...</a>', "..."),
        (f'<a href="{LONG}">the atlas</a>', "the atlas"),
        ('<a href="javascript:atlas()">javascript:a...</a>', "javascript:a..."),
        ("<a>atlas...</a>", "atlas..."),
    ],
)
def test_plain_text__link_text_gives_way_to_its_address_only_where_it_is_a_cut_form_of_it(html, text):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("html", "links"),
    [
        (f"<p>{SHORTENED} and {SHORTENED}</p>", (LONG,)),
        ('<a href="https://a.example/?x=1&amp;y=2">a</a>', ("https://a.example/?x=1&y=2",)),
        ("<A HREF=https://a.example/>a</A>", ("https://a.example/",)),
        ('<a href="https://a.example/@b" class="u-url mention">@b</a>', ()),
        ('<a href="https://a.example/tags/b" class="mention hashtag" rel="tag">#b</a>', ()),
        ('<a rel="tag ugc" href="https://a.example/tags/b">#b</a>', ()),
        ('<a href="https://a.example/mention">a page about mentions</a>', ("https://a.example/mention",)),
        ('<a href="javascript:alert(1)">a</a><a href="mailto:b@c.example">b</a><a href="/local">c</a><a>d</a>', ()),
        ('<!-- <a href="https://a.example/">a</a> -->', ()),
        ('<a href="https://a.example/" href="https://b.example/">a</a>', ("https://a.example/",)),
        ("no link", ()),
    ],
)
def test_links_of(html, links):
    assert links_of(html) == links


TAGS = (
    '<p>, </p>, <p id="x">, <br>, <br/>, <br />, <span>, </span>, <span class="invisible">, <b>, </b>, <em>, </em>, <code>, </code>,'
    ' <a href="https://a.example/b" rel="nofollow">, <a href="https://a.example/" class="mention">, </a>, <ul>, <li>, </ul>, <div>'
)
TEXTS = (
    '&amp; &lt; &gt; &quot; &#39; &nbsp; &#x27; &#x2F; &eacute; &amp & < > dog cat ... … https:// a.example/b é 😀 <!-- --> "'
)
# Anchors as Mastodon writes them, whole and in parts, so that they come in all wrong combinations too.
ANCHORS = (
    SHORTENED,
    SHORTENED.replace("ellipsis", ""),
    SHORTENED.replace("/shore<", "/sh...<"),
    '<span class="h-card" translate="no"><a href="https://a.example/@b" class="u-url mention">@<span>b</span></a></span>',
    '<a href="https://a.example/tags/b" class="mention hashtag" rel="tag">#<span>b</span></a>',
    '<a href="https://a.example/tags/b" class="mention hashtag" rel="tag">#<span>b...',
    '<a href="https://a.example/b" rel="nofollow noopener" target="_blank">a.example/...</a>',
    '<a href="https://a.example/?b&amp;c&lt;" rel="nofollow">https://a.example/?b&amp;c&lt;</a>',
    '<a href="', '"', '" rel="tag">', '" rel=tag>', '<span class="', 'invisible">', '<span class="h-card">', "</p><p>", "<br />",
)  # fmt: skip
PIECES = st.sampled_from([*TAGS.split(", "), *TEXTS.split(), *ANCHORS, " ", "  ", "\n", "\t", "\xa0"])


@given(st.lists(st.sampled_from([*ANCHORS, "dog", " ", "\xa0", "&amp;", "&nbsp;", "<br>", "..."]), max_size=12).map("".join))
def test_what_mastodon_writes__is_read_as_the_parser_reads_it(html):
    for whole in (html, f"<p>{html}</p>"):
        parsed = reading._read_any(whole)
        expected = reading._laid_out(parsed.marked_text()), reading._links(parsed.anchors)
        assert text_and_links(whole) == expected
        assert plain_text(whole) == expected[0]


@given(st.lists(PIECES, max_size=30).map("".join))
def test_all_ways_of_reading_give_the_same(html):
    """The quick way may decline; where it does not, it must say what the parser says."""
    parsed = reading._read_any(html)
    assert text_and_links(html) == (reading._laid_out(parsed.marked_text()), reading._links(parsed.anchors))


def test_the_quick_way_is_taken_for_what_sanitisers_write():
    """Else the test above could pass by never taking it."""
    usual = f'<p>A &amp; b<br />{SHORTENED} <span class="h-card"><a href="https://a.example/@b" class="u-url mention">@b</a></span></p>'
    assert read_exact(usual) == (f"A & b\n{LONG} @b", [LONG])
    assert read_exact(f"<p>dog</p><p>{SHORTENED}</p>") == (f"dog\n\n{LONG}", [LONG])
    assert read_exact("<p class='a'>dog</p>") is None
    assert reading._read_plain(usual) is not None
    assert reading._read_plain("I have<p>two &quot;paragraphs&quot;") is not None
    assert reading._read_plain("<ul><li>dog</li></ul>") is None


def test_names_that_were_read_before__are_kept_within_bounds():
    for number in range(5000):
        name = f'<a href="https://a.example/@{number}" class="mention">@<span>n{number}</span></a>'
        assert plain_text(f"<p>{name} {name}</p>") == f"@n{number} @n{number}"
    assert 0 < len(mastodon_html._names_seen) <= mastodon_html._MOST_SEEN


@given(st.text())
def test_plain_text__never_fails_and_leaves_no_mark(html):
    text = plain_text(html)
    assert not set(text) & {"\x1d", "\x1e", "\x1f"}


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=8), min_size=1, max_size=6))
def test_plain_text__words_of_two_elements_are_never_glued(words):
    for before, after in (
        ("<p>", "</p>"),
        ("<li>", "</li>"),
        ("<div>", "</div>"),
        ("<h2>", "</h2>"),
        ("<td>", "</td>"),
        ("", "<br>"),
    ):
        assert plain_text("".join(f"{before}{word}{after}" for word in words)).split() == words


@pytest.mark.parametrize(
    "piece",
    [
        "<b>",
        "<a ",
        "<!--",
        "&amp",
        "<",
        "</",
        '<a href="',
        "<p>",
        "<br>",
        "&lt;",
        " ",
        "\xa0",
        "<a>...</a>",
        '<a href="x">...</a>',
        "</p><p>",
    ],
)
def test_plain_text__hostile_length__takes_time_in_proportion(piece):
    begun = time.process_time()
    plain_text(piece * (reading.LONGEST_HTML // len(piece) + 10_000))
    assert time.process_time() - begun < 5  # measured: 0.01 to 1.2 s; with a square in it, minutes
