"""How a backup lies in its file: records of one letter and one BSON document each, compressed by zstd with a checksum.

`H` the header, `C` the name of a collection, `D` a document of it, `E` the end with the number of documents of each collection. A file
without its end, or with other numbers, was cut short and is refused.
"""

import os
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import bson
import zstandard
from bson.errors import BSONError

from monitor.errors import UsageError

KIND = "social-monitor backup"
FORM = 1
_LEVEL = 6
# What MongoDB allows a document, and some more.
_LARGEST_BYTES = 17 * 1024 * 1024


class Writer:
    """Writes a backup; `end` makes it whole."""

    def __init__(self, file: IO[bytes], header: Mapping[str, Any]) -> None:
        self._file = file
        self.counts: Counter[str] = Counter()
        self._name = ""
        self._record(b"H", bson.encode({"kind": KIND, "form": FORM, **header}))

    def collection(self, name: str) -> None:
        """What follows is of this collection."""
        self._name = name
        self.counts[name] = 0
        self._record(b"C", bson.encode({"name": name}))

    def document(self, raw: bytes) -> None:
        """A document as it came from the server."""
        self.counts[self._name] += 1
        self._record(b"D", raw)

    def end(self) -> None:
        self._record(b"E", bson.encode({"counts": [{"name": name, "count": count} for name, count in self.counts.items()]}))

    def _record(self, letter: bytes, raw: bytes) -> None:
        self._file.write(letter)
        self._file.write(raw)


@contextmanager
def written(path: Path, header: Mapping[str, Any]) -> Iterator[Writer]:
    """Write a backup that is at `path` as a whole or not at all, for its owner alone. Raises UsageError where there is a file."""
    if path.exists():
        raise UsageError(f"{path} exists: a backup overwrites nothing. Choose another name, or remove it.")
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
            with compressor.stream_writer(file, closefd=False) as compressed:
                writer = Writer(compressed, header)
                yield writer
                writer.end()
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        raise UsageError(f"The backup {path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


class Reader:
    """Reads a backup; `header` is there at once."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path
        letter, raw = self._record()
        self.header: dict[str, Any] = self._decoded(raw) if letter == b"H" else {}
        if self.header.get("kind") != KIND:
            raise UsageError(f"{path} is no backup that `monitor db backup` made.")
        if self.header.get("form") != FORM:
            raise UsageError(f"{path} was made by a newer release: upgrade this program.")

    def documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Collection and document, in the order of writing. Raises UsageError at the end of a file that was cut short."""
        name, counts = "", Counter[str]()
        while True:
            letter, raw = self._record()
            told = self._decoded(raw)
            if letter == b"C":
                name = told["name"]
                counts[name] = 0
            elif letter == b"D":
                counts[name] += 1
                yield name, told
            elif letter == b"E" and {each["name"]: each["count"] for each in told["counts"]} == counts:
                return
            else:
                raise self._damaged()

    def _record(self) -> tuple[bytes, bytes]:
        try:
            head = self._exactly(5)
            (size,) = struct.unpack("<i", head[1:])
            if not 5 <= size <= _LARGEST_BYTES:
                raise self._damaged()
            return head[:1], head[1:] + self._exactly(size - 4)
        except zstandard.ZstdError as error:
            raise self._damaged() from error

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self._file.read(size - len(found))
            if not more:
                raise self._damaged()
            found += more
        return found

    def _decoded(self, raw: bytes) -> dict[str, Any]:
        try:
            return bson.decode(raw, codec_options=_AS_STORED)
        except BSONError as error:
            raise self._damaged() from error

    def _damaged(self) -> UsageError:
        return UsageError(
            f"{self._path} is damaged or was cut short: use another backup. What was restored of it is not complete."
        )


_AS_STORED: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(tz_aware=True)


@contextmanager
def read(path: Path) -> Iterator[Reader]:
    """Open a backup. Raises UsageError for what is none."""
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as plain:
            yield Reader(plain, path)
    except OSError as error:
        raise UsageError(f"The backup {path} cannot be read: {error.strerror}.") from error
