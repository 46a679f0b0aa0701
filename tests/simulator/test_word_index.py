"""The fuzzy search of the simulated Hacker News: more than was asked for, as on the real one."""

import pytest

from monitor.simulator.word_index import WordIndex, one_typo


@pytest.fixture
def index():
    made = WordIndex()
    for text in ("Python rocks", "the pythonic way", "a pyton seen", "electric cars", "cars that are electric", "cart"):
        made.add(text)
    return made


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("python", [0, 1, 2]),  # a prefix and a typo match
        ("python rocks", [0]),
        ("python way", []),  # only the last word matches by prefix
        ("electric cars", [3, 4]),
        ('"electric cars"', [3]),
        ("", [0, 1, 2, 3, 4, 5]),
        ("nothing", []),
    ],
)
def test_search(index, query, numbers):
    assert index.search(query) == numbers


def test_search__without_typos__still_matches_prefixes(index):
    assert index.search("python", typos=False) == [0, 1]


@pytest.mark.parametrize(
    ("word", "other", "close"),
    [
        ("python", "pyton", True),
        ("python", "pythons", True),
        ("python", "pithon", True),
        ("python", "jython", False),
        ("python", "pihton", False),
        ("python", "py", False),
    ],
)
def test_one_typo(word, other, close):
    assert one_typo(word, other) is close
