"""The control port: faults at run time, the log, and the ground truth, for tests in other processes.

It listens on loopback alone, and answers nobody else should that ever change.
"""

import json
from ipaddress import ip_address

from aiohttp import web

from monitor.errors import MonitorError
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.faults import Switch, Switchboard
from monitor.simulator.log import Log
from monitor.simulator.world import World


class Control:
    """Handles /_simulator/faults (GET, PUT), /_simulator/log (GET, `since=` a request number) and /_simulator/truth (GET)."""

    def __init__(self, *, world: World, world_clock: SimulatedClock, board: Switchboard, log: Log) -> None:
        self._world = world
        self._clock = world_clock
        self._board = board
        self._log = log

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.remote is None or not ip_address(request.remote).is_loopback:
            return web.json_response({"error": "The control port answers this machine alone."}, status=403)
        match request.method, request.path:
            case "GET", "/_simulator/faults":
                return web.json_response(self._board.as_json())
            case "PUT", "/_simulator/faults":
                return await self._put_faults(request)
            case "GET", "/_simulator/log":
                return self._get_log(request.rel_url.query.get("since", "0"))
            case "GET", "/_simulator/truth":
                return web.json_response(self._world.truth(self._clock.now()))
        return web.json_response({"error": "There are /_simulator/faults, /_simulator/log and /_simulator/truth."}, status=404)

    def _get_log(self, since: str) -> web.Response:
        if not since.isdecimal():
            return web.json_response({"error": f"since={since} is no request number."}, status=400)
        return web.json_response(self._log.as_json(since=int(since)))

    async def _put_faults(self, request: web.BaseRequest) -> web.StreamResponse:
        """Put these switches in place of those there are: `{"faults": [{"name": ..., "rate": ...}, ...]}`."""
        try:
            self._board.switches = [Switch.of(dict(one)) for one in json.loads(await request.read())["faults"]]
        except (MonitorError, ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": f"Faults were left as they are: {error}"}, status=400)
        return web.json_response(self._board.as_json())
