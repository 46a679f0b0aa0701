"""One platform on one port: counts against its quota, asks the switchboard, answers, sends, and logs what was sent."""

import asyncio
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle

from aiohttp import web

from monitor import clock
from monitor.simulator import sending
from monitor.simulator.answer import Answer, Call, PlatformServer, Row, json_answer
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.faults import REPLACING, Plan, Switch, Switchboard
from monitor.simulator.limits import DIALECTS
from monitor.simulator.log import Entry, Log
from monitor.simulator.poison import chosen, kind_for, poisoned
from monitor.simulator.quota import Quota, Standing
from monitor.simulator.refusals import SHAPES
from monitor.simulator.world_post import Platform

TAKES_POSTS: frozenset[Platform] = frozenset({"bluesky", "github"})  # their logins and queries come as bodies
ALWAYS_PACKED: frozenset[Platform] = frozenset({"stackexchange"})  # with gzip, whatever a client says that it takes

UNCHANGED = 304

# Crawls refuse to store what carries it among real posts.
MARK = {"X-Simulated": "social-monitor"}


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of one request, for the log."""

    status: int | None = None
    fault: str | None = None
    whole: bool = False
    over_limit: bool = False
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Meter:
    """Whose requests are counted together: a client, or what it signs in with, in one of the platform's limits."""

    key: str
    bucket: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the ports of one simulator have in common. `numbers` counts requests; `closing` is set when it stops."""

    clock: SimulatedClock
    board: Switchboard
    log: Log
    numbers: Iterator[int]
    delay_s: float
    closing: asyncio.Event


class PlatformPort:
    """The handler of one platform's port."""

    def __init__(self, platform: Platform, server: PlatformServer, *, quota: Quota, shared: Shared) -> None:
        self._platform = platform
        self._server = server
        self._quota = quota
        self._shared = shared
        self._dialect = DIALECTS[platform]
        self._shapes = cycle(SHAPES)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. It is logged when its reply has ended, however it ended."""
        number, outcome = next(self._shared.numbers), Outcome()
        try:
            await self._answer(request, outcome)
        except ConnectionError:
            outcome.whole = False
        finally:
            self._shared.log.append(
                Entry(
                    number=number,
                    at=self._shared.clock.now(),
                    platform=self._platform,
                    path=request.path,
                    query=request.query_string,
                    user_agent=request.headers.get("User-Agent", ""),
                    status=outcome.status,
                    fault=outcome.fault,
                    whole=outcome.whole,
                    over_limit=outcome.over_limit,
                    rows=tuple(row.shown for row in outcome.rows if row.shown is not None) if outcome.whole else (),
                )
            )
        return web.Response()  # already sent, or no longer possible: the connection decides

    async def _answer(self, request: web.BaseRequest, outcome: Outcome) -> None:
        now, meter = clock.now(), self._meter(request)
        taken = self._quota.take(meter.key, now, times=meter.times)
        if self._shared.delay_s:
            await asyncio.sleep(self._shared.delay_s)
        standing = self._quota.standing(meter.key, now, times=meter.times)
        if request.method not in ("GET", "HEAD") and not (request.method == "POST" and self._platform in TAKES_POSTS):
            refused = json_answer({"error": "Method Not Allowed"}, status=405)
            await self._send(request, refused, self._dialect.headers(standing, meter.bucket), outcome)
        elif not taken:
            outcome.over_limit = True
            refused = self._dialect.refused(standing, now, self._quota.refused)
            await self._send(request, refused, self._dialect.headers(standing, meter.bucket), outcome)
        else:
            await self._answer_by_plan(request, self._shared.board.plan(self._platform, request.path), meter, outcome)

    def _meter(self, request: web.BaseRequest) -> Meter:
        bucket = self._dialect.bucket(request.path)
        credentials = request.headers.get("Authorization") if self._dialect.times > 1 else None
        times = self._dialect.times if credentials else 1
        return Meter(f"{credentials or request.remote} {bucket}", bucket, times)

    async def _answer_by_plan(self, request: web.BaseRequest, plan: Plan, meter: Meter, outcome: Outcome) -> None:
        if plan.reply is not None and plan.reply.name in REPLACING:
            outcome.fault = plan.reply.name
            await self._replace(request, plan.reply, outcome)
            return
        now = clock.now()
        standing = self._quota.standing(meter.key, now, times=meter.times)
        answer = self._server.answer(await self._call(request, plan, standing))
        if answer.status == UNCHANGED and self._dialect.unchanged_free and meter.times > 1:
            self._quota.give_back(meter.key)
            standing = self._quota.standing(meter.key, now, times=meter.times)
        limits = self._dialect.headers(standing, meter.bucket)
        for name, switch in plan.quirks.items():
            if name in answer.happened:
                self._shared.board.note(switch)
                outcome.fault = name
        answer = self._poison(answer, plan, outcome)
        if plan.reply is None or len(body := answer.body()) < 2:
            await self._send(request, answer, limits, outcome)
            return
        outcome.fault, outcome.status = plan.reply.name, answer.status
        self._shared.board.note(plan.reply)
        headers: Mapping[str, str] = {**limits, **answer.headers, **MARK, "Content-Type": answer.content_type}
        if plan.reply.name != "gzip-cut":
            headers, body = self._packed(headers, body)
        match plan.reply.name:
            case "cut":
                await sending.cut(request, status=answer.status, headers=headers, body=body)
            case "gzip-cut":
                await sending.gzip_cut(request, status=answer.status, headers=headers, body=body)
            case "stall":
                await sending.stall(request, self._shared.closing, status=answer.status, headers=headers, body=body)

    async def _send(self, request: web.BaseRequest, answer: Answer, limits: Mapping[str, str], outcome: Outcome) -> None:
        outcome.status = answer.status
        outcome.over_limit = outcome.over_limit or answer.over_limit
        outcome.rows = tuple(answer.rows()) if request.method != "HEAD" else ()
        headers, body = self._packed({**limits, **answer.headers, **MARK, "Content-Type": answer.content_type}, answer.body())
        outcome.whole = await sending.whole(request, status=answer.status, headers=headers, body=body)

    def _packed(self, headers: Mapping[str, str], body: bytes) -> tuple[Mapping[str, str], bytes]:
        if self._platform not in ALWAYS_PACKED:
            return headers, body
        return {**headers, "Content-Encoding": "gzip"}, gzip.compress(body, compresslevel=1)

    async def _replace(self, request: web.BaseRequest, switch: Switch, outcome: Outcome) -> None:
        """Send something else than the platform's answer."""
        self._shared.board.note(switch)
        if switch.name == "silence":
            await sending.silence(request, self._shared.closing)
        elif switch.name == "reset":
            sending.reset(request)
        elif switch.name.startswith("429"):
            shape = switch.name.removeprefix("429").removeprefix("-") or next(self._shapes)
            outcome.status = 429
            outcome.fault = f"429-{shape}"
            headers = {**SHAPES[shape](clock.now()), "Content-Type": "application/json"}
            await sending.whole(request, status=429, headers=headers, body=b'{"error":"Too many requests"}')
        else:
            outcome.status, content_type, body = sending.REPLACEMENTS[switch.name]
            await sending.whole(request, status=outcome.status, headers={"Content-Type": content_type}, body=body)

    async def _call(self, request: web.BaseRequest, plan: Plan, standing: Standing) -> Call:
        return Call(
            path=request.path,
            parameters=tuple(request.rel_url.query.items()),
            headers={name.lower(): value for name, value in request.headers.items()},
            base=f"http://{request.host}",
            now=self._shared.clock.now(),
            quirks={name: switch.rate for name, switch in plan.quirks.items()},
            body=await request.read() if request.method == "POST" else b"",
            standing=standing,
        )

    def _poison(self, answer: Answer, plan: Plan, outcome: Outcome) -> Answer:
        for switch in plan.poisons:
            place = -1
            parts: list[bytes | Row] = []
            for part in answer.parts:
                place += isinstance(part, Row)
                spoiled = _spoiled(part, switch, place) if isinstance(part, Row) else None
                if spoiled is not None and (switch.times is None or switch.happened < switch.times):
                    self._shared.board.note(switch)
                    outcome.fault = switch.name
                    parts.append(spoiled)
                else:
                    parts.append(part)
            answer = replace(answer, parts=tuple(parts))
        return answer


def _spoiled(row: Row, switch: Switch, place: int) -> Row | None:
    """The row with the poison of this switch, where the switch means it and the row can take it."""
    if row.shown is None or row.shown.poison is not None:
        return None
    mark = row.shown.post.mark
    meant = place == switch.position if switch.position is not None else chosen(mark, rate=switch.rate)
    kind = switch.name.removeprefix("poison").removeprefix("-") or kind_for(mark)
    body = poisoned(row.body, kind) if meant else None
    return None if body is None else Row(body, replace(row.shown, poison=kind))
