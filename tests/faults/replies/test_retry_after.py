"""Servers that ask to be left alone, in every shape there is: the next request of a real crawl is never early, and never put off
for longer than an hour.

Each server is a feed at a port of its own, which refuses the first two requests with one of twelve header shapes and measures when
the next one comes. All are crawled by one process.
"""

import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from monitor.crawl.pace import FIRST_BACKOFF_S, LONGEST_WAIT_S
from monitor.simulator.refusals import ABSURD_S, SHAPES, WAIT_S
from monitor.source import Source

PER_SHAPE, PER_SHAPE_SOAKED, REFUSALS = 23, 100, 2
FEWEST = 500
# A header with whole seconds or milliseconds says its moment to that precision; this is for the clocks' own.
PRECISION_S = 0.002
LATE_S = 10.0  # what a busy machine may add to a wait that is over
RATE_LIMITED = {5, 6}  # all sources, or some
FEED = b"""<rss version="2.0"><channel><title>Tea</title><item><guid>g</guid><title>Tea first.</title></item></channel></rss>"""
# When each shape lets the next request come, by the server's clock. What cannot be read, or lies in the past, says nothing.
PROMISES = {
    "seconds": lambda now: now + WAIT_S,
    "float": lambda now: now + WAIT_S + 0.5,
    "delta": lambda now: now + WAIT_S,
    "http-date": lambda now: math.floor(now) + WAIT_S + 1,
    "epoch-s": lambda now: math.floor(now) + WAIT_S + 1,
    "epoch-ms": lambda now: math.floor(now * 1000) / 1000 + WAIT_S,
    "iso-reset": lambda now: now + WAIT_S,
    "absurd": lambda now: now + ABSURD_S,
    **dict.fromkeys(("missing", "negative", "past-date", "garbage"), lambda now: now + FIRST_BACKOFF_S / 2),
}


@dataclass
class Measured:
    """What the servers saw, by shape: waits in seconds, and by how much each was later than promised (below zero: early)."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    slack: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    given: Counter[str] = field(default_factory=Counter)
    refused_at: dict[int, float] = field(default_factory=dict)
    fed: set[int] = field(default_factory=set)
    shape_of: dict[int, str] = field(default_factory=dict)

    async def answer(self, listener: Any, _head: bytes, writer: Any) -> None:
        now, shape = time.time(), self.shape_of[listener.port]
        if (before := self.refused_at.get(listener.port)) is not None:
            self.waits[shape].append(now - before)
            self.slack[shape].append(now - PROMISES[shape](before))
        if len(listener.asked) > REFUSALS:
            self.fed.add(listener.port)
            del self.refused_at[listener.port]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n" + ending(FEED))
            return
        self.given[shape] += 1
        moment = datetime.now(UTC)
        self.refused_at[listener.port] = moment.timestamp()
        headers = "".join(f"{name}: {value}\r\n" for name, value in SHAPES[shape](moment).items())
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\n" + headers.encode() + ending(b""))


def ending(body: bytes) -> bytes:
    return b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_retry_after__twelve_shapes__no_request_is_early_and_none_waits_beyond_the_cap(
    wire, databases, crawl, soak, seed, monkeypatch
):
    assert set(PROMISES) == set(SHAPES)
    monkeypatch.setenv("MONITOR_PRIVATE_HOSTS", "127.0.0.1")
    measured, database = Measured(), databases("waits")
    each = PER_SHAPE_SOAKED if soak else PER_SHAPE
    listeners = wire.listen(measured.answer, ports=each * len(SHAPES))
    measured.shape_of = {listener.port: list(SHAPES)[place % len(SHAPES)] for place, listener in enumerate(listeners)}
    database.ensure(
        Source(platform="feeds", kind="url", parameters={"url": f"{listener.url}/feed"}, topics=("watched",))
        for listener in listeners
    )
    settings = {"MONITOR_LEASE_S": "60", "MONITOR_WALKS": str(len(listeners)), "CONCURRENT_REQUESTS": str(len(listeners))}
    begun = crawl("waiting", database, platform="feeds", settings=settings)
    code = begun.ended(within_s=90)

    now = datetime.now(UTC)
    limited = [source for source in database.sources().values() if source["state"] == "rate-limited"]
    put_off_s = [(source["next_due"] - now).total_seconds() for source in limited]
    slack = [each for shape in measured.slack.values() for each in shape]
    early = sum(each < -PRECISION_S for each in slack)
    print(
        f"\nseed {seed}: {measured.given.total()} refusals in {len(measured.given)} shapes by {len(listeners)} servers, "
        f"{len(slack)} requests after one: {early} early, at most {max(slack):.1f} s late; "
        f"{len(limited)} put off, by {min(put_off_s):.0f} to {max(put_off_s):.0f} s; exit code {code}"
    )
    for shape, waits in sorted(measured.waits.items()):
        print(f"  {shape}: {len(waits)} waits of {min(waits):.2f} to {max(waits):.2f} s")
    absurd = {port for port, shape in measured.shape_of.items() if shape == "absurd"}
    assert early == 0
    assert len(slack) + len(limited) >= FEWEST
    assert max(slack) < LATE_S + FIRST_BACKOFF_S * 2**REFUSALS
    assert set(measured.waits) == set(SHAPES) - {"absurd"}, "every sane wait is waited for, the absurd one is not"
    assert measured.given["absurd"] == len(limited) == len(absurd)
    assert all(0 < each <= LONGEST_WAIT_S for each in put_off_s)
    assert measured.fed == set(measured.shape_of) - absurd
    assert database.count() == len(measured.fed), begun.said()
    assert code in RATE_LIMITED


def test_the_shapes_that_name_a_moment_are_met_by_their_promise():
    """The promises above are another reading of the headers than the one under test; both begin at the same moment."""
    moment = datetime(2026, 11, 22, 8, 0, 0, 250_000, tzinfo=UTC)
    due = moment + timedelta(seconds=WAIT_S + 1)
    assert SHAPES["http-date"](moment) == {"Retry-After": format_datetime(due.replace(microsecond=0), usegmt=True)}
    assert PROMISES["http-date"](moment.timestamp()) == due.replace(microsecond=0).timestamp()
    assert SHAPES["epoch-s"](moment)["X-RateLimit-Reset"] == str(int(PROMISES["epoch-s"](moment.timestamp())))
