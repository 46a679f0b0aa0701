"""`monitor why` as it is typed: which words drove a score."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from math import sqrt
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import monitor
from monitor.cli import why as why_module
from monitor.errors import MonitorError, UsageError
from monitor.post import Author, Post, Score
from monitor.sentiment import vader
from monitor.store.connection import Store

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
TEXT = "The food was NOT good, but I love the view!!"
KEYS = {"post", "language", "scorer", "version", "label", "compound", "reason", "words", "sum"}


class Silent:
    """A scorer that gives no account of itself."""

    name, version, fast, languages = "silent", "1", True, None

    def score(self, text: str, language: str | None) -> Score:
        return Score(scorer=self.name, version=self.version, label="positive", compound=0.5)


class Telling(Silent):
    name = "telling"

    def why(self, text: str, language: str | None) -> list[tuple[str, float]]:
        return [("gut\x1b[2J", 1.0)]


def typed(*words: str) -> Result:
    return CliRunner().invoke(monitor, ["why", *words])


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> Callable[..., None]:
    """Store the post x:1 with a title and this score."""

    def put(sentiment: Score | None, **changes: Any) -> None:
        values: dict[str, Any] = {"language": "en", **changes}
        post = Post(
            id="x:1", platform="x", native_id="1", url=None, created_at=AT, title="A great day", text=TEXT,
            author=Author(id="ann"), fetched_at=AT, seen_on=("x",), sentiment=sentiment, **values,
        )  # fmt: skip

        async def add(store: Store) -> None:
            await store.posts.upsert([post])

        with_store(add)

    return put


def test_text__the_words_with_negation_but_and_emphasis_applied() -> None:
    told = typed("--text", TEXT)
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        "positive, compound +0.7705, by vader 3.3.2",
        "",
        "contribution  word",
        "      -0.703  good",
        "      +4.800  love",
        "      +0.584  !!",
        "      +4.681  in all",
    ]


def test_json__is_one_object__whose_contributions_make_the_compound() -> None:
    told = json.loads(typed("--text", TEXT, "--json").stdout)
    assert told.keys() == KEYS
    assert (told["post"], told["language"], told["scorer"], told["label"]) == (None, "en", "vader", "positive")
    whole = sum(each["contribution"] for each in told["words"])
    assert told["sum"] == pytest.approx(whole)
    assert round(whole / sqrt(whole * whole + 15), 4) == told["compound"]


def test_post__is_explained_as_it_is_scored__title_included(command: Any, stored: Callable[..., None]) -> None:
    stored(vader.score(f"A great day\n\n{TEXT}", "en"))
    told = command("why", "x:1", "--sentiment", "--json")
    assert told.stderr == ""
    found = json.loads(told.stdout)
    assert found["post"] == "x:1"
    assert [each["word"] for each in found["words"]] == ["great", "good", "love", "!!"]


def test_post__stored_with_another_score__is_said_on_stderr(command: Any, stored: Callable[..., None]) -> None:
    stored(Score(scorer="vader", version="0", label="negative", compound=-0.5))
    told = command("why", "x:1", "--sentiment")
    assert told.stdout.startswith("positive, compound +")
    assert "stored with another score, by vader 0: negative, compound -0.5000." in told.stderr


def test_post__cannot_be_scored__says_the_reason_and_no_words(command: Any, stored: Callable[..., None]) -> None:
    stored(None, language="de")
    assert command("why", "x:1", "--sentiment").stdout == "no score: language de, by vader 3.3.2\n"
    assert json.loads(command("why", "x:1", "--sentiment", "--json").stdout)["words"] == []


def test_post__there_is_none__says_what_an_id_is(command: Any) -> None:
    told = command("why", "x:2", "--sentiment")
    assert isinstance(told.exception, MonitorError)
    assert "There is no post 'x:2' in the database" in str(told.exception)


def test_nothing_carries_sentiment__says_so() -> None:
    assert typed("--text", "The tram is yellow.").stdout.endswith("\nNo word of it carries sentiment.\n")


def test_scorer__gives_no_account__says_so_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why_module, "scorer_named", lambda _name: Silent())
    told = typed("--text", TEXT, "--scorer", "silent")
    assert told.stdout == ("positive, compound +0.5000, by silent 1\nThis scorer does not say which words drove its scores.\n")
    assert json.loads(typed("--text", TEXT, "--json").stdout)["words"] is None


def test_scorer__its_own_account__is_shown_without_terminal_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why_module, "scorer_named", lambda _name: Telling())
    assert "      +1.000  gut\N{REPLACEMENT CHARACTER}[2J\n" in typed("--text", TEXT).stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("x:1", "--text", "good"),
        ("x:1", "--language", "en"),
        ("x:1", "--scorer", "vader"),
        ("x:1", "--sentiment", "--at", "-1d"),
    ],
)
def test_arguments__that_make_no_sense_together__are_refused(words: tuple[str, ...]) -> None:
    assert isinstance(typed(*words).exception, UsageError)
