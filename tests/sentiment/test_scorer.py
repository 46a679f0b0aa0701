"""Scorers of other packages: found by entry point, run beside VADER, and unable to stop a page."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from monitor.errors import ConfigurationError, UsageError
from monitor.post import Author, Post, Score
from monitor.sentiment import scorer as module
from monitor.sentiment.scorer import attempt, covers, inline, named, scored
from monitor.sentiment.vader import Vader


class German:
    name, version, fast, languages = "german", "1", True, frozenset({"de"})

    def score(self, text: str, language: str | None) -> Score:
        if text == "kaputt":
            raise ZeroDivisionError(text)
        return Score(scorer="german", version="1", label="positive", compound=0.5)


class Slow(German):
    name, fast = "slow", False

    def __init__(self) -> None:
        raise AssertionError("its model is loaded where it works, and not while posts are collected")


class Nameless:
    fast = True


Offer = Callable[..., None]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    """Install entry points: name to what is named, an object of this file or an error that loading raises."""

    class Offered(EntryPoint):
        def load(self) -> Any:
            found = offered[self.name]
            if isinstance(found, Exception):
                raise found
            return found

    offered: dict[str, Any] = {}

    def install(**scorers: Any) -> None:
        offered.update(scorers)
        points = [Offered(name=name, value=f"x:{name}", group=module.GROUP) for name in offered]
        monkeypatch.setattr(module, "entry_points", lambda group: points if group == "social_monitor.scorers" else [])
        forget()

    def forget() -> None:
        module._offers.cache_clear()
        inline.cache_clear()

    yield install
    forget()


def a_post(text: str, language: str | None) -> Post:
    moment = datetime(2026, 11, 20, 8, tzinfo=UTC)
    return Post(
        id="x:1", platform="x", native_id="1", url=None, created_at=moment, text=text, language=language, author=Author(id="1")
    )


def test_named__vader_is_there_without_any_entry_point(offer: Offer) -> None:
    offer()
    assert named("vader").version == "3.3.2"


def test_named__nobody_else_can_be_vader(offer: Offer) -> None:
    offer(vader=German)
    assert isinstance(named("vader"), Vader)


def test_named__unknown__names_those_there_are(offer: Offer) -> None:
    offer(german=German)
    with pytest.raises(UsageError, match="no scorer 'dutch'; installed are: german, vader"):
        named("dutch")


@pytest.mark.parametrize(
    ("scorer", "why"),
    [
        (ImportError("no module named torch"), "cannot be loaded: no module named torch"),
        (Nameless, "it lacks name, version, languages, score"),
        (Slow, "it calls itself slow"),
    ],
)
def test_named__cannot_be_used__says_why(scorer: Any, why: str, offer: Offer) -> None:
    offer(german=scorer)
    with pytest.raises(ConfigurationError, match=why):
        named("german")


def test_inline__the_fast_ones_vader_first_and_no_slow_one_is_made(offer: Offer) -> None:
    offer(german=German, slow=Slow)
    assert [scorer.name for scorer in inline()] == ["vader", "german"]


def test_inline__one_is_broken__is_told_and_the_others_run(offer: Offer, caplog: pytest.LogCaptureFixture) -> None:
    offer(broken=ImportError("no module named torch"), german=German)
    with caplog.at_level(logging.WARNING):
        assert [scorer.name for scorer in inline()] == ["vader", "german"]
    assert "scorer=broken" in caplog.text


@pytest.mark.parametrize(
    ("text", "language", "scorer", "label"),
    [
        ("good", "en", "vader", "positive"),
        ("gut", "de", "german", "positive"),
        ("bon", "fr", "vader", None),
        ("gut", None, "vader", None),
        ("kaputt", "de", "vader", None),
    ],
)
def test_scored__by_the_first_that_gives_a_label(text: str, language: str | None, scorer: str, label: str | None) -> None:
    sentiment = scored(a_post(text, language), [Vader(), German()]).sentiment
    assert sentiment is not None
    assert (sentiment.scorer, sentiment.label) == (scorer, label)


def test_scored__scorer_fails__the_post_goes_its_way_and_its_text_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert scored(a_post("kaputt", "de"), [German()]).sentiment is None
    assert "reason=ZeroDivisionError" in caplog.text
    assert "kaputt" not in caplog.text


def test_scored__no_fast_scorer__is_left_for_the_stage() -> None:
    assert scored(a_post("good", "en"), []).sentiment is None


def test_scored__title_counts() -> None:
    sentiment = scored(replace(a_post("The train.", "en"), title="Wonderful"), [Vader()]).sentiment
    assert sentiment is not None
    assert sentiment.label == "positive"


def test_attempt__refuses_a_language_that_it_is_for__in_its_own_words() -> None:
    class Refusing(German):
        def score(self, text: str, language: str | None) -> Score:
            return Score(scorer="german", version="1", reason=f"language {language}")

    assert attempt(Refusing(), "gut", "de").reason == "refused: language de"
    assert attempt(Refusing(), "good", "en").reason == "language en"


@pytest.mark.parametrize(
    ("languages", "language", "covered"),
    [({"de"}, "de", True), ({"de"}, "en", False), ({"de"}, None, False), (None, "de", True), (None, None, True)],
)
def test_covers(languages: set[str] | None, language: str | None, covered: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(German, "languages", languages)
    assert covers(German(), language) is covered
