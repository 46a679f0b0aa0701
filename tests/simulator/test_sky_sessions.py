"""Tokens of the simulated Bluesky: they run out, refresh tokens are good once, and logins are scarce."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.simulator.quota import Standing
from monitor.simulator.sky_sessions import APP_PASSWORD, IDENTIFIER, LOGINS, Sessions


@pytest.fixture
def sessions():
    return Sessions()


def login(sessions, call, *, password=APP_PASSWORD, **different):
    body = json.dumps({"identifier": IDENTIFIER, "password": password}).encode()
    return sessions.create(call("/xrpc/com.atproto.server.createSession", body=body, **different))


def bearer(call, token, **different):
    return call("/xrpc/x", headers={"authorization": f"Bearer {token}"}, **different)


def told(answer):
    return json.loads(answer.body())


def test_access_token__is_good_for_two_hours_and_then_a_400(sessions, call, now):
    token = told(login(sessions, call))["accessJwt"]
    assert sessions.refusal(bearer(call, token)) is None
    assert sessions.refusal(bearer(call, token, now=now + timedelta(minutes=119))) is None
    expired = sessions.refusal(bearer(call, token, now=now + timedelta(hours=2)))
    assert (expired.status, told(expired)["error"]) == (400, "ExpiredToken")


def test_refresh_token__is_good_once(sessions, call):
    token = told(login(sessions, call))["refreshJwt"]
    renewed = sessions.renew(bearer(call, token))
    assert sessions.refusal(bearer(call, told(renewed)["accessJwt"])) is None
    assert told(sessions.renew(bearer(call, token)))["error"] == "ExpiredToken"


def test_quirk_expired_token__ends_the_session_for_good(sessions, call):
    token = told(login(sessions, call))["accessJwt"]
    spoiled = sessions.refusal(bearer(call, token, quirks={"expired-token": 1.0}))
    assert (told(spoiled)["error"], spoiled.happened) == ("ExpiredToken", {"expired-token"})
    assert told(sessions.refusal(bearer(call, token)))["error"] == "ExpiredToken"


def test_token_of_somebody_else__is_invalid(sessions, call):
    refused = sessions.refusal(bearer(call, "x"))
    assert (refused.status, told(refused)["error"]) == (401, "InvalidToken")


def test_login__wrong_password__is_refused_and_counts(sessions, call):
    refused = login(sessions, call, password="guess")
    assert (refused.status, told(refused)["error"]) == (401, "AuthenticationRequired")
    assert login(sessions, call).headers["RateLimit-Remaining"] == str(LOGINS - 2)


def test_login__tells_the_limit_that_is_nearer_to_its_end(sessions, call, now):
    of_all = Standing(requests=3000, seconds=300, left=2, reset_at=now)
    assert login(sessions, call, standing=of_all).headers["RateLimit-Remaining"] == "2"
    assert login(sessions, call, standing=replace(of_all, left=2000)).headers["RateLimit-Remaining"] == str(LOGINS - 2)


def test_login__thirty_times_in_five_minutes__and_no_more(sessions, call, now):
    assert {login(sessions, call).status for _ in range(LOGINS)} == {200}
    refused = login(sessions, call)
    assert (refused.status, refused.over_limit, told(refused)["error"]) == (429, True, "RateLimitExceeded")
    assert int(refused.headers["RateLimit-Reset"]) == int((now + timedelta(minutes=5)).timestamp())
    assert login(sessions, call, now=now + timedelta(minutes=5)).status == 200
