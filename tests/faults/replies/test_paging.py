"""Platforms whose paging goes round in circles, never ends, or forgets its cursors: crawls end, and what is not read stays on record.

Real crawls of the simulator, and of a server whose second page leads back to the first.
"""

import json
import re
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.source import Source

BUDGET, PAGE = 7, 40
TAG = {"tag": "endless", "instance": LOCAL_HOST}
BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)


def status(number: int) -> dict[str, Any]:
    at = BEGIN + timedelta(minutes=number)
    return {
        "id": f"{int(at.timestamp() * 1000) << 16}",
        "uri": f"https://chatter.example/{number}",
        "created_at": at.isoformat(),
        "content": f"<p>Post {number}: tea first.</p>",
        "account": {"id": "7", "username": "ann", "acct": "ann", "url": "https://chatter.example/@ann"},
    }


def faults(platforms: Any, *switches: dict[str, Any]) -> dict[str, int]:
    """Put these faults on in place of those that are; returns how often each ever happened."""
    address = f"{platforms.addresses['control']}/_simulator/faults"
    request = urllib.request.Request(address, json.dumps({"faults": switches}).encode(), method="PUT")
    with urllib.request.urlopen(request, timeout=10) as reply:
        told: dict[str, int] = json.load(reply)["happened"]
    return told


def gaps(database: Any) -> list[dict[str, Any]]:
    (source,) = database.sources().values()
    found: list[dict[str, Any]] = source["bookmark"].get("gaps", [])
    return found


def test_page_b_leads_back_to_page_a__three_requests_and_the_crawl_ends(wire, databases, crawl):
    pages = {"a": [status(number) for number in (6, 5, 4)], "b": [status(number) for number in (3, 2, 1)]}
    shown: list[str] = []

    async def answer(_listener: Any, request: bytes, writer: Any) -> None:
        found = re.search(rb"max_id=(\d+)", request)
        shown.append("b" if found and found[1].decode() == pages["a"][-1]["id"] else "a")
        body = json.dumps(pages[shown[-1]]).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    (listener,) = wire.listen(answer)
    database = databases("loop")
    begun = crawl(
        "loop",
        database,
        base_url=listener.url,
        tag="tea",
        instance="chatter.example",
        since="-2d",
        settings={"LOG_LEVEL": "INFO"},
    )
    code = begun.ended(within_s=30)
    print(
        f"\n{' '.join(shown)}: {len(shown)} requests, {database.count()} posts, {len(gaps(database))} gap left, exit code {code}"
    )
    assert shown == ["a", "b", "a"]
    assert database.count() == 6
    assert len(gaps(database)) == 1, "what lies below was not read, and no page said that nothing does"
    assert "event=walk_stopped" in begun.output.read_text()
    assert code == 0


def test_first_page_again_for_every_further_one__two_requests(simulate, databases, crawl):
    platforms = simulate("--seed", "3", "--endless", "5,500", "--fault", "paging-loop,platform=mastodon")
    database = databases("first")
    begun = crawl("first", database, base_url=platforms.mastodon, since="-60s", **TAG)
    code = begun.ended(within_s=30)
    asked, happened = platforms.requests("first"), faults(platforms)
    print(f"\n{len(asked)} requests, {happened}, {database.count()} posts, {len(gaps(database))} gap left, exit code {code}")
    assert happened["paging-loop"] >= 1
    assert 2 <= len(asked) <= 3
    assert database.count() >= PAGE
    assert len(gaps(database)) == 1


def test_cursor_without_end__stops_at_the_budget_or_where_nothing_new_comes(simulate, databases, crawl):
    """One timeline is deep, so each page has something new; the other is short, and shows old pages for ever."""
    far = simulate("--seed", "3", "--endless", "20,4000")
    deep, again = databases("deep"), databases("again")
    settings = {"MONITOR_PAGES_PER_POLL": str(BUDGET)}
    crawl("deep", deep, base_url=far.mastodon, since="-180s", settings=settings, **TAG).ended(within_s=30)
    short = simulate("--seed", "3", "--endless", "1,100", "--fault", "endless-cursor,platform=mastodon")
    crawl("again", again, base_url=short.mastodon, since="-10d", settings=settings, **TAG).ended(within_s=30)
    happened, counts = faults(short), [len(far.requests("deep")), len(short.requests("again"))]
    found = compare(short.log()["posts"], again.posts())
    print(
        f"\nbudget {BUDGET}: {counts[0]} requests of the deep timeline, {counts[1]} of the endless one, {happened}; {found.shown} "
        f"posts of that one shown, {found.stored} stored"
    )
    assert happened["endless-cursor"] >= 1
    assert counts[0] == BUDGET
    assert 3 < counts[1] <= BUDGET
    assert found.exact, found.examples
    assert 100 <= found.stored == found.shown
    assert deep.count() >= BUDGET * PAGE
    assert len(gaps(deep)) == 1
    assert deep.skipped() == 0


def test_expired_cursor__the_gap_is_listed_and_the_next_run_closes_it(simulate, databases, crawl):
    platforms = simulate("--seed", "3", "--endless", "20,4000", "--fault", "expired-cursor-404,platform=mastodon,times=1")
    database = databases("expired")
    database.ensure([Source(platform="mastodon", kind="tag", parameters=TAG, since=datetime.now(UTC) - timedelta(seconds=30))])
    first = crawl("first", database, base_url=platforms.mastodon, **TAG)
    codes, listed = [first.ended(within_s=30)], len(gaps(database))
    happened, stored = faults(platforms), database.count()
    codes.append(crawl("second", database, base_url=platforms.mastodon, **TAG).ended(within_s=30))
    found = compare(platforms.log()["posts"], database.posts())
    print(
        f"\n{happened}: {stored} posts and {listed} gap after the first run, {database.count()} and {len(gaps(database))} after the "
        f"second; {found.shown} shown, {found.missing} missing, {database.skipped()} skipped; exit codes {codes}"
    )
    assert happened == {"expired-cursor-404": 1}
    assert listed == 1
    assert gaps(database) == []
    assert found.exact, found.examples
    assert database.skipped() == 0
    assert found.shown >= 600
