"""A WebSocket that is only listened to: opened with its refusal read, frames one by one, back-pressure by not reading on.

What is not read stays with the operating system and the sender: aiohttp holds 64 KiB of unread frames, then leaves the socket
alone. Nothing but close and pong is ever sent; some streams end when they are talked to.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp
from aiohttp import WSCloseCode, WSMsgType

from monitor import clock
from monitor.errors import ReplyError
from monitor.page import Reply

CONNECT_S = 15.0
_LARGEST_REFUSAL_BYTES = 64 * 1024
CLOSE_S = 0.5  # for the sender's answer to our goodbye


class DroppedError(ReplyError):
    """A connection is over, or was never made: connecting again may help."""


class TooLargeError(DroppedError):
    """A frame is larger than we take, and the connection was given up for it."""


@dataclass(slots=True)
class Handshake:
    """How the server answered the request to open: with 101 headers alone, with anything else its whole reply."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def reply(self, url: str) -> Reply:
        """The answer as a reply to check."""
        return Reply(self.status, self.headers, self.body, url, clock.now())


class RefusedOpeningError(DroppedError):
    """The server answered, but did not open the stream; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"The stream was not opened ({reply.status}).")
        self.reply = reply


class WebSocket:
    """An open connection. `headers` are those that it was opened with, names in lower case."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, host: str, headers: Mapping[str, str]) -> None:
        self._socket = socket
        self._host = host
        self.headers = headers

    async def receive(self, *, within_s: float) -> bytes | None:
        """The next frame; empty for a sign of life, None when nothing came in time. Raises DroppedError when the connection is over."""
        try:
            message = await self._socket.receive(timeout=within_s)
        except TimeoutError:
            return None
        match message.type:
            case WSMsgType.TEXT:
                return str(message.data).encode("utf-8", "surrogatepass")
            case WSMsgType.BINARY:
                return bytes(message.data)
            case WSMsgType.PING:
                await self._answer(message.data)
                return b""
            case WSMsgType.PONG:
                return b""
        if self._socket.close_code == WSCloseCode.MESSAGE_TOO_BIG:
            raise TooLargeError(f"A frame of {self._host} is larger than we take.")
        raise DroppedError(f"The stream of {self._host} broke off (close code {self._socket.close_code}).")

    async def _answer(self, ping: bytes) -> None:
        with suppress(aiohttp.ClientError, ConnectionError):  # a connection that is over is noticed at the next frame
            await self._socket.pong(ping)


@asynccontextmanager
async def opened(url: str, *, headers: Mapping[str, str], largest_bytes: int) -> AsyncIterator[WebSocket]:
    """Open the stream at `url` and close it in the end. Raises RefusedOpeningError, or DroppedError where nobody answers."""
    handshake = Handshake()
    tracing = aiohttp.TraceConfig()
    tracing.on_request_end.append(_noting(handshake))
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_connect=CONNECT_S)
    async with aiohttp.ClientSession(trust_env=True, timeout=timeout, trace_configs=[tracing]) as session:
        host = urlsplit(url).hostname
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await session.ws_connect(
                    url,
                    headers=headers,
                    autoping=False,  # so that pings are seen as signs of life
                    max_msg_size=largest_bytes,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise RefusedOpeningError(handshake.reply(url)) from error
        except (aiohttp.ClientError, OSError) as error:  # a timeout is an OSError
            raise DroppedError(f"The stream of {host} cannot be reached ({type(error).__name__}).") from error
        try:
            yield WebSocket(socket, str(host), handshake.headers)
        finally:
            # aiohttp reads on until the goodbye is answered, and its timeout is for each frame: with much unread it never comes.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await socket.close()


def _noting(
    handshake: Handshake,
) -> Callable[[aiohttp.ClientSession, SimpleNamespace, aiohttp.TraceRequestEndParams], Awaitable[None]]:
    async def note(_session: aiohttp.ClientSession, _context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams) -> None:
        handshake.status = ended.response.status
        handshake.headers = {name.lower(): value for name, value in ended.response.headers.items()}
        if ended.response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            handshake.body = await ended.response.content.read(_LARGEST_REFUSAL_BYTES)  # gone once aiohttp has refused it

    return note
