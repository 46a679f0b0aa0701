"""Servers that answer as a test says, down to the last byte, and names that resolve as it says; the crawls and databases are those
of the other fault tests."""

import asyncio
import json
import os
import ssl
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# Python imports this by itself when it starts. Each name of names.json answers with its addresses in turn, the last one for ever.
SITECUSTOMIZE = """
import json, pathlib, socket
from ipaddress import ip_address

folder = pathlib.Path(__file__).parent
told = json.loads((folder / "names.json").read_text())
left, by_name, info = told["answers"], socket.gethostbyname, socket.getaddrinfo

def address(name):
    with (folder / "asked").open("a") as log:
        log.write(name + "\\n")
    found = left[name].pop(0) if len(left[name]) > 1 else left[name][0]
    if found is None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return found

def known(host):
    name = host.decode() if isinstance(host, bytes) else host
    return name.lower().rstrip(".") if name and name.lower().rstrip(".") in left else None

def getaddrinfo(host, *more, **options):
    name = known(host)
    return info(address(name) if name else host, *more, **options)

socket.gethostbyname = lambda host: address(known(host)) if known(host) else by_name(host)
socket.getaddrinfo = getaddrinfo
if told["public"]:
    from monitor import outbound
    outbound.allowed = lambda ip: str(ip) in told["public"]
"""


@dataclass
class Listener:
    """A loopback port that answers as a test says, how often it was connected to, and when (monotonic) requests had arrived."""

    port: int
    connected: int = 0
    asked: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


# What happens to a request: its head, and the connection, which is closed afterwards.
Answer = Callable[[Listener, bytes, asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """Listeners in a thread of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._servers: list[asyncio.Server] = []

    def listen(
        self, answer: Answer, *, ports: int = 1, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> list[Listener]:
        """So many listeners on free ports of this machine, or one on `port`."""

        async def listening() -> list[Listener]:
            return [await self._listener(answer, host, port, tls) for _ in range(ports)]

        return asyncio.run_coroutine_threadsafe(listening(), self.loop).result(30)

    async def _listener(self, answer: Answer, host: str, port: int, tls: ssl.SSLContext | None) -> Listener:
        listener = Listener(port)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            listener.connected += 1
            # Strangers who go away in the middle are what these tests are about.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                head = await reader.readuntil(b"\r\n\r\n")
                listener.asked.append(time.monotonic())
                await answer(listener, head, writer)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(connected, host, port, ssl=tls)
        self._servers.append(server)
        listener.port = server.sockets[0].getsockname()[1]
        return listener

    def close(self) -> None:
        async def closed() -> None:
            for server in self._servers:
                server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0.05)  # transports close in the turns after

        asyncio.run_coroutine_threadsafe(closed(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Listeners that answer as the test says; they end with it."""
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], Counter[str]]]:
    """Make these names resolve so in crawls: addresses in turn, None for a failure. Returns how often each was looked up.

    `public`: addresses that the guard of typed addresses then takes for the only public ones.
    """
    folder = tmp_path / "names"

    def resolving(answers: Mapping[str, Sequence[str | None]], *, public: Sequence[str] = ()) -> Callable[[], Counter[str]]:
        folder.mkdir()
        (folder / "names.json").write_text(json.dumps({"answers": answers, "public": public}))
        (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
        (folder / "asked").touch()
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]))
        return lambda: Counter((folder / "asked").read_text().split())

    return resolving
