"""Import: the rows of a file become posts by the very steps of a page: read, checked, enriched, scored, stored or set aside.

The invariant: a line is noted as read only after its posts are durable and its bad rows are in quarantine, so an import may be killed
at any moment and typed again: nothing is lost, and what is read twice changes nothing (it counts as unchanged then).
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from monitor import clock
from monitor.config import Config
from monitor.crawl.enrich import enrich
from monitor.crawl.keeping import Keeping
from monitor.crawl.normalize import Refusal, normalize, route
from monitor.crawl.raw import set_aside
from monitor.errors import PostError, UsageError
from monitor.importing.format import Format
from monitor.importing.lines import BROKEN, Line
from monitor.page import Reply
from monitor.post import LEEWAY, Post
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.sentiment.scorer import inline, scored
from monitor.store.connection import Store
from monitor.store.gone import DROPPED
from monitor.store.imports import File, Imports, Posts, Progress
from monitor.store.outage import persist
from monitor.store.posts import Outcome, outcomes
from monitor.store.quarantine import Refused, ReplyContext

ROWS_PER_WRITE = 500
DEADLINE_S = 30.0  # an election takes up to 12 s
UNKNOWN = "unknown"  # the platform of a row that does not say its own
_PLATFORM = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the rows of some lines are, before anything is stored: posts with the line of each, and refusals with theirs."""

    lines: int
    rows: int
    posts: tuple["Found", ...]
    refused: tuple[tuple[Refusal, str, int], ...]  # the refusal, its platform, its line


@dataclass(frozen=True, slots=True)
class Found:
    """A post with the number of its line, and what the file keeps of an earlier database."""

    post: Post
    line: int
    kept: Mapping[str, Any]


class _Checked:
    """A format whose posts have a platform that can be asked for."""

    def __init__(self, form: Format) -> None:
        self._form = form

    def post(self, row: Any, reply: Reply, /) -> Post:
        made = self._form.post(row, reply)
        if not _PLATFORM.fullmatch(made.platform):
            raise PostError("platform is no name in lower-case letters, digits, - and _")
        return made


def read(form: Format, lines: Iterable[Line], file: File, *, read_at: datetime) -> Iterator[Read]:
    """Read lines into batches of at most about ROWS_PER_WRITE rows. `read_at`: when rows were read that do not say it themselves.

    Pure but for the clock. Raises one of BROKEN, after the rows before, where the file is damaged.
    """
    posts, refused, number, total = list[Found](), list[tuple[Refusal, str, int]](), 0, 0
    broken: Exception | None = None
    stream = iter(lines)
    while True:
        try:
            line = next(stream, None)
        except BROKEN as error:
            line, broken = None, error
        if line is None or total >= ROWS_PER_WRITE:
            if number:
                yield Read(lines=number, rows=total, posts=tuple(posts), refused=tuple(refused))
            posts, refused, number, total = [], [], 0, 0
        if line is None:
            break
        number += 1
        for made in _line(form, line, file, read_at):
            total += 1
            if isinstance(made, Found):
                posts.append(made)
            else:
                refused.append((made, form.platform or UNKNOWN, line.number))
    if broken is not None:
        raise broken


def _line(form: Format, line: Line, file: File, read_at: datetime) -> Iterator[Found | Refusal]:
    if line.fault is not None:
        yield Refusal(row=line.value, kind=PostError.__name__, reason=line.fault)
        return
    try:
        found = form.rows(line.value)
    except Exception as error:  # noqa: BLE001 - a stranger's page may break its reader in any way; only that line is lost
        yield Refusal(
            row=line.value, kind=type(error).__name__, reason=f"the page cannot be taken apart ({type(error).__name__})"
        )
        return
    for row in found:
        made = _row(form, row, file, read_at)
        yield made if isinstance(made, Refusal) else Found(made, line.number, form.kept(row))


def _row(form: Format, row: Any, file: File, read_at: datetime) -> Post | Refusal:
    """The post of a row. One that is younger than the file says it is was not read when the file was written, but later."""
    told: datetime | None
    try:
        told = form.read_at(row)
    except Exception:  # noqa: BLE001 - the row is refused below, with the reason
        told = None
    moment = told or read_at
    platform, seen_on = _Checked(form), route(file.source(UNKNOWN))
    made = normalize(platform, [row], _reply(file, moment), seen_on=seen_on)
    if made.refused and told is None and read_at + LEEWAY < (now := clock.now()):
        made = normalize(platform, [row], _reply(file, now), seen_on=seen_on)
    return made.posts[0] if made.posts else made.refused[0]


def _reply(file: File, at: datetime) -> Reply:
    return Reply(200, {}, b"", f"file:{file.name}", at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of posts here: by all topics, and by the one that the file was imported for."""

    topics: Watch
    keeping: Keeping
    served: tuple[str, ...]


class Import:
    """One file on its way into the store."""

    def __init__(self, store: Store, form: Format, file: File, asked: _Asked) -> None:
        self._store = store
        self._form = form
        self._file = file
        self._asked = asked
        self._known = {each.id for each, _ in asked.topics}
        self._imports = Imports(store.database)

    @classmethod
    async def of(cls, store: Store, form: Format, file: File, config: Config, *, topic: str | None = None) -> "Import":
        """With the topics that there are now; `config` has the key of the pseudonyms.

        Raises UsageError where there is no topic of the id `topic`, ConfigurationError where the key is missing.
        """
        known = await store.topics.list_all()
        if topic is not None and topic not in {each.id for each in known}:
            raise UsageError(f"There is no topic {topic}. Make it with: monitor topics add QUERY --id {topic}")
        topics = Watch([(each, parse(each.query)) for each in known])
        asked = _Asked(topics, await Keeping.of(store, known, config), (topic,) if topic else ())
        return cls(store, form, file, asked)

    async def begin(self) -> Progress:
        """How far it was read before, where it was cut short."""
        return await self._imports.begin(self._file)

    async def batch(self, before: Progress, some: Read) -> Progress:
        """Make some lines durable, then note it. Order: posts, quarantine, sources with their ledger, the place in the file."""
        until = asyncio.get_running_loop().time() + DEADLINE_S
        now = clock.now()
        posts = await self._completed(some.posts, now)
        written = await persist(lambda: self._store.posts.write(posts), until=until)
        outcome = outcomes([posts], written)[0]
        refused = [row for each in some.refused for row in self._refused(*each, now)]
        refused += [
            self._row_of(posts[position], f"line {some.posts[position].line}: the post cannot be stored: {reason}", now)
            for position, reason in sorted(written.refusals.items())
        ]
        await persist(lambda: self._store.quarantine.add(refused), until=until)
        stored = [
            post
            for position, post in enumerate(posts)
            if position not in written.refusals and written.fates[post.id] not in DROPPED
        ]
        return await self._keep(before + self._counted(some, outcome, stored, len(refused)), until)

    async def finish(self, progress: Progress) -> Progress:
        """Note that nothing is left of the file."""
        return await self._keep(replace(progress, done=True), asyncio.get_running_loop().time() + DEADLINE_S)

    async def _keep(self, progress: Progress, until: float) -> Progress:
        await persist(partial(self._imports.keep, self._file, progress, topics=self._asked.served), until=until)
        return progress

    async def _completed(self, read: Sequence[Found], now: datetime) -> list[Post]:
        """What the later steps of a page add, of all that may be kept; scores that the file has stay."""
        kept = await self._asked.keeping.kept([self._enriched(found, now) for found in read], asked_by=self._asked.served)
        scorers = inline()
        return [post if "sentiment" in found.kept else scored(post, scorers) for found, post in zip(read, kept, strict=True)]

    def _enriched(self, found: Found, now: datetime) -> Post:
        """With its matches, and what the file keeps of an earlier database."""
        kept = dict(found.kept)
        made = enrich(found.post, self._asked.topics.on(found.post.platform))
        # A topic that is here matches anew; one that is not is remembered as the file does.
        remembered = tuple(match for match in kept.pop("topics", ()) if match.id not in self._known)
        return made.filled(**{"first_seen": now, **kept}, topics=(*made.topics, *remembered))

    def _counted(self, some: Read, outcome: Outcome, stored: list[Post], refused: int) -> Progress:
        platforms: dict[str, Posts] = {}
        for post in stored:
            one = Posts(count=1, first_at=post.created_at, last_at=post.created_at)
            platforms[post.platform] = platforms[post.platform] + one if post.platform in platforms else one
        return Progress(
            lines=some.lines,
            rows=some.rows,
            new=outcome.new,
            changed=outcome.changed,
            unchanged=outcome.unchanged,
            set_aside=refused,
            expired=outcome.expired,
            erased=outcome.erased,
            matched=sum(any(match.id in self._asked.served for match in post.topics) for post in stored),
            platforms=platforms,
        )

    def _refused(self, refusal: Refusal, platform: str, line: int, now: datetime) -> list[Refused]:
        source = replace(self._file.source(platform), topics=self._asked.served)
        row = Refused(
            platform=platform,
            source_id=source.id,
            reason=f"line {line}: {refusal.reason}",
            kind=refusal.kind,
            raw=set_aside(refusal.row),
            reply=ReplyContext.of(_reply(self._file, now)),
        )
        return self._asked.keeping.refused([row], source=source)

    def _row_of(self, post: Post, reason: str, now: datetime) -> Refused:
        return Refused(
            platform=post.platform,
            source_id=self._file.source(post.platform).id,
            reason=reason,
            kind=PostError.__name__,
            raw=post.raw or b"",
            reply=ReplyContext.of(_reply(self._file, now)),
            post_id=post.id,
        )
