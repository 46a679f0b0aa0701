"""Jetstream's two wire formats, from recorded frames; and real crawls of the simulated one, dropped, killed and stopped.

Real Jetstream posts carry no handle, so the comparisons leave out who wrote them.
"""

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pymongo import MongoClient

from monitor.bookmark import Bookmark, Head, Step
from monitor.config import load
from monitor.crawl import jetstream
from monitor.crawl.normalize import normalize
from monitor.crawl.process import start
from monitor.crawl.stream_item import MISSED
from monitor.errors import RefusedError
from monitor.page import Reply
from monitor.post import Media
from monitor.simulator.comparison import Comparison, compare
from monitor.simulator.process import log_of, simulated
from monitor.simulator.sky_sessions import APP_PASSWORD, IDENTIFIER
from monitor.source import Source
from monitor.store.bookmarks import bookmark_document
from monitor.store.connection import open_store
from spiders.bluesky import Bluesky

RECORDING = "bluesky/jetstream-v1-window-2026-07-04.json"
AT = datetime(2026, 7, 4, 15, tzinfo=UTC)
REPLY = Reply(101, {}, b"", "wss://jetstream1.us-east.bsky.network/subscribe", AT)
DROPS, KILLS, PER_SECOND, BACKLOG_S = 5, 3, 120, 20
ENDED_S, STOPPED_S, INTERRUPTED = 60, 5.0, 130

_NUMBERED = re.compile(r"Post (\d+), id")


# ---- frames


def second(told: dict[str, Any], seq: int) -> bytes:
    """A frame of version 1 as version 2 sends it."""
    at = datetime.fromtimestamp(told["time_us"] // 10**6, UTC).isoformat()[:-6]
    kind = told["kind"]
    head = {"$type": f"network.bsky.jetstream.subscribeEvents#{kind}", "seq": seq, "did": told["did"]}
    body = told["commit"] if kind == "commit" else {kind: told[kind]}
    time_told = f"{at}.{told['time_us'] % 10**6:06}Z"
    return json.dumps({"$type": "message", "payload": {**head, "time": time_told, **body}}).encode()


def posts_of(frames: list[bytes]) -> list[Any]:
    heard = [jetstream.frame(sent) for sent in frames]
    made = normalize(Bluesky(), [frame.row for frame in heard if frame.tells == "post"], REPLY, seen_on="bluesky")
    assert made.refused == []
    return made.posts


def test_frame__recorded_window__every_frame_is_what_it_was_and_every_post_is_exact(recording):
    told = json.loads(recording(RECORDING).body)
    heard = [jetstream.frame(json.dumps(each).encode()) for each in told]
    assert Counter(frame.tells for frame in heard) == {"post": 17, "delete": 1, "account": 1, "identity": 1, "other": 132}
    assert [frame.mark for frame in heard] == [each["time_us"] // 1000 for each in told]
    posts = posts_of([json.dumps(each).encode() for each in told])
    raw = [each for each in told if each["kind"] == "commit" and each["commit"]["collection"] == "app.bsky.feed.post"]
    records = [(each["did"], each["commit"]["rkey"], each["commit"]["record"]) for each in raw if "record" in each["commit"]]
    assert [post.id for post in posts] == [f"at://{did}/app.bsky.feed.post/{rkey}" for did, rkey, _ in records]
    assert [post.author.id for post in posts] == [did for did, _, _ in records]
    cut = [post.text for post, (_, _, record) in zip(posts, records, strict=True) if post.text != record["text"]]
    assert all("https://" in text for text in cut), "only shortened links differ: they stand whole"
    assert [post.reply_to for post in posts] == [record.get("reply", {}).get("parent", {}).get("uri") for *_, record in records]
    assert [post.language for post in posts] == [next(iter(record.get("langs", ())), None) for *_, record in records]


def test_frame__second_version__gives_the_same_posts_and_marks(recording):
    told = json.loads(recording(RECORDING).body)
    first, later = [json.dumps(each).encode() for each in told], [second(each, seq) for seq, each in enumerate(told, 1)]
    assert [jetstream.frame(sent).mark for sent in later] == [jetstream.frame(sent).mark for sent in first]
    assert [jetstream.frame(sent).tells for sent in later] == [jetstream.frame(sent).tells for sent in first]

    def without_raw(posts: list[Any]) -> list[Any]:
        return [post.filled(raw=None) for post in posts]

    assert without_raw(posts_of(later)) == without_raw(posts_of(first))


def test_frame__recorded_deletion__is_a_tombstone(recording):
    heard = [jetstream.frame(json.dumps(each).encode()) for each in json.loads(recording(RECORDING).body)]
    (gone,) = [frame for frame in heard if frame.tells == "delete"]
    post = Bluesky().post(gone.row, REPLY)
    assert (post.id, post.text, post.deleted_at is not None) == (gone.post_id, "", True)


def test_frame__recorded_images__have_the_addresses_at_which_they_are_shown(recording):
    shown = [
        media for post in posts_of([json.dumps(each).encode() for each in json.loads(recording(RECORDING).body)])
        for media in post.media if media.kind == "image"
    ]  # fmt: skip
    assert shown
    address = r"https://cdn\.bsky\.app/img/feed_fullsize/plain/did:plc:\w+/bafkrei\w+@jpeg"
    assert all(isinstance(media, Media) and re.fullmatch(address, media.url or "") for media in shown)


@pytest.mark.parametrize(
    ("sent", "tells"),
    [
        ({"$type": "error", "error": "ConsumerTooSlow"}, "end"),
        ({"$type": "message", "payload": {"$type": "x#info", "name": "OutdatedCursor"}}, "outdated"),
        ({"$type": "message", "payload": {"$type": "x#sync", "time": "2026-07-04T15:00:00Z"}}, "other"),
        ({"kind": "account", "time_us": 1783175888390226, "did": "did:plc:a"}, "account"),
    ],
)
def test_frame__what_is_no_post(sent, tells):
    assert jetstream.frame(json.dumps(sent).encode()).tells == tells


def test_ask__each_version_in_its_own_words_and_never_a_seq():
    first, later = jetstream.ask("jetstream", Step(after=1_783_175_888_390)), jetstream.ask("jetstream-v2", Step(after=5))
    assert (first.path, first.parameters["cursor"]) == ("/subscribe", 1_783_175_888_390_000)
    assert first.parameters["wantedCollections"] == "app.bsky.feed.post"
    assert (later.parameters["collections"], later.parameters["kinds"]) == ("app.bsky.feed.post", "commit")
    assert later.parameters["cursor"] == 10**15
    with pytest.raises(RefusedError, match="no stream firehose"):
        jetstream.ask("firehose", Step())


# ---- real crawls


@dataclass
class Crawl:
    """A crawl under way."""

    process: subprocess.Popen[str]
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def until(self, true: Callable[[], bool]) -> None:
        """Return once something is true, which has to be so before the crawl ends."""
        begun = time.monotonic()
        while not true():
            if self.process.poll() is not None or time.monotonic() - begun > ENDED_S:
                pytest.fail(f"still not true: {self.said()[-2000:]}")
            time.sleep(0.05)

    def await_word(self, word: str) -> None:
        self.until(lambda: word in self.said())


@dataclass
class Place:
    """A database and the crawls that write into it."""

    uri: str
    name: str
    folder: Path
    crawls: list[Crawl]

    def begin(
        self,
        address: str,
        *,
        settings: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        **arguments: str,
    ) -> Crawl:
        environment = {"MONGODB_URI": self.uri, "MONITOR_DATABASE": self.name, "MONITOR_HOME": str(self.folder)}
        output = self.folder / f"crawl-{len(self.crawls)}.log"
        with output.open("w", encoding="utf-8") as stderr:
            process = start(
                "bluesky",
                arguments={"stream": "jetstream", "base_url": address, **arguments},
                settings={"MONITOR_LEASE_S": "2", "MONITOR_PACE_S": "0", **(settings or {})},
                environment={**os.environ, **environment, **(secrets or {})},
                stderr=stderr,
            )
        self.crawls.append(Crawl(process, output))
        return self.crawls[-1]

    def count(self, name: str, wanted: Mapping[str, Any] | None = None) -> int:
        with MongoClient[dict[str, Any]](self.uri) as client:
            return client[self.name][name].count_documents(wanted or {})

    def read(self, name: str) -> list[dict[str, Any]]:
        with MongoClient[dict[str, Any]](self.uri, tz_aware=True) as client:
            return list(client[self.name][name].find())

    def bookmark(self) -> dict[str, Any]:
        (source,) = self.read("sources")
        return dict(source["bookmark"])

    def head_at(self) -> datetime:
        return datetime.fromtimestamp(self.bookmark()["heads"][0]["mark"] / 1000, UTC)


@pytest.fixture
def place(mongodb_uri: str, database_name: str, tmp_path: Path) -> Iterator[Place]:
    made = Place(mongodb_uri, database_name, tmp_path, [])
    yield made
    for crawl in made.crawls:
        crawl.process.kill()
        crawl.process.wait()


@pytest.fixture
def simulate() -> Iterator[Callable[..., Mapping[str, Any]]]:
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(simulated(["--posts", "600", "--days", "3", *options]))


def compared(addresses: Mapping[str, Any], place: Place) -> Comparison:
    """What is stored against what the stream showed, of the posts up to the bookmark's head."""
    head_at = place.head_at()
    known = {post["_id"] for post in place.read("posts") if post.get("deleted_at") is not None}
    rows = [
        {**row, "author": None}
        for row in log_of(addresses)["posts"]
        if datetime.fromisoformat(row["created_at"]) <= head_at and (row["deleted_at"] is None or row["uri"] in known)
    ]
    return compare(rows, place.read("posts"))


def skipped(place: Place) -> int:
    """Endless posts are numbered: how many are missing between the oldest and the newest, those that were deleted aside."""
    posts = place.read("posts")
    numbers = {int(found[1]) for post in posts if (found := _NUMBERED.match(post["text"]))}
    gone = {number for number in range(min(numbers), max(numbers)) if number % 50 == 49}
    return len(set(range(min(numbers), max(numbers) + 1)) - numbers - gone)


def cuts(addresses: Mapping[str, Any]) -> int:
    """How many connections were cut so far."""
    return sum(entry["fault"] == "cut" for entry in log_of(addresses)["requests"])


def test_crawl__connections_drop_and_processes_are_killed__nothing_lost_and_nothing_doubled(simulate, place):
    seed = random.randrange(2**31)
    rng, drops = random.Random(seed), f"cut:1,times={DROPS},platform=bluesky"
    addresses = simulate("--seed", str(seed), "--endless", f"{PER_SECOND},{PER_SECOND * BACKLOG_S}", "--fault", drops)
    # One moment for all: what the first was shown and could not store is asked for again by the next.
    arguments = {"since": (datetime.now(UTC) - timedelta(seconds=BACKLOG_S - 2)).isoformat()}
    for _ in range(KILLS):
        crawl = place.begin(addresses["bluesky"], **arguments)
        crawl.await_word("event=stream_opened")
        time.sleep(rng.uniform(0.3, 1.5))
        crawl.process.kill()
        assert crawl.process.wait() == -9
    crawl = place.begin(addresses["bluesky"], **arguments)
    crawl.until(
        lambda: (
            place.count("posts") > PER_SECOND * BACKLOG_S
            and place.count("posts", {"deleted_at": {"$ne": None}}) > 10
            and cuts(addresses) == DROPS
        )
    )
    crawl.process.send_signal(signal.SIGTERM)
    code = crawl.process.wait(ENDED_S)

    found, gaps = compared(addresses, place), place.bookmark()["gaps"]
    log = [entry for entry in log_of(addresses)["requests"] if "ubscribe" in entry["path"]]
    dropped, shown = cuts(addresses), sum(entry["rows"] for entry in log)
    tombstones = sum(post.get("deleted_at") is not None for post in place.read("posts"))
    print(
        f"\nseed {seed}: {dropped} drops, {KILLS} kills, {len(log)} connections; frames shown {shown}, posts {found.shown}, "
        f"stored {found.stored}, missing {found.missing}, invented {found.invented}, doubled {found.doubled}, different "
        f"{found.different}, skipped {skipped(place)}, deleted {tombstones}, gaps {len(gaps)}"
    )
    assert code == INTERRUPTED, crawl.said()[-2000:]
    assert found.exact, found.examples
    assert skipped(place) == 0
    assert gaps == []
    assert dropped == DROPS
    assert tombstones > 10
    assert found.stored > PER_SECOND * BACKLOG_S


def test_crawl__sigterm__ends_within_seconds_and_all_that_was_heard_is_stored(simulate, place):
    addresses = simulate("--endless", "200,6000")
    crawl = place.begin(addresses["bluesky"], since="-30s")
    crawl.await_word("event=stream_opened")
    crawl.until(lambda: place.count("posts") > 500)
    crawl.process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    code = crawl.process.wait(30)
    took_s = time.monotonic() - begun
    heard = int(re.search(r"event=stream_ended .* post=(\d+)", crawl.said())[1])  # type: ignore[index]
    stored = len(place.read("posts"))
    print(f"\nstopped after {took_s:.2f} s: {heard} posts heard, {stored} stored")
    assert code == INTERRUPTED
    assert took_s <= STOPPED_S
    assert heard == stored > 500
    (source,) = place.read("sources")
    assert source["lease"]["owner"] is None


def test_crawl__shift__ends_by_itself_and_gives_its_source_back(simulate, place):
    crawl = place.begin(simulate("--endless", "100,1500")["bluesky"], since="-12s", shift="1s")
    assert crawl.process.wait(ENDED_S) == 0, crawl.said()[-2000:]
    (source,) = place.read("sources")
    assert source["lease"]["owner"] is None


def test_crawl__poisoned_frames__are_set_aside_alone(simulate, place):
    addresses = simulate("--endless", "100,1500", "--fault", "poison:0.03,platform=bluesky")
    crawl = place.begin(addresses["bluesky"], stream="jetstream-v2", since="-12s")
    crawl.until(lambda: place.count("quarantine") > 20)
    crawl.process.send_signal(signal.SIGTERM)
    assert crawl.process.wait(ENDED_S) == INTERRUPTED, crawl.said()[-2000:]
    found, refused = compared(addresses, place), place.read("quarantine")
    poisoned = {row["uri"] for row in log_of(addresses)["posts"] if row["poison"]}
    print(f"\n{len(poisoned)} poisoned of {found.shown}: {len(refused)} set aside, {found.missing} others missing")
    assert found.exact, found.examples
    assert len(poisoned) > 20
    assert 5 < len(refused) <= len(poisoned)


def behind(place: Place, *, query: str | None = None, hours: float) -> Source:
    """Make the source of a crawl whose last one ended so long ago."""
    parameters = {"stream": "jetstream", **({} if query is None else {"query": query})}
    source = Source(platform="bluesky", kind="stream", parameters=parameters)
    at = datetime.now(UTC) - timedelta(hours=hours)
    mark = int(at.timestamp() * 1000)
    stored = bookmark_document(Bookmark(heads=(Head(mark=mark, asked_at=at),), start=mark, start_at=at, asked_at=at, version=1))

    async def made() -> None:
        store = await open_store(load({"MONGODB_URI": place.uri, "MONITOR_DATABASE": place.name}))
        await store.sources.ensure(source)
        await store.close()

    asyncio.run(made())
    with MongoClient[dict[str, Any]](place.uri) as client:
        client[place.name]["sources"].update_one({"_id": source.id}, {"$set": {"bookmark": stored}})
    return source


def first_kept(address: str, *, hours: float) -> datetime:
    """The time of the first frame that the simulated stream still has when asked for so long ago."""
    cursor = int((datetime.now(UTC) - timedelta(hours=hours)).timestamp() * 10**6)

    async def frame() -> str:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/subscribe?cursor={cursor}") as socket:
            return await socket.receive_str(timeout=ENDED_S)

    return datetime.fromtimestamp(json.loads(asyncio.run(frame()))["time_us"] // 1000 / 1000, UTC)


def test_crawl__away_for_longer_than_the_stream_keeps__leaves_a_hole_up_to_the_first_frame_there_is(simulate, place):
    """How long after its 36 hours the stream's first frame comes depends on the hour; so the stream is asked, before and after:
    the two differ only where a frame grew too old meanwhile."""
    behind(place, hours=40)
    left_at, address = place.head_at(), simulate("--posts", "2000")["bluesky"]
    first = first_kept(address, hours=40)
    crawl = place.begin(address, limit="20")
    assert crawl.process.wait(ENDED_S) == 0, crawl.said()[-2000:]
    last = first_kept(address, hours=40)
    (hole,) = [entry for entry in place.read("ledger") if entry["state"] != "covered"]
    print(
        f"\nhole of {(hole['to'] - left_at).total_seconds() / 3600:.2f} h: {hole['state']}, {hole['reason']}; first frame {first}"
    )
    assert (hole["state"], hole["reason"]) == ("capped", MISSED)
    assert hole["from"] == left_at
    assert first <= hole["to"] <= last
    assert hole["to"] - hole["from"] > timedelta(hours=3.9)  # 40 hours away from a stream of 36


def test_crawl__signed_in__polls_by_search_what_the_stream_no_longer_had(simulate, place):
    behind(place, query="electric", hours=60)
    addresses = simulate("--posts", "6000")
    secrets = {"BLUESKY_IDENTIFIER": IDENTIFIER, "BLUESKY_PASSWORD": APP_PASSWORD}
    crawl = place.begin(addresses["bluesky"], query="electric", secrets=secrets)
    before = datetime.now(UTC) - timedelta(hours=37)
    crawl.until(lambda: place.count("posts", {"created_at": {"$lt": before}}) > 0 and not place.bookmark()["gaps"])
    crawl.process.send_signal(signal.SIGTERM)
    assert crawl.process.wait(ENDED_S) == INTERRUPTED, crawl.said()[-2000:]
    polled = [post for post in place.read("posts") if post["created_at"] < before]
    print(f"\n{len(polled)} of {len(place.read('posts'))} posts by search; gaps left: {len(place.bookmark()['gaps'])}")
    assert polled
    assert place.bookmark()["gaps"] == []
    assert {entry["state"] for entry in place.read("ledger")} == {"covered", "limited"}
