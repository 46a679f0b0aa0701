"""Folded text compares like the whole text's normal form, and every folded character knows where it came from."""

import re
import sys
import unicodedata
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.query.folded import ADDRESS, continues, fold, fold_term, without_marks

# Letters that join, split, change length or vanish, beside plain ones; far more often than chance would draw them.
TRICKY = "aAeß\u0130\u0301\u0308ﬁǅ가\u1100\u1161\u11a8ｶﾞ\u0915\u093f\u09c7\u09be\u2126①㍿ \t\u00a0\u3000\u200b\ufe0f👍🏽’-éñйё"
texts = st.text(st.sampled_from(TRICKY) | st.characters(codec="utf-8"), max_size=40)


def whole_form(text):
    """The same folding of the whole text at once, without a way back."""
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", text)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Zs", "Zl", "Zp", "Cc", "Cf"]), max_size=20))
@example("e\u0301")
@example("\u1100\u1161\u11a8")
@example("ｶﾞ")
@example("\u09c7\u09be")
def test_fold__cluster_by_cluster__is_the_normal_form_of_the_whole(text):
    unseen = {"\ufe0f", *map(chr, range(0xFE00, 0xFE0F)), *map(chr, range(0x1F3FB, 0x1F400)), "’", "‘", "ʼ", "‐"}
    if not unseen & set(whole_form(text)) and " " not in whole_form(text):
        assert fold_term(text).text == whole_form(text)


def test_fold__every_character__alone_as_beside_others():
    """A text is folded in one go where that is the same; a skin tone at its end makes it go cluster by cluster."""
    codes = (*range(0x80, 0x3100), *range(0xF900, 0x10000))
    differing = [code for code in codes if fold(f"({chr(code)})").text + "👍" != fold(f"({chr(code)})👍🏽").text]
    assert differing == []


def test_continues__every_character_that_a_normal_form_can_join_to_the_one_before():
    """All of Unicode, so that no cluster is cut where NFC would join."""
    seconds = set()
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and parts[0][0] != "<":
            seconds.add(chr(int(parts[1], 16)))
    seconds |= {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    assert len(seconds) > 100
    assert {second for second in seconds if not continues(second)} == set()


@given(texts)
def test_original_span__any_part__lies_in_the_text_and_in_order(text):
    for folded in (fold(text), without_marks(fold(text))):
        spans = [folded.original_span(place, place + 1) for place in range(len(folded.text))]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert spans == sorted(spans)


@given(texts)
def test_original_span__any_part__folds_to_what_was_asked_for(text):
    folded = fold_term(text)
    for place in range(len(folded.text)):
        start, end = folded.original_span(place, place + 1)
        assert folded.text[place] in fold_term(text[start:end]).text


@given(texts)
@example("\r¨")
@example("e\u00ad\u0301")
def test_fold__folded_again__changes_nothing(text):
    once = fold_term(text).text
    assert fold_term(once).text == once


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Plain ASCII", "plain ascii"),
        ("STRASSE Straße", "strasse strasse"),
        ("no\u00a0break", "no break"),
        ("Ｆｕｌｌ", "full"),
        ("soft\u00adhyphen", "softhyphen"),
        ("👍🏽", "👍"),
        ("❤\ufe0f", "❤"),
        ("don’t", "don't"),
        ("e\u0301te\u0301", "été"),
        ("see https://example.org/Python?q=1, ok", f"see {ADDRESS}, ok"),
    ],
)
def test_fold__what_a_reader_takes_for_the_same(text, folded):
    assert re.sub(f"{ADDRESS}+", ADDRESS, fold(text).text) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [("two\n\n  lines", "two lines"), ("zero\u200bwidth \u200b space", "zero width space"), ("ß \n ß", "ss ss")],
)
def test_fold__white_space__one_space_in_a_term_and_some_in_a_text(text, folded):
    assert fold_term(text).text == folded
    assert re.sub(" +", " ", fold(text).text) == folded


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("café", "cafe"),
        ("Ёлка", "елка"),
        ("мой", "мой"),
        ("ガ", "ガ"),
        ("हिन्दी", "हिन्दी"),
        ("مُحَمَّد", "محمد"),
        ("naïve ñ", "naive n"),
    ],
)
def test_without_marks__only_marks_that_people_leave_out(marked, plain):
    assert without_marks(fold(marked)).text == fold(plain).text


def test_without_marks__nothing_to_remove__same_object():
    folded = fold("日本 abc")
    assert without_marks(folded) is folded


@pytest.mark.parametrize("unit", ["a\u0301\u0323", "\u0301\u0323", "ß ", "www.", "https://a ", " \u200b", "👍🏽", "word \n"])
def test_fold__text_of_eight_times_the_length__takes_no_more_than_about_eight_times_as_long(unit):
    """Sorting a run of marks is quadratic where nobody cuts it. 20 leaves room for a busy machine."""

    def seconds(text):
        begun = process_time()
        fold(text)
        return process_time() - begun

    short, long = unit * 1000, unit * 8000
    assert min(seconds(long) for _ in range(3)) < 20 * max(min(seconds(short) for _ in range(5)), 0.0005)
