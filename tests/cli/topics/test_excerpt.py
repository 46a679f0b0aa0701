"""A line of a post with what was found in brackets."""

import pytest

from monitor.cli.topics.excerpt import WIDEST, excerpt


@pytest.mark.parametrize(
    ("text", "spans", "line"),
    [
        ("Green tea.", ((6, 9),), "Green [tea]."),
        ("tea tea", ((0, 3), (4, 7)), "[tea] [tea]"),
        ("two\nlines", (), "two lines"),
        ("a\x1b[31m\u202eb", (), "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b"),
        ("", (), ""),
        ("x" * 200, (), "x" * WIDEST + "…"),
        ("x" * 100 + "tea", ((100, 103),), "…" + "x" * 40 + "[tea]"),
        # a find that begins beyond the line is not cut in its middle
        ("tea " + "x" * 115 + " tea", ((0, 3), (120, 123)), "[tea] " + "x" * 115 + " …"),
    ],
)
def test_excerpt(text: str, spans: tuple[tuple[int, int], ...], line: str) -> None:
    assert excerpt(text, spans) == line
