"""What a reply's headers say of a limit: how much is left, until when, and how long to wait. Pure: the time is given.

Sources: RFC 9110 10.2.3 (Retry-After), the drafts of RateLimit header fields (separate, joined and structured), and what platforms
send, as docs/platforms.md lists it: seconds left, epoch seconds or milliseconds, ISO moments, minutes, percentages.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 3600.0  # a header that asks for more is a mistake or a ban; after an hour one request finds out
LONGEST_WINDOW_S = 25 * 3600.0  # no limit is told for more than a day; some of these end at a local midnight
_PLAIN = ("x-ratelimit", "ratelimit", "x-rate-limit")
# Limits that some platforms tell beside the usual one, with their lengths.
_LONGER = {
    "x-ratelimit-perhour": 3600.0,
    "x-ratelimit-perday": 86_400.0,
    "x-app-limit-24hour": 86_400.0,
    "x-user-limit-24hour": 86_400.0,
}
_USAGE = ("x-app-usage", "x-business-use-case-usage")  # Meta: percentages, and minutes until there is access again
_EPOCH_S = 1_000_000_000  # smaller numbers are seconds from now, larger ones a point in time
_EPOCH_MS = 100_000_000_000
_AHEAD_S = 1.0  # of a server's Date, which has whole seconds: further on, our clock would end windows and waits too early
_BEHIND_S = 5.0  # of it: that makes waits longer, and nothing worse
_PARAMETER = re.compile(r"(?:^|[\s,;])(limit|remaining|reset|[qrtw])=(\d{1,15})(?=[\s,;]|$)")
_POLICY = re.compile(r"(?:^|,\s*)(\d{1,15})\s*;\s*w=(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A limit as one reply tells it: `left` of `limit` calls, full again in `reset_s` seconds; windows are `window_s` long.

    `coarse`: the reset was told in whole seconds, so it may come up to one later.
    """

    left: int
    reset_s: float
    coarse: bool = True
    limit: int | None = None
    window_s: float | None = None


def told_in(headers: Mapping[str, str], *, now: datetime) -> Told | None:
    """The limit that is nearest to its end, of all that the headers tell; None where they tell none with its reset."""
    if not _tells(headers):
        return None
    found = [told for told in _limits(headers, clock_of(headers, now=now)) if told.reset_s >= 0]
    return min(found, key=lambda told: (told.left, -told.reset_s), default=None)


def asked_wait_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds the platform asks us to wait (0 to LONGEST_WAIT_S), or None when the headers say nothing usable.

    Retry-After as seconds or HTTP date first; then a reset header as seconds from now, epoch seconds, epoch milliseconds or
    ISO time. Negative, past and unreadable values count as unsaid.
    """
    if "retry-after" not in headers and not _tells(headers):
        return None
    now = clock_of(headers, now=now)
    resets = [f"{family}-{end}" for end in ("reset-after", "reset") for family in _PLAIN]
    for name in ("retry-after", *resets):
        if (text := headers.get(name)) is not None and (wait := _seconds(text.strip(), now)) is not None and wait > 0:
            return min(wait, LONGEST_WAIT_S)
    waits = [told.reset_s for told in _limits(headers, now) if told.left == 0 and told.reset_s > 0]
    return min(max(waits), LONGEST_WAIT_S) if waits else None


def calls_left(headers: Mapping[str, str]) -> int | None:
    """Requests left in the platform's window, None when it does not say."""
    for family in _PLAIN:
        if (left := _count(headers.get(f"{family}-remaining"))) is not None:
            return left
    found = _parameters(headers.get("ratelimit", ""))
    return found.get("remaining", found.get("r"))


def clock_of(headers: Mapping[str, str], *, now: datetime) -> datetime:
    """The moment that the headers' moments are to be compared with: the server's, where our clock is plainly another.

    A reply that was long on its way looks like a clock that is ahead; then waits are longer by its way.
    """
    if (there := _moment(headers.get("date", ""))) is None:
        return now
    return now if -_BEHIND_S <= (now - there).total_seconds() <= _AHEAD_S else there


def _tells(headers: Mapping[str, str]) -> bool:
    """Whether there is anything to read: most replies say nothing, and a page has a dozen of other headers."""
    return any("limit" in name or name.endswith("-usage") for name in headers)


def _limits(headers: Mapping[str, str], now: datetime) -> Iterator[Told]:
    lengths: Mapping[str, float | None] = {**dict.fromkeys(_PLAIN), **_LONGER}
    for family, window_s in lengths.items():
        left = _count(headers.get(f"{family}-remaining"))
        if left is None:
            continue
        limit, told_window_s = _policy(headers, family)
        # A server that resets without saying when is asked again after the whole length, where that is known.
        reset_s = _reset_s(headers, family, now, unsaid=window_s)
        if reset_s is not None:
            limit = limit if (own := _count(headers.get(f"{family}-limit"))) is None else own
            yield Told(
                left=left,
                reset_s=min(reset_s, LONGEST_WINDOW_S),
                coarse=_is_coarse(headers, family),
                limit=limit,
                window_s=window_s or told_window_s,
            )
    yield from _joined(headers)
    yield from _used_up(headers)


def _reset_s(headers: Mapping[str, str], family: str, now: datetime, *, unsaid: float | None) -> float | None:
    for name in (f"{family}-reset-after", f"{family}-reset"):
        # In whole seconds the end of a window is told up to one second too early: 0, or a moment just past.
        if (text := headers.get(name)) is not None and (wait := _seconds(text.strip(), now)) is not None and wait > -1:
            return max(0.0, wait)
    return unsaid


def _is_coarse(headers: Mapping[str, str], family: str) -> bool:
    text = headers.get(f"{family}-reset-after") or headers.get(f"{family}-reset") or ""
    number = _number(text.strip())
    return number is None or number < _EPOCH_MS if "." not in text else False


def _policy(headers: Mapping[str, str], family: str) -> tuple[int | None, float | None]:
    """`3000;w=300`: so many in so many seconds."""
    found = _POLICY.search(headers.get(f"{family}-policy", ""))
    return (int(found[1]), float(found[2])) if found else (None, None)


def _joined(headers: Mapping[str, str]) -> Iterator[Told]:
    """`limit=100, remaining=50, reset=5`, or `"default";r=50;t=5` with `"default";q=100;w=60` as its policy."""
    told = _parameters(headers.get("ratelimit", ""))
    left, reset = told.get("remaining", told.get("r")), told.get("reset", told.get("t"))
    if left is None or reset is None:
        return
    policy = _parameters(headers.get("ratelimit-policy", ""))
    window = policy.get("w")
    yield Told(
        left=left,
        reset_s=min(float(reset), LONGEST_WINDOW_S),
        limit=told.get("limit", policy.get("q")),
        window_s=None if window is None else float(window),
    )


def _used_up(headers: Mapping[str, str]) -> Iterator[Told]:
    """Percentages tell nothing in calls but that nothing is left."""
    for name in _USAGE:
        try:
            told = json.loads(headers.get(name, "null"))
        except (ValueError, RecursionError):
            continue
        for usage in _usages(told):
            minutes = _number_in(usage, "estimated_time_to_regain_access")
            if minutes > 0:
                yield Told(left=0, reset_s=min(minutes * 60.0, LONGEST_WINDOW_S))
            elif max(_number_in(usage, key) for key in ("call_count", "total_time", "total_cputime")) >= 100:
                yield Told(left=0, reset_s=LONGEST_WAIT_S)


def _usages(told: object) -> Iterator[Mapping[str, object]]:
    if isinstance(told, dict):
        lists = [each for each in told.values() if isinstance(each, list)]
        yield from (each for some in lists for each in some if isinstance(each, dict))
        if not lists:
            yield told


def _number_in(usage: Mapping[str, object], key: str) -> float:
    told = usage.get(key)
    return float(told) if isinstance(told, int | float) and abs(told) < _EPOCH_MS else 0.0


def _parameters(text: str) -> dict[str, int]:
    """Of several limits in one header the one with the least left."""
    parts = [{name: int(value) for name, value in _PARAMETER.findall(part)} for part in re.split(r',\s*(?=")', text)]
    return min(parts, key=lambda part: part.get("r", part.get("remaining", 0)))


def _count(text: str | None) -> int | None:
    """A whole number; some platforms send it as `997.0`."""
    whole, _, part = (text or "").strip().partition(".")
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 19 and not part.strip("0123456789") else None


def _seconds(text: str, now: datetime) -> float | None:
    number = _number(text)
    if number is not None:
        if number >= _EPOCH_MS:
            return number / 1000 - now.timestamp()
        return number - now.timestamp() if number >= _EPOCH_S else number
    aware = _moment(text)
    return None if aware is None else (aware - now).total_seconds()


def _moment(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _number(text: str) -> float | None:
    digits = text.removeprefix("-").replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
