"""The lines of a file that may be larger than memory: unpacked, decoded one by one, each with its number or why it cannot be read.

Packed by gzip or Zstandard is told by the first bytes, whatever the name. A line of JSON ends with a line feed; a row of a table
may span lines.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import zstandard

from monitor.errors import UsageError
from monitor.importing.table import header_of
from monitor.text.tolerant import decoded

# A page of the X API with 500 tweets and all they refer to has about 3 MB; a line beyond this is no page, and memory is bounded.
LONGEST_LINE_BYTES = 32 * 1024 * 1024
LONGEST_CELL = 1024 * 1024  # characters; a forgotten quotation mark swallows so much and no more
SAMPLE_BYTES = 64 * 1024
_DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)


@dataclass(frozen=True, slots=True)
class Line:
    """`number` of the line where it begins, from 1; `value` as decoded. `fault`: why there is none; `value` is what was
    there instead."""

    number: int
    value: Any = field(repr=False)
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a table is written: its columns, the sign between them, and its encoding."""

    header: tuple[str, ...]
    delimiter: str
    encoding: str


def _marked(error: UnicodeError) -> tuple[str, int]:
    """Each byte that cannot be decoded as surrogateescape has it; that has none for those below 0x80, which UTF-16 and 32 refuse."""
    assert isinstance(error, UnicodeDecodeError)
    return "".join(chr(0xDC00 + max(byte, 0x80)) for byte in error.object[error.start : error.end]), error.end


_MARKED = "monitor.marked"
codecs.register_error(_MARKED, _marked)


def unpacked(file: BinaryIO) -> BinaryIO:
    """The content of a file at its beginning, whether it is packed or not. Reading it raises one of BROKEN where it is damaged."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", file))
    first = buffered.peek(4)[:4]
    if first[:2] == b"\x1f\x8b":
        return cast("BinaryIO", gzip.GzipFile(fileobj=buffered))
    if first == b"\x28\xb5\x2f\xfd":
        reader = zstandard.ZstdDecompressor().stream_reader(buffered, read_across_frames=True)
        return cast("BinaryIO", io.BufferedReader(reader))
    return cast("BinaryIO", buffered)


def json_lines(file: BinaryIO) -> Iterator[Line]:
    """Each line of JSON; empty ones are left out and counted."""
    number = 0
    while line := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(line) > LONGEST_LINE_BYTES:
            _skip_rest(file, line)
            yield Line(number, f"{len(line)} bytes and more", f"the line is longer than {LONGEST_LINE_BYTES} bytes")
        elif line.strip():
            yield _decoded(number, line)


def rows(file: BinaryIO, layout: Layout) -> Iterator[Line]:
    """Each row of a table as an object of cell by column, its header left out."""
    before = csv.field_size_limit(LONGEST_CELL)  # it holds for the whole process
    # What is wrong in its encoding is found in the row that has it, and no other row is lost.
    text = io.TextIOWrapper(file, layout.encoding, errors=_MARKED, newline="")
    try:
        yield from _rows(csv.reader(text, delimiter=layout.delimiter), layout)
    finally:
        csv.field_size_limit(before)
        text.detach()  # else it would close a file that is not its own


def _rows(reader: Any, layout: Layout) -> Iterator[Line]:
    next(reader, None)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Line(
                number, "", f"the row is no CSV: a quotation mark is missing, or a cell has more than {LONGEST_CELL} characters"
            )
            continue
        if any(cell.strip() for cell in cells):
            yield _row(number, cells, layout)


def layout_of(sample: bytes, *, delimiter: str | None = None, encoding: str | None = None) -> Layout | None:
    """How the table whose first bytes these are is written; None where there is no header of two columns."""
    chosen = encoding or encoding_of(sample)
    try:
        text = codecs.getincrementaldecoder(chosen)("replace").decode(sample)
    except UnicodeError:  # UTF-16 and 32 without a mark that says in which order their bytes stand
        raise UsageError(f"The table is not written in {chosen}: say which it is with encoding:=.") from None
    found: list[list[str]] = []
    for sign in delimiter or _DELIMITERS:
        try:
            header = header_of(next(csv.reader(io.StringIO(text, newline=""), delimiter=sign), []))
        except csv.Error:
            continue
        found.append([sign, *header])
    best = max(found, key=len, default=[])
    if len(best) < 3 or not all(best[1:]):
        return None
    if twice := {name for name in best[1:] if best[1:].count(name) > 1}:
        raise UsageError(f"The table has the column {min(twice)[:60]!r} twice: rename one of them.")
    return Layout(header=tuple(best[1:]), delimiter=best[0], encoding=chosen)


def encoding_of(sample: bytes) -> str:
    """By its byte order mark; else UTF-8 where the sample is that, or what Windows writes in the west."""
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # the sample may end inside a character
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decoded(number: int, line: bytes) -> Line:
    try:
        return Line(number, decoded(line))
    except ValueError:
        return Line(number, line.decode("utf-8", "replace"), "the line is no JSON, or is cut")


def _row(number: int, cells: Sequence[str], layout: Layout) -> Line:
    value = dict(zip(layout.header, cells, strict=False))
    if len(cells) != len(layout.header):
        return Line(number, list(cells), f"the row has {len(cells)} cells, and the table {len(layout.header)} columns")
    if any("\udc80" <= sign <= "\udcff" for cell in cells for sign in cell):
        return Line(
            number, list(cells), f"the row is not written in {layout.encoding}, or is cut: say which it is with encoding:="
        )
    return Line(number, value)


def _skip_rest(file: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(LONGEST_LINE_BYTES)
