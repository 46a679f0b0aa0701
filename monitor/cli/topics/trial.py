"""`monitor topics test`: a query tried on stored posts, with what it finds and what it only just misses."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.topics.excerpt import excerpt
from monitor.cli.topics.subject import Subject, subject_in
from monitor.crawl.exported import moment
from monitor.post import Post
from monitor.query.near_miss import NearMiss
from monitor.query.searchable import Searchable
from monitor.store.matches import Matches

SHOWN = 10
# Read and matched within seconds; a query that finds nothing among them is too narrow to wait for.
NEWEST = 20_000


@dataclass(slots=True, kw_only=True)
class Trial:
    """What came of it: `looked_at` of `stored` posts, how many matched or nearly did, and the newest of both."""

    subject: Subject
    stored: int
    looked_at: int = 0
    matched: int = 0
    missed: int = 0
    matches: list[tuple[Post, tuple[tuple[int, int], ...]]] = field(default_factory=list)
    near_misses: list[tuple[Post, str]] = field(default_factory=list)


@click.command("test")
@click.argument("subject", metavar="ID|QUERY")
@click.option(
    "--newest", type=click.IntRange(1), default=NEWEST, show_default=True, help="Look at so many of the newest posts."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def trial(subject: str, newest: int, as_json: bool) -> None:
    """Try a topic's or any other query on stored posts: 10 that match and 10 that fail by one clause alone.

    Posts of a topic's platforms are looked at, or all of them for a query. Nothing is changed.
    """
    tried = run(_try(subject, newest))
    if as_json:
        click.echo(json.dumps(_told(tried), ensure_ascii=False))
        return
    for line in _lines(tried):
        click.echo(line)


async def _try(text: str, newest: int) -> Trial:
    async with opened() as store:
        await say_if_simulated(store)
        matches, subject = Matches(store.database, store.dirty), await subject_in(store, text)
        tried = Trial(subject=subject, stored=await matches.count(subject.topic))
        near = NearMiss(subject.query)
        async for post in matches.newest(subject.topic, limit=newest):
            _add(tried, near, post)
    return tried


def _add(tried: Trial, near: NearMiss, post: Post) -> None:
    searchable = Searchable(post)
    spans = tried.subject.query.matcher(searchable)
    tried.looked_at += 1
    if spans is not None:
        tried.matched += 1
        if len(tried.matches) < SHOWN:
            tried.matches.append((post, spans))
    elif (clause := near.clause(searchable)) is not None:
        tried.missed += 1
        if len(tried.near_misses) < SHOWN:
            tried.near_misses.append((post, str(clause)))


def _told(tried: Trial) -> dict[str, Any]:
    topic = tried.subject.topic
    return {
        "topic": topic.id if topic else None,
        "version": topic.version if topic else None,
        "query": str(tried.subject.query),
        "stored": tried.stored,
        "looked_at": tried.looked_at,
        "matched": tried.matched,
        "near_missed": tried.missed,
        "matches": [_post(post) | {"spans": [list(span) for span in spans]} for post, spans in tried.matches],
        "near_misses": [_post(post) | {"clause": clause} for post, clause in tried.near_misses],
    }


def _post(post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "platform": post.platform,
        "url": post.url,
        "created_at": moment(post.created_at),
        "title": post.title,
        "text": post.text,
    }


def _lines(tried: Trial) -> Iterator[str]:
    whole = "" if tried.looked_at >= tried.stored else f" (the newest of {tried.stored:,})"
    yield f"{tried.subject.query}: {tried.matched:,} of {tried.looked_at:,} stored posts match{whole}."
    for post, spans in tried.matches:
        yield from _shown(post, spans)
    if not tried.near_misses:
        yield "No near misses."
        return
    yield f"Near misses: {tried.missed:,} fail by one clause alone."
    for post, clause in tried.near_misses:
        yield from _shown(post, (), failed=clause)


def _shown(post: Post, spans: tuple[tuple[int, int], ...], *, failed: str | None = None) -> Iterator[str]:
    said = post.text if spans or not post.title else f"{post.title}. {post.text}"
    yield f"  {post.created_at:%Y-%m-%d %H:%M}  {post.platform}  {excerpt(said, spans)}"
    if failed is not None:
        yield f"      fails: {failed}"
    yield f"      {post.id}"
