"""Waiting as platforms ask for it: every header shape, never early, never beyond the cap."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.crawl.pace import FIRST_BACKOFF_S, LONGEST_ALONE_S, LONGEST_WAIT_S, Pace, asked_wait_s, calls_left

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
            pace.sent(at)
            pace.answered(429, headers, at=at, now=NOW)
        wait = pace.wait_s(at)
        early += wait < (FIRST_BACKOFF_S / 2 if asked is None else min(asked, LONGEST_WAIT_S)) - 1e-9
        assert wait <= LONGEST_WAIT_S + 1e-6
    assert early == 0


def answer(
    pace: Pace, status: int = 200, headers: dict[str, str] | None = None, *, at: float, sent_at: float | None = None
) -> None:
    pace.answered(status, headers or {}, at=at, now=NOW, sent_at=sent_at)


def test_pace__requests_keep_the_spacing() -> None:
    pace = Pace(spacing_s=2.0)
    pace.sent(10.0)
    assert pace.wait_s(10.5) == pytest.approx(1.5)
    answer(pace, at=11.0)
    assert pace.wait_s(12.0) == 0


def test_pace__nothing_is_known_of_a_host__one_request_goes_alone() -> None:
    pace = Pace(spacing_s=0)
    pace.sent(10.0)
    assert 0 < pace.wait_s(10.1) < 0.1
    answer(pace, at=10.2)
    assert pace.wait_s(10.2) == 0


def test_pace__the_one_that_goes_alone_is_not_answered__the_others_do_not_wait_for_ever() -> None:
    pace = Pace(spacing_s=0)
    pace.sent(10.0)
    assert pace.wait_s(10.0 + LONGEST_ALONE_S) == 0


def test_pace__after_a_refusal__one_request_goes_alone() -> None:
    pace = Pace(spacing_s=0)
    pace.sent(10.0)
    answer(pace, 429, {"retry-after": "3"}, at=10.0)
    pace.sent(13.0)
    assert pace.wait_s(13.0) > 0


def test_pace__requests_under_way_count_as_calls_used() -> None:
    pace = Pace(spacing_s=0)
    for _ in range(3):
        pace.sent(10.0)
    answer(pace, 200, {"ratelimit-remaining": "3", "ratelimit-reset": "60"}, at=10.0)
    pace.sent(10.0)
    assert pace.wait_s(10.0) > 0
    for _ in range(3):
        answer(pace, 200, {"ratelimit-remaining": "0", "ratelimit-reset": "60"}, at=10.0)
    assert pace.wait_s(10.0) == 60


def test_pace__a_request_without_a_reply_counts_as_a_call_used() -> None:
    pace = Pace(spacing_s=0)
    pace.sent(10.0)
    answer(pace, 200, {"ratelimit-remaining": "1", "ratelimit-reset": "60"}, at=10.0)
    pace.sent(10.0)
    pace.lost()
    assert pace.wait_s(10.0) == 60


def test_pace__replies_overtake_each_other__the_lowest_number_counts() -> None:
    pace = Pace(spacing_s=0)
    for _ in range(2):
        pace.sent(10.0)
    answer(pace, 200, {"ratelimit-remaining": "1", "ratelimit-reset": "60"}, at=10.2)
    answer(pace, 200, {"ratelimit-remaining": "2", "ratelimit-reset": "60"}, at=10.3)
    pace.sent(10.3)
    assert pace.wait_s(10.3) > 0


def test_pace__a_reply_that_does_not_say_what_is_left__counts_as_a_call_used() -> None:
    pace = Pace(spacing_s=0)
    pace.sent(10.0)
    answer(pace, 200, {"ratelimit-remaining": "1", "ratelimit-reset": "60"}, at=10.0)
    pace.sent(10.0)
    answer(pace, 500, at=10.0)
    assert pace.wait_s(10.0) == 60


def test_pace__a_host_counts_searches_apart__what_is_used_up_holds_until_its_own_reset() -> None:
    pace = Pace(spacing_s=0)
    for _ in range(2):
        pace.sent(10.0)
    answer(pace, 200, {"ratelimit-remaining": "0", "ratelimit-reset": "20"}, at=10.0)
    answer(pace, 200, {"ratelimit-remaining": "55", "ratelimit-reset": "3000"}, at=10.0)
    assert pace.wait_s(10.0) == 20


def test_pace__a_reply_of_the_window_before__says_nothing_of_the_new_one() -> None:
    pace = Pace(spacing_s=0)
    for _ in range(2):
        pace.sent(10.0)
    answer(pace, 200, {"ratelimit-remaining": "5", "ratelimit-reset": "1"}, at=10.1)
    assert pace.wait_s(11.2) > 0  # one of the old window is under way
    answer(pace, 200, {"ratelimit-remaining": "4", "ratelimit-reset": "60"}, at=11.2, sent_at=10.0)
    pace.sent(11.2)
    assert pace.wait_s(11.2) < 1


def test_pace__a_host_that_tells_nothing__gets_more_at_a_time_with_each_good_answer() -> None:
    pace, widths = Pace(spacing_s=0), []
    for _ in range(4):
        while pace.wait_s(10.0) == 0:
            pace.sent(10.0)
        widths.append(pace.under_way)
        for _ in range(pace.under_way):
            answer(pace, at=10.0)
    assert widths == [1, 2, 4, 8]


def test_pace__a_host_that_refuses_without_telling_what_is_left__is_asked_one_by_one() -> None:
    pace = Pace(spacing_s=0)
    pace.sent(10.0)
    answer(pace, 429, {"retry-after": "1"}, at=10.0)
    for _ in range(3):
        pace.sent(11.0)
        assert pace.wait_s(11.0) > 0
        answer(pace, at=11.0)


def test_pace__so_many_are_under_way__one_more_waits__but_not_for_those_that_are_lost() -> None:
    pace = Pace(spacing_s=0)
    for _ in range(3):
        pace.sent(10.0)
    assert pace.crowded(12.0, most=3)
    assert not pace.crowded(12.0, most=4)
    assert not pace.crowded(100.0, most=3)
    answer(pace, at=12.0)
    assert not pace.crowded(12.0, most=3)


def test_pace__many_walks_at_once__never_more_than_the_host_allows_and_most_of_that() -> None:
    """200 hosts that tell what is left: 16 walks ask as soon as they may, replies come out of order."""
    over = sent = allowed = 0
    for seed in range(200):
        rng = random.Random(seed)
        limit, window_s = rng.randint(2, 40), rng.uniform(3, 30)
        host, pace, at, under_way = Counter[int](), Pace(spacing_s=0, draw=rng), 0.0, list[tuple[float, int, float, float]]()
        while at < 4 * window_s:
            while len(under_way) < 16 and pace.wait_s(at) == 0:
                pace.sent(at)
                window = int(at // window_s)
                host[window] += 1
                under_way.append((at + rng.uniform(0.05, 0.4), limit - host[window], (window + 1) * window_s, at))
            at += 0.02
            for ended in [each for each in under_way if each[0] <= at]:
                under_way.remove(ended)
                _, left, reset_at, sent_at = ended
                headers = {"ratelimit-remaining": str(max(0, left)), "ratelimit-reset": f"{reset_at - at}"}
                answer(pace, 200 if left >= 0 else 429, headers, at=at, sent_at=sent_at)
        over += sum(max(0, count - limit) for count in host.values())
        sent, allowed = sent + sum(host.values()), allowed + 4 * limit
    print(f"200 hosts: {sent} requests of {allowed} allowed, {over} over")
    assert over == 0
    assert sent > allowed * 0.8


def test_pace__no_calls_left__waits_for_the_reset_without_a_refusal() -> None:
    pace = Pace(spacing_s=0)
    pace.sent(5.0)
    pace.answered(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "40"}, at=5.0, now=NOW)
    assert pace.wait_s(5.0) == 40


def test_pace__refusals_without_headers_back_off_further() -> None:
    longest = []
    for refusals in (1, 6):
        waits = []
        for seed in range(200):
            pace = Pace(spacing_s=0, draw=random.Random(seed))
            for _ in range(refusals):
                pace.sent(0)
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
