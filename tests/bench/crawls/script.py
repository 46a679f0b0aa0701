"""The fastest way we know without a framework: aiohttp, typed decoding, our scorer, one bulk per 500 posts, then a cursor.

`python script.py ADDRESS MONGODB DATABASE` does for eight tags what a crawl must do for each: the same documents, posts durable
before the cursor moves, known posts looked up and only changed ones written. It leaves out all that makes a crawl safe: no
leases, no retries, no checks of replies or of posts, no quarantine, no ledger. Without the last two it only fetches and decodes.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from html import unescape
from typing import Any

import aiohttp
import msgspec
import zstandard
from bson.binary import Binary
from pages import TAGS
from pymongo import AsyncMongoClient, InsertOne, UpdateOne, WriteConcern

from monitor.sentiment.vader import score
from monitor.text.link_identity import domains, link_identities
from monitor.text.signature import signature

MEDIA = {"image": "image", "video": "video", "gifv": "gif", "audio": "audio"}
BREAK, TAG, ADDRESS = re.compile(r"<br ?/?>"), re.compile(r"<[^>]*>"), re.compile(r'<a href="([^"]+)"')
FACTS = {"counts": 1, "digest": 1}


class Named(msgspec.Struct):
    url: str
    name: str = ""
    acct: str = ""


class Account(msgspec.Struct):
    uri: str
    acct: str
    display_name: str
    url: str
    followers_count: int
    bot: bool


class File(msgspec.Struct):
    type: str
    url: str | None
    description: str | None


class Card(msgspec.Struct):
    url: str


class Status(msgspec.Struct):
    id: str
    created_at: datetime
    in_reply_to_id: str | None
    sensitive: bool
    spoiler_text: str
    language: str | None
    uri: str
    url: str
    replies_count: int
    reblogs_count: int
    favourites_count: int
    quotes_count: int
    edited_at: datetime | None
    content: str
    account: Account
    media_attachments: list[File]
    mentions: list[Named]
    tags: list[Named]
    card: Card | None


DECODER = msgspec.json.Decoder(list[msgspec.Raw])
STATUS = msgspec.json.Decoder(Status)
COMPRESSOR = zstandard.ZstdCompressor(level=1)


def post_of(raw: bytes, status: Status) -> dict[str, Any]:
    names = {each.url for each in (*status.tags, *status.mentions)}
    links = [*ADDRESS.findall(status.content), *((status.card.url,) if status.card else ())]
    now = datetime.now(UTC)
    text = unescape(TAG.sub("", BREAK.sub("\n", status.content.replace("</p><p>", "\n\n")))).strip()
    feeling, writer = score(text, status.language), status.account
    post = {
        "_id": status.uri,
        "platform": "mastodon",
        "native_id": status.id,
        "url": status.url,
        "kind": "reply" if status.in_reply_to_id else "post",
        "created_at": status.created_at,
        "edited_at": status.edited_at,
        "text": text,
        "summary": status.spoiler_text,
        "language": status.language,
        "author": {
            "id": writer.uri,
            "handle": f"{writer.acct}@m.example",
            "name": writer.display_name,
            "url": writer.url,
            "followers": writer.followers_count,
            "bot": writer.bot,
        },
        "tags": list(dict.fromkeys([tag.name.lower() for tag in status.tags])),
        "mentions": list(dict.fromkeys([f"{one.acct}@m.example" for one in status.mentions])),
        "links": list(dict.fromkeys([link for link in links if link not in names])),
        "media": [{"kind": MEDIA[file.type], "url": file.url, "alt": file.description} for file in status.media_attachments],
        "reply_to": status.in_reply_to_id,
        "counts": {
            "likes": status.favourites_count,
            "reposts": status.reblogs_count,
            "replies": status.replies_count,
            "quotes": status.quotes_count,
        },
        "sensitive": status.sensitive,
        "seen_on": ["mastodon/m.example"],
        "signature": signature(text),
        "fetched_at": now,
        "first_seen": now,
        "sentiment": {
            "label": feeling.label,
            "compound": feeling.compound,
            "positive": feeling.positive,
            "neutral": feeling.neutral,
            "negative": feeling.negative,
        },
        "digest": blake2b(raw, digest_size=12).digest(),
        "raw": Binary(COMPRESSOR.compress(raw)),
    }
    if post["links"]:
        post["link_ids"] = list(link_identities(post["links"]))
        post["domains"] = list(domains(post["link_ids"]))
    return {name: value for name, value in post.items() if value is not None and value not in ("", [])}


class Tags:
    """Walks the tags side by side; pages that arrive together are written together."""

    def __init__(self, address: str, session: aiohttp.ClientSession, database: Any) -> None:
        self.address, self.session = address, session
        concern = WriteConcern("majority", j=True)
        self.posts = database.get_collection("posts", write_concern=concern)
        self.cursors = database.get_collection("cursors", write_concern=concern)
        self.waiting: list[tuple[str, Sequence[msgspec.Raw], str, asyncio.Future[None]]] = []
        self.walks = 0

    async def walk(self, tag: str) -> None:
        self.walks += 1
        url, below = f"{self.address}/api/v1/timelines/tag/{tag}?limit=40", ""
        while True:
            async with self.session.get(url + below) as response:
                rows = DECODER.decode(await response.read())
            if not rows:
                break
            last = STATUS.decode(rows[-1]).id
            done = asyncio.get_running_loop().create_future()
            self.waiting.append((tag, rows, last, done))
            if len(self.waiting) == self.walks:
                await self.flush()
            await done
            below = f"&max_id={last}"
        self.walks -= 1
        if self.walks and len(self.waiting) == self.walks:
            await self.flush()

    async def flush(self) -> None:
        pages, self.waiting = self.waiting, []
        statuses = {
            status.uri: (raw, status)
            for _, rows, _, _ in pages
            for raw, status in ((bytes(raw), STATUS.decode(raw)) for raw in rows)
        }
        known = {found["_id"]: found async for found in self.posts.find({"_id": {"$in": list(statuses)}}, FACTS)}
        writes: list[InsertOne[Any] | UpdateOne] = []
        for post_id, (raw, status) in statuses.items():
            if (before := known.get(post_id)) is None:
                writes.append(InsertOne(post_of(raw, status)))
            elif before["digest"] != blake2b(raw, digest_size=12).digest():
                post = post_of(raw, status)
                writes.append(UpdateOne({"_id": post_id}, {"$set": {name: post[name] for name in ("counts", "digest", "raw")}}))
        if writes:
            await self.posts.bulk_write(writes, ordered=False)
        moves = [UpdateOne({"_id": tag}, {"$set": {"last": last}}, upsert=True) for tag, _, last, _ in pages]
        await self.cursors.bulk_write(moves, ordered=False)
        for _, _, _, done in pages:
            done.set_result(None)


async def fetch_only(address: str) -> None:
    async def walk(session: aiohttp.ClientSession, tag: str) -> None:
        url, below = f"{address}/api/v1/timelines/tag/{tag}?limit=40", ""
        while True:
            async with session.get(url + below) as response:
                rows = msgspec.json.decode(await response.read())
            if not rows:
                return
            below = f"&max_id={rows[-1]['id']}"

    async with aiohttp.ClientSession() as session:
        begun = time.process_time()
        await asyncio.gather(*(walk(session, tag) for tag in TAGS))
        print(json.dumps({"cpu_s": time.process_time() - begun}))


async def main(address: str, uri: str, database: str) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, tz_aware=True)
    await client.admin.command("ping")
    async with aiohttp.ClientSession() as session:
        tags = Tags(address, session, client[database])
        begun = time.perf_counter(), time.process_time()
        await asyncio.gather(*(tags.walk(tag) for tag in TAGS))
        print(json.dumps({"wall_s": time.perf_counter() - begun[0], "cpu_s": time.process_time() - begun[1]}))
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]) if len(sys.argv) > 2 else fetch_only(sys.argv[1]))
