"""Replies that end early, at every byte, and replies that are something else: none of them becomes a page, and nothing is lost.

All cuts go through the steps of a crawl in this process, decompression, reply check and the platform's reading; a handful in every
framing of HTTP go over the wire to a real crawl.
"""

import gzip
import json
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from monitor.bookmark import Step
from monitor.crawl.compression import CompressionMiddleware
from monitor.crawl.pace_middleware import header_map
from monitor.crawl.platforms import platform
from monitor.crawl.reply_check import check
from monitor.errors import RetryLater
from monitor.page import Asked, Page, Reply
from monitor.source import Source

HOST, SIZE, MIB = "chatter.example", 4096, 2**20
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SOURCE = Source(platform="mastodon", kind="tag", parameters={"instance": HOST, "tag": "tea"}, topics=("watched",))
INTERRUPTED = 130


def row(number: int) -> dict[str, Any]:
    author = {"id": "7", "username": "ann", "acct": "ann", "url": f"https://{HOST}/@ann", "display_name": "Änn \U0001f375"}
    return {
        "id": str(number),
        "uri": f"https://{HOST}/users/ann/statuses/{number}",
        "created_at": f"2026-11-20T08:{number:02}:00.000Z",
        "content": f"<p>Nº {number}: tea first, 茶 later.</p>",
        "account": author,
    }


def of_size(size: int) -> bytes:
    """A page of JSON of exactly so many bytes, its characters of one to four bytes."""
    rows = [row(number) for number in range(12, 0, -1)]
    shorter = size - len(json.dumps(rows, ensure_ascii=False).encode())
    rows[0]["content"] += "x" * shorter
    return json.dumps(rows, ensure_ascii=False).encode()


def read(body: bytes, *, encoding: str = "", kind: str = "application/json") -> Page:
    """The page in a body, as `fetch` and a walk come to it. Raises what they raise."""
    request = Request(f"https://{HOST}/api/v1/timelines/tag/tea")
    headers = {"Content-Type": kind, **({"Content-Encoding": encoding} if encoding else {})}
    plain = CompressionMiddleware(largest_bytes=16 * MIB).process_response(
        request, Response(request.url, headers=headers, body=body)
    )
    reply = Reply(plain.status, header_map(plain), plain.body, request.url, NOW)
    check(reply, platform="mastodon", accepts="application/json", cursor=None, wait_s=None)
    page = platform("mastodon").read(reply, Asked(SOURCE, Step()))
    assert isinstance(page, Page)
    return page


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_every_prefix_of_a_reply_of_4_kib__none_becomes_a_page(encoding, seed):
    """Compressed, the body is noise enough to keep its size."""
    whole = of_size(SIZE)
    rng = random.Random(seed)
    if encoding:
        rows = [{**each, "noise": rng.randbytes(240).hex()} for each in json.loads(whole)]
        compressed = gzip.compress(json.dumps(rows).encode())
        whole = compressed if encoding == "gzip" else compressed[10:-8]  # deflate without its wrapper, as some servers send it
    pages, refused = 0, Counter[str]()
    for cut in range(len(whole)):
        try:
            read(whole[:cut], encoding=encoding)
            pages += 1
        except RetryLater as error:
            refused[type(error).__name__] += 1
    print(f"\nseed {seed}: {len(whole)} prefixes of {encoding or 'plain'} JSON, {dict(refused)}, {pages} became pages")
    assert pages == 0
    assert refused.total() == len(whole) >= (SIZE if not encoding else SIZE * 3 // 4)
    assert len(read(whole, encoding=encoding).rows) == 12


WHOLE = of_size(SIZE)
OTHERS = {
    "HTML instead of JSON": (b"<!doctype html><html><body>One moment</body></html>", "text/html"),
    "HTML that says it is JSON": (b"<!doctype html><html><body>One moment</body></html>", "application/json"),
    "empty": (b"", "application/json"),
    "blank": (b" \r\n\t ", "application/json"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), "application/json"),
    "UTF-16 without a mark": (WHOLE.decode().encode("utf-16-le"), "application/json"),
    "UTF-32": (WHOLE.decode().encode("utf-32"), "application/json"),
    "invalid UTF-8": (WHOLE.replace("茶".encode(), b"\xff\xfe", 1), "application/json"),
    "half a character": (WHOLE.replace("茶".encode(), b"\xe8\x8c", 1), "application/json"),
    "two values": (WHOLE + WHOLE, "application/json"),
    "a script": (b"callback(" + WHOLE + b")", "application/json"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png"),
    "gzip without saying so": (gzip.compress(WHOLE), "application/json"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_reply_is_something_else__is_refused(name):
    body, kind = OTHERS[name]
    with pytest.raises(RetryLater):
        read(body, kind=kind)


@pytest.mark.parametrize("name", ["number", "text", "null", "object"])
def test_reply_is_json_of_another_shape__is_no_page(name):
    body = {"number": b"7", "text": b'"seven"', "null": b"null", "object": b'{"posts": []}'}[name]
    with pytest.raises(
        (RetryLater, TypeError, KeyError, ValueError, AttributeError)
    ):  # a walk makes a ReplyError of the others
        read(body)


def test_reply_begins_with_a_byte_order_mark__is_read_as_if_there_were_none():
    """RFC 8259 8.1 lets a parser ignore it."""
    assert read(b"\xef\xbb\xbf" + WHOLE).rows == read(WHOLE).rows


# ---- over the wire


@dataclass
class Cutting:
    """Cuts the first page in one way after the other, then gives it whole; further pages are empty."""

    ways: list[tuple[str, str, int]]
    happened: Counter[str] = field(default_factory=Counter)

    async def answer(self, _listener: Any, request: bytes, writer: Any) -> None:
        if b"max_id" in request or b"min_id" in request:
            writer.write(framed("length", "", b"[]", 2))
            return
        framing, encoding, cut = self.ways.pop(0) if self.ways else ("length", "", SIZE)
        body = gzip.compress(WHOLE) if encoding else WHOLE
        self.happened[f"{encoding or 'plain'}, {framing}"] += cut < SIZE
        writer.write(framed(framing, encoding, body, min(cut, len(body) - (cut < SIZE))))


def framed(framing: str, encoding: str, body: bytes, cut: int) -> bytes:
    """`body` up to `cut`, in one of the ways in which HTTP/1.1 tells where a body ends; the last one tells nothing."""
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", "Connection: close"]
    lines += [f"Content-Encoding: {encoding}"] if encoding else []
    lines += {"length": [f"Content-Length: {len(body)}"], "chunks": ["Transfer-Encoding: chunked"], "end": []}[framing]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return head + (b"%x\r\n" % len(body) + body[:cut] if framing == "chunks" else body[:cut])


def test_replies_cut_on_the_wire__a_real_crawl_stores_every_post_once(wire, databases, crawl, until, seed):
    rng, database = random.Random(seed), databases("cut")
    ways = [
        (framing, encoding, rng.randrange(1, 900)) for framing in ("length", "chunks", "end") for encoding in ("", "gzip")
    ] * 3
    cutting = Cutting(ways.copy())
    (listener,) = wire.listen(cutting.answer)
    database.ensure([SOURCE])
    settings = {"MONITOR_PROBE_S": "0.2", "MONITOR_INTERVAL_S": "1", "MONITOR_LEASE_S": "60"}
    shift = crawl("shift", database, settings=settings, shift="10m", base_url=listener.url)
    seen: list[int] = []

    def stored() -> bool:
        seen.append(database.count())
        return seen[-1] == 12

    until(stored, within_s=60, what="all posts are stored")
    shift.process.send_signal(signal.SIGTERM)
    code = shift.ended(within_s=30)
    print(
        f"\nseed {seed}: {dict(cutting.happened)}; {len(listener.asked)} requests, {database.count()} of 12 posts, exit code {code}"
    )
    assert cutting.happened.total() == len(ways)
    assert set(seen) == {0, 12}, "nothing of a cut page is stored"
    assert {post["_id"] for post in database.posts()} == {row(number)["uri"] for number in range(1, 13)}
    assert database.quarantined() == []
    assert code == INTERRUPTED, shift.said()
