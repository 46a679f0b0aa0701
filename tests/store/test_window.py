"""Windows and their cuts, at the changes of clocks above all."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from monitor.store.window import Window, days, hours, minutes

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lengths(cuts: tuple[datetime, ...]) -> list[float]:
    return [(end - begin) / timedelta(hours=1) for begin, end in pairwise(cuts)]


def local_days(zone: str, first: str, last: str) -> tuple[datetime, ...]:
    """The days from local midnight to local midnight."""
    begin, end = (datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)) for day in (first, last))
    return days(Window.around(begin, end), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "first", "last", "expected"),
    [
        ("Europe/Berlin", "2026-03-28", "2026-03-31", [24, 23, 24]),
        ("Europe/Berlin", "2026-10-24", "2026-10-27", [24, 25, 24]),
        ("America/New_York", "2026-03-07", "2026-03-10", [24, 23, 24]),
        ("America/New_York", "2026-10-31", "2026-11-03", [24, 25, 24]),
        ("Asia/Kolkata", "2026-03-28", "2026-03-31", [24, 24, 24]),
        ("Australia/Lord_Howe", "2026-04-04", "2026-04-07", [24, 24.5, 24]),
        # Where midnight is skipped, the day begins at one o'clock; where it comes twice, at the first.
        ("Africa/Cairo", "2024-04-25", "2024-04-28", [24, 23, 24]),
        ("America/Havana", "2024-11-02", "2024-11-05", [24, 25, 24]),
    ],
)
def test_local_days_are_as_long_as_clocks_make_them(zone: str, first: str, last: str, expected: list[float]) -> None:
    assert lengths(local_days(zone, first, last)) == expected


def test_the_first_and_the_last_day_are_what_the_window_has_of_them() -> None:
    window = Window(from_at=at("2026-03-28T20:30"), to_at=at("2026-03-29T22:15"))
    assert days(window, BERLIN) == (window.from_at, at("2026-03-28T23:00"), at("2026-03-29T22:00"), window.to_at)


def test_full_hours_are_those_of_the_zone() -> None:
    window = Window(from_at=at("2026-03-28T20:10"), to_at=at("2026-03-28T22:00"))
    assert hours(window) == (window.from_at, at("2026-03-28T21:00"), window.to_at)
    assert hours(window, ZoneInfo("Asia/Kolkata")) == (
        window.from_at, at("2026-03-28T20:30"), at("2026-03-28T21:30"), window.to_at,
    )  # fmt: skip


def test_full_hours__clocks_are_set_back_by_half_an_hour__one_is_longer() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    cuts = hours(Window(from_at=at("2026-04-04T12:00"), to_at=at("2026-04-04T18:00")), zone)
    assert {cut.astimezone(zone).minute for cut in cuts[:-1]} == {0}
    assert lengths(cuts) == [1, 1, 1.5, 1, 1, 0.5]


def test_minutes_go_from_end_to_end() -> None:
    window = Window(from_at=at("2026-03-28T20:58"), to_at=at("2026-03-28T21:01"))
    assert [cut.minute for cut in minutes(window)] == [58, 59, 0, 1]


def test_a_window_around_moments_holds_them_in_whole_minutes() -> None:
    window = Window.around(
        datetime(2026, 3, 28, 21, 30, 59, tzinfo=BERLIN), datetime(2026, 3, 28, 21, 31, 0, 1, tzinfo=BERLIN), topic="tea"
    )
    assert (window.from_at, window.to_at, window.topic) == (at("2026-03-28T20:30"), at("2026-03-28T20:32"), "tea")


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (at("2026-03-28T20:00"), at("2026-03-28T20:00")),
        (at("2026-03-28T20:00:01"), at("2026-03-28T21:00")),
        (datetime(2026, 3, 28, tzinfo=BERLIN), at("2026-03-29T20:00")),
    ],
)
def test_what_is_no_window_is_refused(begin: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match=r"minute of UTC|nothing lies between"):
        Window(from_at=begin, to_at=end)
