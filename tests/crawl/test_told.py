"""What headers tell of a limit: every shape that platforms send, and nothing from those that mean nothing."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.crawl.told import LONGEST_WINDOW_S, Told, asked_wait_s, calls_left, told_in

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
IN_90_S = NOW + timedelta(seconds=90)
EPOCH = int(IN_90_S.timestamp())

SHAPES = [
    # Mastodon
    (
        {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "12", "x-ratelimit-reset": "2026-11-22T08:01:30.250000Z"},
        Told(left=12, reset_s=90.25, coarse=False, limit=300),
    ),
    # Bluesky
    (
        {"ratelimit-limit": "3000", "ratelimit-remaining": "12", "ratelimit-reset": f"{EPOCH}", "ratelimit-policy": "3000;w=300"},
        Told(left=12, reset_s=90, limit=3000, window_s=300),
    ),
    # Reddit
    (
        {"x-ratelimit-remaining": "997.0", "x-ratelimit-used": "3", "x-ratelimit-reset": "90"},
        Told(left=997, reset_s=90),
    ),
    # X, with its limit of a day beside the usual one: the nearer one counts
    (
        {
            "x-rate-limit-limit": "450", "x-rate-limit-remaining": "12", "x-rate-limit-reset": f"{EPOCH}",
            "x-app-limit-24hour-limit": "10000", "x-app-limit-24hour-remaining": "13", "x-app-limit-24hour-reset": f"{EPOCH + 9000}",
        },
        Told(left=12, reset_s=90, limit=450),
    ),
    (
        {
            "x-rate-limit-limit": "450", "x-rate-limit-remaining": "12", "x-rate-limit-reset": f"{EPOCH}",
            "x-app-limit-24hour-limit": "10000", "x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": f"{EPOCH + 9000}",
        },
        Told(left=0, reset_s=9090, limit=10_000, window_s=86_400),
    ),
    # GitHub; and its recordings, in milliseconds
    (
        {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "12", "x-ratelimit-reset": f"{EPOCH}", "x-ratelimit-used": "48"},
        Told(left=12, reset_s=90, limit=60),
    ),
    (
        {"x-ratelimit-remaining": "12", "x-ratelimit-reset": f"{EPOCH * 1000 + 500}"},
        Told(left=12, reset_s=90.5, coarse=False),
    ),
    # Product Hunt
    (
        {"x-rate-limit-limit": "6250", "x-rate-limit-remaining": "12", "x-rate-limit-reset": "90"},
        Told(left=12, reset_s=90, limit=6250),
    ),
    # Discord
    (
        {"x-ratelimit-remaining": "12", "x-ratelimit-reset": f"{EPOCH}.470", "x-ratelimit-reset-after": "90.470"},
        Told(left=12, reset_s=90.47, coarse=False),
    ),
    # Tumblr
    (
        {
            "x-ratelimit-perhour-limit": "1000", "x-ratelimit-perhour-remaining": "12", "x-ratelimit-perhour-reset": "90",
            "x-ratelimit-perday-limit": "5000", "x-ratelimit-perday-remaining": "4000", "x-ratelimit-perday-reset": "40000",
        },
        Told(left=12, reset_s=90, limit=1000, window_s=3600),
    ),
    # The drafts of a standard
    ({"ratelimit": "limit=100, remaining=12, reset=90"}, Told(left=12, reset_s=90, limit=100)),
    (
        {"ratelimit": '"default";r=12;t=90', "ratelimit-policy": '"default";q=100;w=600'},
        Told(left=12, reset_s=90, limit=100, window_s=600),
    ),
    ({"ratelimit": '"burst";r=40;t=1, "daily";r=12;t=90'}, Told(left=12, reset_s=90)),
    # Meta: percentages say nothing in calls, but that nothing is left, and for how many minutes
    ({"x-app-usage": '{"call_count": 28, "total_time": 25, "total_cputime": 25}'}, None),
    ({"x-app-usage": '{"call_count": 100, "total_time": 25, "total_cputime": 25}'}, Told(left=0, reset_s=3600)),
    (
        {"x-business-use-case-usage": '{"17": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]}'},
        Told(left=0, reset_s=1140),
    ),
    # The last second of a window, told in whole ones
    ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "0"}, Told(left=12, reset_s=0)),
    ({"ratelimit": "limit=100, remaining=12, reset=0"}, Told(left=12, reset_s=0, limit=100)),
    ({"ratelimit": '"default";r=12;t=0', "ratelimit-policy": '"default";q=100;w=15'}, Told(left=12, reset_s=0, limit=100, window_s=15)),
    # Nothing usable
    ({}, None),
    ({"x-ratelimit-remaining": "12"}, None),
    ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "soon"}, None),
    ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "90"}, None),
    ({"x-ratelimit-remaining": "\u00b2", "x-ratelimit-reset": "90"}, None),
    ({"x-ratelimit-remaining": "12, 13", "x-ratelimit-reset": "90"}, None),
    ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": f"{EPOCH - 900}"}, None),
    ({"ratelimit": "r=1e999;t=x"}, None),
    ({"x-app-usage": "[[[["}, None),
    ({"x-business-use-case-usage": '{"17": [{"call_count": "100"}]}'}, None),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "expected"), SHAPES)
def test_told__each_header_shape(headers: dict[str, str], expected: Told | None) -> None:
    told = told_in(headers, now=NOW)
    if expected is None:
        assert told is None
        return
    assert told is not None
    assert (told.left, told.limit, told.window_s, told.coarse) == (
        expected.left, expected.limit, expected.window_s, expected.coarse,
    )  # fmt: skip
    assert told.reset_s == pytest.approx(expected.reset_s)


def test_told__a_window_longer_than_a_day__is_not_believed() -> None:
    told = told_in({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999"}, now=NOW)
    assert told is not None
    assert told.reset_s == LONGEST_WINDOW_S


@pytest.mark.parametrize("off_s", [-600, 600])
def test_told__our_clock_is_wrong__the_servers_date_counts(off_s: int) -> None:
    """Ten minutes off: a reset as a point in time still means 90 seconds."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{EPOCH}", "date": format_datetime(NOW, usegmt=True)}
    told = told_in(headers, now=NOW + timedelta(seconds=off_s))
    assert told is not None
    assert told.reset_s == pytest.approx(90)
    assert asked_wait_s(headers, now=NOW + timedelta(seconds=off_s)) == pytest.approx(90)


@pytest.mark.parametrize("ahead_s", [1.2, 2.5, 4.3])
def test_told__our_clock_is_little_ahead__no_window_ends_early_and_no_wait_is_cut(ahead_s: float) -> None:
    """The reply was made at most a second after its Date, which has whole ones."""
    sent = format_datetime(NOW, usegmt=True)
    told = told_in(
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{EPOCH}", "date": sent}, now=NOW + timedelta(seconds=ahead_s)
    )
    assert told is not None
    assert 90 <= told.reset_s <= 91
    asked = {"retry-after": format_datetime(IN_90_S, usegmt=True), "date": sent}
    assert asked_wait_s(asked, now=NOW + timedelta(seconds=ahead_s)) == 90


@pytest.mark.parametrize("off_s", [-4.3, 0.9])
def test_told__our_clock_is_behind_or_right__it_is_used(off_s: float) -> None:
    """Behind is the safe side; less than a second after a Date says nothing of a clock."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{EPOCH}", "date": format_datetime(NOW, usegmt=True)}
    told = told_in(headers, now=NOW + timedelta(seconds=off_s))
    assert told is not None
    assert told.reset_s == pytest.approx(90 - off_s)


def test_asked_wait__minutes_and_used_up_percentages() -> None:
    usage = {"x-business-use-case-usage": '{"17": [{"call_count": 100, "estimated_time_to_regain_access": 19}]}'}
    assert asked_wait_s(usage, now=NOW) == 19 * 60


def test_calls_left__a_float_and_the_drafts_of_a_standard() -> None:
    assert calls_left({"x-ratelimit-remaining": "997.0"}) == 997
    assert calls_left({"ratelimit": '"default";r=12;t=90'}) == 12
    assert calls_left({"ratelimit": "limit=100, remaining=12, reset=90"}) == 12
