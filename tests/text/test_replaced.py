"""Replacing parts of a text, and finding again what stood elsewhere in it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.replaced import Edit, replaced

EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6), st.sampled_from(["", "[x]", "[longer one]"])), max_size=6)


def test_spans_before_behind_and_inside_are_where_their_words_are() -> None:
    text = "mail ann@example.org about tea"
    made = replaced(text, [Edit(5, 20, "[email]")])
    assert made.text == "mail [email] about tea"
    (mail, inside, tea) = made.spans([(0, 4), (9, 16), (27, 30)])
    assert [made.text[start:end] for start, end in (mail, inside, tea)] == ["mail", "[email]", "tea"]


def test_a_span_that_reaches_into_what_was_replaced_covers_it() -> None:
    made = replaced("call 030 1234567 now", [Edit(5, 16, "[phone]")])
    assert [made.text[start:end] for start, end in made.spans([(0, 8)])] == ["call [phone]"]
    assert [made.text[start:end] for start, end in made.spans([(12, 20)])] == ["[phone] now"]
    assert made.spans([(5, 8), (9, 16)]) == ((5, 12),)


def test_of_edits_that_overlap_nothing_that_was_to_go_stays() -> None:
    assert replaced("abcdef", [Edit(0, 3, "[1]"), Edit(2, 5, "[2]")]).text == "[1]f"
    assert replaced("abcdef", [Edit(1, 3, "[1]"), Edit(1, 5, "[2]")]).text == "a[2]f"


def test_nothing_to_replace_is_the_text_itself() -> None:
    assert replaced("abc", []).spans([(0, 2)]) == ((0, 2),)


@settings(deadline=None)
@given(st.text(min_size=36, max_size=36, alphabet="abc def"), EDITS, st.tuples(st.integers(0, 35), st.integers(1, 5)))
def test_spans_lie_in_the_new_text_and_hold_the_same_words_where_nothing_of_them_was_replaced(
    text: str, told: list[tuple[int, int, str]], asked: tuple[int, int]
) -> None:
    edits = [Edit(start, start + length, by) for start, length, by in told]
    made = replaced(text, edits)
    begin, end = asked[0], min(len(text), asked[0] + asked[1])
    ((start, stop),) = made.spans([(begin, end)])
    assert 0 <= start <= stop <= len(made.text)
    if all(edit.end <= begin or edit.start >= end for edit in made.edits):
        assert made.text[start:stop] == text[begin:end]
