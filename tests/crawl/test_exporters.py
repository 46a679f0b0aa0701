"""Files of exports: a page becomes its posts, and a spreadsheet that opens the table runs nothing."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.bookmark import Bookmark, Step
from monitor.crawl.exported import exported
from monitor.crawl.exporters import COLUMNS, PostsCsv, PostsJson, PostsJsonLines
from monitor.crawl.page_item import PageItem
from monitor.page import Page, Reply
from monitor.paging import Rules
from monitor.post import Author, Counts, Match, Media, Post, Score
from monitor.source import Source
from monitor.text.cell import unguarded

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
POST = Post(
    id="https://birds.example/1",
    platform="mastodon",
    native_id="1",
    url="https://birds.example/@wren/1",
    created_at=AT,
    text='Wrens,\n"sing"\r\nat dawn\n',
    author=Author(id="7", handle="wren", bot=False),
    tags=("birds", "dawn"),
    links=("https://a.example/", "https://b.example/"),
    media=(Media(kind="image", url="https://m.example/1.png"), Media(kind="image")),
    counts=Counts(likes=0, score=-3),
    topics=(Match(id="birds", version=1, spans=((0, 5),)),),
    seen_on=("mastodon/birds.example",),
    sentiment=Score(scorer="vader", version="1", label="negative", compound=-0.5),
    raw=b"row",
)
FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://e.example","x")')


async def page_of(*posts: Post) -> PageItem:
    """A page of these posts, as it leaves the last pipeline."""
    return PageItem(
        source=Source(platform="mastodon", kind="public"),
        page=Page(list(posts), [None] * len(posts)),
        reply=Reply(200, {}, b"", "https://birds.example/", AT),
        step=Step(),
        rules=Rules(order="newest", overlap=AT - AT),
        bookmark=Bookmark(),
        epoch=1,
        run="run",
        asked_at=AT,
        began_at=AT,
        posts=list(posts),
    )


def written(kind: type, *pages: PageItem, file: io.BytesIO | None = None) -> bytes:
    """What the exporter writes for these pages, opened and closed as Scrapy does."""
    target = io.BytesIO() if file is None else file
    exporter = kind(target, encoding="utf-8", indent=None, fields_to_export=None)
    exporter.start_exporting()
    for page in pages:
        exporter.export_item(page)
    exporter.finish_exporting()
    return target.getvalue()


def table(told: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(told.decode(), newline="")))


async def test_json_lines__one_post_per_line_as_documented() -> None:
    told = written(PostsJsonLines, await page_of(POST, replace(POST, id="2")), await page_of(), await page_of(POST))
    assert [json.loads(line) for line in told.splitlines()] == [exported(post) for post in (POST, replace(POST, id="2"), POST)]


async def test_json__is_one_array_of_posts() -> None:
    assert json.loads(written(PostsJson, await page_of(POST), await page_of(POST, POST))) == [exported(POST)] * 3


@pytest.mark.parametrize("pages", [0, 1])
async def test_json__no_posts__is_an_empty_array(pages: int) -> None:
    assert json.loads(written(PostsJson, *[await page_of() for _ in range(pages)])) == []


async def test_csv__every_cell_can_be_read_back() -> None:
    (row,) = table(written(PostsCsv, await page_of(POST)))
    assert tuple(row) == COLUMNS
    known = {name: text for name, text in row.items() if text}
    assert known == {
        "id": POST.id, "platform": "mastodon", "native_id": "1", "kind": "post", "url": POST.url,
        "created_at": "2026-11-22T08:00:00.000Z", "text": POST.text, "author.id": "7", "author.handle": "wren",
        "author.bot": "false", "tags": "birds dawn", "links": "https://a.example/ https://b.example/",
        "media": "https://m.example/1.png", "counts.likes": "0", "counts.score": "-3", "topics": "birds",
        "seen_on": "mastodon/birds.example", "sentiment.scorer": "vader", "sentiment.version": "1",
        "sentiment.label": "negative", "sentiment.compound": "-0.5",
    }  # fmt: skip


async def test_csv__unknown_count_is_empty_and_zero_is_zero() -> None:
    (row,) = table(written(PostsCsv, await page_of(replace(POST, counts=Counts(likes=0)))))
    assert (row["counts.likes"], row["counts.replies"]) == ("0", "")


@pytest.mark.parametrize("text", FORMULAS)
async def test_csv__a_cell_that_begins_as_a_formula__is_text_for_a_spreadsheet(text: str) -> None:
    post = replace(POST, text=text, tags=(text,), author=Author(id="7", name=text), title=text)
    (row,) = table(written(PostsCsv, await page_of(post)))
    assert [row[name] for name in ("text", "tags", "author.name", "title")] == [f"'{text}"] * 4


async def test_csv__no_posts__has_its_header() -> None:
    """A reader of tables takes an empty file for a broken one."""
    assert table(written(PostsCsv)) == []
    assert written(PostsCsv).decode().strip().split(",") == list(COLUMNS)


async def test_csv__goes_on_with_a_file__has_one_header() -> None:
    file = io.BytesIO()
    written(PostsCsv, await page_of(POST), file=file)
    rows = table(written(PostsCsv, await page_of(replace(POST, id="2")), file=file))
    assert [row["id"] for row in rows] == [POST.id, "2"]


@given(st.text(max_size=40), st.text(max_size=40))
async def test_csv__any_text_comes_back(text: str, name: str) -> None:
    post = replace(
        POST,
        text=text.encode("utf-8", "replace").decode(),
        author=Author(id="7", name=name.encode("utf-8", "replace").decode()),
    )
    (row,) = table(written(PostsCsv, await page_of(post)))
    for told, meant in ((row["text"], post.text), (row["author.name"], post.author.name)):
        assert unguarded(told) == meant
        assert not told.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("kind", [PostsJsonLines, PostsJson, PostsCsv])
async def test_what_is_no_page__of_another_spider__is_written_as_it_is(kind: Any) -> None:
    assert b"mine" in written(kind, {"id": "mine"})  # type: ignore[arg-type]
