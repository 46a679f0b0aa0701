"""The sheet goes out safe, comes back as spreadsheets write it, and every mistake in it is told with its line."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.labels.sheet import csv_line, rater_name, read_sheet, sheet_of
from monitor.post import Author, Post, Score

POST = Post(
    id="https://x.example/1", native_id="1", platform="x", url="https://x.example/@a/1", text="Tea", author=Author(id="ann"),
    created_at=datetime(2026, 11, 20, tzinfo=UTC), sentiment=Score(scorer="vader", version="1", label="positive", compound=0.5),
)  # fmt: skip


def read(text, *, label_set="sentiment", lines=False):
    return read_sheet(text, label_set=label_set, rater="ann", lines=lines)


def rows(sheet):
    return [(row.line, row.names, row.label, row.rating, row.rater) for row in sheet.rows]


def test_sheet_of__no_score_is_in_it():
    (row,) = csv.DictReader(io.StringIO(sheet_of([POST]), newline=""))
    assert row == {"id": POST.id, "url": POST.url, "text": "Tea", "label": ""}


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60))
@example("=cmd|' /C calc'!A0")
@example('a\r\n"b",c\n')
@example("'=1")
def test_sheet_of__no_cell_runs_as_a_formula__and_reads_back(text):
    sheet = sheet_of([replace(POST, text=text)])
    (row,) = csv.DictReader(io.StringIO(sheet, newline=""))
    assert not row["text"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row["text"].removeprefix("'") == text.removeprefix("'")
    assert read(sheet).unlabelled == 1


def test_id_that_looks_like_a_formula__is_read_as_it_was():
    sheet = sheet_of([replace(POST, id="=1+1")]).replace(",Tea,", ",Tea,pos")
    assert rows(read(sheet)) == [(2, "=1+1", "positive", None, "ann")]


@pytest.mark.parametrize(
    "text",
    [
        "id,label\nx:1,pos\n",
        "\ufeffid;label\r\nx:1;POS\r\n",
        "Label\tID\npositive\tx:1\n",
        'id,text,label\nx:1,"two\nlines",pos',
        "id,label,note\nx:1,pos,unsure\n\n,,\n",
    ],
)
def test_csv__as_spreadsheets_write_it(text):
    (row,) = read(text).rows
    assert (row.line, row.post_id, row.label) == (2, "x:1", "positive")


def test_csv__lines_are_counted_over_breaks_in_cells():
    sheet = read('id,text,label\nx:1,"a\nb\nc",pos\nx:2,,angry\n')
    assert rows(sheet) == [(2, "x:1", "positive", None, "ann")]
    assert [line for line, _ in sheet.problems] == [5]


def test_json_lines__labels_ratings_and_raters():
    told = [
        {"id": "x:1", "label": "pos"},
        {"url": "https://x.example/2", "rating": -1.5, "rater": "bob"},
        {"id": "x:3", "label": None},
        {"id": "x:4", "label": 1},
    ]
    sheet = read("\n".join(map(json.dumps, told)) + "\n", lines=True)
    assert rows(sheet) == [
        (1, "x:1", "positive", None, "ann"),
        (2, "https://x.example/2", None, -1.5, "bob"),
        (4, "x:4", "positive", None, "ann"),
    ]
    assert sheet.unlabelled == 1


def test_rating__with_a_decimal_comma():
    assert read("id;rating\nx:1;-0,5\n").rows[0].rating == -0.5


def test_everything_that_is_wrong__is_told_at_once():
    sheet = read(
        "id,label,rating,rater\nx:1,angry,,\n,pos,,\nx:2,,lots,\nx:3,,inf,\nx:4,pos,,\x1b\nx:5,pos,,\nx:5,neg,,\n"
        "x:5,pos,,\nx:6,pos,,,,surplus\nx:7,neu,,\n"
    )
    assert [(line, what[:30]) for line, what in sheet.problems] == [
        (2, "the label 'angry' is none of n"),
        (3, "the row has a label and neithe"),
        (4, "the rating is not a number"),
        (5, "the rating is not a number"),
        (6, "a rater is named by 1 to 60 ch"),
        (8, "the post is labelled otherwise"),
        (10, "the row has 6 cells and there "),
    ]
    assert [row.post_id for row in sheet.rows] == ["x:5", "x:7"]


@pytest.mark.parametrize("line", ["[]", "{", "nothing", '{"id": "x:1", "label": ["pos"]}', "[" * 5000])
def test_json_lines__what_is_no_row__is_told(line):
    sheet = read(f'{{"id": "x:0", "label": "pos"}}\n{line}\n', lines=True)
    assert [number for number, _ in sheet.problems] == [2]
    assert len(sheet.rows) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("text,label\nTea,pos\n", "no column id or url"),
        ("id,text\nx:1,Tea\n", "label or rating"),
        ("", "no column id or url"),
        ("id,label,label\nx:1,pos,neg\n", "two columns label"),
    ],
)
def test_csv__without_the_columns__is_refused(text, sentence):
    with pytest.raises(UsageError, match=sentence):
        read(text)


def test_csv__broken_quotation__is_told_from_its_line():
    sheet = read('id,label\nx:1,pos\nx:2,"po"s\n')
    assert [row.post_id for row in sheet.rows] == ["x:1"]
    assert sheet.problems[0][0] == 3


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=100), st.booleans())
def test_any_text__is_read_or_refused__and_never_fails_otherwise(text, lines):
    try:
        read(text, lines=lines)
        read(f"id,label\n{text}", lines=lines)
    except UsageError:
        pass


def test_csv_line__quotes_and_neutralises():
    assert csv_line(["a", "-1", 'say "x"']) == 'a,\'-1,"say ""x"""\r\n'


@pytest.mark.parametrize("name", ["", " ", "a\u202eb", "x" * 61])
def test_rater__no_name__is_refused(name):
    with pytest.raises(UsageError, match="a rater is named"):
        rater_name(name)
