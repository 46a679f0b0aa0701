"""YAML read strictly: nothing is guessed, everything has a place, and no text makes it fail otherwise than with one."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.configuration.problem import LINE_END, ConfigurationFileError
from monitor.configuration.yaml_tree import LARGEST, read, read_file

FILE = Path("/x/monitor.yaml")

# PyYAML itself writes these so that it does not read them back.
TEXT = st.characters(exclude_characters="\x85\u2028\u2029", exclude_categories=["Cs"])

# Pieces that mean something in YAML, so that random texts are more than words.
PIECES = st.sampled_from(
    ["a", "b: ", ": ", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ", ", "|\n", ">\n", '"', "'", "\\", "#", "&a ", "*a",
     "!x ", "!!int ", "---\n", "...", "%YAML 1.1\n", "\t", "\x00", "\x85", "\u2028", "\ufeff", "?", "\r\n", "é", "日本", "<<: ",
     "no", "12:30", "~"]
)  # fmt: skip


def refused(text: str) -> list[str]:
    """Line, column and sentence of each problem of a text."""
    with pytest.raises(ConfigurationFileError) as error:
        read(text, FILE)
    return [f"{each.place.line}:{each.place.column} {each.says}" for each in error.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("0x1F", "0x1F"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("9" * 30, "9" * 30),
        ("15", 15),
        ("-0.5", -0.5),
        ("~", None),
        ("", None),
        ('"true"', "true"),
        ("'15'", "15"),
        ("15m # how often", "15m"),
    ],
)
def test_plain_text_means_what_it_says(text: str, value: Any) -> None:
    made = read(f"key: {text}\n", FILE).value["key"]
    assert (made, type(made)) == (value, type(value))


def test_every_key_and_value_has_its_line_and_column() -> None:
    tree = read("a:\n  - id: x\n    list: [1, two]\n", FILE)
    assert (tree.value, str(tree.keys["a", 0, "list"])) == ({"a": [{"id": "x", "list": [1, "two"]}]}, "/x/monitor.yaml:3:5")
    place = tree.values["a", 0, "list", 1]
    assert (place.line, place.column, place.width) == (3, 15, 3)


def test_empty_file__is_no_settings() -> None:
    assert [read(text, FILE).value for text in ("", "# nothing\n", "---\n", "\ufeff")] == [{}] * 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: {c: [1]}\nb: 3\n", ["3:1 stands twice; it is at line 1 already", "4:1 stands twice; it is at line 2 already"]),
        ("a: &x 1\n", ["1:4 anchors and aliases (& and *) are not used here: put it into quotes, or write it out"]),
        ("a: *x\n", ["1:4 anchors and aliases (& and *) are not used here: put it into quotes, or write it out"]),
        ("a: !!python/object:os.system x\n", ["1:4 tags (!) are not used here: put it into quotes"]),
        ("- a\n", ["1:1 the file has to hold settings, each as `name: value`"]),
        ("a: 1\n---\nb: 2\n", ["2:1 a second document begins: one file holds one"]),
        ("? [a]\n: 1\n", ["1:3 a key has to be a word"]),
        ("a:\n\tb: 1\n", ["2:1 a tab cannot stand here: write blanks"]),
        ("a: b: c\n", ["1:5 a second ': ' in one line: put a value that holds one into quotes"]),
        ("a: [1, 2\nb: 3\n", ["2:2 a bracket or ',' is missing"]),
        ('a: "x\n', ["2:1 a quote is not closed, or what it holds cannot be read"]),
        ("a:\n    b: 1\n  c: 2\n", ["3:3 this does not fit what stands above: look at how far the lines are indented"]),
        ("a: @x\n", ["1:4 this sign cannot begin a value: put the value into quotes"]),
        ("a: b\x07\n", ["1:5 this sign cannot stand in a file of text"]),
        ("a: " + "[" * 40, ["1:36 brackets and lists stand inside each other more than 32 deep"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read__is_told_with_its_place(text: str, told: list[str]) -> None:
    assert refused(text) == told


def test_bomb_of_aliases__is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20))
    assert len(refused(bomb)) == 1


def test_file__too_large_or_no_utf_8__is_told(tmp_path: Path) -> None:
    large, latin = tmp_path / "large.yaml", tmp_path / "latin.yaml"
    large.write_bytes(b"#" * (LARGEST + 1))
    latin.write_bytes(b"a: 1\nb: \xe9\n")
    told = []
    for path in (large, latin):
        with pytest.raises(ConfigurationFileError) as error:
            read_file(path)
        told.append(
            f"{error.value.problems[0].place.line}:{error.value.problems[0].place.column} {error.value.problems[0].says}"
        )
    assert told == [
        "1:1 the file is larger than 256 KiB: divide it into several in conf.d",
        "2:4 this is no UTF-8: save the file as UTF-8",
    ]


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join)))
def test_any_text__is_a_value_or_has_a_placed_error(text: str) -> None:
    lines = LINE_END.split(text)
    tree, problems = None, ()
    try:
        tree = read(text, FILE)
    except ConfigurationFileError as error:
        problems = error.problems
    if tree is None:
        assert problems
        assert all(1 <= each.place.line <= len(lines) + 1 for each in problems)
        assert all(1 <= each.place.column <= max(map(len, lines)) + 2 for each in problems)
        assert all(line.isprintable() for each in problems for line in str(each).split("\n"))
    else:
        assert isinstance(tree.value, dict)
        assert tree.keys.keys() <= tree.values.keys()


@settings(max_examples=50, deadline=None)
@given(st.recursive(
    st.one_of(st.booleans(), st.integers(-10**9, 10**9), st.none(), st.text(TEXT, max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(TEXT, min_size=1, max_size=5), inner, max_size=3)),
    max_leaves=8,
))  # fmt: skip
def test_what_yaml_writes__reads_back_the_same(value: Any) -> None:
    import yaml

    text = yaml.safe_dump({"key": value}, allow_unicode=True)
    assert read(text, FILE).value == {"key": value}
