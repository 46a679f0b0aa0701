"""Counting the posts of one hour into the documents of `roll_hour` and `roll_top_hour`. Pure.

The same posts make the same documents, in whatever order they come.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from monitor.store.document import Document
from monitor.store.figures import NAMES, figures_row
from monitor.store.window import EVERYTHING

Top = Literal["tags", "authors", "domains"]
TOPS: tuple[Top, ...] = ("tags", "authors", "domains")
# Of each kind the hundred most frequent are kept per hour, platform and topic. Most hours have fewer, and are exact.
MOST_LISTED = 100
UNKNOWN_LANGUAGE = "unknown"

# What `HourCount.add` reads of a post.
COUNTED_FIELDS = (
    "platform",
    "created_at",
    "deleted_at",
    "kind",
    "language",
    "sentiment.label",
    "sentiment.compound",
    "topics.id",
    "tags",
    "author.id",
    "domains",
    "links",
)
SITE = r"^https?://(?:www\.)?([^/:?#]+)"
_SITE = re.compile(SITE, re.IGNORECASE)


# A tag, author or domain, after its platform where it means something within that alone, else after "".
Key = tuple[str, str]


@dataclass(slots=True)
class _Bucket:
    """The posts of one platform and topic: figures by minute and by language, and how often each tag and so on occurs."""

    minutes: dict[int, list[int]] = field(default_factory=dict)
    languages: dict[str, list[int]] = field(default_factory=dict)
    tops: dict[Top, Counter[Key]] = field(default_factory=lambda: {top: Counter() for top in TOPS})

    def include(self, other: "_Bucket") -> None:
        """Add the posts of another platform."""
        for minute, row in other.minutes.items():
            _add(self.minutes, minute, row)
        for language, row in other.languages.items():
            _add(self.languages, language, row)
        for top, keys in other.tops.items():
            self.tops[top].update(keys)


class HourCount:
    """The posts of one hour, counted as they are added."""

    def __init__(self, hour: datetime) -> None:
        self.hour = hour
        self._buckets: defaultdict[tuple[str, str], _Bucket] = defaultdict(_Bucket)

    def add(self, stored: Mapping[str, Any]) -> None:
        """Count one stored post, of which `COUNTED_FIELDS` are needed."""
        row, minute = figures_row(stored), stored["created_at"].minute
        language = stored.get("language") or UNKNOWN_LANGUAGE
        platform = stored["platform"]
        listed: tuple[tuple[Top, set[Key]], ...] = (
            ("tags", {("", tag) for tag in stored.get("tags", ())}),
            ("authors", {(platform, author) for author in writers(stored)}),
            ("domains", {("", domain) for domain in domains(stored)}),
        )
        for topic in {EVERYTHING, *(match["id"] for match in stored.get("topics", ()))}:
            bucket = self._buckets[platform, topic]
            _add(bucket.minutes, minute, row)
            _add(bucket.languages, language, row)
            for top, keys in listed:
                bucket.tops[top].update(keys)

    def rollups(self) -> list[Document]:
        """The documents of `roll_hour`, by platform and topic."""
        return [
            self._named(key)
            | dict(zip(NAMES, (sum(column) for column in zip(*bucket.languages.values(), strict=True)), strict=True))
            | {
                "languages": [
                    {"language": language} | dict(zip(NAMES, row, strict=True))
                    for language, row in sorted(bucket.languages.items())
                ],
                "minutes": [[minute, *row] for minute, row in sorted(bucket.minutes.items())],
            }
            for key, bucket in self._all()
        ]

    def tops(self) -> list[Document]:
        """The documents of `roll_top_hour`, by platform and topic."""
        return [
            self._named(key) | dict(pair for top in TOPS for pair in _listed(top, bucket.tops[top]))
            for key, bucket in self._all()
        ]

    def _all(self) -> list[tuple[tuple[str, str], _Bucket]]:
        """The buckets of each platform, and for each topic one of all platforms together, in order."""
        together: defaultdict[tuple[str, str], _Bucket] = defaultdict(_Bucket)
        for (_, topic), bucket in self._buckets.items():
            together[EVERYTHING, topic].include(bucket)
        return sorted((self._buckets | together).items(), key=lambda pair: pair[0])

    def _named(self, key: tuple[str, str]) -> Document:
        platform, topic = key
        name = f"{self.hour:%Y-%m-%dT%H} {platform} {topic}"
        return {"_id": name, "hour": self.hour, "platform": platform, "topic": topic}


def writers(stored: Mapping[str, Any]) -> set[str]:
    """Who wrote it: nobody, where the words are another's or gone."""
    gone = stored.get("deleted_at") is not None or stored.get("kind") == "repost"
    return set() if gone else {stored["author"]["id"]}


def domains(stored: Mapping[str, Any]) -> set[str]:
    """The domains that a post links to: those stored with it, or else the hosts of its links without `www.`."""
    if "domains" in stored:
        return set(stored["domains"])
    return set(_hosts(stored.get("links", ())))


def _hosts(links: Iterable[str]) -> Iterator[str]:
    return (found[1].lower() for link in links if (found := _SITE.match(link)))


def _add(rows: dict[Any, list[int]], key: object, row: list[int]) -> None:
    known = rows.get(key)
    rows[key] = row if known is None else [one + other for one, other in zip(known, row, strict=True)]


def _listed(top: Top, counted: Counter[Key]) -> list[tuple[str, Any]]:
    """The most frequent, and how often the first one occurs that is left out: no other one occurs more often."""
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    left_out = ranked[MOST_LISTED][1] if len(ranked) > MOST_LISTED else 0
    return [
        (
            top,
            [
                ({"platform": platform} if platform else {}) | {"key": key, "posts": posts}
                for (platform, key), posts in ranked[:MOST_LISTED]
            ],
        ),
        (left_out_field(top), left_out),
    ]


def left_out_field(top: Top) -> str:
    """The field of `roll_top_hour` that bounds what is not listed."""
    return f"{top}_left_out"
