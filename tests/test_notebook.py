"""The notebook of the documents runs cell by cell on a real database, as somebody would run it, and its figures are right."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config
from monitor.post import Author, Match, Post, Score
from monitor.source import Source
from monitor.store.connection import open_store

NOTEBOOK = json.loads((Path(__file__).parents[1] / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
AT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
LABELS = ("positive", "positive", "neutral", "negative", None)


def post(number: int, **more: Any) -> Post:
    label = LABELS[number % len(LABELS)]
    at = AT - timedelta(days=number % 3)
    return Post(
        id=f"x:{number}",
        platform="mastodon",
        native_id=str(number),
        url=None,
        created_at=at,
        first_seen=at + timedelta(minutes=number),
        fetched_at=at + timedelta(minutes=number),
        text="Tea",
        author=Author(id="ada"),
        tags=("tea", "milk") if number % 2 else ("tea",),
        topics=(Match(id="tea", version=1),),
        sentiment=Score(scorer="vader", version="3", label=label, compound=None if label is None else 0.5),
        seen_on=("mastodon/a.example",),
        **more,
    )


@pytest.fixture
async def uri(config: Config, mongodb_uri: str) -> str:
    """The address of a database with twenty posts of a topic, one of another, and a ledger."""
    store = await open_store(config)
    try:
        other = post(99).filled(topics=(Match(id="coffee", version=1),))
        await store.posts.upsert([*(post(number) for number in range(20)), other])
        source = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "a.example"}, topics=("tea",))
        await store.sources.ensure(source)
        entry = {"source": source.id, "version": 1, "n": 0, "from": AT - timedelta(hours=5), "to": AT, "state": "covered"}
        await store.database["ledger"].insert_one({"_id": f"{source.id}:1:0", **entry})
    finally:
        await store.close()
    head, _, options = mongodb_uri.partition("?")
    base = head if head.endswith("/") else head.rpartition("/")[0] + "/" if head.count("/") > 2 else f"{head}/"
    return f"{base}{config.database}?{options}"


def code_cells() -> Iterator[tuple[int, str]]:
    for number, cell in enumerate(NOTEBOOK["cells"], start=1):
        if cell["cell_type"] == "code":
            yield number, "".join(cell["source"])


def test_it_is_a_notebook_without_outputs() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    for cell in NOTEBOOK["cells"]:
        assert cell["cell_type"] in {"code", "markdown"}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_every_cell_runs__and_its_figures_are_those_of_the_posts(
    uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTEBOOK_URI", uri)
    names: dict[str, Any] = {}
    for number, source in code_cells():
        exec(compile(source, f"cell {number}", "exec"), names)
    told = capsys.readouterr().out
    assert "21 posts" in told
    assert names["topic"] == "tea"
    # 23:30 UTC is half past midnight in Berlin.
    assert {str(day): count for day, count in names["days"].items()} == {"2026-11-21": 7, "2026-11-20": 7, "2026-11-19": 6}
    assert names["labels"] == {"positive": 8, "neutral": 4, "negative": 4, "not scored": 4}
    assert "positive          8   50.0%  (28.0% to 72.0%)" in told
    assert names["pairs"] == {("milk", "tea"): 10}
    assert names["scorers"][0]["posts"] == 20
    assert "20 posts: half within 10 minutes, 95 % within 18, mean 10" in told
    assert names["states"] == {"covered": 5.0}
