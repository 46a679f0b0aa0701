"""Status and shape of a reply, sorted by what has to be done about it."""

import json
from datetime import UTC, datetime

import pytest

from monitor.crawl.reply_check import check
from monitor.errors import (
    CredentialsError,
    CursorRefusedError,
    GoneError,
    MonitorError,
    RateLimitedError,
    RefusedError,
    ReplyError,
    RetryLater,
)
from monitor.page import Reply

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def reply(status: int, body: bytes = b"[]", kind: str = "application/json") -> Reply:
    return Reply(status, {"content-type": kind}, body, "https://chirp.example/x", NOW)


def checked(given: Reply, *, cursor: str | None = None, wait_s: float | None = None) -> None:
    check(given, platform="chirp", accepts="application/json", cursor=cursor, wait_s=wait_s)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, CredentialsError),
        (403, CredentialsError),
        (404, GoneError),
        (410, GoneError),
        (422, RefusedError),
        (429, RateLimitedError),
        (420, RateLimitedError),
        (302, RefusedError),
        (500, RetryLater),
        (503, RetryLater),
        (599, RetryLater),
        (408, RetryLater),
    ],
)
def test_check__status(status: int, error: type[MonitorError]) -> None:
    with pytest.raises(error):
        checked(reply(status, b'{"error": "no"}'))


def test_check__platforms_own_words_are_passed_on() -> None:
    with pytest.raises(GoneError, match="Record not found"):
        checked(reply(404, b'{"error": "Record not found"}'))


@pytest.mark.parametrize("status", [400, 404, 410])
def test_check__refused_cursor_is_no_end_of_the_source(status: int) -> None:
    with pytest.raises(CursorRefusedError):
        checked(reply(status, b"{}"), cursor="c1")


def test_check__403_with_a_wait_is_a_rate_limit() -> None:
    with pytest.raises(RateLimitedError) as limited:
        checked(reply(403, b"{}"), wait_s=12.0)
    assert limited.value.wait_s == 12.0


@pytest.mark.parametrize("status", [200, 403])
def test_check__html_where_json_was_asked_for_is_a_challenge(status: int) -> None:
    with pytest.raises(ReplyError, match="HTML page"):
        checked(reply(status, b"<html>wait</html>", "text/html; charset=utf-8"))


def test_check__every_prefix_of_a_json_reply_is_refused() -> None:
    rows = [{"id": str(number), "text": "wörds \U0001f600 and \\u00e9", "n": number / 7} for number in range(60)]
    whole = json.dumps(rows, ensure_ascii=False).encode()[:]
    accepted = 0
    for cut in range(len(whole)):
        try:
            checked(reply(200, whole[:cut]))
            accepted += 1
        except ReplyError:
            continue
    print(f"{len(whole)} prefixes of a JSON reply, accepted {accepted}")
    assert len(whole) > 4096
    assert accepted == 0
    checked(reply(200, whole))


@pytest.mark.parametrize("body", [b"", b"  ", b'{"a": 1} trailing', "[]".encode("utf-16"), b'["\xff"]'])
def test_check__not_json__is_refused(body: bytes) -> None:
    with pytest.raises(ReplyError):
        checked(reply(200, body))


def test_check__not_modified_has_no_body_to_check() -> None:
    checked(reply(304, b"", "text/html"))
