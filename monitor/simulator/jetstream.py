"""The simulated Jetstream, versions 1 and 2: the stream of what happens on the simulated Bluesky, over WebSockets.

Behaves as the server of late 2026: a time that is kept no longer begins with the oldest that is kept, which version 1 does not
say and version 2 says first; a `seq` that is kept no longer is refused by version 2; a later one than there is begins live.
Accounts and identities come whatever was asked for with version 1. A few frames before the one asked for are repeated. Faults
are those of other platforms: `reset`, `silence` and statuses at opening, `cut` (the connection is reset after some frames),
`stall` (no more frames), and poisons, in the record of a post.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from monitor.simulator.answer import compact
from monitor.simulator.faults import REPLACING, Plan, Switch
from monitor.simulator.journal import Event, Journal
from monitor.simulator.log import Entry
from monitor.simulator.platform_port import MARK, Shared
from monitor.simulator.poison import chosen, kind_for, poisoned
from monitor.simulator.sending import REPLACEMENTS
from monitor.simulator.sky_views import cid, record_of
from monitor.simulator.thread_author import did
from monitor.simulator.world_post import Shown, WorldPost

NSID = "network.bsky.jetstream.subscribeEvents"
V1, V2 = "/subscribe", f"/xrpc/{NSID}"
POSTS = "app.bsky.feed.post"
LOOKBACK = timedelta(hours=36)
TIMES_FROM = 10**15  # cursors from here on are microseconds
REPEATED = 3  # events before the one that was asked for
LOOK_S = 0.02
MOST_AT_ONCE = 1000  # frames before others get their turn
CUT_AFTER = (50, 900)  # frames
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class _Connection:
    """One request for a stream: what is to go wrong, and what it was sent, for the log."""

    request: web.BaseRequest
    plan: Plan
    status: int | None = None
    fault: str | None = None
    rows: list[Shown] = field(default_factory=list)

    @property
    def version(self) -> str:
        return self.request.path

    @property
    def cut_by(self) -> Switch | None:
        reply = self.plan.reply
        return reply if reply is not None and reply.name in {"cut", "stall"} else None


class Jetstream:
    """Serves its two paths, and leaves all others to `otherwise`. `sent` counts frames."""

    def __init__(self, journal: Journal, *, shared: Shared, otherwise: Handler, lookback: timedelta = LOOKBACK) -> None:
        self.journal = journal
        self.sent = 0
        self._shared = shared
        self._otherwise = otherwise
        self._lookback = lookback
        self._rng = random.Random("jetstream")

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; a stream is logged when it ends."""
        if request.path not in (V1, V2):
            return await self._otherwise(request)
        number = next(self._shared.numbers)
        connection = _Connection(request=request, plan=self._shared.board.plan("bluesky", request.path))
        try:
            return await self._answer(connection)
        finally:
            self._shared.log.append(
                Entry(
                    number=number,
                    at=self._shared.clock.now(),
                    platform="bluesky",
                    path=request.path,
                    query=request.query_string,
                    user_agent=request.headers.get("User-Agent", ""),
                    status=connection.status,
                    fault=connection.fault,
                    whole=True,
                    rows=tuple(connection.rows),
                )
            )

    async def _answer(self, connection: _Connection) -> web.StreamResponse:
        reply = connection.plan.reply
        if reply is not None and reply.name in REPLACING:
            return self._fail_to_open(connection, reply)
        self.journal.reach(self._shared.clock.now())
        begin = self._begin(connection)
        if isinstance(begin, web.Response):
            connection.status = begin.status
            return begin
        socket = web.WebSocketResponse(compress=False)
        socket.headers.update(MARK)
        await socket.prepare(connection.request)
        connection.status = 101
        leaving = asyncio.ensure_future(self._until_spoken_to(socket, version=connection.version))
        try:
            with suppress(ConnectionError, RuntimeError):  # they went away
                await self._send(socket, leaving, begin, connection)
        finally:
            leaving.cancel()
        if connection.fault == "cut" and connection.request.transport is not None:
            connection.request.transport.abort()
        elif not socket.closed:
            await socket.close()
        return socket

    def _fail_to_open(self, connection: _Connection, switch: Switch) -> web.StreamResponse:
        self._shared.board.note(switch)
        connection.fault = switch.name
        if switch.name in {"reset", "silence"}:
            if connection.request.transport is not None:
                connection.request.transport.abort()
            return web.Response()
        status, content_type, body = REPLACEMENTS.get(switch.name, (429, "application/json", b"{}"))
        connection.status = status
        return web.Response(status=status, body=body, headers={"Content-Type": content_type})

    def _begin(self, connection: _Connection) -> tuple[int, bool] | web.Response:
        """With which event to begin, and whether what was asked for is kept no longer; or the refusal."""
        asked, second = connection.request.rel_url.query, connection.version == V2
        if second and {"wantedCollections", "wantedDids", "compress"} & asked.keys():
            return _refused("InvalidRequest", "that is a parameter of version 1")
        text, end = asked.get("cursor", ""), len(self.journal.events)
        kept_from_us = (self._shared.clock.now() - self._lookback - _EPOCH) // _MICROSECOND
        floor = self.journal.at(kept_from_us)
        if not text:
            return end, False
        if not text.isdecimal():
            return _refused("InvalidRequest", "cursor is no whole number")
        cursor = int(text)
        if cursor >= TIMES_FROM:
            return max(floor, self.journal.at(cursor) - REPEATED), cursor < kept_from_us
        if cursor <= floor and second:
            return _refused("CursorTooOld", f"cursor {cursor} below lookback floor {floor + 1}")
        return (end if cursor > end else max(floor, cursor - 1)), False

    async def _until_spoken_to(self, socket: web.WebSocketResponse, *, version: str) -> None:
        """Return when the client has left, or has spoken to version 2, which takes no words."""
        async for _ in socket:
            if version == V2:
                return

    async def _send(
        self, socket: web.WebSocketResponse, leaving: asyncio.Future[None], begin: tuple[int, bool], connection: _Connection
    ) -> None:
        place, outdated = begin
        if outdated and connection.version == V2:
            await socket.send_str(compact(_message("info", {"name": "OutdatedCursor", "message": "begun later"})).decode())
        left = self._rng.randint(*CUT_AFTER) if connection.cut_by is not None else None
        while not leaving.done() and not self._shared.closing.is_set():
            self.journal.reach(self._shared.clock.now())
            for event in self.journal.events[place : place + MOST_AT_ONCE]:
                if left is not None and left <= 0:
                    await self._break_off(leaving, connection)
                    return
                place += 1
                sent = self._frame(event, connection)
                if sent is not None:
                    await socket.send_str(sent)
                    self.sent += 1
                    left = None if left is None else left - 1
            await asyncio.sleep(0 if place < len(self.journal.events) else LOOK_S)

    async def _break_off(self, leaving: asyncio.Future[None], connection: _Connection) -> None:
        assert connection.cut_by is not None
        self._shared.board.note(connection.cut_by)
        connection.fault = connection.cut_by.name
        if connection.fault == "stall":
            either: set[asyncio.Future[Any]] = {leaving, asyncio.ensure_future(self._shared.closing.wait())}
            _, pending = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for waiting in pending:
                waiting.cancel()

    def _frame(self, event: Event, connection: _Connection) -> str | None:
        """What is sent for an event, noting the post that it shows; None where this version was not asked for it."""
        second = connection.version == V2
        if event.post is None:
            if second:
                return None
            own = {"did": did(event.person), "seq": event.seq, "time": _time(event.time_us)}
            told = {**own, "active": True} if event.tells == "account" else {**own, "handle": event.person.username}
            return compact({**_head(event), "kind": event.tells, event.tells: told}).decode()
        body = compact(_commit(event, event.post))
        now, poison = self._shared.clock.now(), None
        if event.tells == "create":
            body, poison = self._spoiled(body, event.post, connection)
        if second:
            head = compact(
                {"$type": f"{NSID}#commit", "seq": event.seq, "did": did(event.person), "time": _time(event.time_us)}
            )
            frame = b'{"$type":"message","payload":' + head[:-1] + b"," + body[1:] + b"}"
        else:
            frame = compact({**_head(event), "kind": "commit"})[:-1] + b',"commit":' + body + b"}"
        connection.rows.append(Shown(event.post, {}, now, poison=poison, gone=event.tells == "delete"))
        return frame.decode("utf-8", "surrogatepass")

    def _spoiled(self, body: bytes, post: WorldPost, connection: _Connection) -> tuple[bytes, str | None]:
        """The commit with the first poison that means this post, and its name."""
        for switch in connection.plan.poisons:
            spent = switch.times is not None and switch.happened >= switch.times
            kind = switch.name.removeprefix("poison").removeprefix("-") or kind_for(post.mark)
            if not spent and chosen(post.mark, rate=switch.rate) and (spoiled := poisoned(body, kind)) is not None:
                self._shared.board.note(switch)
                connection.fault = switch.name
                return spoiled, kind
        return body, None


def _head(event: Event) -> dict[str, Any]:
    return {"did": did(event.person), "time_us": event.time_us, "cursor": event.seq}


def _commit(event: Event, post: WorldPost) -> dict[str, Any]:
    commit = {"rev": f"3{event.seq:012d}", "operation": event.tells, "collection": POSTS, "rkey": post.uri.rpartition("/")[2]}
    return commit if event.tells == "delete" else {**commit, "record": _with_quote(post), "cid": cid(post)}


def _with_quote(post: WorldPost) -> dict[str, Any]:
    if post.quote_of is None:
        return record_of(post)
    quoted = {"uri": post.quote_of.uri, "cid": cid(post.quote_of)}
    return {**record_of(post), "embed": {"$type": "app.bsky.embed.record", "record": quoted}}


def _message(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"$type": "message", "payload": {"$type": f"{NSID}#{kind}", **payload}}


def _time(time_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _refused(name: str, message: str) -> web.Response:
    return web.json_response({"error": name, "message": message}, status=400, headers=MARK)
