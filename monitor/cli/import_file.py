"""`monitor import`: posts that others collected, from a file into the store, by the same steps as those of a crawl."""

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from rich.console import Console
from rich.progress import Progress as Bar

from monitor import clock
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.config import load
from monitor.crawl.exported import moment
from monitor.errors import MonitorError, UsageError
from monitor.importing.column_map import ColumnMap, read_pairs
from monitor.importing.detect import NAMES, Reading, reading_of
from monitor.importing.lines import BROKEN, SAMPLE_BYTES, Line, json_lines, rows, unpacked
from monitor.stages.importing import Import, Read, read
from monitor.store.imports import File, Posts, Progress

_PARTIAL = 6  # the exit code for "done, but not all of it"
_CHUNK = 1024 * 1024
MOST_TOLD = 5  # rows that are set aside are told with their reasons; the others are in quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The file as it lies on the disk, and how it is read."""

    path: Path
    file: File
    reading: Reading
    read_at: datetime
    size: int


@click.command("import")
@click.argument("name", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "form", type=click.Choice(NAMES), help="What the file is; told from its content when left out.")
@click.option(
    "--map", "pairs", metavar="FILE-OR-PAIRS", multiple=True, help="What the columns of a table hold: 'id=ID,text=BODY,...'."
)
@click.option("--topic", "topic", metavar="ID", help="The topic that the file was collected for.")
@click.option("--dry-run", is_flag=True, help="Only read it and say what it holds. Starts no database.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def import_file(name: Path, form: str | None, pairs: Sequence[str], topic: str | None, dry_run: bool, as_json: bool) -> None:
    """Store the posts of FILE (- is stdin): twarc, 4CAT, Zeeschuimer, tables, or what monitor posts wrote; also packed by gzip or zstd.

    Rows that are no posts are set aside in quarantine with their line and the reason, and the exit code is 6. Typed again, it goes on
    where it was stopped; a file that was read to its end brings nothing new.
    """
    columns = _columns(pairs)
    with _on_disk(name) as path:
        given = _given(name, path, form, columns)
        told, done = run(_dry(given)) if dry_run else run(_stored(given, topic))
    if as_json:
        click.echo(json.dumps(_told(given, topic, told, done, dry_run=dry_run), ensure_ascii=False))
    else:
        for line in _lines(given, topic, done, dry_run=dry_run):
            click.echo(line)
    if done.set_aside:
        click.echo(f"{done.set_aside} rows were set aside{'' if dry_run else ': monitor quarantine list'}", err=True)
        sys.exit(_PARTIAL)


async def _stored(given: _Given, topic: str | None) -> tuple[int, Progress]:
    """Import it: the line after which it went on, and what came of all its rows."""
    config = load()
    async with opened(config) as store:
        await say_if_simulated(store)
        work = await Import.of(store, given.reading.format, given.file, config, topic=topic)
        progress = begun = await work.begin()
        if begun.lines:
            click.echo(f"Going on after {begun.lines} lines, where an earlier import of this file was stopped.", err=True)
        try:
            for some in _batches(given, skip=begun.lines):
                _tell(some, progress.set_aside)
                progress = await work.batch(progress, some)
        except BROKEN as error:
            raise _damaged(given, progress) from error
        return begun.lines, await work.finish(progress)


async def _dry(given: _Given) -> tuple[int, Progress]:
    """Read it and count, without a database: what is new cannot be told then."""
    progress = Progress()
    try:
        for some in _batches(given, skip=0):
            _tell(some, progress.set_aside)
            posts = Progress(lines=some.lines, rows=some.rows, set_aside=len(some.refused))
            for found in some.posts:
                at = found.post.created_at
                posts += Progress(platforms={found.post.platform: Posts(count=1, first_at=at, last_at=at)})
            progress += posts
    except BROKEN as error:
        raise _damaged(given, progress) from error
    return 0, progress


def _batches(given: _Given, *, skip: int) -> Iterator[Read]:
    """The file in batches, the first `skip` lines left out; a bar on a terminal shows how far it is read."""
    with (
        Bar(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar,
        given.path.open("rb") as file,
    ):
        task = bar.add_task(given.file.name, total=given.size)
        lines = _lines_of(file, given.reading)
        for _ in range(skip):
            next(lines, None)
        for some in read(given.reading.format, lines, given.file, read_at=given.read_at):
            yield some
            bar.update(task, completed=file.tell())


def _lines_of(file: BinaryIO, reading: Reading) -> Iterator[Line]:
    plain = unpacked(file)
    return json_lines(plain) if reading.layout is None else rows(plain, reading.layout)


def _given(name: Path, path: Path, form: str | None, columns: ColumnMap | None) -> _Given:
    """Look at its beginning and its hash. Raises UsageError where it cannot be read, or is of no known format."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with path.open("rb") as file:
            sample = unpacked(file).read(SAMPLE_BYTES)
        with path.open("rb") as file:
            first = next((line for line in json_lines(unpacked(file)) if line.fault is None or line.number > 1), None)
        stat = path.stat()
    except BROKEN as error:
        raise UsageError(f"{name} is packed and damaged at its beginning: nothing of it can be read.") from error
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.") from error
    if not sample.strip():
        raise UsageError(f"{name} is empty.")
    # Of a table the second line alone may be JSON, such as a number; lines of JSON hold objects.
    value = first.value if first is not None and isinstance(first.value, dict) else None
    reading = reading_of(value, sample, named=form, columns=columns)
    shown = "stdin" if str(name) == "-" else name.name
    file_known = File(
        name=_plain(shown),
        sha256=sha256,
        format=reading.format.name,
        columns=None if reading.columns is None else str(reading.columns),
    )
    read_at = min(datetime.fromtimestamp(stat.st_mtime, UTC), clock.now())
    return _Given(path=path, file=file_known, reading=reading, read_at=read_at, size=stat.st_size)


@contextmanager
def _on_disk(name: Path) -> Iterator[Path]:
    """The file itself; what comes through a pipe is put into one first, since it is read twice and may not fit into memory."""
    if str(name) != "-":
        if not name.is_file():
            raise UsageError(f"{name} is no file that is there. Name one, or - for stdin.")
        yield name
        return
    with tempfile.NamedTemporaryFile(prefix="monitor-import-") as spooled:
        while chunk := sys.stdin.buffer.read(_CHUNK):
            spooled.write(chunk)
        spooled.flush()
        yield Path(spooled.name)


def _columns(pairs: Sequence[str]) -> ColumnMap | None:
    """What --map says: pairs, or a file of them, which has no = in its name."""
    if not pairs:
        return None
    texts = []
    for text in pairs:
        try:
            texts.append(text if "=" in text else Path(text).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"--map {text}: there is no such file of pairs. Write FIELD=COLUMN, or a file with one on each line."
            ) from error
    return read_pairs(texts)


def _damaged(given: _Given, progress: Progress) -> MonitorError:
    return MonitorError(
        f"{given.file.name} is cut or damaged behind line {progress.lines}; what stands before is stored ({progress.rows} rows). "
        "Get the file anew and import it."
    )


def _tell(some: Read, before: int) -> None:
    """The first rows that are set aside, each with its line and the reason; no word of their content."""
    for refusal, _, line in some.refused[: max(0, MOST_TOLD - before)]:
        click.echo(f"line {line}: {refusal.reason}", err=True)


def _told(given: _Given, topic: str | None, after: int, done: Progress, *, dry_run: bool) -> dict[str, Any]:
    file = given.file
    return {
        "file": file.name,
        "format": file.format,
        "sha256": file.sha256,
        "went_on_after": after,
        "rows": done.rows,
        "new": None if dry_run else done.new,
        "changed": None if dry_run else done.changed,
        "unchanged": None if dry_run else done.unchanged,
        "set_aside": done.set_aside,
        "expired": None if dry_run else done.expired,
        "erased": None if dry_run else done.erased,
        "topic": topic,
        "matched": done.matched if topic and not dry_run else None,
        "platforms": [
            {
                "platform": name,
                "source": file.source(name).id,
                "posts": posts.count,
                "from": moment(posts.first_at),
                "to": moment(posts.last_at),
            }
            for name, posts in sorted(done.platforms.items())
        ],
    }


def _lines(given: _Given, topic: str | None, done: Progress, *, dry_run: bool) -> Iterator[str]:
    came = "" if dry_run else f", {done.new} new, {done.changed} changed, {done.unchanged} unchanged"
    yield f"{given.file.name} ({given.file.format}): {done.rows} rows{came}, {done.set_aside} set aside"
    if dropped := done.expired + done.erased:
        yield f"  {dropped} not stored again: {done.expired} written before the horizon, {done.erased} by erased authors"
    for name, posts in sorted(done.platforms.items()):
        yield f"  {name}: {posts.count} posts, written {posts.first_at:%Y-%m-%d %H:%M} to {posts.last_at:%Y-%m-%d %H:%M}"
    if topic and not dry_run:
        yield f"  {done.matched} match the topic {topic}"
    if dry_run:
        yield "Nothing was stored."


def _plain(name: str) -> str:
    """A file's name as it can be stored and shown."""
    name = name.encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)
