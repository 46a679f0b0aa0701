"""The shapes in which servers say "too many requests": what their 429 replies carry, sane and not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

WAIT_S = 2  # what the sane shapes ask for: short, so that tests can wait it out
ABSURD_S = 86_400_000


def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


# Name -> headers at a given (real) moment. HTTP dates are cut to whole seconds, so theirs is one second further off.
SHAPES: dict[str, Callable[[datetime], dict[str, str]]] = {
    "seconds": lambda _now: {"Retry-After": str(WAIT_S)},
    "http-date": lambda now: {"Retry-After": _date(now + timedelta(seconds=WAIT_S + 1))},
    "absurd": lambda _now: {"Retry-After": str(ABSURD_S)},
    "missing": lambda _now: {},
    "negative": lambda _now: {"Retry-After": "-5"},
    "float": lambda _now: {"Retry-After": f"{WAIT_S}.5"},
    "iso-reset": lambda now: {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": f"{now + timedelta(seconds=WAIT_S):%Y-%m-%dT%H:%M:%S.%f}Z",
    },
    "epoch-s": lambda now: {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(now.timestamp()) + WAIT_S + 1)},
    "epoch-ms": lambda now: {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(now.timestamp() * 1000) + WAIT_S * 1000),
    },
    "delta": lambda _now: {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(WAIT_S)},
    "past-date": lambda now: {"Retry-After": _date(now - timedelta(hours=1))},
    "garbage": lambda _now: {"Retry-After": "soon"},
}
