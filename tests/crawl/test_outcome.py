"""What a finished poll means for its source: the word people see, and when it is asked again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from monitor import errors
from monitor.bookmark import Bookmark, Gap
from monitor.crawl.outcome import AFTER_FAILURE_S, AFTER_GONE_S, AFTER_REFUSAL_S, SOON_S, outcome
from monitor.errors import (
    CredentialsError,
    GoneError,
    LeaseLostError,
    MonitorError,
    RateLimitedError,
    RefusedError,
    ReplyError,
    StoreUnavailableError,
)
from monitor.store.sources import State

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
INTERVAL_S = 300.0
GAP = Gap(top=5, floor=1, cursor=None, cursor_at=None, opened_at=NOW)


@dataclass
class Walked:
    stopped: str | None = None
    stuck: frozenset[object] = frozenset()
    rolled_off: bool = False


@dataclass
class Polled:
    """As much of a poll as its outcome depends on."""

    bookmark: Bookmark = field(default_factory=Bookmark)
    walk: Walked = field(default_factory=Walked)


def due_in_s(error: MonitorError | None, poll: Any = None, *, interval_s: float = INTERVAL_S) -> tuple[str, float]:
    state = outcome(error, poll or Polled(), interval_s=interval_s, now=NOW)
    return state.state, (state.next_due - NOW) / timedelta(seconds=1)


def test_outcome__all_read__is_ok_and_due_after_its_interval() -> None:
    assert due_in_s(None) == ("ok", INTERVAL_S)
    assert outcome(None, Polled(), interval_s=1, now=NOW).reason is None  # type: ignore[arg-type]


@pytest.mark.parametrize("poll", [Polled(Bookmark(gaps=(GAP,))), Polled(walk=Walked("page budget used"))])
def test_outcome__something_is_left_to_read__is_ok_and_due_soon(poll: Polled) -> None:
    assert due_in_s(None, poll) == ("ok", SOON_S)


def test_outcome__feed_rolled_off_between_two_polls__is_due_sooner() -> None:
    assert due_in_s(None, Polled(walk=Walked(rolled_off=True))) == ("ok", INTERVAL_S / 4)


def test_outcome__the_walk_stopped__says_why() -> None:
    assert outcome(None, Polled(walk=Walked("led back")), interval_s=1, now=NOW).reason == "led back"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "state", "due"),
    [
        (RateLimitedError("x", wait_s=7), "rate-limited", 7),
        (RateLimitedError("x"), "rate-limited", INTERVAL_S),
        (RateLimitedError("x", wait_s=0), "rate-limited", 0),
        (ReplyError("x"), "failing", AFTER_FAILURE_S),
        (ReplyError("x", wait_s=7), "failing", AFTER_FAILURE_S),
        (StoreUnavailableError("x"), "failing", AFTER_FAILURE_S),
        (LeaseLostError("x"), "failing", AFTER_FAILURE_S),
        (CredentialsError("x"), "needs credentials", AFTER_REFUSAL_S),
        (GoneError("x"), "failing", AFTER_GONE_S),
        (RefusedError("x"), "failing", AFTER_REFUSAL_S),
        (MonitorError("x"), "failing", AFTER_REFUSAL_S),
    ],
)
def test_outcome__by_error(error: MonitorError, state: str, due: float) -> None:
    assert due_in_s(error) == (state, due)


def test_outcome__a_short_interval__is_not_lengthened_by_a_passing_failure() -> None:
    assert due_in_s(ReplyError("x"), interval_s=20) == ("failing", 20)


def test_outcome__a_long_interval__is_not_shortened_by_a_refusal() -> None:
    assert due_in_s(CredentialsError("x"), interval_s=7200) == ("needs credentials", 7200)


def test_outcome__every_error_there_is__has_a_word_and_its_sentence() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MonitorError)]
    assert len(kinds) > 10
    for kind in kinds:
        state = outcome(kind("what happened"), Polled(), interval_s=INTERVAL_S, now=NOW)  # type: ignore[arg-type]
        assert state.state in set(get_args(State)) - {"ok", "paused", "never ran"}
        assert state.reason == "what happened"
        assert state.next_due >= NOW
