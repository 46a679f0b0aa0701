"""One ask is sent again after a short wait, a cut reply or a sign-in that ran out, and given up where that will not help."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from scrapy.settings import Settings

from monitor.config import DEFAULT_DATABASE, Config, load
from monitor.crawl.fetch import REFUSALS, TRIES, fetch
from monitor.crawl.pace_middleware import PaceMiddleware
from monitor.crawl.purse import Purse
from monitor.crawl.sign_in import SignIns
from monitor.errors import (
    CredentialsError,
    CursorRefusedError,
    GoneError,
    MonitorError,
    RateLimitedError,
    RefusedError,
    ReplyError,
    RetryLater,
    SignInOverError,
)
from monitor.page import Ask, Reply
from monitor.source import Source
from monitor.store.connection import Store

SOURCE = Source(platform="chirp", kind="query", parameters={"query": "tea"})
ASK = Ask("/search", {"q": "tea"})
LONGEST_WAIT_S = 30.0

Answer = Callable[[Request], Response]


def answer(status: int = 200, body: bytes = b"[]", *, wait_s: float | None = None, **headers: str) -> Answer:
    """A reply with these headers; `wait_s` is what the pace read from it."""

    def made(request: Request) -> Response:
        if wait_s is not None:
            request.meta["asked_wait_s"] = wait_s
        named = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return Response(request.url, status=status, headers=named, body=body, request=request)

    return made


def refused(wait_s: float | None) -> Answer:
    return answer(429, wait_s=wait_s)


def failing(error: Exception) -> Answer:
    def raised(_request: Request) -> Response:
        raise error

    return raised


GOOD, CUT, CHALLENGE = answer(), answer(body=b'[{"id": 1'), answer(body=b"<html>", Content_Type="text/html")


@dataclass
class Chirp:
    """Stands for a spider: its replies are written down beforehand, and what it sent afterwards."""

    answers: list[Answer]
    password: str | None = None
    redirects: int = 0
    database: str = "tests"
    stopping: bool = False
    sent: list[Request] = field(default_factory=list)
    middleware: PaceMiddleware | None = None
    base_url: str = "https://chirp.example"
    name: str = "chirp"
    accepts: str = "application/json"
    typed_hosts: bool = False
    allowance_zone: str | None = None

    def __post_init__(self) -> None:
        self.settings = Settings({"MONITOR_LONGEST_WAIT_S": LONGEST_WAIT_S, "MONITOR_PACE_S": 0, "MONITOR_PROBE_S": 60})
        self.given = SimpleNamespace(base_url=None)
        told = {"MONITOR_DATABASE": self.database} | ({"CHIRP_PASSWORD": self.password} if self.password else {})
        purse = Purse(owner="test", store=self.store, opened=lambda: False)
        self.session: Any = SimpleNamespace(config=load(told), stopping=self.stopping, opened=False, purse=purse)
        self.sign_ins = SignIns(self, self.session, server=self.base_url)
        self.crawler: Any = SimpleNamespace(engine=self, settings=self.settings, spider=self)
        self.running = True

    async def store(self) -> Store:
        raise AssertionError("nothing is shared")

    def meter(self, ask: Ask) -> str:
        return ""

    async def download_async(self, request: Request) -> Response:
        if self.middleware is not None:
            await self.middleware.process_request(request)
        self.sent.append(request)
        response = self.answers.pop(0)(request)
        if self.middleware is not None:
            self.middleware.response_downloaded(response, request)
            self.middleware.process_response(request, response)
        return response

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        return {"Authorization": "Basic chirp"}

    def wait_s(self, reply: Reply) -> float | None:
        return None

    def sign_in(self, config: Config, source: Source, known: Mapping[str, str]) -> Ask | None:
        password = config.secret("CHIRP_PASSWORD")
        if password is None:
            return None
        return Ask("/renew" if known else "/sign-in", headers=dict(known), body=password.reveal().encode(), method="POST")

    def signed_in(self, reply: Reply) -> Mapping[str, str]:
        return {"token": str(reply.json["token"])}

    def signed(self, ask: Ask, facts: Mapping[str, str]) -> Ask:
        return ask.with_headers({"X-Token": facts["token"]})

    def refusal(self, reply: Reply) -> MonitorError | None:
        return SignInOverError("The token ran out.") if reply.status == 401 and reply.body == b'"over"' else None

    @property
    def paths(self) -> list[str]:
        return [request.url.removeprefix(self.base_url) for request in self.sent]

    async def fetch(self, *, cursor: str | None = None) -> Reply:
        return await fetch(self, SOURCE, ASK, cursor=cursor)  # type: ignore[arg-type]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept away, and nobody waited for."""
    told: list[float] = []

    async def asleep(seconds: float) -> None:
        told.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", asleep)
    return told


def token(number: int) -> Answer:
    return answer(body=json.dumps({"token": f"t{number}"}).encode())


OVER = answer(401, b'"over"')


async def test_good_reply__is_returned_after_one_request_with_the_platforms_headers() -> None:
    chirp = Chirp([answer(body=b'[{"id": 7}]')])
    reply = await chirp.fetch()
    assert (reply.json, reply.url) == ([{"id": 7}], "https://chirp.example/search?q=tea")
    (request,) = chirp.sent
    assert (request.headers[b"Accept"], request.headers[b"Authorization"]) == (b"application/json", b"Basic chirp")


@pytest.mark.parametrize("refusals", [1, TRIES, REFUSALS - 1])
async def test_short_waits__the_ask_goes_on_until_it_is_answered(refusals: int) -> None:
    chirp = Chirp([*[refused(1)] * refusals, GOOD])
    assert (await chirp.fetch()).status == 200
    assert len(chirp.sent) == refusals + 1


async def test_short_waits_without_end__given_up_at_the_last_refusal() -> None:
    chirp = Chirp([refused(1)] * 100)
    with pytest.raises(RateLimitedError):
        await chirp.fetch()
    assert len(chirp.sent) == REFUSALS


async def test_refused_between_cut_replies__is_no_failed_try(slept: list[float]) -> None:
    chirp = Chirp([CUT, refused(1), refused(1), refused(1), CUT, refused(1), GOOD])
    assert (await chirp.fetch()).status == 200
    assert len(slept) == 2


@pytest.mark.parametrize(("waits", "sent"), [([29, 2], 2), ([10, 10, 10, 0.5], 4), ([31], 1), ([3600], 1), ([15, 15, 15], 3)])
async def test_sum_of_waits_is_beyond_the_longest__given_up_with_the_last_wait(waits: list[float], sent: int) -> None:
    chirp = Chirp([*map(refused, waits), GOOD])
    with pytest.raises(RateLimitedError) as ended:
        await chirp.fetch()
    assert (ended.value.wait_s, len(chirp.sent)) == (waits[-1], sent)


@pytest.mark.parametrize("waits", [[30.0], [10.0, 10.0, 10.0]])
async def test_sum_of_waits_is_just_the_longest__is_waited_for(waits: list[float]) -> None:
    assert (await Chirp([*map(refused, waits), GOOD]).fetch()).status == 200


@pytest.mark.parametrize("before", [[], [refused(1)]])
async def test_refused_without_a_word_about_the_wait__ends_at_once(before: list[Answer]) -> None:
    chirp = Chirp([*before, refused(None), GOOD])
    with pytest.raises(RateLimitedError):
        await chirp.fetch()
    assert len(chirp.sent) == len(before) + 1


async def test_forbidden_with_a_wait__is_a_refusal_and_without_one_an_end() -> None:
    chirp = Chirp([answer(403, wait_s=1), answer(403), GOOD])
    with pytest.raises(CredentialsError):
        await chirp.fetch()
    assert len(chirp.sent) == 2


async def test_told_wait__no_request_goes_out_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the pace that stands before every request; its clock goes by what is slept away."""
    at = [1000.0]

    async def asleep(seconds: float) -> None:
        at[0] += seconds

    monkeypatch.setattr(asyncio, "sleep", asleep)
    monkeypatch.setattr("monitor.crawl.pace_middleware.time.monotonic", lambda: at[0])
    sent_at: list[float] = []

    def noting(made: Answer) -> Answer:
        def noted(request: Request) -> Response:
            sent_at.append(at[0])
            return made(request)

        return noted

    chirp = Chirp([noting(answer(429, Retry_After="12")), noting(answer(429, Retry_After="5")), noting(GOOD)])
    chirp.middleware = PaceMiddleware(chirp.crawler)
    await chirp.fetch()
    first, second, third = sent_at
    assert 12 <= second - first < 13
    assert 5 <= third - second < 6


@pytest.mark.parametrize("bad", [CUT, CHALLENGE, answer(body=b" ")])
async def test_reply_is_not_what_was_asked_for__is_tried_again_three_times_in_all(bad: Answer, slept: list[float]) -> None:
    chirp = Chirp([bad] * 10)
    with pytest.raises(ReplyError):
        await chirp.fetch()
    assert (len(chirp.sent), TRIES) == (3, 3)
    assert len(slept) == 2
    assert all(0.1 <= seconds <= 2 for seconds in slept)


@pytest.mark.parametrize("failures", [1, 2])
async def test_reply_is_cut__the_next_one_is_taken(failures: int, slept: list[float]) -> None:
    chirp = Chirp([*[CUT] * failures, GOOD])
    assert (await chirp.fetch()).status == 200
    assert len(slept) == failures


async def test_reply_is_cut_while_the_crawl_stops__is_not_tried_again(slept: list[float]) -> None:
    chirp = Chirp([CUT, GOOD], stopping=True)
    with pytest.raises(ReplyError):
        await chirp.fetch()
    assert (len(chirp.sent), slept) == (1, [])


@pytest.mark.parametrize(("status", "error"), [(404, GoneError), (400, RefusedError), (401, CredentialsError)])
async def test_refused_for_good__is_sent_once(status: int, error: type[Exception]) -> None:
    chirp = Chirp([answer(status), GOOD])
    with pytest.raises(error):
        await chirp.fetch()
    assert len(chirp.sent) == 1


async def test_cursor_that_is_not_known_any_more__is_told_apart() -> None:
    with pytest.raises(CursorRefusedError):
        await Chirp([answer(404)]).fetch(cursor="c1")


@pytest.mark.parametrize(
    ("error", "raised", "says"),
    [
        (DownloadCancelledError("x"), RetryLater, "larger than we take"),
        (DownloadTimeoutError("x"), RetryLater, "chirp.example did not answer in time"),
        (CannotResolveHostError("x"), RetryLater, "chirp.example cannot be resolved"),
        (DownloadConnectionRefusedError("x"), RetryLater, "refuses connections"),
        (ResponseDataLossError("x"), RetryLater, "ended early"),
        (UnsupportedURLSchemeError("x"), RefusedError, "cannot be asked"),
        (DownloadFailedError("x"), RetryLater, "failed .DownloadFailedError"),
        (IgnoreRequest("x"), RetryLater, "failed .IgnoreRequest"),
    ],
)
async def test_download_failed__is_not_tried_again_here_and_the_sentence_says_what(
    error: Exception, raised: type[Exception], says: str
) -> None:
    chirp = Chirp([failing(error), GOOD])
    with pytest.raises(raised, match=says):
        await chirp.fetch()
    assert len(chirp.sent) == 1


async def test_signed_in__once_for_many_asks() -> None:
    chirp = Chirp([token(1), GOOD, GOOD], password="nobody-may-see")
    await chirp.fetch()
    await chirp.fetch()
    assert chirp.paths == ["/sign-in", "/search?q=tea", "/search?q=tea"]
    assert [request.headers.get(b"X-Token") for request in chirp.sent] == [None, b"t1", b"t1"]


async def test_sign_in_ran_out__is_renewed_and_the_ask_sent_again() -> None:
    chirp = Chirp([token(1), OVER, token(2), GOOD], password="nobody-may-see")
    assert (await chirp.fetch()).status == 200
    assert chirp.paths == ["/sign-in", "/search?q=tea", "/renew", "/search?q=tea"]
    assert chirp.sent[-1].headers[b"X-Token"] == b"t2"


async def test_sign_in_ran_out_again_at_once__is_renewed_only_once() -> None:
    chirp = Chirp([token(1), OVER, token(2), OVER, token(3), GOOD], password="nobody-may-see")
    with pytest.raises(SignInOverError):
        await chirp.fetch()
    assert chirp.paths == ["/sign-in", "/search?q=tea", "/renew", "/search?q=tea"]


async def test_sign_in_is_refused_for_a_moment__is_waited_for_like_any_ask() -> None:
    chirp = Chirp([refused(1), token(1), GOOD], password="nobody-may-see")
    assert (await chirp.fetch()).status == 200
    assert chirp.paths == ["/sign-in", "/sign-in", "/search?q=tea"]


async def test_redirect__is_followed_and_told_as_where_the_reply_is_from() -> None:
    chirp = Chirp([answer(301, Location="/moved"), GOOD], redirects=1)
    assert (await chirp.fetch()).url == "https://chirp.example/moved"
    assert b"Authorization" in chirp.sent[-1].headers


async def test_redirect_to_another_host__gets_no_credentials() -> None:
    chirp = Chirp([answer(302, Location="https://other.example/x"), GOOD], redirects=1)
    await chirp.fetch()
    assert [b"Authorization" in request.headers for request in chirp.sent] == [True, False]


@pytest.mark.parametrize(
    ("location", "error"), [("ftp://chirp.example/", RefusedError), ("http://[", RefusedError), (None, GoneError)]
)
async def test_redirect_to_what_cannot_be_asked__ends(location: str | None, error: type[Exception]) -> None:
    headers = {} if location is None else {"Location": location}
    with pytest.raises(error, match="redirected"):
        await Chirp([answer(302, **headers), GOOD], redirects=3).fetch()


async def test_redirects_without_end__are_followed_as_often_as_the_platform_says() -> None:
    chirp = Chirp([answer(302, Location="/search")] * 10, redirects=3)
    with pytest.raises(RefusedError, match="more than 3 redirects"):
        await chirp.fetch()
    assert len(chirp.sent) == 4


@pytest.mark.parametrize(("database", "enters"), [(DEFAULT_DATABASE, False), ("demo", True)])
async def test_simulated_reply__does_not_enter_the_real_database(database: str, enters: bool) -> None:
    chirp = Chirp([answer(X_Simulated="yes")], database=database)
    if enters:
        assert (await chirp.fetch()).status == 200
    else:
        with pytest.raises(RefusedError, match="simulated posts"):
            await chirp.fetch()
