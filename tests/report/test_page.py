"""What a report lets through: links of the web, lines of text."""

import pytest

from monitor.report.markdown import escaped
from monitor.report.page import LONGEST, foreign, web_link


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://a.example/b?c=d#e", "https://a.example/b?c=d#e"),
        ("HTTP://a.example/", "HTTP://a.example/"),
        ("https://a.example/ü b", "https://a.example/%C3%BC%20b"),
        ('https://a.example/"><i>', "https://a.example/%22%3E%3Ci%3E"),
        ("javascript:alert(1)", None),
        (" javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example/", None),
        ("https:///x", None),
        ("https://[x/", None),
        (None, None),
    ],
)
def test_links__are_of_the_web_or_none(link: str | None, kept: str | None) -> None:
    assert web_link(link) == kept


def test_foreign_text__is_one_short_line_without_invisible_signs() -> None:
    assert foreign("a\n\u202eb\x00c").text == "a \N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert len(foreign("a" * 1000).text) == LONGEST


@pytest.mark.parametrize("text", ["*a*", "[a](b)", "<b>", "a | b", "# a", "`a`", "~~a~~", "&lt;", "1. a", "![a](b)", "a_b_"])
def test_markdown__shows_a_text_as_it_is(text: str) -> None:
    from html import escape

    from markdown_it import MarkdownIt

    rendered = MarkdownIt("commonmark").render(f"x {escaped(text)}")
    assert rendered == f"<p>x {escape(text)}</p>\n"
