"""One port of a platform over real sockets: limits by platform and credentials, always packed replies, faults for everybody."""

import gzip
import json

import aiohttp
import pytest

from monitor.simulator.clock import SimulatedClock
from monitor.simulator.faults import Switch
from monitor.simulator.github import TOKEN
from monitor.simulator.poison import KINDS
from monitor.simulator.server import Simulator
from monitor.simulator.sky_sessions import APP_PASSWORD, IDENTIFIER
from monitor.simulator.stackexchange import KEY
from monitor.simulator.thread_author import HABITS, OWNER, ThreadAuthor
from monitor.simulator.world import Plan

PLAN = Plan(seed=7, days=3, posts=2500)
SKY = ThreadAuthor(7, platform="bluesky").cast.people[0].username
# An address of each platform that shows posts to anybody.
PATHS = {
    "bluesky": f"/xrpc/app.bsky.feed.getAuthorFeed?actor={SKY}",
    "lemmy": "/api/v3/post/list?limit=20",
    "stackexchange": "/2.3/questions?site=stackoverflow&filter=withbody",
    "github": f"/repos/{OWNER}/python/issues",
    "discourse": "/posts.json",
    "devto": "/api/articles/latest",
}


@pytest.fixture
async def run(now):
    """A simulator with a limit of so many requests a minute."""
    running = []

    async def begin(requests=10**6):
        made = Simulator(plan=PLAN, world_clock=SimulatedClock(start=now, rate=0), limit=(requests, 60))
        running.append(await made.__aenter__())
        return running[-1]

    yield begin
    for simulator in running:
        await simulator.__aexit__(None, None, None)


@pytest.fixture
async def session():
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=5)) as opened:
        yield opened


@pytest.fixture
def get(session):
    async def ask(simulator, platform, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with session.get(simulator.addresses[platform] + PATHS[platform], headers=sent) as response:
            return response.status, response.headers, await response.read()

    return ask


def test_paths__are_there_for_every_platform():
    assert set(PATHS) == set(HABITS)


@pytest.mark.parametrize("platform", HABITS)
async def test_rows__are_in_the_log_and_every_reply_says_that_it_is_simulated(run, get, platform):
    simulator = await run()
    status, headers, _ = await get(simulator, platform)
    assert (status, headers["X-Simulated"]) == (200, "social-monitor")
    shown = list(simulator.log.posts())
    assert len(shown) >= 3
    assert {row["platform"] for row in shown} == {platform}


@pytest.mark.parametrize("platform", HABITS)
async def test_limit__beyond_it__is_refused_and_noted(run, get, platform):
    simulator = await run(2)
    statuses = [(await get(simulator, platform))[0] for _ in range(3)]
    assert statuses[:2] == [200, 200]
    assert statuses[2] in {400, 403, 429}
    assert [entry.over_limit for entry in simulator.log.entries] == [False, False, True]
    assert simulator.quotas[platform].refused == 1


@pytest.mark.parametrize(("platform", "credentials", "times"), [("github", TOKEN, 83), ("stackexchange", KEY, 33)])
async def test_limit__credentials__are_counted_apart_and_allow_more(run, get, platform, credentials, times):
    simulator = await run(1)
    signed = {"Authorization": f"Bearer {credentials}"}
    assert (await get(simulator, platform))[0] == 200
    statuses = [(await get(simulator, platform, **signed))[0] for _ in range(times + 1)]
    assert statuses[:times] == [200] * times
    assert statuses[times] != 200
    assert (await get(simulator, platform))[0] != 200


async def test_github__304__is_free_of_charge_with_a_token_only(run, get):
    simulator = await run(2)
    signed = {"Authorization": f"Bearer {TOKEN}"}
    _, first, _ = await get(simulator, "github", **signed)
    status, again, body = await get(simulator, "github", **signed, If_None_Match=first["ETag"])
    assert (status, body) == (304, b"")
    assert again["X-RateLimit-Remaining"] == first["X-RateLimit-Remaining"] == str(2 * 83 - 1)
    _, first, _ = await get(simulator, "github")
    status, again, _ = await get(simulator, "github", If_None_Match=first["ETag"])
    assert (status, first["X-RateLimit-Remaining"], again["X-RateLimit-Remaining"]) == (304, "1", "0")


async def test_stackexchange__is_packed_whatever_the_client_takes(run, get):
    simulator = await run(30)
    _, headers, body = await get(simulator, "stackexchange", Accept_Encoding="identity")
    assert headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["quota_remaining"] == 29


@pytest.mark.parametrize("platform", HABITS)
async def test_faults__take_the_place_of_any_reply_and_spoil_any(run, get, platform):
    simulator = await run()
    simulator.board.switches = [Switch(name="503", times=1), Switch(name="cut", times=1, after=1)]
    assert (await get(simulator, platform))[0] == 503
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(simulator, platform)
    assert list(simulator.log.posts()) == []
    assert simulator.board.total == {"503": 1, "cut": 1}


@pytest.mark.parametrize("platform", HABITS)
async def test_poison__of_every_kind__changes_the_row_it_is_meant_for(run, get, platform):
    simulator = await run()
    clean = await get(simulator, platform)
    for kind in KINDS:
        simulator.board.switches = [Switch(name=f"poison-{kind}", position=1)]
        spoiled = await get(simulator, platform)
        assert spoiled[0] == 200
        assert spoiled[2] != clean[2], kind
        assert [row["poison"] for row in simulator.log.posts(since=simulator.log.entries[-1].number - 1)][:3] == [
            None,
            kind,
            None,
        ]


async def test_post__is_for_the_platforms_that_take_it(run, session):
    simulator = await run()
    login = f"{simulator.addresses['bluesky']}/xrpc/com.atproto.server.createSession"
    async with session.post(login, json={"identifier": IDENTIFIER, "password": APP_PASSWORD}) as response:
        assert (response.status, "accessJwt" in await response.json()) == (200, True)
    async with session.post(simulator.addresses["lemmy"] + PATHS["lemmy"], json={}) as response:
        assert response.status == 405
