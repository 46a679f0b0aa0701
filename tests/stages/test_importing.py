"""Lines become batches of posts and refusals: none is lost between two batches, none is held longer than its batch."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import clock
from monitor.importing import exchanged, twarc
from monitor.importing.format import Format
from monitor.importing.lines import Line
from monitor.stages import importing
from monitor.stages.importing import ROWS_PER_WRITE, read
from monitor.store.imports import File

FILE = File(name="a.jsonl", sha256="ab", format="twarc")
READ_AT = datetime(2024, 1, 1, tzinfo=UTC)


def tweet(number: int, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "author_id": "7", "text": "tea", "created_at": "2021-06-01T00:00:00Z", **more}


def test_batches__together_are_every_line_once__and_none_is_larger_than_a_page_more() -> None:
    pages = [Line(number, {"data": [tweet(100 * number + each) for each in range(100)], "meta": {}}) for number in range(1, 38)]
    batches = list(read(twarc.FORMAT, pages, FILE, read_at=READ_AT))
    assert sum(batch.lines for batch in batches) == 37
    assert sum(batch.rows for batch in batches) == 3700
    assert [found.post.native_id for batch in batches for found in batch.posts] == [str(number) for number in range(100, 3800)]
    assert max(batch.rows for batch in batches) < ROWS_PER_WRITE + 100


def test_memory__does_not_grow_with_the_file() -> None:
    """The reader asks for no line before the batch in front of it was taken."""
    given = 0

    def lines() -> Iterator[Line]:
        nonlocal given
        for number in range(1, 5001):
            given = number
            yield Line(number, tweet(number))

    taken = 0
    for batch in read(twarc.FORMAT, lines(), FILE, read_at=READ_AT):
        taken += batch.lines
        assert given <= taken + 1
    assert taken == 5000


def test_bad_lines__are_refused_with_their_number__whatever_they_do() -> None:
    def rows(line: Any) -> Any:
        return line["rows"]

    form = Format("odd", "x", rows, twarc.post)
    lines = [
        Line(1, {"rows": [tweet(1)]}),
        Line(5, "cut", "the line is no JSON, or is cut"),
        Line(6, {}),
        Line(7, {"rows": [None, tweet(2)]}),
    ]
    (batch,) = read(form, lines, FILE, read_at=READ_AT)
    assert [found.post.native_id for found in batch.posts] == ["1", "2"]
    assert [(line, platform, refusal.reason) for refusal, platform, line in batch.refused] == [
        (5, "x", "the line is no JSON, or is cut"),
        (6, "x", "the page cannot be taken apart (KeyError)"),
        (7, "x", "the row is no JSON object"),
    ]
    assert (batch.lines, batch.rows) == (4, 5)


def test_a_damaged_file__gives_all_before_it_breaks() -> None:
    def lines() -> Iterator[Line]:
        yield Line(1, tweet(1))
        raise zlib.error("cut")

    batches = read(twarc.FORMAT, lines(), FILE, read_at=READ_AT)
    assert [found.post.native_id for found in next(batches).posts] == ["1"]
    with pytest.raises(zlib.error):
        next(batches)


def test_when_it_was_read__by_the_row__else_by_the_file__else_now() -> None:
    note = {"__twarc": {"retrieved_at": "2021-06-02T00:00:00+00:00"}}
    young = tweet(3, created_at=(clock.now() - timedelta(hours=1)).isoformat())
    lines = [Line(1, tweet(1, **note)), Line(2, tweet(2)), Line(3, young)]
    (batch,) = read(twarc.FORMAT, lines, FILE, read_at=READ_AT)
    first, second, third = (found.post.fetched_at for found in batch.posts)
    assert (first, second) == (datetime(2021, 6, 2, tzinfo=UTC), READ_AT)
    assert third is not None
    assert third > clock.now() - timedelta(minutes=5)


def test_what_an_earlier_database_knew__is_kept_beside_the_post() -> None:
    row = {
        "id": "m:1", "platform": "mastodon", "native_id": "1", "created_at": "2021-06-01T00:00:00.000Z", "text": "tea",
        "author": {"id": "7"}, "first_seen": "2021-06-01T01:00:00.000Z", "seen_on": ["mastodon/a.example"],
        "topics": [{"id": "tea", "version": 2, "spans": [[0, 3]]}], "counts": {"likes": 1}, "fetched_at": "2021-06-03T00:00:00.000Z",
        "sentiment": {"label": None, "scorer": "vader", "version": "3", "reason": "no text"},
    }  # fmt: skip
    (batch,) = read(exchanged.FORMAT, [Line(1, row)], FILE, read_at=READ_AT)
    (found,) = batch.posts
    assert found.post.fetched_at == datetime(2021, 6, 3, tzinfo=UTC)
    assert found.kept["first_seen"] == datetime(2021, 6, 1, 1, tzinfo=UTC)
    assert found.kept["seen_on"] == ("mastodon/a.example",)
    assert found.kept["sentiment"].reason == "no text"


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform": "No Platform"}, {"platform": "$x"}, {"platform": "a.b"}, {"author": {"id": "7", "odd": 1}},
        {"counts": {"likes": -1}},
        {"sentiment": {"label": "great", "scorer": "x"}}, {"sentiment": {"label": "positive", "scorer": "x", "compound": 7}},
        {"topics": [{"id": 5, "version": 1}]}, {"first_seen": "never"}, {"media": [{"kind": "hologram"}]}, {"seen_on": [1]},
        {"revisions": [{"text": "a"}]}, {"text": None}, {"created_at": "2999-01-01T00:00:00Z"}, {"topics": 5}, {"counts": 5},
    ],
)  # fmt: skip
def test_a_hostile_row_of_our_own_form__is_refused(wrong: dict[str, Any]) -> None:
    row = {
        "id": "1",
        "platform": "x",
        "native_id": "1",
        "created_at": "2021-06-01T00:00:00Z",
        "text": "tea",
        "author": {"id": "7"},
    }
    (batch,) = read(exchanged.FORMAT, [Line(1, row | wrong)], FILE, read_at=READ_AT)
    assert (len(batch.posts), len(batch.refused)) == (0, 1)
    assert batch.refused[0][1] == importing.UNKNOWN
