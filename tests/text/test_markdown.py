"""Markdown as plain text."""

import pytest

from monitor.text.markdown import markdown_text_and_links


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Title\n\nHello **bold** _and_ ~~old~~ `code`.", "Title\n\nHello bold and old code."),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("- [x] done\n- open", "[x] done\nopen"),
        ("```py\na = 1\n\n  b < 2\n```", "a = 1\n\n  b < 2"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b\n1 2"),
        ("> quoted\n\nanswer", "quoted\n\nanswer"),
        ("<!-- leave this -->a < b & c &amp; <b>d</b>", "a < b & c & d"),
        ("![a bird](https://i.example/b.png)", "a bird"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("", ""),
    ],
)
def test_text_is_what_a_reader_sees(markdown, text):
    assert markdown_text_and_links(markdown)[0] == text


def test_links_are_those_behind_words_and_bare_ones__each_once():
    told = "[a](https://a.example/x) https://b.example/y. <https://c.example> [again](https://a.example/x) www.d.example"
    assert markdown_text_and_links(told)[1] == ("https://a.example/x", "https://c.example", "https://b.example/y")


def test_a_script_gives_neither_text_nor_link():
    assert markdown_text_and_links("<script>alert(1)</script>[x](javascript:alert(1))") == ("[x](javascript:alert(1))", ())
