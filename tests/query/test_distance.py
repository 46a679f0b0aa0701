"""Terms near each other: against pairs and stretches that are tried one by one, and where the marks are put."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.query.distance import near, within
from monitor.query.needle import MOST_SPANS
from monitor.query.parse import parse
from monitor.query.searchable import Part
from monitor.query.term import Term
from monitor.query.tree import Near, Or, either

texts = st.lists(st.sampled_from(("a", "b", "c", "x")), max_size=12)
words = st.sampled_from(("a", "b", "c"))
sides = st.lists(words, min_size=1, max_size=2, unique=True)


def side(said: list[str]) -> Term | Or:
    made = either(*(Term(kind="word", text=word) for word in said))
    assert isinstance(made, Term | Or)
    return made


def marked(query: str, text: str) -> list[str]:
    tree = parse(query).tree
    assert isinstance(tree, Near | Term)
    spans = (near(tree) if isinstance(tree, Near) else within(tree))(Part(text))
    return [text[start:end] for start, end in sorted(set(spans))]


@given(texts, sides, sides, st.integers(1, 5), st.booleans())
@example(["a"], ["a"], ["a"], 5, False)
@example(["b", "x", "a"], ["a"], ["b"], 2, True)
def test_near__is_found_where_a_pair_of_places_is_near_enough(
    text: list[str], left: list[str], right: list[str], most: int, ordered: bool
) -> None:
    found = near(Near(side(left), side(right), most, ordered=ordered))(Part(" ".join(text)))
    pairs = [
        (one, other)
        for one, other in product(range(len(text)), repeat=2)
        if text[one] in left and text[other] in right and (0 < other - one <= most or (not ordered and 0 < one - other <= most))
    ]
    assert bool(found) == bool(pairs)
    # Each word and the blank behind it are two characters.
    assert {start // 2 for start, _ in found} <= {place for pair in pairs for place in pair}


@given(texts, st.lists(words, min_size=2, max_size=4), st.integers(1, 4))
@example(["a", "b"], ["a", "a"], 4)
@example(["a", "x", "x", "a"], ["a", "a"], 2)
def test_within__is_found_where_a_stretch_holds_all_words_and_few_others(text: list[str], said: list[str], most: int) -> None:
    found = within(Term(kind="phrase", text=" ".join(said), within=most))(Part(" ".join(text)))
    stretches = {
        (start, end)
        for start in range(len(text))
        for end in range(start + len(said), min(len(text), start + len(said) + most) + 1)
        if not Counter(said) - Counter(text[start:end])
    }
    shortest = {
        (start, end) for start, end in stretches if not stretches & {(start + 1, end), (start, end - 1)}
    }  # fmt: skip
    assert bool(found) == bool(stretches)
    assert {(start // 2, (end + 1) // 2) for start, end in found} >= shortest
    assert {(start // 2, (end + 1) // 2) for start, end in found} <= stretches


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("green NEAR/1 tea", "green tea", ["green", "tea"]),
        ("green NEAR/1 tea", "green, cold tea", []),
        ("green NEAR/2 tea", "green, cold tea", ["green", "tea"]),
        ("green NEAR/2 tea", "tea is green", ["green", "tea"]),
        ("green NEAR/2f tea", "tea is green", []),
        ("green NEAR/5 tea", "green tea and tea", ["green", "tea"]),
        ("(green OR black) NEAR/1 (tea OR chai)", "black chai, green tea", ["black", "chai", "green", "tea"]),
        # one word for distances: what is written together with signs, an address, a picture
        ("green NEAR/2 tea", "green don't tea", ["green", "tea"]),
        ("green NEAR/2 tea", "green https://a.example/b/c-d tea", ["green", "tea"]),
        ("green NEAR/2 tea", "green 🍵 tea", ["green", "tea"]),
        ("green NEAR/2 tea", "green 🍵🍵 tea", []),
        # each sign is a word where there are no spaces
        ("#milk NEAR/1 milk", "#Milk #tea #Milk", []),
        ("#milk NEAR/2 milk", "#Milk #tea #Milk", ["#Milk", "#Milk", "Milk", "Milk"]),
        ("tea NEAR/1 #milk", "tea x #milk", []),
        ("tea NEAR/1 #milk", "tea, #milk", ["tea", "#milk"]),
        ("@ann NEAR/1 tea", "tea and @ann", []),
        ("日 NEAR/1 茶", "日本茶", []),
        ("日 NEAR/2 茶", "日本茶", ["日", "茶"]),
        ("café NEAR/1 tea", "cafe tea", []),
        ("cafe NEAR/1 tea", "Café TEA", ["Café", "TEA"]),
        # a phrase is as far as its nearer end
        ('"green tea" NEAR/1 cup', "green tea cup", ["green tea", "cup"]),
        ('cup NEAR/1 "green tea"', "cup green tea", ["cup", "green tea"]),
    ],
)
def test_near__marks(query: str, text: str, found: list[str]) -> None:
    assert sorted(marked(query, text)) == sorted(found)


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ('"green tea"~1', "green tea", ["green tea"]),
        ('"green tea"~1', "tea green", ["tea green"]),
        ('"green tea"~1', "a green, cold tea!", ["green, cold tea"]),
        ('"green tea"~1', "green one two tea", []),
        ('"tea tea"~2', "tea is tea", ["tea is tea"]),
        ('"tea tea"~2', "tea is", []),
        ('"green tea"~3', "green x tea x x x x tea y green", ["green x tea", "tea y green"]),
        ('"日本 茶"~1', "日本の茶", ["日本の茶"]),
        ('"green tea"~1', "green\n\ntea", ["green\n\ntea"]),
    ],
)
def test_within__marks_the_shortest_stretch(query: str, text: str, found: list[str]) -> None:
    assert marked(query, text) == found


def test_near__in_a_long_text__is_found_though_far_from_the_begin_and_marks_stay_few() -> None:
    """The pair stands behind more places of each than are looked at first."""
    far = "green " + "x x x " + "green x x x " * 3000 + "tea " + "y y y tea " * 3000
    assert near(Near(side(["green"]), side(["tea"]), 3))(Part(far.replace("x x x tea", "green tea")))
    spans = near(Near(side(["a"]), side(["b"]), 3))(Part("a b " * 5000))
    assert 0 < len(spans) <= 4 * MOST_SPANS


@pytest.mark.parametrize(
    ("query", "text"), [("green NEAR/9 tea", "green"), ("green NEAR/9 tea", "tea"), ("green NEAR/9 tea", "")]
)
def test_near__one_of_both_is_missing__is_nothing(query: str, text: str) -> None:
    assert marked(query, text) == []
