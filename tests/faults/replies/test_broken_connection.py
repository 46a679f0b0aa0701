"""Hosts that are down in eleven ways, 20 times each, while others are well: nothing is lost, each is probed instead of hammered, and
the others are asked as ever.

Every host is a port with ten feeds; its first 20 requests fail, then it is well, and what was read from it is left in peace. One
real shift collects them all, with short intervals in place of a minute's. Another one has a healthy host of its own in the same
minutes: what the machine does to that host is not the doing of those that are down. Nor is it their doing that a shift wants a
processor and has none: its clock stands still meanwhile.
"""

import asyncio
import math
import re
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from monitor.crawl.circuit import OPENS_AFTER
from monitor.source import Source

FAULTS, FAULTS_SOAKED, FEEDS, ENTRIES = 20, 100, 10, 3
PROBE_S, TIMEOUT_S, POLLED_S = 0.5, 1.0, 1
IN_FLIGHT = 8  # of the asks of one page
SLACK_S = 0.1  # between the crawl's clock and the moment at which a server reads
# How much longer than in peace, as the other shift has it, a healthy host may wait for its turn: while hanging ones hold all walks,
# until they time out and their circuits open; and after that, on a busy machine.
OPENED_S, DELAYED_AT_FIRST_S, DELAYED_S = 6.0, 5 * TIMEOUT_S, 1.5
SETTINGS = {
    "MONITOR_PROBE_S": str(PROBE_S),
    "DOWNLOAD_TIMEOUT": str(TIMEOUT_S),
    "MONITOR_INTERVAL_S": str(POLLED_S),
    "MONITOR_LEASE_S": "30",
    "LOG_LEVEL": "INFO",
}
UNKNOWN = "flaky.example"
RESET = struct.pack("ii", 1, 0)  # linger for 0 s: closing sends a reset
ITEM = "<item><guid>{link}/{number}</guid><title>Tea {number} of {link}.</title></item>"
INTERRUPTED, FAILED = 130, 1

Writer = asyncio.StreamWriter


def head(body: bytes, *more: str, status: str = "200 OK", announced: int | None = None) -> bytes:
    length = len(body) if announced is None else announced
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/rss+xml", "Connection: close", f"Content-Length: {length}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def error(writer: Writer, _body: bytes) -> None:
    writer.write(head(b"", status="500 Internal Server Error"))


async def html_error(writer: Writer, _body: bytes) -> None:
    page = b"<html><body>Bad Gateway</body></html>"
    writer.write(head(page, status="502 Bad Gateway") + page)


async def silence(_writer: Writer, _body: bytes) -> None:
    await asyncio.sleep(60)


async def reset(writer: Writer, _body: bytes) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


async def reset_in_the_body(writer: Writer, body: bytes) -> None:
    writer.write(head(body) + body[: len(body) // 2])
    await asyncio.sleep(0.05)
    await reset(writer, body)


async def half_closed(writer: Writer, body: bytes) -> None:
    writer.write(head(body) + body[: len(body) // 2])
    writer.write_eof()
    await asyncio.sleep(0.5)


async def slow_drip(writer: Writer, body: bytes) -> None:
    """A byte now and then, so that the connection is never idle."""
    writer.write(head(body, announced=100_000))
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def short_of_its_length(writer: Writer, body: bytes) -> None:
    writer.write(head(body, announced=2 * len(body)) + body)


async def unfinished_chunks(writer: Writer, body: bytes) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nTransfer-Encoding: chunked\r\n\r\n")
    writer.write(b"%x\r\n" % len(body) + body + b"\r\n")


async def no_http(writer: Writer, _body: bytes) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")


Fault = Callable[[Writer, bytes], Awaitable[None]]
KINDS: dict[str, Fault] = {
    each.__name__.replace("_", " "): each
    for each in (
        error, html_error, silence, reset, reset_in_the_body, half_closed, slow_drip, short_of_its_length, unfinished_chunks, no_http
    )
}  # fmt: skip
NOT_FOUND = "name not found"


@dataclass
class Hosts:
    """What the servers did, by port."""

    faults: int
    fault_of: dict[int, Fault] = field(default_factory=dict)
    happened: Counter[int] = field(default_factory=Counter)
    longest_s: Counter[int] = field(default_factory=Counter)
    shift_of: dict[int, Any] = field(default_factory=dict)
    polled: dict[int, list[float]] = field(default_factory=dict)  # when, by the clock of its shift

    async def answer(self, listener: Any, request: bytes, writer: Writer) -> None:
        body = feed(link(listener.port, request.split()[1].decode()))
        if listener.port in self.shift_of:
            self.polled[listener.port].append(awake_s(self.shift_of[listener.port]))
        if self.happened[listener.port] < self.faults and listener.port in self.fault_of:
            self.happened[listener.port] += 1
            began = time.monotonic()
            try:
                await self.fault_of[listener.port](writer, body)
            finally:
                self.longest_s[listener.port] = max(self.longest_s[listener.port], time.monotonic() - began)
            return
        writer.write(head(body) + body)


def link(port: int, path: str) -> str:
    return f"http://h{port}.example{path}"


def feed(about: str) -> bytes:
    items = "".join(ITEM.format(link=about, number=number) for number in range(ENTRIES))
    return f'<rss version="2.0"><channel><title>{about}</title>{items}</channel></rss>'.encode()


def sources(host: str, port: int, count: int) -> list[Source]:
    urls = [f"http://{host}:{port}/{number}" for number in range(count)]
    return [Source(platform="feeds", kind="url", parameters={"url": url}, topics=("watched",)) for url in urls]


def awake_s(shift: Any) -> float:
    """Seconds of a monotonic clock without those in which this process wanted a processor and had none."""
    waited_ns = Path(f"/proc/{shift.process.pid}/schedstat").read_text(encoding="ascii").split()[1]
    return time.monotonic() - int(waited_ns) / 1e9


def longest_gap(moments: list[float], *, begun_before: float = math.inf, ended_after: float = 0.0) -> float:
    """The longest time without a request, of those that began and ended so."""
    gaps = [(before, after) for before, after in pairwise(moments) if before < begun_before and after > ended_after]
    return max((after - before for before, after in gaps), default=0.0)


def leave_in_peace(database: Any, *, besides: str) -> None:
    """Make sources that were read due no more but one: a process that reads a hundred each second is judged by its speed."""
    read = {"_id": {"$ne": besides}, "state": "ok", "last_polled_at": {"$ne": None}, "lease.owner": None}
    much_later = datetime.now(UTC) + timedelta(hours=1)
    database.client[database.name]["sources"].update_many(read, {"$set": {"next_due": much_later}})


def assert_probed(name: str, listener: Any, hosts: Hosts, *, said: str) -> None:
    """A host was down in its way as often as it should be, and left alone but for probes."""
    asked, faults, longest_s = listener.asked, hosts.happened[listener.port], hosts.longest_s[listener.port]
    # The circuit opens while one page of each feed, and second tries of the first failures, may be on their way.
    before = asked[FEEDS + OPENS_AFTER : faults]
    gap = min((after - earlier for earlier, after in pairwise(before)), default=0.0)
    print(f"  {name}: {faults} faults, probes at least {gap:.2f} s apart, longest {longest_s:.1f} s")
    assert faults == hosts.faults, name
    assert gap >= PROBE_S - SLACK_S, name
    assert longest_s < TIMEOUT_S + 1.5 or name == "silence", name
    assert f"event=circuit_opened host=127.0.0.1:{listener.port} " in said, name
    assert f"event=circuit_closed host=127.0.0.1:{listener.port}" in said, name


def test_hosts_down_in_every_way__nothing_is_lost__each_is_probed__the_others_are_asked_as_ever(
    wire, names, databases, crawl, until, soak, seed, monkeypatch
):
    monkeypatch.setenv("MONITOR_PRIVATE_HOSTS", f"127.0.0.1,{UNKNOWN}")
    hosts, database, quiet = Hosts(FAULTS_SOAKED if soak else FAULTS), databases("down"), databases("quiet")
    looked_up = names({UNKNOWN: [*[None] * hosts.faults, "127.0.0.1"]})
    *down, named, well, other = wire.listen(hosts.answer, ports=len(KINDS) + 3)
    hosts.fault_of = {listener.port: fault for listener, fault in zip(down, KINDS.values(), strict=True)}
    made = [each for listener in down for each in sources("127.0.0.1", listener.port, FEEDS)]
    made += sources(UNKNOWN, named.port, FEEDS)
    (healthy,) = sources("127.0.0.1", well.port, 1)
    database.ensure([healthy])
    quiet.ensure(sources("127.0.0.1", other.port, 1))
    hosts.polled = {well.port: [], other.port: []}
    for listener, each in ((well, database), (other, quiet)):
        hosts.shift_of[listener.port] = crawl(each.name, each, platform="feeds", settings=SETTINGS, shift="10m")
    polled, in_peace = hosts.polled.values()
    until(lambda: len(polled) > 4 and len(in_peace) > 4, within_s=30, what="the healthy hosts are polled")
    shift, began = hosts.shift_of[well.port], time.monotonic()
    began_at = {port: awake_s(each) for port, each in hosts.shift_of.items()}
    database.ensure(made)
    wanted = (len(made) + 1) * ENTRIES

    def all_stored() -> bool:
        leave_in_peace(database, besides=healthy.id)
        return database.count() == wanted

    until(all_stored, within_s=600 if soak else 120, what="all posts are stored")
    took = time.monotonic() - began
    at_first, peace_at_first = (
        longest_gap(hosts.polled[port], ended_after=at, begun_before=at + OPENED_S) for port, at in began_at.items()
    )
    delayed = longest_gap([at for at in polled if at > began_at[well.port] + OPENED_S])
    peace = longest_gap(in_peace, ended_after=began_at[other.port] + OPENED_S)
    shift.process.send_signal(signal.SIGTERM)
    code = shift.ended(within_s=30)

    print(
        f"\nseed {seed}: {hosts.happened.total() + looked_up()[UNKNOWN] - 1} faults of {len(KINDS) + 1} kinds at {len(made)} feeds, "
        f"{database.count()} of {wanted} posts stored after {took:.0f} s, exit code {code}\n"
        f"  the healthy host: {len(polled)} polls, longest gap when the others broke {at_first:.2f} s (in peace "
        f"{peace_at_first:.2f} s), with their circuits open {delayed:.2f} s (in peace {peace:.2f} s)"
    )
    for name, listener in zip(KINDS, down, strict=True):
        assert_probed(name, listener, hosts, said=shift.output.read_text())
    places = [(each.port, place) for each in (*down, named, well) for place in range(1 if each is well else FEEDS)]
    shown = {f"Tea {number} of {link(port, f'/{place}')}." for port, place in places for number in range(ENTRIES)}
    titles = [post["title"] for post in database.posts()]
    assert (set(titles), len(titles)) == (shown, wanted)
    assert database.quarantined() == []
    assert looked_up()[UNKNOWN] > hosts.faults
    assert {source["state"] for source in database.sources().values()} == {"ok"}
    assert at_first < peace_at_first + DELAYED_AT_FIRST_S
    assert 0 < delayed < peace + DELAYED_S
    said = re.findall(r"The host \S+ has failed \d+ times in a row .*next try at \d\d:\d\d:\d\d UTC", shift.output.read_text())
    assert len(said) > FEEDS
    assert code == INTERRUPTED, shift.said()


def test_name_that_is_not_found__is_looked_up_three_times_in_a_poll(names, databases, crawl):
    looked_up = names({"gone.example": [None]})
    gone = crawl("gone", databases("gone"), platform="hackernews", query="tea", base_url="http://gone.example")
    code = gone.ended(within_s=30)
    print(f"\n{looked_up()['gone.example']} look-ups in one poll, exit code {code}")
    assert looked_up()["gone.example"] == 3
    assert code == FAILED
    assert "gone.example cannot be resolved" in gone.said()


def test_page_of_many_asks_that_all_fail__ends_when_the_circuit_opens(wire, databases, crawl):
    """A list of 100 items whose server dies after the list."""

    async def answer(listener: Any, request: bytes, writer: Writer) -> None:
        if b"stories" not in request.split()[1]:
            await reset(writer, b"")
            return
        ids = b"[" + b",".join(b"%d" % number for number in range(1, 101)) + b"]"
        writer.write(head(ids).replace(b"rss+xml", b"json") + ids)

    (listener,) = wire.listen(answer)
    items = crawl("items", databases("items"), platform="hackernews", community="ask", base_url=listener.url)
    code = items.ended(within_s=30)
    print(f"\n{len(listener.asked)} requests for a list and 100 items, exit code {code}")
    assert 1 + OPENS_AFTER <= len(listener.asked) <= 1 + OPENS_AFTER + IN_FLIGHT
    assert code == FAILED
