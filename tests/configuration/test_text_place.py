"""Where in its file a character of a text stands, however the text is written."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.configuration.problem import LINE_END, Place
from monitor.configuration.text_place import place_in
from monitor.configuration.yaml_tree import Keys, Tree, read

FILE = Path("/x/monitor.yaml")
KEY: Keys = ("topics", 0, "query")

# Letters that stand for themselves in every style, and the signs that some styles write otherwise.
said = st.lists(st.text(st.sampled_from("abcé日#|'\"\\()"), min_size=1, max_size=5), min_size=1, max_size=8)


def under_query(value: str) -> Tree:
    return read(f"version: 1\ntopics:\n  - id: tea\n    query: {value}\n    name: x\n", FILE)


def sign_at(tree: Tree, place: Place) -> str:
    """What stands in the file at a place."""
    line = LINE_END.split(tree.texts[FILE])[place.line - 1]
    return line[place.column - 1] if place.column <= len(line) else ""


def text_of(tree: Tree) -> str:
    return str(tree.value["topics"][0]["query"])


def styles(words: list[str]) -> list[str]:
    """The same words in every style that YAML has for them."""
    text = " ".join(words)
    single = text.replace("'", "''")
    double = json.dumps(text, ensure_ascii=False)
    block = "\n      ".join(words)
    return [
        f"'{single}'",
        double,
        f"|\n      {block}",
        f">-\n      {block}",
        f"|+\n\n      {block}\n",
        f"'{single.replace(' ', chr(10) + '      ')}'",
    ]


@settings(max_examples=50, deadline=None)
@given(said)
def test_each_character__stands_where_it_is_told_to__in_every_style(words: list[str]) -> None:
    for written in styles(words):
        tree = under_query(written)
        text = text_of(tree)
        assert text.split() == words
        for offset, sign in enumerate(text):
            if not sign.isspace():
                assert sign_at(tree, place_in(tree, KEY, offset)) == sign, (written, offset)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.sampled_from("abcé日()"), min_size=1, max_size=5), min_size=1, max_size=8))
def test_each_character__of_plain_text__stands_where_it_is_told_to(words: list[str]) -> None:
    for written in (" ".join(words), "\n      ".join(words)):
        tree = under_query(written)
        text = text_of(tree)
        places = [place_in(tree, KEY, offset) for offset, sign in enumerate(text) if not sign.isspace()]
        assert [sign_at(tree, place) for place in places] == list("".join(words))
        assert places == sorted(places, key=lambda place: (place.line, place.column))


@settings(max_examples=50, deadline=None)
@given(said)
def test_each_character__as_pyyaml_writes_it__stands_where_it_is_told_to(words: list[str]) -> None:
    for style in ("'", '"', "|", ">"):
        text = yaml.dump({"topics": [{"query": " ".join(words)}]}, default_style=style, allow_unicode=True, width=30)
        tree = read(text, FILE)
        for offset, sign in enumerate(text_of(tree)):
            if not sign.isspace():
                assert sign_at(tree, place_in(tree, KEY, offset)) == sign


@pytest.mark.parametrize(
    ("written", "offset", "line", "column"),
    [
        ("tea OR", 0, 4, 12),
        ("tea OR", 4, 4, 16),
        # a blank is told as what follows it, the end as what lies behind the last character
        ("tea OR", 3, 4, 16),
        ("tea OR", 6, 4, 18),
        ("'tea OR'", 6, 4, 19),
        ('"tea OR"', 6, 4, 19),
        ("|\n      tea\n      OR\n", 4, 6, 7),
        ("|\n      tea\n      OR\n", 6, 6, 9),
        ("|\n      tea\n      OR\n", 7, 6, 9),
        ("|\n      tea\n\n      OR\n", 5, 7, 7),
        (">\n      tea\n      OR\n", 4, 6, 7),
        ("tea\n      OR", 4, 5, 7),
        # what is written with a sign before it
        ("'a ''b'' c'", 2, 4, 16),
        ("'a ''b'' c'", 3, 4, 17),
        (r'"a \"b\" c"', 2, 4, 16),
        (r'"a \\b"', 2, 4, 16),
        # nothing is there to point at but the key's value
        ("''", 0, 4, 12),
        ("'  '", 1, 4, 12),
    ],
)
def test_place(written: str, offset: int, line: int, column: int) -> None:
    place = place_in(under_query(written), KEY, offset)
    assert (place.file, place.line, place.column) == (FILE, line, column)
