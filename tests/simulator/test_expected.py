"""The simple matcher that the demo's figures are held against."""

from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.query.parse import parse
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.expected import Planted, last_shown, posts_of, says, written_between
from monitor.simulator.world import Plan, World

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(text: str, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "uri": text,
        "title": None,
        "summary": None,
        "text": text,
        "tags": [],
        "created_at": NOON.isoformat(),
    }
    return made | fields


@pytest.mark.parametrize(
    ("shown", "wanted", "found"),
    [
        (row("I like Python."), "python", True),
        (row("pythonic"), "python", False),
        (row("https://x.example/python/1"), "python", False),
        (row("no more", tags=["python"]), "python", True),
        (row("no more", title="The Rust compiler"), "rust", True),
        (row("Renting electric cars again"), '"electric cars"', True),
        (row("electric, cars"), '"electric cars"', False),
        (row("", tags=["electric cars"]), '"electric cars"', False),
        (row("climate"), "#climate", False),
        (row("x", tags=["Climate"]), "#climate", True),
    ],
)
def test_words_phrases_and_tags(shown: dict[str, Any], wanted: str, found: bool) -> None:
    assert says(shown, wanted) is found
    assert parse(wanted)  # as the demo writes its topics


def test_a_post_shown_twice_counts_once__as_it_was_shown_last() -> None:
    rows = last_shown([row("tea", uri="a"), row("coffee", uri="b"), row("coffee", uri="a")])
    assert posts_of(rows, ["tea", "coffee"]) == {"tea": 0, "coffee": 2}


def test_the_hour_begins_with_its_first_moment_and_ends_before_the_next() -> None:
    rows = [row("a"), row("b", created_at="2026-11-20T13:00:00+00:00"), row("c", created_at=None)]
    found = written_between(rows, NOON, NOON.replace(hour=13))
    assert [each["text"] for each in found] == ["a"]


def test_the_planted_spike_is_read_from_the_truth() -> None:
    now = SimulatedClock().now()
    world = World(Plan(days=10, posts=1500), now=now)
    planted = Planted.of(world.truth(now))
    assert (planted.subject, planted.from_at, planted.to_at) == (world.spike.subject, world.spike.from_at, world.spike.to_at)
    assert planted.extra_posts == 42
