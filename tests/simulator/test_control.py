"""The control port: faults, log and truth for tests in other processes."""

import aiohttp
import pytest

from monitor.simulator.clock import SimulatedClock
from monitor.simulator.server import Simulator
from monitor.simulator.world import Plan


@pytest.fixture
async def simulator(now):
    async with Simulator(plan=Plan(seed=7, days=3, posts=300), world_clock=SimulatedClock(start=now, rate=0)) as running:
        yield running


@pytest.fixture
async def ask(simulator):
    """Send one request to the control port; status and JSON."""
    async with aiohttp.ClientSession(simulator.addresses["control"]) as session:

        async def send(method, path, **more):
            async with session.request(method, f"/_simulator/{path}", **more) as response:
                return response.status, await response.json()

        yield send


async def test_faults__put__take_the_place_of_those_before(simulator, ask):
    await ask("PUT", "faults", json={"faults": [{"name": "500", "rate": 0.5}]})
    status, answer = await ask("PUT", "faults", json={"faults": [{"name": "cut", "times": 3}]})
    assert status == 200
    assert [(fault["name"], fault["rate"], fault["times"]) for fault in answer["faults"]] == [("cut", 1.0, 3)]
    assert [switch.name for switch in simulator.board.switches] == ["cut"]


async def test_faults__get__counts_what_happened(simulator, ask):
    await ask("PUT", "faults", json={"faults": [{"name": "503", "times": 1}]})
    async with (
        aiohttp.ClientSession() as session,
        session.get(simulator.addresses["mastodon"] + "/api/v1/timelines/public") as reply,
    ):
        assert reply.status == 503
    _, answer = await ask("GET", "faults")
    assert answer["happened"] == {"503": 1}
    assert answer["faults"][0]["happened"] == 1


@pytest.mark.parametrize(
    "body", ["{", "[]", '{"faults": [{"name": "nothing"}]}', '{"faults": [{"rate": 1}]}', '{"faults": [3]}']
)
async def test_faults__nonsense__changes_nothing(simulator, ask, body):
    status, answer = await ask("PUT", "faults", data=body)
    assert status == 400
    assert answer["error"].startswith("Faults were left as they are")
    assert simulator.board.switches == []


async def test_log__since_a_request(simulator, ask):
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.get(simulator.addresses["mastodon"] + "/api/v1/timelines/public?limit=4") as reply:
                await reply.read()
    _, everything = await ask("GET", "log")
    _, later = await ask("GET", "log?since=1")
    assert [entry["number"] for entry in everything["requests"]] == [1, 2]
    assert [entry["number"] for entry in later["requests"]] == [2]
    assert len(everything["posts"]) == 2 * len(later["posts"]) > 0
    assert everything["last"] == 2
    assert (await ask("GET", "log?since=x"))[0] == 400


async def test_truth__names_the_spike_and_the_subjects(simulator, ask):
    _, truth = await ask("GET", "truth")
    assert truth["spike"]["subject"] in truth["subjects"]
    assert truth["seed"] == 7
    assert sum(truth["platforms"].values()) > 250


async def test_unknown_path__says_what_there_is(ask):
    status, answer = await ask("GET", "nothing")
    assert status == 404
    assert "/_simulator/faults" in answer["error"]
