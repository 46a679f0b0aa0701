"""One platform on one port: counts against its quota, asks the switchboard, answers, sends, and logs what was sent."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle

from aiohttp import web

from monitor import clock
from monitor.simulator import sending
from monitor.simulator.answer import Answer, Call, PlatformServer, Row, json_answer
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.faults import REPLACING, Plan, Switch, Switchboard
from monitor.simulator.log import Entry, Log
from monitor.simulator.poison import chosen, kind_for, poisoned
from monitor.simulator.quota import Quota
from monitor.simulator.refusals import SHAPES
from monitor.simulator.world_post import Platform

LIMIT_HEADERS = frozenset({"mastodon"})  # the platforms that tell their limit in every reply

# Crawls refuse to store what carries it among real posts.
MARK = {"X-Simulated": "social-monitor"}


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of one request, for the log."""

    status: int | None = None
    fault: str | None = None
    whole: bool = False
    rows: tuple[Row, ...] = ()


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
                    rows=tuple(row.shown for row in outcome.rows if row.shown is not None) if outcome.whole else (),
                )
            )
        return web.Response()  # already sent, or no longer possible: the connection decides

    async def _answer(self, request: web.BaseRequest, outcome: Outcome) -> None:
        now, client = clock.now(), request.remote or ""
        taken = self._quota.take(client, now)
        limits = self._quota.headers(client, now) if self._platform in LIMIT_HEADERS else {}
        if self._shared.delay_s:
            await asyncio.sleep(self._shared.delay_s)
        if request.method not in ("GET", "HEAD"):
            refused = json_answer({"error": "Method Not Allowed"}, status=405)
            await self._send(request, refused, limits, outcome)
        elif not taken:
            waiting = {"Retry-After": str(self._quota.wait_s(client, now)), **limits}
            await self._send(request, json_answer({"error": "Too many requests"}, status=429), waiting, outcome)
        else:
            await self._answer_by_plan(request, self._shared.board.plan(self._platform, request.path), limits, outcome)

    async def _answer_by_plan(self, request: web.BaseRequest, plan: Plan, limits: Mapping[str, str], outcome: Outcome) -> None:
        if plan.reply is not None and plan.reply.name in REPLACING:
            outcome.fault = plan.reply.name
            await self._replace(request, plan.reply, outcome)
            return
        answer = self._server.answer(self._call(request, plan))
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
        headers = {**answer.headers, **limits, **MARK, "Content-Type": answer.content_type}
        match plan.reply.name:
            case "cut":
                await sending.cut(request, status=answer.status, headers=headers, body=body)
            case "gzip-cut":
                await sending.gzip_cut(request, status=answer.status, headers=headers, body=body)
            case "stall":
                await sending.stall(request, self._shared.closing, status=answer.status, headers=headers, body=body)

    async def _send(self, request: web.BaseRequest, answer: Answer, limits: Mapping[str, str], outcome: Outcome) -> None:
        outcome.status = answer.status
        outcome.rows = tuple(answer.rows()) if request.method == "GET" else ()  # HEAD shows none
        headers = {**answer.headers, **limits, **MARK, "Content-Type": answer.content_type}
        outcome.whole = await sending.whole(request, status=answer.status, headers=headers, body=answer.body())

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

    def _call(self, request: web.BaseRequest, plan: Plan) -> Call:
        return Call(
            path=request.path,
            parameters=tuple(request.rel_url.query.items()),
            headers={name.lower(): value for name, value in request.headers.items()},
            base=f"http://{request.host}",
            now=self._shared.clock.now(),
            quirks={name: switch.rate for name, switch in plan.quirks.items()},
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
