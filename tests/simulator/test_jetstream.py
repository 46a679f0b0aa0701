"""The simulated Jetstream, as a client sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from monitor.simulator.clock import SimulatedClock
from monitor.simulator.endless import Pace
from monitor.simulator.faults import Switch
from monitor.simulator.journal import Journal
from monitor.simulator.server import Simulator
from monitor.simulator.world import Plan, World

V1, V2 = "/subscribe", "/xrpc/network.bsky.jetstream.subscribeEvents"
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TURN_S, QUIET_TURNS = (
    0.01,
    30,
)  # of the loop that serves and listens: where it is held up, a turn is longer and no quiet comes sooner


@asynccontextmanager
async def simulated(*faults: Switch, endless: Pace | None = None) -> AsyncIterator[Simulator]:
    """A world that stands still."""
    clock, plan = SimulatedClock(start=NOW, rate=0), Plan(seed=7, days=2, posts=1500)
    async with Simulator(plan=plan, world_clock=clock, faults=faults, endless=endless) as simulator:
        yield simulator


async def next_of(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage | None:
    """The next message, or None where nothing comes."""
    receiving = asyncio.create_task(socket.receive())
    for _ in range(QUIET_TURNS):
        if (await asyncio.wait([receiving], timeout=TURN_S))[0]:
            return receiving.result()
    receiving.cancel()
    await asyncio.wait([receiving])
    return None


async def heard(simulator: Simulator, path: str, *, say: str | None = None, **asked: Any) -> list[dict[str, Any]]:
    """The frames until nothing comes, or the connection ends."""
    frames: list[dict[str, Any]] = []
    address, logged = simulator.addresses["bluesky"] + path, len(simulator.log.entries)
    async with aiohttp.ClientSession() as session, session.ws_connect(address, params=asked) as socket:
        if say is not None:
            await socket.send_str(say)
        while (message := await next_of(socket)) is not None:
            if message.type is not aiohttp.WSMsgType.TEXT:
                frames.append({"ended": True})
                break
            frames.append(json.loads(message.data))
    for _ in range(500):
        if len(simulator.log.entries) > logged:
            return frames
        await asyncio.sleep(0.01)
    pytest.fail("the connection was not logged")


async def refusal(simulator: Simulator, path: str, **asked: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(simulator.addresses["bluesky"] + path, params=asked) as reply:
        return reply.status, await reply.json()


def microseconds(at: datetime) -> int:
    return int(at.timestamp() * 10**6)


def kinds(frames: list[dict[str, Any]]) -> set[str]:
    return {frame["commit"]["operation"] if frame["kind"] == "commit" else frame["kind"] for frame in frames}


async def test_v1__all_that_is_kept__in_order_with_accounts_identities_and_deletions():
    async with simulated() as simulator:
        frames = await heard(
            simulator, V1, wantedCollections="app.bsky.feed.post", cursor=microseconds(NOW - timedelta(days=9))
        )
        times = [frame["time_us"] for frame in frames]
    assert times == sorted(set(times))
    assert kinds(frames) == {"create", "delete", "identity", "account"}
    assert times[0] >= microseconds(NOW - timedelta(hours=36)), "an older cursor is moved forward, without a word"
    assert all("record" not in frame["commit"] for frame in frames if frame.get("commit", {}).get("operation") == "delete")


async def test_v1__the_same_place_twice__repeats_what_was_there_and_a_little_before():
    async with simulated() as simulator:
        first = await heard(simulator, V1, cursor=microseconds(NOW - timedelta(hours=30)))
        again = await heard(simulator, V1, cursor=first[20]["time_us"])
    assert again == first[17:]


async def test_v1__a_cursor_of_the_future__is_live():
    async with simulated() as simulator:
        assert await heard(simulator, V1, cursor=10**14) == []


async def test_v2__commits_alone_in_their_envelope_with_what_was_moved_forward_said():
    async with simulated() as simulator:
        frames = await heard(simulator, V2, kinds="commit", cursor=microseconds(NOW - timedelta(days=9)))
        plain = await heard(simulator, V1, cursor=microseconds(NOW - timedelta(days=9)))
    info, *commits = [frame["payload"] for frame in frames]
    assert (info["$type"].rpartition("#")[2], info["name"]) == ("info", "OutdatedCursor")
    assert {commit["$type"].rpartition("#")[2] for commit in commits} == {"commit"}
    assert [commit["seq"] for commit in commits] == [frame["cursor"] for frame in plain if frame["kind"] == "commit"]


async def test_v2__seq_that_is_kept_no_longer__is_refused_by_name_and_one_that_is_kept_comes_first():
    async with simulated() as simulator:
        told = await heard(simulator, V1, cursor=microseconds(NOW - timedelta(hours=2)))
        status, body = await refusal(simulator, V2, cursor=1)
        frames = await heard(simulator, V2, cursor=told[0]["cursor"])
    assert (status, body["error"]) == (400, "CursorTooOld")
    assert frames[0]["payload"]["seq"] >= told[0]["cursor"]


async def test_v2__words_of_version_1__are_refused():
    async with simulated() as simulator:
        status, body = await refusal(simulator, V2, wantedCollections="app.bsky.feed.post")
    assert (status, body["error"]) == (400, "InvalidRequest")


async def test_v2__who_speaks__is_left():
    async with simulated() as simulator:
        assert await heard(simulator, V2, say="{}") == [{"ended": True}]
        assert await heard(simulator, V1, say="{}") == []


async def test_fault_cut__ends_the_connection_after_some_frames_and_is_logged():
    async with simulated(
        Switch(name="cut", times=1, platform="bluesky"), endless=Pace(per_second=100, backlog=1200)
    ) as simulator:
        cursor = microseconds(NOW - timedelta(seconds=30))
        cut, whole = await heard(simulator, V1, cursor=cursor), await heard(simulator, V1, cursor=cursor)
        faults = [entry.fault for entry in simulator.log.entries]
    assert cut[-1] == {"ended": True}
    assert 50 <= len(cut) - 1 <= 900 < len(whole)
    assert faults[0] == "cut"


async def test_fault_503__refuses_to_open():
    async with simulated(Switch(name="503", times=1, platform="bluesky")) as simulator:
        assert (await refusal(simulator, V1))[0] == 503


async def test_poison__spoils_the_record_and_the_log_says_which():
    async with simulated(Switch(name="poison-wrong-types", rate=0.3, platform="bluesky")) as simulator:
        frames = await heard(simulator, V1, cursor=microseconds(NOW - timedelta(hours=30)))
        spoiled = [frame for frame in frames if isinstance(frame.get("commit", {}).get("record", {}).get("text", ""), dict)]
        shown = [row for entry in simulator.log.entries for row in entry.rows if row.poison]
    assert len(spoiled) == len(shown) > 0


async def test_log__shows_what_was_sent_and_that_deleted_posts_are_gone():
    async with simulated() as simulator:
        frames = await heard(simulator, V1, cursor=microseconds(NOW - timedelta(hours=30)))
        rows = [row for entry in simulator.log.entries for row in entry.rows]
    assert len(rows) == sum(frame["kind"] == "commit" for frame in frames)
    assert sum(row.gone for row in rows) == sum(frame.get("commit", {}).get("operation") == "delete" for frame in frames)


@pytest.mark.parametrize("minutes", [1, 7])
def test_journal__however_often_it_is_looked_at__tells_the_same(minutes):
    def told(steps: int) -> list[tuple[str, str]]:
        journal = Journal(World(Plan(seed=7, days=2, posts=1500), now=NOW))
        for step in range(steps + 1):
            journal.reach(NOW + timedelta(minutes=minutes * 10) * (step / steps))
        return [(event.tells, event.post.uri if event.post else event.person.username) for event in journal.events]

    once, often = told(1), told(40)
    posts = [each for each in once if each[0] in {"create", "delete"}]
    assert posts
    assert [each for each in often if each[0] in {"create", "delete"}] == posts
