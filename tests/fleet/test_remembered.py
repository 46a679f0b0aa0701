"""What only shows something goes on showing it while MongoDB is away; what changes something is refused, and at once."""

from collections.abc import Callable
from typing import Any

import pytest

from monitor.errors import StoreUnavailableError
from monitor.fleet.remembered import AWAY_S, Remembered


def away(asked: list[int]) -> Callable[[], Any]:
    def question() -> Any:
        asked.append(1)
        raise StoreUnavailableError("MongoDB does not answer.")

    return question


def test_read__tells_the_last_answer__while_mongodb_is_away() -> None:
    remembered = Remembered()
    assert remembered.read("jobs", lambda: ["a"]) == ["a"]
    assert remembered.read("jobs", away([])) == ["a"]
    with pytest.raises(StoreUnavailableError):
        remembered.read("nodes", away([]))


def test_ask__asks_nobody_for_a_while__after_mongodb_was_found_away() -> None:
    now, asked = [0.0], []
    remembered = Remembered(lambda: now[0])
    for at in (0.0, AWAY_S - 0.1, AWAY_S + 0.1):
        now[0] = at
        with pytest.raises(StoreUnavailableError):
            remembered.ask(away(asked))
    assert len(asked) == 2


def test_ask__asks_again_at_once__after_an_answer() -> None:
    now = [0.0]
    remembered = Remembered(lambda: now[0])
    with pytest.raises(StoreUnavailableError):
        remembered.ask(away([]))
    now[0] = AWAY_S + 0.1
    assert [remembered.ask(lambda: 1), remembered.ask(lambda: 2)] == [1, 2]
