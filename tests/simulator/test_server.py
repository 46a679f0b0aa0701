"""The simulator over real sockets: what is sent, what is spoiled, and what the log says of it."""

import asyncio
import gzip
import json
from email.utils import parsedate_to_datetime
from time import thread_time

import aiohttp
import pytest

from monitor.errors import ConfigurationError
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.faults import Switch
from monitor.simulator.poison import KINDS
from monitor.simulator.refusals import SHAPES
from monitor.simulator.server import Simulator
from monitor.simulator.world import Plan
from monitor.simulator.writing import plain

TAG = "/api/v1/timelines/tag/python?limit=40"
PLAN = Plan(seed=7, days=3, posts=600)


@pytest.fixture
async def simulator(now):
    async with Simulator(plan=PLAN, world_clock=SimulatedClock(start=now, rate=0)) as running:
        yield running


@pytest.fixture
async def session():
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=5)) as opened:
        yield opened


async def fetch(session, address):
    async with session.get(address) as response:
        return response.status, response.headers, await response.read()


@pytest.fixture
def get(simulator, session):
    """Ask the Mastodon of the simulator."""
    return lambda path=TAG: fetch(session, simulator.addresses["mastodon"] + path)


async def test_log__holds_exactly_the_rows_that_were_sent(simulator, session, get):
    """Conservation: over pages, statuses, contexts, hits, items and feeds, the log names each row once per showing."""
    sent = []
    _, _, body = await get()
    rows = json.loads(body)
    sent += [("mastodon", row["id"]) for row in rows]
    for row in rows[:5]:
        _, _, body = await get(f"/api/v1/statuses/{row['id']}")
        sent.append(("mastodon", json.loads(body)["id"]))
        _, _, body = await get(f"/api/v1/statuses/{row['id']}/context")
        sent += [("mastodon", one["id"]) for part in json.loads(body).values() for one in part]
    _, _, body = await fetch(session, simulator.addresses["hackernews"] + "/api/v1/search_by_date?hitsPerPage=100")
    sent += [("hackernews", hit["objectID"]) for hit in json.loads(body)["hits"]]
    _, _, body = await fetch(session, simulator.addresses["feeds"] + "/feeds/log.json")
    sent += [("feeds", item["id"]) for item in json.loads(body)["items"]]
    assert [(post["platform"], post["id"]) for post in simulator.log.posts()] == sent
    assert len(sent) > 100


async def test_log__tells_the_words_and_counts_of_each_row(simulator, get):
    _, _, body = await get()
    row, truth = json.loads(body)[3], list(simulator.log.posts())[3]
    post = {post.native_id: post for post in simulator.world.posts("mastodon")}[row["id"]]
    assert truth["text"] == plain(post.text_at(simulator.clock.now()))
    assert truth["author"] == f"{post.author.username}@{post.author.host}"
    assert truth["created_at"] == post.created_at.isoformat()
    assert truth["counts"]["likes"] == row["favourites_count"]
    assert truth["request"] == 1


async def test_log__head_request__showed_nothing(simulator, session):
    async with session.head(simulator.addresses["mastodon"] + TAG) as response:
        assert response.status == 200
    assert list(simulator.log.posts()) == []
    assert len(simulator.log.entries) == 1


async def test_log__since__leaves_out_earlier_requests(simulator, get):
    await get()
    await get("/api/v1/timelines/public?limit=3")
    assert {post["request"] for post in simulator.log.posts(since=1)} == {2}


@pytest.mark.parametrize("shape", SHAPES)
async def test_fault_429__each_shape_really_happens(simulator, get, shape):
    simulator.board.switches = [Switch(name=f"429-{shape}", times=1)]
    status, headers, _ = await get()
    assert status == 429
    match shape:
        case "seconds" | "delta":
            assert headers.get("Retry-After", headers.get("X-RateLimit-Reset")) == "2"
        case "http-date" | "past-date":
            assert parsedate_to_datetime(headers["Retry-After"]).year >= 2026
        case "iso-reset":
            assert "." in headers["X-RateLimit-Reset"]
        case "epoch-ms":
            assert len(headers["X-RateLimit-Reset"]) == 13
        case "epoch-s":
            assert len(headers["X-RateLimit-Reset"]) == 10
        case "missing":
            assert "Retry-After" not in headers
        case _:
            assert headers["Retry-After"] in {"86400000", "-5", "2.5", "soon"}
    assert (await get())[0] == 200
    assert simulator.board.total == {f"429-{shape}": 1}


async def test_fault_429__plain__goes_through_the_shapes(simulator, get):
    simulator.board.switches = [Switch(name="429")]
    for _ in SHAPES:
        await get()
    assert [entry.fault for entry in simulator.log.entries] == [f"429-{shape}" for shape in SHAPES]


@pytest.mark.parametrize(
    ("name", "status", "content_type"),
    [
        ("500", 500, "application/json"),
        ("502", 502, "text/html"),
        ("503", 503, "application/json"),
        ("504", 504, "text/html"),
        ("html-200", 200, "text/html"),
        ("html-403", 403, "text/html"),
        ("empty", 200, "application/json"),
    ],
)
async def test_fault__other_reply(simulator, get, name, status, content_type):
    simulator.board.switches = [Switch(name=name)]
    got, headers, body = await get()
    assert (got, headers["Content-Type"]) == (status, content_type)
    assert (body == b"") is (name == "empty")
    assert list(simulator.log.posts()) == []
    assert simulator.board.total[name] == 1


async def test_fault_cut__ends_short_of_its_length(simulator, get):
    simulator.board.switches = [Switch(name="cut")]
    with pytest.raises(aiohttp.ClientPayloadError):
        await get()
    assert list(simulator.log.posts()) == []
    assert simulator.board.total["cut"] == 1


async def test_fault_gzip_cut__is_whole_for_http_and_cut_for_gzip(simulator, get):
    simulator.board.switches = [Switch(name="gzip-cut")]
    status, headers, body = await get()
    assert (status, headers["Content-Encoding"], len(body)) == (200, "gzip", int(headers["Content-Length"]))
    with pytest.raises(EOFError):
        gzip.decompress(body)
    assert list(simulator.log.posts()) == []


async def test_fault_reset__the_connection_breaks(simulator, get):
    simulator.board.switches = [Switch(name="reset")]
    with pytest.raises(aiohttp.ClientConnectionError):
        await get()
    faults = [entry.fault for entry in simulator.log.entries]  # the client may have tried again by itself
    assert faults == ["reset"] * simulator.board.total["reset"]
    assert faults


@pytest.mark.parametrize("name", ["silence", "stall"])
async def test_fault__never_ends__until_the_client_gives_up(simulator, get, name):
    simulator.board.switches = [Switch(name=name)]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(get(), timeout=0.2)
    assert simulator.board.total[name] == 1
    assert list(simulator.log.posts()) == []


async def test_fault_silence__ends_when_the_simulator_closes(now, session):
    async with Simulator(plan=PLAN, world_clock=SimulatedClock(start=now, rate=0)) as running:
        running.board.switches = [Switch(name="silence")]
        asked = asyncio.ensure_future(fetch(session, running.addresses["mastodon"] + TAG))
        await asyncio.wait([asked], timeout=0.2)
        assert running.board.total == {"silence": 1}
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked


@pytest.mark.parametrize("name", ["out-of-order", "paging-loop", "expired-cursor-400", "expired-cursor-404", "endless-cursor"])
async def test_quirk__is_counted_only_when_it_changed_the_reply(simulator, get, name):
    simulator.board.switches = [Switch(name=name)]
    await get("/api/v1/timelines/tag/nobodysaysthis")
    assert simulator.board.total == {}
    await get(f"{TAG}&max_id={simulator.world.posts('mastodon')[200].mark}" if name != "endless-cursor" else f"{TAG}&max_id=5")
    assert simulator.board.total == {name: 1}


@pytest.mark.parametrize("kind", KINDS)
async def test_poison__spoils_the_row_at_its_position_and_the_log_says_so(simulator, get, kind):
    simulator.board.switches = [Switch(name=f"poison-{kind}", position=4)]
    status, _, _ = await get()
    assert status == 200
    poisons = [post["poison"] for post in simulator.log.posts()]
    assert poisons[4] == kind
    assert poisons.count(None) == len(poisons) - 1
    assert simulator.board.total == {f"poison-{kind}": 1}


async def test_poison__by_rate__spoils_the_same_posts_each_time(simulator, get):
    simulator.board.switches = [Switch(name="poison", rate=0.3)]
    await get()
    await get()
    spoiled = [
        [post["id"] for post in simulator.log.posts() if post["poison"] and post["request"] == number] for number in (1, 2)
    ]
    assert spoiled[0] == spoiled[1] != []


async def test_limit__is_counted_and_told(now, session):
    async with Simulator(plan=PLAN, world_clock=SimulatedClock(start=now, rate=0), limit=(2, 60)) as running:
        address = running.addresses["mastodon"] + TAG
        replies = [await fetch(session, address) for _ in range(3)]
        other = await fetch(session, running.addresses["hackernews"] + "/v0/maxitem.json")
    assert [status for status, _, _ in replies] == [200, 200, 429]
    assert [headers["X-RateLimit-Remaining"] for _, headers, _ in replies] == ["1", "0", "0"]
    assert int(replies[2][1]["Retry-After"]) > 50
    assert other[0] == 200


async def test_delay__comes_before_every_reply(now, session):
    async with Simulator(plan=PLAN, world_clock=SimulatedClock(start=now, rate=0), delay_s=0.1) as running:
        before = asyncio.get_running_loop().time()
        await fetch(session, running.addresses["feeds"] + "/feeds/weekly.xml")
    assert asyncio.get_running_loop().time() - before >= 0.1


async def test_other_methods__are_refused(simulator, session):
    async with session.post(simulator.addresses["mastodon"] + "/api/v1/statuses", json={}) as response:
        assert response.status == 405


async def test_port__that_is_taken__is_a_sentence(simulator):
    taken = int(simulator.addresses["mastodon"].rsplit(":", 1)[1])
    with pytest.raises(ConfigurationError, match=f"port {taken}"):
        async with Simulator(plan=PLAN, port=taken):
            raise AssertionError


async def test_page__of_40_statuses__costs_less_than_5_ms_to_make(simulator, call):
    """Load tests run on it. Measured without sockets, as the best of 20 in time of its own, each row made before."""
    server, page = simulator._servers["mastodon"], call(TAG, now=simulator.clock.now())
    best = 1.0
    for _ in range(20):
        before = thread_time()
        server.answer(page).body()
        best = min(best, thread_time() - before)
    print(f"a page of 40 statuses: {best * 1000:.2f} ms")
    assert best < 0.005
