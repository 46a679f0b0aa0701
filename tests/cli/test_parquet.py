"""Parquet: every field comes back with its type and value, in groups, and the file says what it is."""

import hashlib
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result

from monitor.cli import parquet
from monitor.cli.export_file import Hashed
from monitor.cli.parquet import PostsParquet
from monitor.crawl.selection import ALL, Selection
from monitor.errors import ConfigurationError
from monitor.post import FIELDS, Author, Counts, Match, Media, Post, Revision, Score
from monitor.store.connection import Store

AT = datetime(2025, 3, 1, 23, 30, 0, 250_000, tzinfo=UTC)
FULL = Post(
    id="x:1", platform="x", native_id="1", url="https://x.com/1", kind="quote", created_at=AT, edited_at=AT, text="Tea\u0000 ü",
    title="t", summary="s", language="en", author=Author(id="7", handle="ann", followers=2**40, bot=False), tags=("tea",),
    mentions=("bob",), links=("https://tea.example",), media=(Media(kind="image", url="https://i", alt="a"),),
    place={"name": "Berlin", "longitude": 13.4}, reply_to="r", thread="t", repost_of="o", quote_of="q", community="c",
    counts=Counts(likes=0, score=-3), sensitive=False, deleted_at=AT, fetched_at=AT, first_seen=AT,
    revisions=(Revision(text="before", seen_at=AT),), topics=(Match(id="tea", version=2, spans=((0, 3), (4, 5))),),
    link_ids=("tea.example",), domains=("tea.example",), seen_on=("import/twarc",),
    sentiment=Score(scorer="vader", version="1", label="positive", compound=0.5),
)  # fmt: skip
BARE = Post(id="x:2", platform="x", native_id="2", url=None, created_at=AT, text="", author=Author(id="7"))


def written(path: Path, posts: Any, selection: Selection = ALL) -> pq.ParquetFile:
    with path.open("wb") as file:
        hashed = Hashed(file)
        exporter = PostsParquet(hashed, selection)
        for post in posts:
            exporter.export_item(post)
        exporter.finish_exporting()
    assert hashed.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    return pq.ParquetFile(path)


def test_every_field_comes_back(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", [FULL, BARE])
    full, bare = file.read().to_pylist()
    assert list(full) == [name for name in FIELDS if name not in {"raw", "signature"}]
    assert full["created_at"] == full["edited_at"] == full["first_seen"] == AT
    assert (full["text"], full["tags"], full["sensitive"]) == ("Tea\u0000 ü", ["tea"], False)
    assert full["author"] == {"id": "7", "handle": "ann", "name": None, "url": None, "followers": 2**40, "bot": False}
    assert full["counts"] == {"likes": 0, "reposts": None, "replies": None, "quotes": None, "views": None, "score": -3}
    assert (full["sentiment"]["label"], full["sentiment"]["compound"], full["sentiment"]["reason"]) == ("positive", 0.5, None)
    assert full["topics"] == [{"id": "tea", "version": 2, "spans": [[0, 3], [4, 5]]}]
    assert full["media"] == [{"kind": "image", "url": "https://i", "alt": "a"}]
    assert full["revisions"] == [{"text": "before", "title": None, "summary": None, "edited_at": None, "seen_at": AT}]
    assert json.loads(full["place"]) == {"name": "Berlin", "longitude": 13.4}
    assert (bare["url"], bare["sentiment"], bare["tags"], bare["edited_at"], bare["place"]) == (None, None, [], None, None)


def test_types_and_compression(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", [FULL])
    schema = file.schema_arrow
    assert schema.field("created_at").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("counts").type.field("likes").type == pa.int64()
    assert schema.field("sentiment").type.field("compound").type == pa.float64()
    assert {file.metadata.row_group(0).column(number).compression for number in range(file.metadata.num_columns)} == {"ZSTD"}


def test_only_chosen_fields(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", [FULL, BARE], Selection(("text", "author.handle", "sentiment.label", "author.id")))
    assert file.read().to_pylist() == [
        {"text": "Tea\u0000 ü", "author": {"handle": "ann", "id": "7"}, "sentiment": {"label": "positive"}},
        {"text": "", "author": {"handle": None, "id": "7"}, "sentiment": {"label": None}},
    ]


def test_groups__are_written_as_they_are_full__by_number_and_by_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 100)
    file = written(tmp_path / "a.parquet", (BARE for _ in range(250)))
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [100, 100, 50]
    monkeypatch.setattr(parquet, "CHARACTERS_PER_GROUP", 1000)
    file = written(tmp_path / "b.parquet", (BARE.filled(text="x" * 500) for _ in range(5)))
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [2, 2, 1]


def test_no_posts__is_a_table_without_rows(tmp_path: Path) -> None:
    file = written(tmp_path / "a.parquet", [])
    assert (file.metadata.num_rows, file.schema_arrow.names[:2]) == (0, ["id", "platform"])


def test_typed__with_a_manifest(command: Callable[..., Result], with_store: Callable[..., Any], tmp_path: Path) -> None:
    async def put(store: Store) -> None:
        await store.posts.upsert(
            [BARE.filled(id=f"x:{number}", created_at=AT - timedelta(hours=number)) for number in range(3)]
        )

    with_store(put)
    out = tmp_path / "posts.parquet"
    told = command("posts", "platform=x", "-o", str(out), "--fields", "id,created_at")
    assert told.exit_code == 0, told.exception
    assert [row["id"] for row in pq.read_table(out).to_pylist()] == ["x:0", "x:1", "x:2"]
    manifest = json.loads((tmp_path / "posts.parquet.manifest.json").read_text())
    assert (manifest["form"], manifest["fields"], manifest["posts"]) == ("parquet", ["id", "created_at"], 3)
    assert (manifest["bytes"], manifest["sha256"]) == (out.stat().st_size, hashlib.sha256(out.read_bytes()).hexdigest())
    assert "--ids-only" in manifest["terms"]["x"]


def test_without_pyarrow__the_command_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with (tmp_path / "a").open("wb") as file, pytest.raises(ConfigurationError, match=r"pip install 'social-monitor\[data\]'"):
        PostsParquet(Hashed(file), ALL)
