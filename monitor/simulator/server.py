"""The simulator as a whole: one world behind loopback ports, one for each platform and the control port."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from itertools import count
from typing import Self

from aiohttp import web

from monitor.errors import ConfigurationError
from monitor.simulator.answer import PlatformServer
from monitor.simulator.bluesky import Bluesky
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.control import Control
from monitor.simulator.devto import DevTo
from monitor.simulator.discourse import Discourse
from monitor.simulator.endless import Endless, Pace
from monitor.simulator.faults import Switch, Switchboard
from monitor.simulator.feed_list import FEEDS, MOVED_PATH, PAGE_PATH
from monitor.simulator.feeds import Feeds
from monitor.simulator.github import GitHub
from monitor.simulator.hackernews import HackerNews
from monitor.simulator.jetstream import Jetstream
from monitor.simulator.journal import Journal
from monitor.simulator.lemmy import Lemmy
from monitor.simulator.log import Log
from monitor.simulator.mastodon import Mastodon
from monitor.simulator.platform_port import PlatformPort, Shared
from monitor.simulator.quota import DEFAULT_REQUESTS, DEFAULT_SECONDS, Quota
from monitor.simulator.stackexchange import StackExchange
from monitor.simulator.thread_author import HABITS
from monitor.simulator.world import Plan, World
from monitor.simulator.world_post import PLATFORMS, Platform

HOST = "127.0.0.1"
# In this order: those of the demo, the control port, the others.
PORT_NAMES = ("mastodon", "hackernews", "feeds", "control", *HABITS)
PORTS = len(PORT_NAMES)
LARGE: tuple[Platform, ...] = ("mastodon", "hackernews")  # to make their posts takes some tenths of a second
SHUTDOWN_S = 0.5  # requests that hang on purpose end at once; others get this long


class Simulator:
    """The platforms on loopback: `async with Simulator(plan=Plan(seed=7)) as simulator: simulator.addresses["mastodon"]`.

    `limit` is (requests, seconds) per platform and client; `port` the first of PORTS in a row (0: free ones). In the same
    process, `world`, `log`, `board` and `clock` can be read and `board.switches` be set at any time.
    """

    def __init__(  # noqa: PLR0913 - the options of the command, each by keyword
        self,
        *,
        plan: Plan | None = None,
        world_clock: SimulatedClock | None = None,
        faults: Sequence[Switch] = (),
        limit: tuple[int, float] = (DEFAULT_REQUESTS, DEFAULT_SECONDS),
        delay_s: float = 0.0,
        endless: Pace | None = None,
        port: int = 0,
    ) -> None:
        plan = plan or Plan()
        self.clock = world_clock or SimulatedClock()
        self.world = World(plan, now=self.clock.start)
        self.log = Log()
        self.board = Switchboard(faults, seed=plan.seed)
        self.quotas: dict[Platform, Quota] = {platform: Quota(limit[0], limit[1]) for platform in PLATFORMS}
        self.addresses: dict[str, str] = {}
        stream = Endless(endless, seed=plan.seed, start=self.clock.start) if endless else None
        # Each of the two reads its own to the end.
        self._journal = Journal(self.world, Endless(endless, seed=plan.seed, start=self.clock.start) if endless else None)
        self._servers: dict[Platform, PlatformServer] = {
            "mastodon": Mastodon(self.world, endless=stream),
            "hackernews": HackerNews(self.world),
            "feeds": Feeds(self.world),
            "bluesky": Bluesky(self.world),
            "lemmy": Lemmy(self.world),
            "stackexchange": StackExchange(self.world),
            "github": GitHub(self.world),
            "discourse": Discourse(self.world),
            "devto": DevTo(self.world),
        }
        self._delay_s = delay_s
        self._port = port
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Listen on all ports. Raises ConfigurationError when one is taken."""
        self.world.reach(self.clock.now())
        for platform in LARGE:
            self.world.posts(platform)  # made now rather than in the first request
        closing = asyncio.Event()
        shared = Shared(
            clock=self.clock, board=self.board, log=self.log, numbers=count(1), delay_s=self._delay_s, closing=closing
        )
        handlers: dict[str, Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = {
            platform: PlatformPort(platform, server, quota=self.quotas[platform], shared=shared).handle
            for platform, server in self._servers.items()
        }
        handlers["bluesky"] = Jetstream(self._journal, shared=shared, otherwise=handlers["bluesky"]).handle
        handlers["control"] = Control(world=self.world, world_clock=self.clock, board=self.board, log=self.log).handle
        async with AsyncExitStack() as opening:
            for place, name in enumerate(PORT_NAMES):
                port = await self._listen(opening, handlers[name], port=self._port + place if self._port else 0)
                self.addresses[name] = f"http://{HOST}:{port}"
            opening.callback(closing.set)  # first of all on the way out, so that hanging requests end
            self._stack = opening.pop_all()
        return self

    async def _listen(
        self, stack: AsyncExitStack, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], *, port: int
    ) -> int:
        # A handler is cancelled when its client goes away: a hanging one must not outlive its request.
        runner = web.ServerRunner(web.Server(handler, handler_cancellation=True), shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            raise ConfigurationError(
                f"The simulator cannot listen on port {port} of {HOST}: {error.strerror}. Choose another with --port, or none."
            ) from error
        return int(runner.addresses[0][1])

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()

    def ready(self) -> dict[str, object]:
        """What `monitor simulate` prints: the base address of each platform, the feeds one by one, and the control port."""
        feeds = self.addresses["feeds"]
        return {
            "mastodon": self.addresses["mastodon"],
            "hackernews": self.addresses["hackernews"],
            "feeds": [f"{feeds}{feed.path}" for feed in FEEDS],
            "moved_feed": f"{feeds}{MOVED_PATH}",
            "feed_page": f"{feeds}{PAGE_PATH}",
            "control": self.addresses["control"],
            **{platform: self.addresses[platform] for platform in HABITS},
        }
