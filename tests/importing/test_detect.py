"""The format of a file is told from how it begins, or the person is told what to say."""

from typing import Any

import pytest

from monitor.errors import UsageError
from monitor.importing.column_map import read_pairs
from monitor.importing.detect import reader_of, reading_of


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ({"data": [], "meta": {}}, "twarc"),
        ({"errors": [], "__twarc": {}}, "twarc"),
        ({"id": "1", "text": "a", "author_id": "2"}, "twarc"),
        ({"id_str": "1", "created_at": "a"}, "twarc"),
        ({"source_platform": "tiktok.com", "data": {}, "nav_index": "1"}, "zeeschuimer"),
        ({"id": "1", "__import_meta": {}}, "4cat"),
        ({"id": "1", "author_user": {}, "public_metrics": {}, "text": "a"}, "4cat"),
        ({"uri": "at://", "4CAT_metadata": {}}, "4cat"),
        ({"id": "1", "platform": "x", "native_id": "1", "created_at": "a", "author": {}, "text": "a"}, "posts"),
    ],
)
def test_lines_of_json__by_their_shape(line: Any, name: str) -> None:
    assert reading_of(line, b"{", named=None, columns=None).format.name == name


def test_a_format_that_is_named__is_taken() -> None:
    assert reading_of({"id": "1"}, b"{", named="twarc", columns=None).format.name == "twarc"


@pytest.mark.parametrize("named", [None, "csv", "4cat"])
def test_a_table_of_4cat__under_each_name(named: str | None) -> None:
    header = b"id;body;author;unix_timestamp;tiktok_url;plays\n"
    found = reading_of(None, header, named=named, columns=None)
    assert found.format.name == "csv"
    assert found.columns is not None
    assert found.columns.constants == {"platform": "tiktok"}
    again = reader_of("csv", str(found.columns))
    assert again is not None
    assert again.platform == "tiktok"


@pytest.mark.parametrize(
    ("first", "sample", "named", "sentence"),
    [
        ({"a": 1, "b": 2}, b"{", None, "holds a, b"),
        ([1], b"[1]", None, "no object"),
        (None, b"[\n{", None, "one JSON array"),
        (None, b"a,b\n1,2\n", None, "has the columns a, b"),
        (None, b"a,b\n1,2\n", "twarc", "none of twarc"),
        (None, b"\x00\x01", None, "neither"),
    ],
)
def test_what_cannot_be_told__is_asked_for(first: Any, sample: bytes, named: str | None, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        reading_of(first, sample, named=named, columns=None)


def test_a_map_that_names_no_column_of_the_table__is_refused() -> None:
    columns = read_pairs(["id=ID,text=B,created_at=C,author.id=D,platform:=x"])
    with pytest.raises(UsageError, match="no column 'ID'"):
        reading_of(None, b"a,b\n", named=None, columns=columns)
