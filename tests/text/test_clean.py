"""Text as it can be stored: nothing is lost but what cannot be kept, and every change is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.clean import LONGEST_TEXT_BYTES, clean, harmless

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "cleaned", "changes"),
    [
        ("as it is", "as it is", 0),
        ("tabs\tand\r\nline ends stay", "tabs\tand\r\nline ends stay", 0),
        ("a\0b\x1bc\x7f", "abc", 3),
        ("\ud83d\ude00", "😀", 1),
        ("a\ud800b\udfff", "a\ufffdb\ufffd", 2),
        ("\ude00\ud83d", "\ufffd\ufffd", 2),
        (
            "\u202e right to left, \u200b and 👩\u200d👩\u200d👧 stay",
            "\u202e right to left, \u200b and 👩\u200d👩\u200d👧 stay",
            0,
        ),
    ],
)
def test_clean(text, cleaned, changes):
    assert clean(text) == (cleaned, changes)


@pytest.mark.parametrize("sign", ["a", "é", "€", "😀"])
def test_clean__too_long__is_cut_between_two_characters(sign):
    text, changes = clean(sign * (LONGEST_TEXT_BYTES + 1))
    assert set(text) == {sign}
    assert LONGEST_TEXT_BYTES - 4 < len(text.encode()) <= LONGEST_TEXT_BYTES
    assert changes == 1


def test_clean__just_short_enough__is_whole():
    text = "é" * (LONGEST_TEXT_BYTES // 2)
    assert clean(text) == (text, 0)
    assert len(clean(text + "a")[0]) == len(text)


@given(ANY_TEXT)
def test_clean__result_can_be_encoded_and_is_clean(text):
    cleaned, changes = clean(text)
    cleaned.encode()
    assert clean(cleaned) == (cleaned, 0)
    assert (changes == 0) == (cleaned == text)


@given(ANY_TEXT)
def test_harmless__cuts_nothing_off(text):
    assert harmless(text * 3000)[0].startswith(harmless(text)[0][:1])
    assert harmless("a" * 100_000) == ("a" * 100_000, 0)
