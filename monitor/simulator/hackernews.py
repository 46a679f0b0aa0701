"""The simulated Hacker News: its search under /api/v1 and its items under /v0, on one address."""

from monitor.simulator.algolia import Algolia
from monitor.simulator.answer import Answer, Call
from monitor.simulator.firebase import Firebase
from monitor.simulator.world import World


class HackerNews:
    """Answers calls from the posts of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._algolia = Algolia(world)
        self._firebase = Firebase(world)

    def answer(self, call: Call) -> Answer:
        self._world.reach(call.now)
        return (self._firebase if call.path.startswith("/v0/") else self._algolia).answer(call)
