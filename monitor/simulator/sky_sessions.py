"""Signing in at the simulated Bluesky: app passwords, tokens that run out, and the limit of logins."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from monitor.simulator.answer import Answer, Call, json_answer
from monitor.simulator.limits import sky_headers, sky_refusal
from monitor.simulator.quota import Quota

IDENTIFIER = "reader.sky.example"
APP_PASSWORD = "simulated-app-password"  # noqa: S105 - opens nothing but the simulated account
ACCESS_FOR = timedelta(hours=2)
LOGINS, LOGIN_WINDOW_S = 30, 300.0

_BEARER = re.compile(r"Bearer (\S+)")


class Sessions:
    """Tokens of the one account. A refresh token is good once; an access token for two hours."""

    def __init__(self) -> None:
        self._quota = Quota(LOGINS, LOGIN_WINDOW_S)
        self._numbers = count(1)
        self._access: dict[str, datetime] = {}  # token -> until when
        self._refresh: set[str] = set()

    def create(self, call: Call) -> Answer:
        """createSession: counted before the password is looked at, as guessing has to be."""
        taken = self._quota.take(IDENTIFIER, call.now)
        standing = self._quota.standing(IDENTIFIER, call.now)
        if not taken:
            refused = sky_refusal(standing, call.now, self._quota.refused)
            return replace(refused, headers=sky_headers(standing), over_limit=True)
        if _body(call) != {"identifier": IDENTIFIER, "password": APP_PASSWORD}:
            told = {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
            return json_answer(told, status=401)
        # Of two limits, the one that is nearer to its end is told.
        nearer = standing if call.standing is None or standing.left <= call.standing.left else call.standing
        return replace(self._opened(call.now), headers=sky_headers(nearer))

    def renew(self, call: Call) -> Answer:
        """refreshSession, with the refresh token as bearer."""
        token = _token(call)
        if token not in self._refresh:
            return json_answer({"error": "ExpiredToken", "message": "Token has been revoked"}, status=400)
        self._refresh.discard(token)
        return self._opened(call.now)

    def refusal(self, call: Call) -> Answer | None:
        """What keeps a call with a token from being answered; None: nothing, and so for a call without one."""
        token = _token(call)
        if not token:
            return None
        expired = json_answer({"error": "ExpiredToken", "message": "Token has expired"}, status=400)
        if "expired-token" in call.quirks:
            self._access.pop(token, None)
            return replace(expired, happened=frozenset({"expired-token"}))
        until = self._access.get(token)
        if until is None and token.startswith("access-"):
            return expired
        if until is None:
            return json_answer({"error": "InvalidToken", "message": "Token could not be verified"}, status=401)
        return expired if until <= call.now else None

    def _opened(self, now: datetime) -> Answer:
        number = next(self._numbers)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self._access[access] = now + ACCESS_FOR
        self._refresh.add(refresh)
        return json_answer(
            {"accessJwt": access, "refreshJwt": refresh, "handle": IDENTIFIER, "did": "did:plc:reader", "active": True}
        )


def _token(call: Call) -> str:
    found = _BEARER.fullmatch(call.headers.get("authorization", ""))
    return found[1] if found else ""


def _body(call: Call) -> Mapping[str, Any] | None:
    try:
        told = json.loads(call.body)
    except ValueError:
        return None
    return told if isinstance(told, Mapping) else None
