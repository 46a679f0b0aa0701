"""The methods of a selection as one paragraph, and as a JSON object. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.analysis.coverage import Coverage, Hole
from monitor.crawl.exported import moment
from monitor.methods.gathering import Methods, Version, Watched
from monitor.query.english import english
from monitor.source import Source
from monitor.store.scope_coverage import percent

MOST_HOLES = 3  # the longest, in words; the JSON object has all
_STATES = {
    "capped": "could not be read any more",
    "limited": "still to be read",
    "failed": "refused by the platform",
    "removed": "removed since, as older posts are not kept",
    "never asked": "never asked for",
}
_RELATIONS = {
    "exact": "asked for just the query",
    "broader": "asked for more than the query, which then decided",
    "unsupported": "asked for a part of what the query means",
}


def paragraph(methods: Methods) -> str:
    """One paragraph. The same selection gives the same text, whatever came to the store after its as_of."""
    return " ".join(sentences(methods))


def sentences(methods: Methods) -> Iterator[str]:
    """The sentences of the paragraph, in order."""
    zone = ZoneInfo(methods.scope.zone)
    asked = "all posts" if methods.query is None else english(methods.query)
    yield f"Selected were {asked}, as far as Social Monitor had stored them by {_clock(methods.as_of, zone)} ({zone.key})."
    if methods.simulated:
        yield "The data are simulated: people and posts are invented."
    yield from (_topic(methods, topic, zone) for topic in methods.topics)
    yield _collected(methods)
    yield from _files(methods)
    yield from _counts(methods, zone)
    if methods.removed is not None:
        yield methods.removed
    yield from _coverage(methods, zone)
    yield from _scores(methods)
    yield _privacy(methods)
    yield f"Made with Social Monitor {methods.software}, schema {methods.schema}."
    yield f"SHA-256 over the ids of the posts and their revisions: {methods.selection.sha256}."
    yield f"To make this paragraph again: {methods.command}"


def json_of(methods: Methods) -> dict[str, Any]:
    """One object."""
    selection, found = methods.selection, methods.then.coverage
    return {
        "text": paragraph(methods),
        "scope": str(methods.scope),
        "command": methods.command,
        "as_of": moment(methods.as_of),
        "from": moment(methods.period.start),
        "to": moment(methods.period.end),
        "tz": methods.scope.zone,
        "query": None if methods.query is None else str(methods.query),
        "english": None if methods.query is None else english(methods.query),
        "topics": [_topic_told(topic) for topic in methods.topics],
        "posts": selection.posts,
        "deleted": selection.deleted,
        "reposts": selection.reposts,
        "stories": selection.unique(),
        "stories_of": selection.told,
        "platforms": dict(sorted(selection.platforms.items())),
        "scorers": [
            {"scorer": name, "version": version, "posts": posts} for (name, version), posts in sorted(selection.scorers.items())
        ],
        "unscored": dict(sorted(selection.unscored.items())),
        "measured": list(methods.measured),
        "sources": [_source_told(methods, source) for source in methods.then.sources],
        "files": [dict(source.parameters) | {"platform": source.platform} for source in methods.then.files],
        "coverage": _coverage_told(found),
        "removed": methods.removed,
        "pseudonyms": selection.pseudonyms,
        "simulated": methods.simulated,
        "versions": {"monitor": methods.software, "schema": methods.schema},
        "sha256": selection.sha256,
        "changed_since": selection.changed,
        "perhaps_changed_since": selection.unsure,
    }


def _topic(methods: Methods, topic: Watched, zone: ZoneInfo) -> str:
    if not topic.versions:
        return f"Of the topic {topic.id} no version is known from then."
    *earlier, last = topic.versions
    told = f"The topic {topic.id} is the query {_query(last)}, version {last.number} since {_clock(last.since, zone)}"
    for version in reversed(earlier):
        told += f"; before that version {version.number} since {_clock(version.since, zone)}, {_query(version)}"
    matched = [
        f"{posts:,} by version {number}"
        for (name, number), posts in sorted(methods.selection.versions.items())
        if name == topic.id
    ]
    return f"{told}; of the selected posts it matched {_listed(matched) if matched else 'none'}."


def _query(version: Version) -> str:
    return version.query if version.english is None else f"{version.query} ({version.english})"


def _collected(methods: Methods) -> str:
    if not methods.then.sources:
        return "No source served this selection by then."
    groups: dict[tuple[str, str, str | None], int] = {}
    for source in methods.then.sources:
        key = source.platform, source.kind, methods.relations.get(source.id)
        groups[key] = groups.get(key, 0) + 1
    told = [
        f"{platform} by {kind} ({_many(count, 'source')}{'' if relation is None else f', {_RELATIONS[relation]}'})"
        for (platform, kind, relation), count in sorted(groups.items(), key=lambda group: str(group[0]))
    ]
    return f"They were collected from {_listed(told)}."


def _files(methods: Methods) -> Iterator[str]:
    files = [each.parameters for each in methods.then.files]
    names = sorted({f"{each.get('file', '?')} ({each.get('format', '?')})" for each in files})
    if names:
        which = "this file" if len(names) == 1 else "these files"
        yield f"Posts of {_listed(names)} were imported; what is not in {which} is not known."


def _counts(methods: Methods, zone: ZoneInfo) -> Iterator[str]:
    found, period = methods.selection, methods.period
    begin, end = _clock(period.start, zone), _clock(period.end, zone)
    when = f"from {begin} to {end} ({zone.key})"
    if not found.posts:
        yield f"In the period {when} there is no such post."
        return
    places = [
        f"{posts:,} on {platform}" for platform, posts in sorted(found.platforms.items(), key=lambda one: (-one[1], one[0]))
    ]
    yield (
        f"In the period {when} these are {_many(found.posts, 'post')}: {_listed(places)}; {_none_or(found.deleted)} of them had been "
        f"deleted at the source by then, and {_none_or(found.reposts)} are reposts."
    )
    which = "They" if found.told == found.posts else f"The newest {found.told:,} of them"
    yield f"{which} tell {_many(found.unique(), 'story')}, counting reposts, copies of a text and links to the same page once."


def _coverage(methods: Methods, zone: ZoneInfo) -> Iterator[str]:
    found = methods.then.coverage
    whole = found.whole
    if not whole.sources:
        yield "None of the time is known to be covered."
        return
    together = "the one source" if whole.sources == 1 else f"all {whole.sources} sources"
    once = "" if whole.sources == 1 else f" and {percent(whole.any)} by at least one"
    yield f"By what had been asked until then, {percent(whole.every)} of the period is covered by {together}{once}."
    states = [f"{percent(share)} was {_state(state)}" for state, share in whole.shares.items() if state != "covered"]
    holes = sorted(((hole, each.source) for each in found.sources for hole in each.holes), key=_longest)
    if not holes:
        yield "There are no gaps."
        return
    yield f"There {'is' if len(holes) == 1 else 'are'} {_many(len(holes), 'gap')}: of the time of the sources {_listed(states)}."
    shown = [
        f"{_clock(hole.from_at, zone)} to {_clock(hole.to_at, zone)} at {source} ({_state(hole.state)})"
        for hole, source in holes[:MOST_HOLES]
    ]
    yield f"The {'longest' if len(holes) > 1 else 'gap'} {'are' if len(shown) > 1 else 'is'} {_listed(shown)}."


def _scores(methods: Methods) -> Iterator[str]:
    found = methods.selection
    if not found.posts:
        return
    named = [
        f"{name} {version}".rstrip() + f" ({_many(posts, 'post')})" for (name, version), posts in sorted(found.scorers.items())
    ]
    yield f"Sentiment is by {_listed(named)}." if named else "No post has a sentiment."
    yield from methods.measured
    missing = found.unscored.total()
    if missing:
        reasons = [f"{posts:,} {reason}" for reason, posts in sorted(found.unscored.items(), key=lambda one: (-one[1], one[0]))]
        yield f"{percent(missing / found.posts)} of the posts have no sentiment: {_listed(reasons)}."


def _privacy(methods: Methods) -> str:
    private = [topic.id for topic in methods.topics if topic.pseudonymised]
    redacted = sorted({rule.partition("=")[0] for topic in methods.topics for rule in topic.redacted})
    told = [f"authors of the topic {_listed(private)} are replaced by pseudonyms"] if private else []
    told += [f"what was taken out of texts before storage: {_listed(redacted)}"] if redacted else []
    if methods.selection.pseudonyms:
        told.append(f"{_many(methods.selection.pseudonyms, 'post')} of the selection are stored under pseudonyms")
    return f"Privacy: {'; '.join(told)}." if told else "Neither pseudonyms nor redaction are applied to these posts."


def _topic_told(topic: Watched) -> dict[str, Any]:
    return {
        "id": topic.id,
        "versions": [
            {"version": each.number, "since": moment(each.since), "query": each.query, "english": each.english}
            for each in topic.versions
        ],
        "pseudonymised": topic.pseudonymised,
        "redacted": list(topic.redacted),
    }


def _source_told(methods: Methods, source: Source) -> dict[str, Any]:
    return {"source": source.id, "platform": source.platform, "kind": source.kind, "relation": methods.relations.get(source.id)}


def _coverage_told(found: Coverage) -> Mapping[str, Any]:
    holes = [
        {
            "source": each.source,
            "from": moment(hole.from_at),
            "to": moment(hole.to_at),
            "state": hole.state,
            "reason": hole.reason,
        }
        for each in found.sources
        for hole in each.holes
    ]
    whole = found.whole
    return {"sources": whole.sources, "every": whole.every, "any": whole.any, "states": dict(whole.shares), "holes": holes}


def _longest(hole: tuple[Hole, str]) -> tuple[timedelta, datetime, str]:
    return -hole[0].length, hole[0].from_at, hole[1]


def _state(state: str) -> str:
    return _STATES.get(state, state)


def _many(count: int, what: str) -> str:
    several = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {what if count == 1 else several}"


def _none_or(count: int) -> str:
    return f"{count:,}" if count else "none"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
