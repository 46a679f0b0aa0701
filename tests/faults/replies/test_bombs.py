"""Replies that are made to fill the memory of whoever reads them: a real crawl refuses each within two seconds of its work and
stays small.

One shift first reads an honest feed, which warms it up, then one bomb after the other.
"""

import gzip
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import zstandard

from monitor.source import Source

GIB, MIB = 2**30, 2**20
LONGEST_S, MOST_MIB = 2.0, 40.0
INTERRUPTED = 130
HONEST = (
    b"""<rss version="2.0"><channel><title>Tea</title><item><guid>g</guid><title>Tea first.</title></item></channel></rss>"""
)
CHUNK = b" " * MIB


def zeros(compress: Callable[[bytes], bytes], finish: Callable[[], bytes]) -> bytes:
    """A gibibyte of blanks, compressed."""
    return b"".join(compress(CHUNK) for _ in range(GIB // MIB)) + finish()


def gzipped() -> bytes:
    """Compressed once, and repeated as the members that gzip allows."""
    return gzip.compress(CHUNK * 64) * (GIB // (64 * MIB))


def brotlied() -> bytes:
    stream = brotli.Compressor(quality=2)
    return zeros(stream.process, stream.finish)


def zstandard_made() -> bytes:
    stream = zstandard.ZstdCompressor(level=1).compressobj()
    return zeros(stream.compress, stream.flush)


# Name -> Content-Encoding, and how the body is made. Two have a body that is not compressed.
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip": ("gzip", gzipped),
    "brotli": ("br", brotlied),
    "zstd": ("zstd", zstandard_made),
    "stacked": ("gzip, gzip", lambda: gzip.compress(gzipped())),
    "length": ("", lambda: b""),
    "endless": ("", lambda: b""),
}


class Bomber:
    """Sends the bomb that the path names."""

    def __init__(self) -> None:
        self.bodies = {name: make() for name, (_, make) in BOMBS.items()}
        self.asked_at: dict[str, list[float]] = {name: [] for name in BOMBS}
        self.sent: dict[str, int] = dict.fromkeys(BOMBS, 0)

    async def answer(self, _listener: Any, request: bytes, writer: Any) -> None:
        name = request.split()[1].decode()[1:]
        if name not in BOMBS:
            await self._send(writer, name, HONEST, f"Content-Length: {len(HONEST)}")
            return
        self.asked_at[name].append(time.monotonic())
        body = self.bodies[name]
        length = GIB if name == "length" else None if name == "endless" else len(body)
        headers = [] if length is None else [f"Content-Length: {length}"]
        encoding = BOMBS[name][0]
        await self._send(writer, name, body, *headers, *([f"Content-Encoding: {encoding}"] if encoding else []))
        while name in {"length", "endless"} and self.sent[name] < GIB and not writer.is_closing():
            writer.write(CHUNK)
            await writer.drain()
            self.sent[name] += len(CHUNK)

    async def _send(self, writer: Any, name: str, body: bytes, *headers: str) -> None:
        lines = ["HTTP/1.1 200 OK", "Content-Type: application/rss+xml", "Connection: close", *headers]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        await writer.drain()
        if name in self.sent:
            self.sent[name] += len(body)


def memory_mib(crawl: Any, what: str) -> float:
    """VmRSS now, or VmHWM, its highest since `forget`."""
    status = Path(f"/proc/{crawl.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(what))


def worked_s(crawl: Any) -> float:
    """Seconds of a processor that it has used so far (man 5 proc, stat: utime and stime)."""
    told = Path(f"/proc/{crawl.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def forget(crawl: Any) -> None:
    """Let VmHWM begin anew at VmRSS (man 5 proc, clear_refs)."""
    Path(f"/proc/{crawl.process.pid}/clear_refs").write_text("5")


def test_bombs__each_is_refused_soon_and_once__and_the_crawl_stays_small_and_goes_on(
    wire, databases, crawl, until, monkeypatch
):
    monkeypatch.setenv("MONITOR_PRIVATE_HOSTS", "127.0.0.1")
    bomber, database = Bomber(), databases("bombs")
    (listener,) = wire.listen(bomber.answer)

    def source(name: str) -> Source:
        return Source(platform="feeds", kind="url", parameters={"url": f"{listener.url}/{name}"}, topics=("watched",))

    def refused(name: str) -> Any:
        found = database.sources().get(source(name).id)
        return found is not None and found["state"] == "failing" and found

    database.ensure([source("honest")])
    shift = crawl("shift", database, platform="feeds", settings={"MONITOR_LEASE_S": "60"}, shift="10m")
    until(lambda: database.count() == 1 or not shift.running(), within_s=30, what="the honest feed is read")
    assert shift.running(), shift.said()
    growth: dict[str, float] = {}
    print()
    for name in BOMBS:
        forget(shift)
        before, begun_s = memory_mib(shift, "VmRSS"), worked_s(shift)
        database.ensure([source(name)])
        until(lambda name=name: refused(name), within_s=30, what=f"the bomb {name} is refused")
        took, worked = time.monotonic() - bomber.asked_at[name][0], worked_s(shift) - begun_s
        growth[name] = memory_mib(shift, "VmHWM") - before
        print(
            f"  {name}: {bomber.sent[name] / 1024:.0f} KiB sent, asked {len(bomber.asked_at[name])} times, refused after {took:.2f} s "
            f"and {worked:.2f} s of work, growth {growth[name]:.1f} MiB: {refused(name)['state_reason']}"
        )
        assert worked < LONGEST_S, name  # not what the machine does meanwhile
        assert len(bomber.asked_at[name]) == 1, name
    database.ensure([source("honest-too")])
    until(lambda: database.count() == 2, within_s=30, what="an honest feed is read afterwards")
    shift.process.send_signal(signal.SIGTERM)
    code = shift.ended(within_s=30)
    print(f"  {len(BOMBS)} bombs of 1 GiB each, most growth {max(growth.values()):.1f} MiB, exit code {code}")
    assert max(growth.values()) < MOST_MIB
    assert all(bomber.sent[name] > 0 for name in BOMBS if name != "length"), "that one is refused by its head"
    assert max(bomber.sent["length"], bomber.sent["endless"]) < GIB
    assert code == INTERRUPTED, shift.said()
