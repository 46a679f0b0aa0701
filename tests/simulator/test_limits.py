"""How each platform tells its limit and refuses what is beyond it."""

import json
from datetime import timedelta

import pytest

from monitor.simulator.limits import DIALECTS
from monitor.simulator.quota import Standing
from monitor.simulator.world_post import PLATFORMS


@pytest.fixture
def standing(now):
    return Standing(requests=60, seconds=30, left=0, reset_at=now + timedelta(seconds=12.5))


def test_every_platform__has_a_way_to_refuse():
    assert set(DIALECTS) == set(PLATFORMS)


@pytest.mark.parametrize(
    ("platform", "headers"),
    [
        (
            "mastodon",
            {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-22T10:00:12.500000Z"},
        ),
        (
            "bluesky",
            {
                "RateLimit-Limit": "60",
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": "1795341613",
                "RateLimit-Policy": "60;w=30",
            },
        ),
        ("lemmy", {}),
        ("discourse", {}),
        ("devto", {}),
    ],
)
def test_headers__of_every_reply(platform, headers, standing):
    assert DIALECTS[platform].headers(standing, "") == headers


def test_github__tells_which_limit_it_is_and_has_three(standing):
    dialect = DIALECTS["github"]
    told = dialect.headers(standing, dialect.bucket("/search/issues"))
    assert (told["X-RateLimit-Resource"], told["X-RateLimit-Used"]) == ("search", "60")
    assert [dialect.bucket(path) for path in ("/graphql", "/repos/a/b/issues")] == ["graphql", "core"]


@pytest.mark.parametrize(
    ("platform", "statuses", "says", "waits"),
    [
        ("mastodon", {429}, "Too many requests", "13"),
        ("bluesky", {429}, "RateLimitExceeded", None),
        ("lemmy", {400, 429}, "rate_limit_error", None),
        ("stackexchange", {400}, "more requests available in 13 seconds", None),
        ("github", {403, 429}, "rate limit exceeded", None),
        ("discourse", {429}, '"wait_seconds":13', "13"),
        ("devto", {429}, "Retry later", "13"),
    ],
)
def test_refusal__in_the_words_of_the_platform(platform, statuses, says, waits, standing, now):
    answers = [DIALECTS[platform].refused(standing, now, number) for number in (1, 2)]
    assert {answer.status for answer in answers} == statuses
    assert all(says in answer.body().decode() for answer in answers)
    assert {answer.headers.get("Retry-After") for answer in answers} == {waits}


def test_stackexchange__refusal__has_a_number_that_is_no_status(standing, now):
    told = json.loads(DIALECTS["stackexchange"].refused(standing, now, 1).body())
    assert (told["error_id"], told["error_name"]) == (502, "throttle_violation")
