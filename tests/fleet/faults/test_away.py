"""MongoDB is away: frozen for all, or out of reach for one node. The node's web API goes on answering, and no job runs twice."""

import asyncio
import gc
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from monitor.store.synchronous import ANSWER_S

LEASE_S = 4.0
FROZEN_S, ANSWERS_S = 12.0, 2.0
CONTROL_S = ANSWERS_S - ANSWER_S  # what remains to a call beside MongoDB; as a rule one without MongoDB takes less
CUT_S = 3 * LEASE_S
SOURCES = 40
READS = ("metrics", "daemonstatus.json", "listjobs.json?project=monitor", "listspiders.json?project=monitor", "jobs", "")


@dataclass
class Way:
    """A way to a server that can be cut, as by a broken network: what is sent meanwhile arrives when it is whole again."""

    target: int
    port: int = 0
    held: int = 0
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        assert not self._thread.is_alive()
        gc.collect()  # what was left open is told in this test

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._open.set()
        listener = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = listener.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        listener.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        """Break all connections off, also what is just being let in, and wait until they are closed."""
        self._open.set()
        for _ in range(10):  # turns in which whoever was let in last begins to be served
            await asyncio.sleep(0)
        while serving := asyncio.all_tasks() - {asyncio.current_task()}:
            for end in self._ends:
                end.transport.abort()
            await asyncio.wait(serving, timeout=0.1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        self._ends.add(writer)
        try:
            await self._open.wait()
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.target)
            ends.add(upstream_writer)
            self._ends.add(upstream_writer)
            await asyncio.gather(self._pass(reader, upstream_writer), self._pass(upstream_reader, writer))
        finally:
            for end in ends:
                end.close()
                with suppress(ConnectionError):
                    await end.wait_closed()
            self._ends -= ends

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while sent := await reader.read(65536):
                if not self._open.is_set():
                    self.held += len(sent)
                    await self._open.wait()
                writer.write(sent)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@dataclass
class Control:
    """Calls that need no MongoDB, one after the other in a thread: what they take is the node's and the machine's own time."""

    node: Any
    calls: list[tuple[float, float]] = field(default_factory=list)  # when each began, and how long it took

    def __enter__(self) -> Self:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(30)

    def slowest_s(self, begun: float, ended: float) -> float:
        """The longest call of those that were under way at some moment between the two."""
        return max((took_s for at, took_s in self.calls if at < ended and at + took_s > begun), default=0.0)

    def _run(self) -> None:
        while not self._ending.wait(0.02):
            begun = time.monotonic()
            self.calls.append((begun, self.node.call("metrics", timeout_s=30).took_s))


def timed(node: Any, path: str, form: dict[str, str] | None) -> tuple[str, Any, float]:
    """Call; returns the path, the reply, and when it had come."""
    reply = node.call(path, form, timeout_s=30)
    return path, reply, time.monotonic()


def test_frozen__the_web_api_answers_within_2_s__and_the_poller_goes_on_afterwards(
    replica_set: Callable[[], Any], fleet_on: Callable[[str], Any], egg: Path
) -> None:
    servers = replica_set()
    mongod, fleet = servers.processes[servers.primary()], fleet_on(servers.uri)
    node = fleet.started("frozen")
    assert node.upload(egg.read_bytes()).status == 200
    for path in READS:
        assert node.call(path).status == 200
    mongod.send_signal(signal.SIGSTOP)
    begun, timed_replies = time.monotonic(), list[tuple[str, Any, float]]()
    calls: list[tuple[str, dict[str, str] | None]] = [(path, None) for path in READS]
    calls += [
        ("schedule.json", {"project": "monitor", "spider": "mastodon"}),
        ("cancel.json", {"project": "monitor", "job": "x"}),
    ]
    with Control(node) as control, ThreadPoolExecutor(8) as threads:
        while time.monotonic() - begun < FROZEN_S:
            timed_replies += list(threads.map(lambda call: timed(node, *call), calls * 2))
            time.sleep(0.2)
    frozen_s = time.monotonic() - begun
    mongod.send_signal(signal.SIGCONT)
    replies = [(path, reply) for path, reply, _ in timed_replies]
    own_s = [(reply.took_s, control.slowest_s(at - reply.took_s, at)) for _, reply, at in timed_replies]
    slowest = max(took_s - lost_s for took_s, lost_s in own_s)
    usual, at_most = median(took_s for _, took_s in control.calls), max(took_s for _, took_s in control.calls)
    shown = [(path, reply.status) for path, reply in replies if path in READS]
    changed = [(path, reply.status) for path, reply in replies if path not in READS]
    job = fleet.wait(lambda: node.call("schedule.json", {"project": "monitor", "spider": "mastodon", "jobid": "after"}).status == 200,
                     or_say=node.said, within_s=30)  # fmt: skip
    taken_s = fleet.wait(lambda: fleet.job("after")["state"] != "pending", or_say=node.said, within_s=30)
    print(
        f"\nMongoDB frozen for {frozen_s:.1f} s: {len(replies)} calls, the slowest took {slowest:.2f} s more than one without "
        f"MongoDB at that time, which took {usual:.2f} s as a rule, {at_most:.2f} s at most, and "
        f"{max(own_s)[0]:.2f} s in all; {len(shown)} that show something answered from memory, {len(changed)} that "
        f"change something refused; then a job was queued after {job:.1f} s and taken after {taken_s:.1f} s"
    )
    assert slowest < ANSWERS_S
    assert at_most < ANSWERS_S
    assert usual < CONTROL_S
    assert {status for _, status in shown} == {200}
    assert {status for _, status in changed} == {503}
    assert len(replies) > 40


def test_cut_off__a_node_for_three_leases__nothing_lost_and_nothing_doubled(
    replica_set: Callable[[], Any],
    fleet_on: Callable[[str], Any],
    egg: Path,
    shifts: Callable[..., Any],
    told: Callable[..., str],
    begun: float,
) -> None:
    """Both its jobs and itself are cut off, with commands on their way; another node takes the jobs meanwhile."""
    seed = random.randrange(2**31)
    rng = random.Random(seed)
    port = replica_set().primary()
    fleet = fleet_on(f"mongodb://127.0.0.1:{port}/?directConnection=true")
    polling = shifts(fleet)
    with Way(port) as way:
        island = fleet.started("island", uri=f"mongodb://127.0.0.1:{way.port}/?directConnection=true")
        assert island.upload(egg.read_bytes()).status == 200
        polling.watch(SOURCES)
        for number in range(2):
            polling.schedule(island, f"shift{number}")
        polling.await_running()
        mainland = fleet.started("mainland")
        fleet.wait(lambda: len(polling.finished()) == SOURCES, or_say=lambda: len(polling.finished()), within_s=120)
        processes = island.children()
        time.sleep(rng.uniform(0, 1))
        assert {job["node"] for job in polling.all().values()} == {"island"}
        way.cut()
        cut_at, at = time.monotonic(), polling.now()
        fleet.wait(
            lambda: {job["node"] for job in polling.all().values()} == {"mainland"}, or_say=polling.all, within_s=CUT_S * 2
        )
        taken_s = time.monotonic() - cut_at
        time.sleep(max(0.0, CUT_S - taken_s))
        still = sum(map(fleet.alive, processes))
        way.mend()
        mended_at = time.monotonic()
        fleet.wait(lambda: not any(map(fleet.alive, processes)), or_say=island.said, within_s=60)
        stopped_s = time.monotonic() - mended_at
        polling.await_running()
        polling.await_all_polled(after=at, within_s=60)
        fleet.wait(lambda: island.said().count("late_finish") >= 2, or_say=island.said, within_s=10)  # told by its next look
        reasons = [line for line in island.said().splitlines() if "late_finish" in line]
        polling.cancel(island)
        compared, rows = polling.compared()
        print(
            f"\nseed {seed}: a node with {still} jobs cut off for {mended_at - cut_at:.1f} s ({way.held} bytes came late); its jobs "
            f"taken by another after {taken_s:.1f} s; its own processes ended {stopped_s:.1f} s after the way was whole, "
            f"{len(reasons)} late ends ignored; {time.monotonic() - begun:.0f} s\n{told(compared, rows)}"
        )
    assert compared.exact, compared.examples
    assert mended_at - cut_at >= CUT_S
    assert way.held > 0
    assert len(processes) == 2
    assert len(reasons) == 2
    assert mainland.process.poll() is None
    assert [job["attempts"] for job in polling.all().values()] == [2, 2]
    assert os.getpid() not in processes
