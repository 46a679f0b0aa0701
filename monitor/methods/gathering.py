"""What is known of a selection of posts at the moment of its as_of, read from the store; in words in `monitor.methods.paragraph`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor import __version__
from monitor.analysis.bucket import Period
from monitor.errors import UsageError
from monitor.methods.selection import Selection
from monitor.query.english import english
from monitor.query.native import Relation, compile_query, platforms
from monitor.query.parse import parse
from monitor.query.query import Query
from monitor.query.refusal import QueryError
from monitor.scope import Scope
from monitor.source import Source
from monitor.store import schema
from monitor.store.connection import Store
from monitor.store.coverage_then import CoverageThen, Then
from monitor.store.horizon import Horizons
from monitor.store.scope_coverage import period_of
from monitor.store.search import Search
from monitor.store.simulated import Simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a topic's query, since when it is, and what it says in English; `english` None: it cannot be read any more."""

    number: int
    since: datetime
    query: str
    english: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A topic of the scope: its versions by then, oldest first, and what is done for privacy, as it is set now."""

    id: str
    versions: tuple[Version, ...]
    pseudonymised: bool
    redacted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """`scope` stands still: its moments are absolute, and `as_of` is set.

    `relations`: how what a source was asked for relates to the topic's query, where the query tells. `measured`: a sentence for each
    scorer that gave labels. `period`: what was asked for, as far as it lies before `as_of`. `removed`: a sentence on posts of its time
    that are not kept.
    """

    scope: Scope
    as_of: datetime
    period: Period
    query: Query | None
    topics: tuple[Watched, ...]
    selection: Selection
    then: Then
    relations: Mapping[str, Relation]
    measured: tuple[str, ...] = ()
    simulated: bool = False
    removed: str | None = None
    software: str = __version__
    schema: int = schema.VERSION

    @property
    def command(self) -> str:
        """What makes the same text again. A printed scope holds no quotation mark."""
        return f"monitor methods '{self.scope}'"


def frozen(scope: Scope, now: datetime) -> tuple[Scope, datetime]:
    """The scope that stands still, and its as_of. Raises UsageError for an as_of that has not come yet."""
    still = scope.frozen(now)
    as_of = still.stored_by()
    assert as_of is not None  # a frozen scope has one
    if as_of > now:
        raise UsageError(
            "The as_of of the scope lies in the future: what will be stored by then is not known yet. Leave it out."
        )
    return still, as_of


async def read_methods(store: Store, still: Scope, as_of: datetime) -> Methods:
    """Read all posts of the selection once, and what is known of its sources. Raises StoreUnavailableError."""
    selection = Selection(as_of=as_of)
    query = still.asks(as_of)
    async for post in Search(store.database).posts(query, stored_by=as_of):
        selection.add(post)
    period = _period(still, selection, as_of)
    then = await CoverageThen(store.database).of(still, period, then=as_of)
    topics = [await _watched(store, name.removeprefix("!"), as_of) for name in still.topics]
    return Methods(
        scope=still,
        as_of=as_of,
        period=period,
        query=query,
        topics=tuple(topics),
        selection=selection,
        then=then,
        relations=_relations(then.sources, topics),
        simulated=await Simulated(store.database).is_marked(),
        removed=await Horizons(store.database).sentence(still, now=as_of),
    )


def _period(still: Scope, selection: Selection, as_of: datetime) -> Period:
    """An open begin is that of the first post."""
    begin, end = still.between(as_of)
    ends = min(end or as_of, as_of)
    if begin is None and selection.first_at is not None and selection.first_at < ends:
        return Period(start=selection.first_at, end=ends)
    return period_of(still, now=as_of)[0]


async def _watched(store: Store, topic_id: str, as_of: datetime) -> Watched:
    made = [
        Version(number=topic.version, since=since, query=topic.query, english=_english(topic.query))
        for topic, since in await store.topics.history(topic_id, then=as_of)
    ]
    now = await store.topics.get(topic_id)
    return Watched(
        id=topic_id,
        versions=tuple(made),
        pseudonymised=now is not None and now.authors == "pseudonymise",
        redacted=() if now is None else now.redact,
    )


def _english(text: str) -> str | None:
    try:
        return english(parse(text))
    except QueryError:
        return None


def _relations(sources: Iterable[Source], topics: Iterable[Watched]) -> dict[str, Relation]:
    """By source: that of the newest version of a topic that asks for just this, with a token or without."""
    queries = [version.query for topic in topics for version in reversed(topic.versions) if version.english is not None]
    found: dict[str, Relation] = {}
    for source in sources:
        told = next((one for query in queries if (one := _relation(source, parse(query))) is not None), None)
        if told is not None:
            found[source.id] = told
    return found


def _relation(source: Source, query: Query) -> Relation | None:
    if source.platform not in platforms():
        return None
    for has_token in (True, False):
        native = compile_query(query, source.platform, has_token=has_token)
        for ask in native.asks:
            if ask.kind == source.kind and ask.parameters.items() <= source.parameters.items():
                return native.relation
    return None
