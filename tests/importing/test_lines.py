"""Lines of files: packed or not, in many encodings, with hostile ones among them that cost nothing but themselves."""

import csv
import gzip
import io
import json
from typing import Any

import pytest
import zstandard

from monitor.errors import UsageError
from monitor.importing import lines
from monitor.importing.lines import BROKEN, Layout, json_lines, layout_of, rows, unpacked

TEXT = b'{"a": 1}\n\n{"a": 2}\n'


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]),
        zstandard.compress(TEXT),
        b"\xef\xbb\xbf" + TEXT,
    ],
    ids=["plain", "gzip", "two members", "zstd", "with a mark"],
)
def test_a_file__is_unpacked_by_its_first_bytes__and_its_lines_are_numbered(packed: bytes) -> None:
    found = list(json_lines(unpacked(io.BytesIO(packed))))
    assert [(line.number, line.value, line.fault) for line in found] == [(1, {"a": 1}, None), (3, {"a": 2}, None)]


def test_a_file_cut_in_the_middle__gives_what_stands_before__then_says_so() -> None:
    whole = gzip.compress(b"".join(b'{"a": %d}\n' % number for number in range(50_000)), 1)
    found: list[int] = []
    with pytest.raises(BROKEN):
        found.extend(line.value["a"] for line in json_lines(unpacked(io.BytesIO(whole[: len(whole) // 2]))))
    assert found == list(range(len(found)))
    assert len(found) > 10_000


def test_hostile_lines__cost_only_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE_BYTES", 40)
    text = (
        b'{"a": 1}\nnot json\n{"cut": \n' + b"\xff\xfe\n" + b'{"a": "' + b"x" * 90 + b'"}\n{"a": NaN}\n[' * 1 + b'1]\n{"a": 2}'
    )
    found = list(json_lines(io.BytesIO(text)))
    assert [(line.number, line.fault is None) for line in found] == [
        (1, True), (2, False), (3, False), (4, False), (5, False), (6, True), (7, True), (8, True),
    ]  # fmt: skip
    assert found[-1].value == {"a": 2}
    assert "longer than 40 bytes" in str(found[4].fault)


@pytest.mark.parametrize(
    ("text", "encoding", "delimiter"),
    [
        ("a,b\nü,2\n".encode(), "utf-8", ","),
        ("a;b\nü;2\n".encode(), "utf-8", ";"),
        ("a\tb\nü\t2\n".encode("utf-8-sig"), "utf-8-sig", "\t"),
        ("a|b\nü|2\n".encode("utf-16"), "utf-16", "|"),
        ("a;b\r\nü;2\r\n".encode("cp1252"), "cp1252", ";"),
    ],
)
def test_a_table__its_encoding_and_delimiter_are_found(text: bytes, encoding: str, delimiter: str) -> None:
    found = layout_of(text)
    assert found == Layout(header=("a", "b"), delimiter=delimiter, encoding=encoding)
    assert found is not None
    assert [line.value for line in rows(io.BytesIO(text), found)] == [{"a": "ü", "b": "2"}]


def test_a_sample_that_ends_inside_a_character__is_still_utf8() -> None:
    found = layout_of("a,b\nü".encode()[:-1])
    assert found is not None
    assert found.encoding == "utf-8"


def test_a_comma_in_quotes__is_no_delimiter__and_a_cell_may_span_lines() -> None:
    text = b'"x, y, z";b\n"one\ntwo";1\n\n;;;\nlast;2\n'
    found = layout_of(text)
    assert found is not None
    assert found.header == ("x, y, z", "b")
    assert [(line.number, line.value if line.fault is None else line.fault) for line in rows(io.BytesIO(text), found)] == [
        (2, {"x, y, z": "one\ntwo", "b": "1"}),
        (6, {"x, y, z": "last", "b": "2"}),
    ]


def test_bad_rows_of_a_table__are_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_CELL", 50)
    of_all = csv.field_size_limit()
    text = b"a,b\n1,2,3\n4\n\xff,6\n7,8\n9," + b"x" * 60 + b"\n10,11\n"
    found = list(rows(io.BytesIO(text), Layout(header=("a", "b"), delimiter=",", encoding="utf-8")))
    assert [(line.number, line.fault is None) for line in found] == [
        (2, False),
        (3, False),
        (4, False),
        (5, True),
        (6, False),
        (7, True),
    ]
    assert "3 cells" in str(found[0].fault)
    assert "encoding:=" in str(found[2].fault)
    assert json.dumps(found[5].value) == '{"a": "10", "b": "11"}'
    assert csv.field_size_limit() == of_all, "other readers of this process keep their limit"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: (*rows[:-1], rows[-1][:-1]),
        lambda rows: (*rows[:-1], rows[-1][:-5]),
        lambda rows: (rows[0], rows[1][:-6] + rows[1][-4:], *rows[2:]),
    ],
    ids=["cut inside a character", "cut inside a pair", "half a pair in the middle"],
)
def test_a_table_of_two_bytes_a_character__what_is_damaged_is_told_alone(encoding: str, damage: Any) -> None:
    rows_of = [row.encode(encoding) for row in ("1,tea\n", "2,\U0001f375\n", "3,milk\n", "4,\U0001f375\n")]
    head = "\ufeffa,b\n".encode(encoding)
    found = list(rows(io.BytesIO(b"".join((head, *damage(rows_of)))), layout_of(head) or pytest.fail("no layout")))
    (bad,) = [line for line in found if line.fault is not None]
    assert bad.number in {3, 5}
    assert "not written in utf-16, or is cut" in str(bad.fault)
    assert [line.value["a"] for line in found if line.fault is None] == [each for each in "1234" if each != str(bad.number - 1)]


def test_an_encoding_that_is_said_and_is_not_that_of_the_table__is_refused() -> None:
    with pytest.raises(UsageError, match="not written in utf-16"):
        layout_of(b"a,b\n1,2\n", encoding="utf-16")


def test_a_column_that_stands_twice__is_refused() -> None:
    with pytest.raises(UsageError, match="'a' twice"):
        layout_of(b"a,a\n1,2\n")


@pytest.mark.parametrize("text", [b"", b"one column\n1\n", b"\x00\x01\x02"])
def test_what_is_no_table__has_no_layout(text: bytes) -> None:
    assert layout_of(text) is None
