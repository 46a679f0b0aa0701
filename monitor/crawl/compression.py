"""Downloader middleware that decompresses replies completely or not at all.

Scrapy's own hands a cut gzip stream on as if it were whole, which a line format would not notice. This one knows gzip and
deflate, which every platform offers, takes one encoding only, and stops at the size limit while decompressing.
"""

import zlib
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from monitor.errors import ReplyError, RetryLater

MOST_MEMBERS = 100  # several are legal and rare; each costs a copy of all that follows it
_PIECE = 2**20  # in one go zlib takes twice the memory of its result
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS


class CompressionMiddleware:
    """Asks for gzip and turns such replies into plain ones.

    Raises ReplyError for a cut or broken body, which is asked for again at once; RetryLater for a bomb, which is not.
    """

    def __init__(self, *, largest_bytes: int) -> None:
        self.largest_bytes = largest_bytes

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(largest_bytes=crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", "gzip, deflate")

    def process_response(self, request: Request, response: Response) -> Response:
        encoding = b", ".join(response.headers.getlist("Content-Encoding")).decode("latin-1").strip().lower()
        if encoding in {"", "identity"} or request.method == "HEAD" or not response.body:
            return response
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise RetryLater(f"The reply is encoded as {encoding[:40]!r}, which was not asked for.")
        body = decompressed(response.body, encoding=encoding, largest_bytes=self.largest_bytes)
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        return response.replace(body=body, headers=headers)


def decompressed(body: bytes, *, encoding: str, largest_bytes: int) -> bytes:
    """The whole content of a gzip (also of several members) or deflate `body`. Raises ReplyError or RetryLater, as above."""
    parts: list[bytes] = []
    members = size = 0
    rest = body
    while rest:
        members += 1
        if members > MOST_MEMBERS:
            raise RetryLater(f"The compressed reply has more than {MOST_MEMBERS} members.")
        # deflate means zlib by RFC 9110, but some servers send the raw stream.
        kind = _GZIP if encoding.endswith("gzip") else _ZLIB if rest[0] & 0x0F == 8 else _RAW
        stream = zlib.decompressobj(kind)
        while not stream.eof:
            try:
                part = stream.decompress(rest, _PIECE)
            except zlib.error as error:
                raise ReplyError(f"The compressed reply is broken ({error}).") from None
            rest = stream.unconsumed_tail
            size += len(part)
            if size > largest_bytes:
                raise RetryLater(f"The reply is larger than {largest_bytes} bytes when decompressed.")
            if not part and not rest and not stream.eof:
                raise ReplyError(f"The compressed reply ends early, after {size} bytes of content.")
            parts.append(part)
        rest = stream.unused_data
        if rest and not any(rest):
            break  # padding, which gzip allows
    return b"".join(parts)
