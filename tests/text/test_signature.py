"""Copies of a text have signatures that are alike; other texts have not, and a stored signature stays good."""

import random
from hashlib import blake2b
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rensa import RMinHash

from monitor.text.signature import FEWEST_WORDS, LONGEST_SAMPLE, SLOTS, VERSION, bands, signature, similarity

WRENS = "Forty wrens were found in one nest near the old mill, say the keepers of the park"
LONGER = " ".join(f"word{number}" for number in range(40))


def made(text):
    found = signature(text)
    assert found is not None
    return found


def digest(text):
    return blake2b(made(text), digest_size=8).hexdigest()


def test_signature__of_stored_posts__is_what_it_was():
    """Where this fails, the stored signatures are worth nothing: raise VERSION and make them anew."""
    assert (VERSION, RMinHash.ALGORITHM_VERSION) == (1, 2)
    assert made(WRENS)[:9].hex() == "016ed93b4c2a151078"
    assert digest(LONGER) == "b31415436b66274f"
    assert digest("新しいバージョンがやっと出ましたとても嬉しい一日でした") == "ea6979e27327c77a"


@pytest.mark.parametrize(
    "text",
    [
        WRENS.upper(),
        f"  {WRENS}!!! 🎉",
        f"RT @ada@birds.example: {WRENS} https://news.example/wrens?utm_source=x",
        WRENS.replace(" ", "\n\n"),
        WRENS.replace("park", "#park"),
        "".join(chr(ord(letter) + 0xFEE0) if letter.isalpha() else letter for letter in WRENS),  # letters of full width
    ],
)
def test_signature__case_signs_mentions_and_links__take_no_part(text):
    assert signature(text) == signature(WRENS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one two three four five six seven",
        "@a @b @c @d @e @f @g @h @i",
        "https://a.example/one-two-three-four-five-six-seven-eight-nine",
        "今日はいい天気ですね今日は天気",
        "🎉 " * 20,
        "\ud800",
    ],
)
def test_signature__of_too_few_words__is_none(text):
    assert signature(text) is None


def test_signature__of_the_fewest_words__is_there():
    assert signature(" ".join(["word"] * FEWEST_WORDS)) is not None
    assert signature("今日はいい天気ですね今日は天気が") is not None


@pytest.mark.parametrize(
    ("copy", "least", "most"),
    [
        (WRENS, 1, 1),
        (WRENS.replace("old", "new"), 0.7, 0.9),
        (f"Breaking: {WRENS}", 0.85, 1),
        (WRENS.removesuffix(" say the keepers of the park"), 0.5, 0.8),
        ("The city council voted for a new bridge over the river on Monday evening", 0, 0.1),
    ],
)
def test_similarity__is_the_share_of_word_pairs(copy, least, most):
    assert least <= similarity(made(WRENS), made(copy)) <= most


def test_similarity__of_another_version__is_none():
    assert similarity(made(WRENS), bytes([VERSION + 1]) + made(WRENS)[1:]) == 0


@pytest.mark.parametrize("shared", [0.3, 0.5, 0.7, 0.9])
def test_similarity__of_random_texts__is_off_by_little(shared):
    """The error that the module states: of 200 estimates the mean square is that of 128 slots, at most 0.045."""
    drawn = random.Random(7)
    errors = []
    for _ in range(200):
        numbers = [drawn.randrange(10**9) for _ in range(120)]
        same = round(len(numbers) * shared)
        other = numbers[:same] + [drawn.randrange(10**9) for _ in numbers[same:]]
        pairs = [set(pairwise(words)) for words in (numbers, other)]
        exact = len(pairs[0] & pairs[1]) / len(pairs[0] | pairs[1])
        one, two = (made(" ".join(map(str, words))) for words in (numbers, other))
        errors.append(similarity(one, two) - exact)
    assert (sum(error**2 for error in errors) / len(errors)) ** 0.5 <= 0.05
    assert abs(sum(errors) / len(errors)) <= 0.01


def test_bands__of_similar_texts__meet_and_of_others_do_not():
    keys = set(bands(made(WRENS)))
    assert len(keys) == SLOTS / 4
    assert keys & set(bands(made(WRENS.replace("old", "new"))))
    assert not keys & set(bands(made(LONGER)))


@given(st.text(max_size=300))
def test_signature__any_text__has_its_length_or_is_none(text):
    found = signature(text)
    assert found is None or len(found) == SLOTS + 1


def test_signature__what_lies_beyond_the_sample__takes_no_part():
    text = "one two three four five " * LONGEST_SAMPLE
    begun = process_time()
    assert signature(text) == signature(text[:LONGEST_SAMPLE])
    assert process_time() - begun < 1


@pytest.mark.parametrize("unit", ["@", "@a.", "a.", "http://", "#", "あ", "\u0301", "ﷺ"])
def test_signature__hostile_text__takes_little_time(unit):
    begun = process_time()
    signature(unit * LONGEST_SAMPLE)
    assert process_time() - begun < 0.5
