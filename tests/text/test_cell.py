"""Texts and lists as cells of tables, which a spreadsheet cannot run and which read back as what they were."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.text.cell import csv_line, entries, guarded, joined, unguarded

SIGNS = st.text(st.sampled_from("'=+-@\t\r;\"a \n,"), max_size=8)


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("'=1+1", "''=1+1"), ("''@a", "'''@a"), ("'tis", "'tis"), ("'", "'"), ("", ""), ("a=1", "a=1")],
)
def test_a_text__has_one_more_sign_before_a_formula__and_none_elsewhere(text: str, cell: str) -> None:
    assert guarded(text) == cell
    assert unguarded(cell) == text


@given(SIGNS | st.text(max_size=20))
def test_any_text__reads_back_and_begins_no_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("told", "cell"),
    [
        (["tea", "milk"], "tea milk"),
        (['5"', "a'b", 'a"b"'], '5" a\'b a"b"'),
        (["climate change", "tea"], '"climate change" tea'),
        (['"tea"'], '"""tea"""'),
        (['say "tea" now', "a\tb"], '"say ""tea"" now" a\tb'),
        ([], ""),
    ],
)
def test_a_list__quotes_the_entries_that_hold_blanks(told: list[str], cell: str) -> None:
    assert joined(told) == cell
    assert list(entries(cell)) == told


@given(st.lists((SIGNS | st.text(max_size=20)).filter(bool), max_size=5))
@example(['"', '"'])
@example(['a" b', "\u00a0", "\x1c"])
def test_any_list__reads_back(told: list[str]) -> None:
    assert list(entries(joined(told))) == told


@pytest.mark.parametrize(("cell", "told"), [('"tea', ['"tea']), ('"a b"c d', ['"a', 'b"c', "d"]), (" a  b ", ["a", "b"])])
def test_a_list_that_others_wrote__is_cut_at_its_blanks(cell: str, told: list[str]) -> None:
    assert list(entries(cell)) == told


@pytest.mark.parametrize("cell", ["hello;=1+1;", "a\t=1", "a,b", 'a"b', "a\r", "a\nb"])
def test_a_row__quotes_what_another_spreadsheet_might_cut(cell: str) -> None:
    quoted = cell.replace('"', '""')
    assert csv_line([cell, "a b"]) == f'"{quoted}",a b\r\n'


@given(st.lists(SIGNS | st.text(max_size=20), min_size=1, max_size=5))
def test_any_row__reads_back(cells: list[str]) -> None:
    assert list(csv.reader(io.StringIO(csv_line(cells), newline=""))) == [cells]
