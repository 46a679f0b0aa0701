"""How each platform tells its limit: headers of every reply, the refusal beyond it, and what credentials change. Pure.

Sources: the platforms' documentation as named in their spiders. Who tells nothing says so by having no headers here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from monitor.simulator.answer import Answer, json_answer
from monitor.simulator.quota import Standing
from monitor.simulator.world_post import Platform

Headers = Mapping[str, str]


def _nothing(_standing: Standing, _bucket: str) -> Headers:
    return {}


def _one_bucket(_path: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`refused` makes the answer beyond the limit, from how the client stands, the moment and the number of refusals so far.
    `times`: how many times as many requests credentials allow, which then are what is counted by; `bucket` names the limit that
    a path counts against; `unchanged_free`: a 304 for credentials costs nothing."""

    refused: Callable[[Standing, datetime, int], Answer]
    headers: Callable[[Standing, str], Headers] = _nothing
    times: int = 1
    bucket: Callable[[str], str] = _one_bucket
    unchanged_free: bool = False


def _told(standing: Standing, now: datetime, body: object, *, status: int = 429) -> Answer:
    """A refusal that says in a header how long to wait."""
    return replace(json_answer(body, status=status), headers={"Retry-After": str(standing.wait_s(now))})


def _usual(standing: Standing, now: datetime, _refusals: int) -> Answer:
    return _told(standing, now, {"error": "Too many requests"})


def _mastodon_headers(standing: Standing, _bucket: str) -> Headers:
    """The reset is a moment with fractional seconds, not an epoch."""
    return {
        "X-RateLimit-Limit": str(standing.requests),
        "X-RateLimit-Remaining": str(standing.left),
        "X-RateLimit-Reset": f"{standing.reset_at:%Y-%m-%dT%H:%M:%S.%f}Z",
    }


def sky_headers(standing: Standing, _bucket: str = "") -> Headers:
    """Bluesky's: the reset in epoch seconds, and the policy in words."""
    return {
        "RateLimit-Limit": str(standing.requests),
        "RateLimit-Remaining": str(standing.left),
        "RateLimit-Reset": str(ceil(standing.reset_at.timestamp())),
        "RateLimit-Policy": f"{standing.requests};w={standing.seconds:g}",
    }


def sky_refusal(_standing: Standing, _now: datetime, _refusals: int) -> Answer:
    """Bluesky's: no word about waiting but the headers that every reply has."""
    return json_answer({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, status=429)


def _lemmy_refusal(_standing: Standing, _now: datetime, refusals: int) -> Answer:
    """Neither header nor number tells how long; the status is 400 with older servers and 429 with newer ones: here in turn."""
    return json_answer({"error": "rate_limit_error"}, status=400 if refusals % 2 else 429)


def throttled(wait_s: int) -> Answer:
    """Stack Exchange's refusal, whose status is not its number."""
    message = f"too many requests from this IP, more requests available in {wait_s} seconds"
    return json_answer({"error_id": 502, "error_message": message, "error_name": "throttle_violation"}, status=400)


def _github_headers(standing: Standing, bucket: str) -> Headers:
    return {
        "X-RateLimit-Limit": str(standing.requests),
        "X-RateLimit-Remaining": str(standing.left),
        "X-RateLimit-Reset": str(ceil(standing.reset_at.timestamp())),
        "X-RateLimit-Used": str(standing.requests - standing.left),
        "X-RateLimit-Resource": bucket,
    }


def _github_refusal(_standing: Standing, _now: datetime, refusals: int) -> Answer:
    message = "API rate limit exceeded for 127.0.0.1. (Authenticated requests get a higher rate limit.)"
    return json_answer({"message": message}, status=403 if refusals % 2 else 429)


def _github_bucket(path: str) -> str:
    return {"/search/issues": "search", "/graphql": "graphql"}.get(path, "core")


def _discourse_refusal(standing: Standing, now: datetime, _refusals: int) -> Answer:
    wait_s = standing.wait_s(now)
    words = f"You've performed this action too many times. Please wait {wait_s} seconds before trying again."
    extras = {"wait_seconds": wait_s, "time_left": f"{wait_s} seconds"}
    return _told(standing, now, {"errors": [words], "error_type": "rate_limit", "extras": extras})


def _devto_refusal(standing: Standing, now: datetime, _refusals: int) -> Answer:
    return Answer(429, (b"Retry later\n",), {"Retry-After": str(standing.wait_s(now))}, "text/plain")


DIALECTS: Mapping[Platform, Dialect] = {
    "mastodon": Dialect(refused=_usual, headers=_mastodon_headers),
    "hackernews": Dialect(refused=_usual),
    "feeds": Dialect(refused=_usual),
    "bluesky": Dialect(refused=sky_refusal, headers=sky_headers),
    "lemmy": Dialect(refused=_lemmy_refusal, bucket=lambda path: "search" if path.endswith("/search") else ""),
    "stackexchange": Dialect(refused=lambda standing, now, _: throttled(standing.wait_s(now)), times=33),  # 300 and 10,000
    "github": Dialect(
        refused=_github_refusal, headers=_github_headers, times=83, bucket=_github_bucket, unchanged_free=True
    ),  # 60 and 5,000
    "discourse": Dialect(refused=_discourse_refusal),
    "devto": Dialect(refused=_devto_refusal),
}
