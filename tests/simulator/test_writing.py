"""Composed text: one text, rendered plain and as each platform's HTML."""

from monitor.simulator.people import cast
from monitor.simulator.writing import (
    Link,
    Mention,
    Stress,
    Tag,
    feed_html,
    hackernews_html,
    mastodon_html,
    mentions_of,
    plain,
    tags_of,
)

PERSON = cast(1, platform="mastodon", size=30).people[0]
ADDRESS = "https://news.example/a/very/long/path/that/is/cut?x=1&y=2"
TEXT = (("It's ", Stress("really"), " <new> & good\n", Link(ADDRESS)), (Tag("Python"), " ", Mention(PERSON)))


def test_plain__has_paragraphs_whole_addresses_and_typed_tags():
    assert plain(TEXT) == f"It's really <new> & good\n{ADDRESS}\n\n#Python @{PERSON.username}"


def test_mastodon_html__hides_parts_of_an_address():
    html = mastodon_html(TEXT)
    assert html.startswith("<p>It&#39;s really &lt;new&gt; &amp; good<br><a href=")
    assert '<span class="invisible">https://</span><span class="ellipsis">news.example/a/very/long/path/</span>' in html
    assert 'class="mention hashtag" rel="tag">#<span>Python</span></a>' in html
    assert html.count("<p>") == html.count("</p>") == 2


def test_hackernews_html__has_bare_paragraphs_and_escaped_slashes():
    html = hackernews_html(TEXT)
    assert html.startswith('It&#x27;s <i>really</i> &lt;new&gt; &amp; good\n<a href="https:&#x2F;&#x2F;news.example')
    assert "</p>" not in html
    assert html.count("<p>") == 1


def test_feed_html__keeps_markup_apart_from_words():
    assert "<em>really</em> &lt;new&gt; &amp; good" in feed_html(TEXT)


def test_tags_and_mentions__are_those_of_the_pieces():
    assert tags_of(TEXT) == ("python",)
    assert mentions_of(TEXT) == (PERSON,)
