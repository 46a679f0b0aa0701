"""How a reply goes over the wire: whole, or spoiled by a fault. Every function says whether the reply was sent to its end."""

import asyncio
import gzip
import socket
import struct
from collections.abc import Mapping

from aiohttp import web

_HTML = b"<!doctype html><html><head><title>One moment</title></head><body><p>Please wait.</p></body></html>"
# Linger for 0 s: closing sends a reset instead of an orderly end.
_RESET = struct.pack("ii", 1, 0)
REPLACEMENTS: dict[str, tuple[int, str, bytes]] = {
    "500": (500, "application/json", b'{"error":"Something failed on this server"}'),
    "502": (502, "text/html", _HTML),
    "503": (503, "application/json", b'{"error":"Service Unavailable"}'),
    "504": (504, "text/html", _HTML),
    "html-200": (200, "text/html", _HTML),
    "html-403": (403, "text/html", _HTML),
    "empty": (200, "application/json", b""),
}


async def whole(request: web.BaseRequest, *, status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Send all of it; False: the client was gone before."""
    response = web.Response(status=status, headers=headers, body=body)
    try:
        await response.prepare(request)
        await response.write_eof()
    except ConnectionError:
        return False
    return request.transport is not None and not request.transport.is_closing()


async def half(request: web.BaseRequest, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Announce all of it and send half."""
    response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])


async def cut(request: web.BaseRequest, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Announce all of it, send half, and end the connection in an orderly way."""
    await half(request, status=status, headers=headers, body=body)
    if request.transport is not None:
        request.transport.close()


async def gzip_cut(request: web.BaseRequest, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Half of a gzip stream: complete for HTTP, broken for whoever unpacks it."""
    packed = gzip.compress(body, compresslevel=1)
    await whole(request, status=status, headers={**headers, "Content-Encoding": "gzip"}, body=packed[: len(packed) // 2])


async def stall(
    request: web.BaseRequest, closing: asyncio.Event, *, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Announce all of it, send half, and then nothing until the client gives up or the simulator closes."""
    await half(request, status=status, headers=headers, body=body)
    await closing.wait()
    reset(request)


async def silence(request: web.BaseRequest, closing: asyncio.Event) -> None:
    """Send nothing until the client gives up or the simulator closes."""
    await closing.wait()
    reset(request)


def reset(request: web.BaseRequest) -> None:
    """End the connection by a reset."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    request.transport.abort()
