"""The last answers of MongoDB, for when it gives none: what only shows something goes on showing, and nothing waits in a row."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from monitor.errors import StoreUnavailableError

T = TypeVar("T")

# After a failed question, others are not even asked for this long: each would hold a thread until its time limit.
AWAY_S = 2.0


class Remembered:
    """Questions to MongoDB from many threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._answers: dict[str, Any] = {}
        self._away: tuple[float, StoreUnavailableError] | None = None

    def ask(self, question: Callable[[], T]) -> T:
        """Ask. Raises StoreUnavailableError, at once where MongoDB was found away just now."""
        with self._lock:
            away = self._away
        if away is not None and self._now() < away[0]:
            raise away[1]
        try:
            answer = question()
        except StoreUnavailableError as error:
            with self._lock:
                self._away = (self._now() + AWAY_S, error)
            raise
        with self._lock:
            self._away = None
        return answer

    def read(self, name: str, question: Callable[[], T]) -> T:
        """Ask, or tell the last answer to the question of this name. Raises StoreUnavailableError where there was none yet."""
        try:
            answer = self.ask(question)
        except StoreUnavailableError:
            with self._lock:
                if name not in self._answers:
                    raise
                remembered: T = self._answers[name]
                return remembered
        with self._lock:
            self._answers[name] = answer
        return answer
