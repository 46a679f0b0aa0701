"""A server of Mastodon timelines for the crawl benchmarks: eight tags, pages of 40, as fast as Python serves bytes.

`python pages.py PAGES` prints its port and serves until its input closes. GET /turn changes the counters of two posts in each
page, which is what a second poll finds of a timeline that people react to.
"""

import asyncio
import bisect
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

TAGS = tuple(f"bench{number}" for number in range(8))
PAGE, CHANGED = 40, 2
SEED = 5
LETTERS = 219  # the mean length of the posts that the design was measured with
SPREAD = timedelta(minutes=8)  # all posts lie in the time that a second poll reads again
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PLAIN = (
    "the to and a of in is for on it with that this was at as be are have from by an or we he she you my your our his their its "
    "has had will would can could if so all about out up one what when who which there more some time people day new just now "
    "than then into only over also back after first work year way even because any these most us phone update train office"
).split()
FEELING = "love great happy terrible awful nice broken good bad wonderful hate fine worst best sad fun not very really".split()
HANDLES = tuple(f"person{number}" for number in range(400))


def words(draw: random.Random) -> str:
    """Sentences of about LETTERS characters, in HTML as Mastodon writes it."""
    text: list[str] = []
    while sum(map(len, text)) + len(text) < LETTERS - 30:
        word = draw.choice(FEELING) if draw.random() < 0.14 else draw.choice(PLAIN)
        text.append(word + draw.choice(("", "", "", "", "", ",", ".", "!")))
    half = len(text) // 2
    return f"<p>{' '.join(text[:half])}</p><p>{' '.join(text[half:])} " if draw.random() < 0.4 else f"<p>{' '.join(text)} "


def anchors(draw: random.Random, tag: str) -> tuple[str, list[dict[str, str]], str | None]:
    """The end of a post: its tag, for a third a mention, for a third a link; with what the API tells of them."""
    end = f'<a href="https://m.example/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    mentions, link = [], None
    if draw.random() < 0.33:
        name = draw.choice(HANDLES)
        url = f"https://m.example/@{name}"
        end += f' <span class="h-card" translate="no"><a href="{url}" class="u-url mention">@<span>{name}</span></a></span>'
        mentions.append({"id": str(HANDLES.index(name)), "username": name, "url": url, "acct": name})
    if draw.random() < 0.33:
        link = f"https://news.example/{draw.randrange(10**6)}/a-rather-long-address-of-a-page"
        shown = link.removeprefix("https://")
        end += (
            f' <a href="{link}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span>'
            f'<span class="ellipsis">{shown[:30]}</span><span class="invisible">{shown[30:]}</span></a>'
        )
    return end, mentions, link


def account(name: str) -> dict[str, object]:
    number = HANDLES.index(name)
    picture = f"https://files.m.example/accounts/avatars/{number:09d}/original/0123456789abcdef.png"
    return {
        "id": str(109 * 10**15 + number), "username": name, "acct": name, "display_name": name.title(), "locked": False,
        "bot": number % 25 == 0, "discoverable": True, "indexable": True, "group": False,
        "created_at": "2022-11-05T00:00:00.000Z", "note": f"<p>Here {name} says who they are, what they like and where they live.</p>",
        "url": f"https://m.example/@{name}", "uri": f"https://m.example/users/{name}", "avatar": picture, "avatar_static": picture,
        "header": picture, "header_static": picture, "followers_count": number * 7, "following_count": number % 300,
        "statuses_count": 100 + number, "last_status_at": "2026-11-22", "hide_collections": False, "noindex": False,
        "emojis": [], "roles": [], "fields": [],
    }  # fmt: skip


def status(draw: random.Random, at: datetime, tag: str) -> dict[str, object]:
    milliseconds = (at - EPOCH) // timedelta(milliseconds=1)
    native_id, name = str(milliseconds << 16 | draw.randrange(1 << 16)), draw.choice(HANDLES)
    end, mentions, link = anchors(draw, tag)
    return {
        "id": native_id, "created_at": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z", "in_reply_to_id": None,
        "in_reply_to_account_id": None, "sensitive": False, "spoiler_text": "", "visibility": "public", "language": "en",
        "uri": f"https://m.example/users/{name}/statuses/{native_id}", "url": f"https://m.example/@{name}/{native_id}",
        "replies_count": draw.randrange(5), "reblogs_count": draw.randrange(9), "favourites_count": draw.randrange(30),
        "quotes_count": 0, "edited_at": None, "content": f"{words(draw)}{end}</p>", "reblog": None,
        "application": {"name": "Web", "website": None}, "account": account(name), "media_attachments": [], "mentions": mentions,
        "tags": [{"name": tag, "url": f"https://m.example/tags/{tag}"}], "emojis": [], "quote": None,
        "card": link and {"url": link, "title": "A page", "description": "What is told there.", "type": "link", "image": None},
        "poll": None,
    }  # fmt: skip


class Timeline:
    """The posts of one tag, oldest first, each as the bytes that are sent."""

    def __init__(self, tag: str, *, pages: int, now: datetime) -> None:
        self.draw = random.Random(f"{SEED} {tag}")
        count = pages * PAGE
        begin = now - SPREAD
        self.statuses = [status(self.draw, begin + place * (SPREAD / count), tag) for place in range(count)]
        self.ids = [int(str(status["id"])) for status in self.statuses]
        self.bodies = [_json(status) for status in self.statuses]

    def page(self, *, after: int | None, below: int | None) -> bytes:
        if after is not None:
            first = bisect.bisect_right(self.ids, after)
            last = first + PAGE
        else:
            last = len(self.ids) if below is None else bisect.bisect_left(self.ids, below)
            first = max(0, last - PAGE)
        return b"[" + b",".join(reversed(self.bodies[first:last])) + b"]"

    def turn(self) -> None:
        for first in range(0, len(self.statuses), PAGE):
            # Not the oldest of all: a second poll asks for what comes after it.
            for place in self.draw.sample(range(max(first, 1), first + PAGE), CHANGED):
                counters = self.statuses[place]
                counters["favourites_count"] = int(str(counters["favourites_count"])) + 1
                self.bodies[place] = _json(counters)


def _json(status: dict[str, object]) -> bytes:
    return json.dumps(status, ensure_ascii=False, separators=(",", ":")).encode()


class Connection(asyncio.Protocol):
    """One kept connection. Requests without bodies, one after the other, are all that a benchmark sends."""

    def __init__(self, timelines: dict[str, Timeline]) -> None:
        self.timelines = timelines
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            body = self.reply(head.split(b" ", 2)[1].decode())
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            )

    def reply(self, target: str) -> bytes:
        parts = urlsplit(target)
        if parts.path == "/turn":
            for timeline in self.timelines.values():
                timeline.turn()
            return b"{}"
        asked = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        timeline = self.timelines[parts.path.rpartition("/")[2]]
        return timeline.page(after=asked.get("min_id"), below=asked.get("max_id"))


async def main(pages: int) -> None:
    now = datetime.now(UTC)
    timelines = {tag: Timeline(tag, pages=pages, now=now) for tag in TAGS}
    server = await asyncio.get_running_loop().create_server(lambda: Connection(timelines), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
