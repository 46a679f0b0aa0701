"""Waiting as platforms ask for it: every header shape, never early, never beyond the cap."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.crawl.pace import FIRST_BACKOFF_S, LONGEST_WAIT_S, Pace, asked_wait_s, calls_left

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
IN_90_S = NOW + timedelta(seconds=90)

SHAPES = [
    ({"retry-after": "90"}, 90),
    ({"retry-after": "90.5"}, 90.5),
    ({"retry-after": format_datetime(IN_90_S, usegmt=True)}, 90),
    ({"retry-after": "999999999"}, LONGEST_WAIT_S),
    ({"retry-after": "-5"}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after": format_datetime(NOW - timedelta(hours=1), usegmt=True)}, None),
    ({"x-ratelimit-reset": "2026-11-22T08:01:30.250Z"}, 90.25),
    ({"x-ratelimit-reset": str(int(IN_90_S.timestamp()))}, 90),
    ({"x-ratelimit-reset": str(int(IN_90_S.timestamp()) * 1000)}, 90),
    ({"ratelimit-reset": "90"}, 90),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "expected"), SHAPES)
def test_asked_wait__each_header_shape(headers: dict[str, str], expected: float | None) -> None:
    assert asked_wait_s(headers, now=NOW) == (None if expected is None else pytest.approx(expected))


def test_asked_wait__unreadable_retry_after_falls_back_to_the_reset_header() -> None:
    assert asked_wait_s({"retry-after": "soon", "x-ratelimit-reset": "30"}, now=NOW) == 30


@pytest.mark.parametrize(("headers", "asked"), SHAPES)
def test_pace__next_request_is_never_early_and_never_beyond_the_cap(headers: dict[str, str], asked: float | None) -> None:
    """500 refusals per shape, at random moments."""
    early = 0
    for seed in range(500):
        rng = random.Random(seed)
        pace, at = Pace(spacing_s=1.0, draw=rng), rng.uniform(0, 1000)
        for _ in range(rng.randint(1, 6)):
            pace.answered(429, headers, at=at, now=NOW)
        wait = pace.wait_s(at)
        early += wait < (FIRST_BACKOFF_S / 2 if asked is None else min(asked, LONGEST_WAIT_S)) - 1e-9
        assert wait <= LONGEST_WAIT_S + 1e-6
    assert early == 0


def test_pace__requests_keep_the_spacing() -> None:
    pace = Pace(spacing_s=2.0)
    pace.sent(10.0)
    assert pace.wait_s(10.5) == pytest.approx(1.5)
    assert pace.wait_s(12.0) == 0


def test_pace__no_calls_left__waits_for_the_reset_without_a_refusal() -> None:
    pace = Pace(spacing_s=0)
    pace.answered(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "40"}, at=5.0, now=NOW)
    assert pace.wait_s(5.0) == 40


def test_pace__refusals_without_headers_back_off_further() -> None:
    longest = []
    for refusals in (1, 6):
        waits = []
        for seed in range(200):
            pace = Pace(spacing_s=0, draw=random.Random(seed))
            for _ in range(refusals):
                pace.answered(429, {}, at=0, now=NOW)
            waits.append(pace.wait_s(0))
        longest.append(max(waits))
    assert longest[1] > 4 * longest[0]


def test_calls_left__unsaid_is_none() -> None:
    assert calls_left({}) is None
    assert calls_left({"ratelimit-remaining": "7"}) == 7


def test_pace__platforms_own_word_for_a_wait__is_kept_beyond_the_cap_and_never_shortened() -> None:
    """A quota that is used up at noon is a wait of twelve hours."""
    pace = Pace(spacing_s=1.0)
    pace.hold(12 * 3600, at=10.0)
    assert pace.wait_s(10.0) == 12 * 3600
    pace.hold(5, at=10.0)
    assert pace.wait_s(10.0) == 12 * 3600


@pytest.mark.parametrize(
    "headers", [{"retry-after": "Mon, 1 Jan 99999999999999999999 00:00:00 GMT"}, {"x-ratelimit-remaining": "\u00b2"}]
)
def test_headers__hostile_ones_count_as_unsaid(headers: dict[str, str]) -> None:
    assert (asked_wait_s(headers, now=NOW), calls_left(headers)) == (None, None)
