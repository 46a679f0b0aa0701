"""Four processes, one credential, and servers that tell their limits in every way there is: never too much, never too early.

Each server counts by windows of its own, refuses what is beyond its limit, and now and then asks for silence though calls are left.
What comes too early is judged by when it left, and when the first of the processes had heard of the refusal.
One of the processes is killed on the way and another one started. MONITOR_SOAK=1: ten times as many windows.
"""

import asyncio
import math
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from math import ceil
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web
from pymongo import MongoClient

ROOT = Path(__file__).parents[2]
PROCESSES = 4
LIMIT, WINDOW_S = 60, 15.0
REQUESTS = 5000 if os.environ.get("MONITOR_SOAK") == "1" else 500
SILENT_EVERY, SILENT_S = 170, 2.4  # each so many requests a refusal that has nothing to do with the limit
IN_FLIGHT_S = 0.8  # how long a refusal that one has heard of takes to be read by all on a busy machine
LONGEST_S = REQUESTS / LIMIT * WINDOW_S * 2.5 + 90

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Now:
    """How a client stands: calls left, and when the window ends, by moment and in seconds."""

    left: int
    reset_at: float
    at: float

    @property
    def wait_s(self) -> float:
        return self.reset_at - self.at


def iso(now: Now) -> Headers:
    moment = datetime.fromtimestamp(now.reset_at, UTC)
    return {"X-RateLimit-Limit": f"{LIMIT}", "X-RateLimit-Remaining": f"{now.left}", "X-RateLimit-Reset": f"{moment:%FT%T.%fZ}"}


def epoch_and_policy(now: Now) -> Headers:
    told = {"RateLimit-Limit": f"{LIMIT}", "RateLimit-Remaining": f"{now.left}", "RateLimit-Reset": f"{ceil(now.reset_at)}"}
    return {**told, "RateLimit-Policy": f"{LIMIT};w={WINDOW_S:g}"}


def float_and_seconds_left(now: Now) -> Headers:
    return {
        "x-ratelimit-remaining": f"{now.left:.1f}",
        "x-ratelimit-used": f"{LIMIT - now.left}",
        "x-ratelimit-reset": f"{int(now.wait_s)}",
    }


def epoch_rounded_down(now: Now) -> Headers:
    return {
        "x-rate-limit-limit": f"{LIMIT}",
        "x-rate-limit-remaining": f"{now.left}",
        "x-rate-limit-reset": f"{int(now.reset_at)}",
    }


def epoch_and_resource(now: Now) -> Headers:
    told = {
        "X-RateLimit-Limit": f"{LIMIT}",
        "X-RateLimit-Remaining": f"{now.left}",
        "X-RateLimit-Reset": f"{ceil(now.reset_at)}",
    }
    return {**told, "X-RateLimit-Used": f"{LIMIT - now.left}", "X-RateLimit-Resource": "core"}


def epoch_milliseconds(now: Now) -> Headers:
    return {"X-RateLimit-Remaining": f"{now.left}", "X-RateLimit-Reset": f"{ceil(now.reset_at * 1000)}"}


def seconds_left(now: Now) -> Headers:
    return {
        "X-Rate-Limit-Limit": f"{LIMIT}",
        "X-Rate-Limit-Remaining": f"{now.left}",
        "X-Rate-Limit-Reset": f"{int(now.wait_s)}",
    }


def reset_after(now: Now) -> Headers:
    return {
        "X-RateLimit-Remaining": f"{now.left}",
        "X-RateLimit-Reset": f"{now.reset_at:.3f}",
        "X-RateLimit-Reset-After": f"{now.wait_s:.3f}",
        "X-RateLimit-Bucket": "abcd1234",
    }


def hour_and_day(now: Now) -> Headers:
    """Two limits at once; here that of the hour is the nearer one."""
    return {
        "X-RateLimit-PerHour-Limit": f"{LIMIT}",
        "X-RateLimit-PerHour-Remaining": f"{now.left}",
        "X-RateLimit-PerHour-Reset": f"{int(now.wait_s)}",
        "X-RateLimit-PerDay-Limit": "50000",
        "X-RateLimit-PerDay-Remaining": f"{40_000 + now.left}",
        "X-RateLimit-PerDay-Reset": "50000",
    }


def joined(now: Now) -> Headers:
    return {"RateLimit": f"limit={LIMIT}, remaining={now.left}, reset={int(now.wait_s)}"}


def structured(now: Now) -> Headers:
    return {
        "RateLimit": f'"default";r={now.left};t={int(now.wait_s)}',
        "RateLimit-Policy": f'"default";q={LIMIT};w={WINDOW_S:g}',
    }


def window_and_day(now: Now) -> Headers:
    day = {"x-app-limit-24hour-limit": "9000", "x-app-limit-24hour-remaining": f"{8000 + now.left}"}
    return {**epoch_rounded_down(now), **day, "x-app-limit-24hour-reset": f"{int(now.at) + 40_000}"}


def nothing(_now: Now) -> Headers:
    return {}


def in_seconds(wait_s: float, _at: float) -> tuple[Headers, float]:
    return {"Retry-After": f"{ceil(wait_s)}"}, ceil(wait_s)


def at_date(wait_s: float, at: float) -> tuple[Headers, float]:
    moment = ceil(at + wait_s)
    return {"Retry-After": format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)}, moment - at


@dataclass(frozen=True)
class Shape:
    """How a server tells its limit, and how it refuses."""

    headers: Callable[[Now], Headers]
    retry_after: Callable[[float, float], tuple[Headers, float]] = in_seconds
    status: int = 429

    @property
    def name(self) -> str:
        return f"{self.headers.__name__} {self.status} {self.retry_after.__name__}"


TELLING = (
    Shape(iso), Shape(epoch_and_policy, at_date), Shape(float_and_seconds_left), Shape(epoch_rounded_down, at_date),
    Shape(epoch_and_resource, status=403), Shape(epoch_milliseconds), Shape(seconds_left, status=420), Shape(reset_after),
    Shape(hour_and_day), Shape(joined, at_date), Shape(structured), Shape(window_and_day),
)  # fmt: skip
REFUSING = (Shape(nothing), Shape(nothing, at_date))


@dataclass
class Server:
    """One limited server and what it was asked. `silent`: requests that left long after a refusal, with the moment of that one."""

    shape: Shape
    draw: random.Random
    port: int = 0
    begun: float = 0.0
    used: Counter[int] = field(default_factory=Counter)
    over: list[float] = field(default_factory=list)
    silent: list[tuple[float, float]] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)  # when refusals had come to the process that was refused
    asked: int = 0
    silences: int = 0
    said_at: float = 0.0
    silent_until: float = 0.0
    strangers: int = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        at = time.time()
        self.begun = self.begun or at - self.draw.uniform(0, WINDOW_S)
        window = int((at - self.begun) / WINDOW_S)
        reset_at = self.begun + (window + 1) * WINDOW_S
        self.asked += 1
        self.used[window] += 1
        self.strangers += request.headers.get("Authorization") != "Bearer one"
        left = LIMIT - self.used[window]
        sent_at = float(request.headers["X-Sent-At"])
        if self.said_at + IN_FLIGHT_S < sent_at and at < self.silent_until:
            self.silent.append((self.said_at, sent_at))
        headers = self.shape.headers(Now(max(0, left), reset_at, at))
        if left < 0:
            self.over.append(at)
            return await self._refused(headers, reset_at - at, at)
        if self.asked % SILENT_EVERY == 0:
            self.silences += 1
            return await self._refused(headers, SILENT_S, at)
        await asyncio.sleep(self.draw.uniform(0.005, 0.06))  # so that replies overtake each other
        return web.json_response({"done": self.asked >= self.wanted}, headers=headers)

    async def _refused(self, headers: Headers, wait_s: float, at: float) -> web.Response:
        told, wait_s = self.shape.retry_after(wait_s, at)
        self.said_at, self.silent_until = at, max(self.silent_until, at + wait_s)
        return web.json_response({"error": "slower"}, status=self.shape.status, headers={**headers, **told})

    @property
    def wanted(self) -> int:
        """Where one request of all is under way at a time, fewer are enough."""
        return REQUESTS if self.shape in TELLING else REQUESTS // 2

    @property
    def whole(self) -> list[int]:
        """Calls of each window but the first, in which processes were starting, and the last, which was not over."""
        return [min(LIMIT, self.used[window]) for window in range(1, max(self.used, default=0))]

    @property
    def early(self) -> int:
        """Requests in times of silence by processes that could know of it."""
        heard = [min((at for at in self.heard if at >= said_at), default=math.inf) for said_at, _ in self.silent]
        return sum(sent_at > heard_at + IN_FLIGHT_S for heard_at, (_, sent_at) in zip(heard, self.silent, strict=True))

    def told(self) -> str:
        allowed = LIMIT * len(self.whole)
        return (
            f"{self.shape.name}: {self.asked} requests, over the limit {len(self.over)}, before Retry-After {self.early} "
            f"({self.silences} silences), used {sum(self.whole)} of {allowed} allowed ({sum(self.whole) / max(1, allowed):.0%})"
        )


@contextmanager
def serving(servers: Sequence[Server]) -> Iterator[list[int]]:
    """All servers on loopback, in a thread of their own; yields their ports."""
    loop, ports = asyncio.new_event_loop(), list[int]()
    runners: list[web.ServerRunner] = []

    async def start() -> None:
        for server in servers:
            runner = web.ServerRunner(web.Server(server.handle))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            runners.append(runner)
            ports.append(runner.addresses[0][1])

    async def stop() -> None:
        for runner in runners:
            await runner.cleanup()

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield ports
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def served(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Server]:
    """What every server was asked by the fleet."""
    seed, folder, database = random.randrange(10**6), tmp_path_factory.mktemp("fleet"), f"budgets_{uuid4().hex[:12]}"
    servers = [Server(shape, random.Random(f"{seed}/{shape.name}")) for shape in (*TELLING, *REFUSING)]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MONITOR_", "MONGODB_"))},
        "MONGODB_URI": mongodb_uri, "MONITOR_DATABASE": database, "MONITOR_HOME": str(folder), "MONITOR_CONFIG": os.devnull,
        "ASKING_TOKEN": "one",
    }  # fmt: skip
    script = Path(__file__).parent / "crawls" / "asking.py"
    processes: list[subprocess.Popen[bytes]] = []
    begun = time.monotonic()
    with serving(servers) as ports, (folder / "log").open("ab") as log:
        for server, port in zip(servers, ports, strict=True):
            server.port = port

        def start() -> None:
            command = [sys.executable, str(script), *map(str, ports)]
            processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, stdout=log))

        try:
            for _ in range(PROCESSES):
                start()
            while sum(server.asked for server in servers) < 0.4 * REQUESTS * len(TELLING):
                time.sleep(0.1)
                assert time.monotonic() - begun < LONGEST_S, [server.told() for server in servers]
            processes[0].kill()
            start()
            codes = [process.wait(max(1, LONGEST_S - (time.monotonic() - begun))) for process in processes[1:]]
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                process.wait()
    lines = (folder / "log").read_text(encoding="utf-8").splitlines()
    heard = [line.split()[1:] for line in lines if line.startswith("heard ")]
    said = "\n".join(line for line in lines if not line.startswith("heard "))[-3000:]
    print(f"\nseed {seed}, {time.monotonic() - begun:.0f} s, {PROCESSES} processes and one more for one that was killed")
    for server in servers:
        server.heard = [float(at) for port, at in heard if int(port) == server.port]
        print(server.told())
    assert codes == [0] * PROCESSES, said
    assert heard, "nobody told of a refusal, so nothing could be too early"
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        print(f"budgets: {client[database]['budgets'].count_documents({})}")
        client.drop_database(database)
    return {server.shape.name: server for server in servers}


@pytest.mark.parametrize("shape", TELLING, ids=lambda shape: shape.name)
def test_a_limit_that_is_told__is_kept_in_sum_and_used(served: Mapping[str, Server], shape: Shape) -> None:
    server = served[shape.name]
    assert server.asked >= REQUESTS
    assert server.strangers == 0
    assert server.silences >= REQUESTS // SILENT_EVERY
    assert (len(server.over), server.early) == (0, 0), server.told()
    assert sum(server.whole) >= 0.9 * LIMIT * len(server.whole), server.told()


@pytest.mark.parametrize("shape", REFUSING, ids=lambda shape: shape.name)
def test_a_limit_that_is_not_told__is_found_out_by_one_refusal_a_window(served: Mapping[str, Server], shape: Shape) -> None:
    """Before the first refusal nobody knows of a limit; from then on one request of all processes is under way."""
    server = served[shape.name]
    assert server.early == 0, server.told()
    first = server.over[0] if server.over else time.time()
    learned = [at for at in server.over if at > first + IN_FLIGHT_S]
    assert len(learned) <= len(server.used), server.told()
    assert len(server.over) - len(learned) <= PROCESSES * LIMIT // 4, server.told()
