"""`monitor normalize`: what this project makes of one API reply. Starts no database and asks nobody."""

import json
import sys
from datetime import datetime
from typing import BinaryIO
from urllib.parse import urlsplit

import click

from monitor import clock
from monitor.bookmark import Step
from monitor.crawl.exported import exported
from monitor.crawl.normalize import normalize as normalized
from monitor.crawl.normalize import route
from monitor.crawl.platforms import platform as platform_named
from monitor.crawl.reply_check import check
from monitor.crawl.spider import PlatformSpider
from monitor.errors import MonitorError, PostError, ReplyError, UsageError
from monitor.page import Asked, Page, Reply
from monitor.source import Source
from monitor.text.dates import utc

_PARTIAL = 6  # the exit code for "done, but not all of it"


@click.command()
@click.argument("platform")
@click.argument("body", metavar="[FILE]", type=click.File("rb"), default="-")
@click.option("--url", metavar="URL", help="Where the reply came from; its host completes the handles of local authors.")
@click.option("--header", "headers", metavar="'NAME: VALUE'", multiple=True, help="A header of the reply; repeat for more.")
@click.option("--at", metavar="TIME", help="When it was fetched, RFC 3339; now when left out.")
def normalize(platform: str, body: BinaryIO, url: str | None, headers: tuple[str, ...], at: str | None) -> None:
    """Print the posts in one API reply of PLATFORM, one JSON object per line. FILE holds the reply's body; - is stdin.

    Rows that are no posts are told on stderr with the reason, and the exit code is 6.
    """
    spider = platform_named(platform)
    reply = Reply(200, dict(map(_header, headers)), body.read(), url or _unknown_url(spider), _moment(at))
    source = _source(spider, reply)
    page = _page(spider, reply, source)
    made = normalized(spider, page.rows, reply, seen_on=route(source))
    out = sys.stdout.buffer  # the encoding of the terminal is not that of JSON
    for post in made.posts:
        out.write(json.dumps(exported(post), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    out.flush()
    for refusal in made.refused:
        click.echo(f"refused: {refusal.kind}: {refusal.reason}", err=True)
    if made.refused:
        click.echo(f"{len(made.refused)} of {len(page.rows)} rows were refused.", err=True)
        sys.exit(_PARTIAL)


def _page(spider: PlatformSpider, reply: Reply, source: Source) -> Page:
    check(reply, platform=spider.name, accepts=spider.accepts, cursor=None, wait_s=None)
    try:
        read = spider.read(reply, Asked(source, Step()))
    except MonitorError:
        raise
    except Exception as error:
        raise ReplyError(f"This is no reply of {spider.name}: it cannot be read ({type(error).__name__}).") from error
    if isinstance(read, Page):
        return read
    raise ReplyError(
        f"This reply of {spider.name} holds no posts: it leads to {len(read)} further replies, such as {read[0].path}."
    )


def _source(spider: PlatformSpider, reply: Reply) -> Source:
    """The nearest thing to a source that a lone reply has."""
    kind, needed = next(iter(spider.kinds.items()))
    known = {"instance": urlsplit(reply.url).netloc, "url": reply.url}
    return Source(platform=spider.name, kind=kind, parameters={name: known[name] for name in needed.needs if name in known})


def _unknown_url(spider: PlatformSpider) -> str:
    return spider.base_url.replace("{instance}", "instance.invalid") + "/"


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--header {text!r} is no header: write it as 'Name: value'.")
    return name.strip().lower(), value.strip()


def _moment(text: str | None) -> datetime:
    if text is None:
        return clock.now()
    try:
        return utc(text)
    except PostError:
        raise UsageError(f"--at {text} is no time: write it as 2026-11-22T08:00:00Z.") from None
