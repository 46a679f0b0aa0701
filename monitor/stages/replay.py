"""Replay of the quarantine: rows that were set aside go the way of a page again, after a parser or a limit was mended.

The same steps as in a crawl, without Scrapy: the platform's `post`, normalise, enrich, score, upsert. The invariant: a row
leaves the quarantine only after its post is durable, so a replay may be killed and repeated at any moment.
"""

from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from monitor.config import Config, load
from monitor.crawl.enrich import enrich
from monitor.crawl.keeping import Keeping
from monitor.crawl.normalize import Platform, normalize, route
from monitor.crawl.raw import unpack
from monitor.errors import PostError
from monitor.importing.detect import reader_of
from monitor.page import Reply
from monitor.post import Post
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.sentiment.scorer import inline, scored
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.gone import DROPPED
from monitor.store.imports import Imports
from monitor.store.quarantine import Kept, Refused

# Enough to make one write worth while, and few enough that a replay that is killed repeats little.
ROWS_PER_WRITE = 200


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many rows became posts, how many are still refused, and how many are of posts that were removed on purpose."""

    stored: int = 0
    refused: int = 0
    dropped: int = 0

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(self.stored + other.stored, self.refused + other.refused, self.dropped + other.dropped)


async def replay(
    store: Store, platforms: Mapping[str, Platform], rows: AsyncIterable[Kept], *, config: Config | None = None
) -> Replayed:
    """Try `rows` of the store's quarantine again; `platforms` are the readers by name, `config` (default: the environment's) has the
    key of the pseudonyms.

    Rows that become posts are removed; the others stay and take the new reason, which counts as being met once more.
    Raises StoreUnavailableError; what was replayed before stays so.
    """
    known = await store.topics.list_all()
    topics = Watch((topic, parse(topic.query)) for topic in known)
    keeping = await Keeping.of(store, known, load() if config is None else config)
    done, batch = Replayed(), list[Kept]()
    async for row in rows:
        batch.append(row)
        if len(batch) == ROWS_PER_WRITE:
            done += await _replay_batch(store, dict(platforms), topics, keeping, batch)
            batch = []
    return done + await _replay_batch(store, dict(platforms), topics, keeping, batch)


async def _replay_batch(
    store: Store, platforms: dict[str, Platform], topics: Watch, keeping: Keeping, rows: Sequence[Kept]
) -> Replayed:
    """Order of side effects: posts durable, then their rows removed, then the new reasons of the others."""
    read: list[tuple[Kept, Post]] = []
    refused: list[Kept] = []
    readers = platforms | await _files(store, rows)
    for row in rows:
        made = _read(row, readers)
        if isinstance(made, Post):
            source = _source(row.refused)
            enriched = enrich(made, topics.on(made.platform if source.imported else source.platform))
            read.append((row, scored(await _kept(enriched, row, store, keeping), inline())))
        else:
            refused.append(replace(row, refused=made))
    written = await store.posts.write([post for _, post in read])
    for position, reason in written.refusals.items():
        row, _ = read[position]
        sentence = f"The post cannot be stored: {reason}."
        refused.append(replace(row, refused=replace(row.refused, reason=sentence, kind=PostError.__name__)))
    await store.quarantine.remove([row.id for position, (row, _) in enumerate(read) if position not in written.refusals])
    # A row that was kept cut is known by the whole one: adding what is left of it would make a second row.
    await store.quarantine.add([row.refused for row in refused if row.whole])
    dropped = sum(written.fates.get(post.id) in DROPPED for _, post in read)
    return Replayed(len(read) - len(written.refusals) - dropped, len(refused), dropped)


async def _files(store: Store, rows: Sequence[Kept]) -> dict[str, Platform]:
    """The readers of rows that came from files, by the id of their source."""
    imports = Imports(store.database)
    files = {row.refused.source_id: source for row in rows if (source := _source(row.refused)).imported}
    found = {name: reader_of(file.parameters["format"], await imports.columns(file)) for name, file in sorted(files.items())}
    return {name: reader for name, reader in found.items() if reader is not None}


def _read(row: Kept, platforms: Mapping[str, Platform]) -> Post | Refused:
    """The post that the row is now, or the row with the reason for which it is still none."""
    source = _source(row.refused)
    platform = platforms.get(row.refused.source_id if source.imported else source.platform)
    if platform is None and source.imported:
        reason = "how its file is to be read is not known any more: import it again"
        return replace(row.refused, reason=reason, kind=PostError.__name__)
    if platform is None:
        return replace(row.refused, reason=f"there is no platform {source.platform}", kind=PostError.__name__)
    try:
        raw = unpack(row.refused.raw)
    except ValueError:
        return replace(row.refused, reason="the row was not kept whole and cannot be read again", kind=PostError.__name__)
    kept = row.refused.reply
    reply = Reply(status=kept.status, headers=kept.headers, body=b"", url=kept.url, fetched_at=kept.fetched_at)
    made = normalize(platform, [raw], reply, seen_on=route(source))
    if made.refused:
        return replace(row.refused, reason=made.refused[0].reason, kind=made.refused[0].kind)
    return made.posts[0]


async def _kept(post: Post, row: Kept, store: Store, keeping: Keeping) -> Post:
    """What may be stored of it, by its own topics and those of its source."""
    if not keeping.active:
        return post
    standing = await store.sources.find(row.refused.source_id)
    return (await keeping.kept([post], asked_by=() if standing is None else standing.source.topics))[0]


def _source(refused: Refused) -> Source:
    """The source as its id tells it; it may be stored no more, or never have been."""
    head, _, query = refused.source_id.partition("?")
    platform, _, kind = head.partition("/")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return Source(platform=platform, kind=kind, parameters={name: unquote(value) for name, _, value in pairs})
