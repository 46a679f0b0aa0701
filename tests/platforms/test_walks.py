"""Platforms whose paging has traps, walked over models of their servers: no post is lost, and quiet sources end well.

The rules of a walk are proved in tests/test_walk.py; here the platform's own `ask` and `read` stand between them and a server that
pages as the real one does.
"""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.advance import advance
from monitor.bookmark import Bookmark
from monitor.crawl.spider import PlatformSpider
from monitor.page import Ask, Asked, Page, Reply
from monitor.paging import Facts
from monitor.source import Source
from monitor.walk import Walk
from spiders.discourse import Discourse
from spiders.lemmy import Lemmy
from spiders.stackexchange import StackExchange

START = datetime(2026, 11, 20, tzinfo=UTC)
Server = Callable[[Ask, datetime], Any]


def walked(spider: PlatformSpider, source: Source, server: Server, *, every: timedelta, polls: int) -> tuple[list[Any], int]:
    """All rows that so many polls read, and how many asks they took. No poll may say that its paging failed."""
    bookmark, rows, asks, rules = Bookmark(), list[Any](), 0, spider.rules(source)
    for poll in range(1, polls + 1):
        began, walk = START + every * poll, Walk(rules=rules, pages=100)
        now = began
        while (step := walk.next_step(bookmark, now=now)) is not None:
            body = json.dumps(server(spider.ask(source, step), now)).encode()
            page = spider.read(Reply(200, {}, body, "https://h.example/", now), Asked(source, step))
            assert isinstance(page, Page)
            marks = tuple(mark for mark in page.marks if mark is not None)
            times = [at for at in map(spider.marked_at, marks) if at is not None]
            facts = Facts(
                marks=marks,
                cursor=page.cursor,
                ordered=page.ordered,
                end=page.end,
                asked_at=now,
                began_at=began,
                top_at=max(times, default=None),
                bottom_at=min(times, default=None),
            )
            move = advance(bookmark, step, facts, rules=rules)
            walk.took(step, move, facts)
            bookmark, asks, now = move.bookmark, asks + 1, now + timedelta(seconds=1)
            rows += page.rows
        assert walk.stopped is None
    assert bookmark.gaps == ()
    return rows, asks


@pytest.mark.parametrize("newer", [False, True], ids=["50 ids a page", "50 posts a page"])
def test_discourse__private_posts_between__none_is_lost(newer):
    """In the older way a page may be empty, here for as long as four pages, with posts below it."""
    rng = random.Random(1)
    posts, at = [], START
    for number in range(1, 2500):
        at += timedelta(seconds=rng.choice([1, 30, 60]))
        posts.append((number, at, rng.random() < 0.7 and not 1000 < number < 1200))

    def server(ask: Ask, now: datetime) -> Any:
        before, seen = int(ask.parameters["before"] or 0), [post for post in posts if post[1] <= now]
        top = before or seen[-1][0]
        if newer:
            shown = [post for post in seen if post[2] and (not before or post[0] < before)][-50:]
        else:
            shown = [post for post in seen if post[2] and top - 50 < post[0] <= top]
        return {"latest_posts": [{"id": number, "created_at": at.isoformat()} for number, at, _ in reversed(shown)]}

    source = Source(platform="discourse", kind="public", parameters={"instance": "h.example"})
    rows, _ = walked(Discourse(), source, server, every=timedelta(hours=2), polls=10)
    read = {row["id"] for row in rows}
    public = {number for number, at, shown in posts if shown and at <= START + timedelta(hours=20)}
    assert {number for number in public if number >= min(read)} == read


def stack_exchange(seconds: list[int]) -> Server:
    def server(ask: Ask, now: datetime) -> Any:
        first, last = ask.parameters["fromdate"] or 0, min(ask.parameters["todate"] or 2**40, int(now.timestamp()))
        shown = [(second, number) for number, second in enumerate(seconds, 1) if first <= second <= last]
        shown.sort(reverse=ask.parameters["order"] == "desc")
        items = [{"question_id": number, "creation_date": second} for second, number in shown[:100]]
        return {"items": items, "has_more": len(shown) > 100}

    return server


def test_stackexchange__several_posts_a_second__none_is_lost_at_the_edge_of_a_page():
    rng = random.Random(1)
    seconds = [int(START.timestamp())]
    for _ in range(2000):
        seconds.append(seconds[-1] + rng.choice([0, 0, 3, 40]))
    source = Source(platform="stackexchange", kind="tag", parameters={"tag": "x"})
    rows, _ = walked(StackExchange(), source, stack_exchange(seconds), every=timedelta(minutes=40), polls=10)
    read = {row["question_id"] for row in rows}
    due = {number for number, second in enumerate(seconds, 1) if second <= (START + timedelta(minutes=400)).timestamp()}
    assert {number for number in due if number >= min(read)} == read


def test_stackexchange__quiet_tag__costs_one_call_a_poll():
    seconds = [int(START.timestamp()) + second for second in (5, 5, 9)]
    source = Source(platform="stackexchange", kind="tag", parameters={"tag": "x"})
    _, asks = walked(StackExchange(), source, stack_exchange(seconds), every=timedelta(minutes=30), polls=20)
    assert asks == 20


@pytest.mark.parametrize("minutes", [5, 45])
def test_lemmy__search_of_many_comments_and_few_posts__none_is_lost_and_late_ones_are_found(minutes):
    """A tenth becomes visible up to 13 minutes late, under the time its author wrote it."""
    rng = random.Random(1)
    written = []
    for name, seconds, count in (("post", 60, 300), ("comment", 12, 1500)):
        at = START
        for number in range(count):
            at += timedelta(seconds=rng.uniform(0, 2 * seconds))
            written.append((name, number, at, at + timedelta(seconds=rng.uniform(0, 800) * (rng.random() < 0.1))))
    newest_first = sorted(written, key=lambda each: each[2], reverse=True)

    def server(ask: Ask, now: datetime) -> Any:
        size, page = ask.parameters["limit"], int(ask.parameters["page"] or 1)
        part, told = slice((page - 1) * size, page * size), {}
        for name in ("post", "comment"):
            shown = [(number, at) for kind, number, at, visible in newest_first if kind == name and visible <= now]
            told[f"{name}s"] = [{name: {"id": number, "published": at.isoformat()}} for number, at in shown[part]]
        return told

    source = Source(platform="lemmy", kind="query", parameters={"instance": "h.example", "query": "x"}, facts={"api": "v3"})
    polls = 225 // minutes
    rows, _ = walked(Lemmy(), source, server, every=timedelta(minutes=minutes), polls=polls)
    read = {(name, row[name]["id"]) for row in rows for name in row if name in {"post", "comment"}}
    first, last = START + timedelta(minutes=minutes), START + timedelta(minutes=minutes * polls - 15)
    assert {(name, number) for name, number, at, _ in written if first <= at <= last} <= read
