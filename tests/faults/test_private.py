"""Canaries: what a crawl for a private topic leaves behind holds nothing of anybody, wherever one looks.

A crawl of the same simulated world for an open topic tells what there is to be found. Everything of the private one is then
searched for it: every collection with what is packed in it, the log at its most talkative, and the exported file.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from monitor.config import load
from monitor.crawl.raw import unpack
from monitor.source import Source
from monitor.store.connection import Store, open_store
from monitor.topic import Topic

INSTANCE, WITHIN_S = "chatter.example", 90
SHORTEST = 6  # characters of a canary; shorter ones are parts of words
WORLD = ("--seed", "7", "--days", "2", "--posts", "260", "--now", "2026-11-22T08:00:00Z", "--fault", "poison:0.02")
SETTINGS = {"LOG_LEVEL": "DEBUG", "MONITOR_INTERVAL_S": "1"}


def sources_of(platform: str, addresses: Any, topic: str) -> list[Source]:
    """What brings everything that the platform has."""
    told: dict[str, list[tuple[str, dict[str, str]]]] = {
        "mastodon": [("public", {"instance": INSTANCE})],
        "hackernews": [("query", {"query": "coffee"})],
        "feeds": [("url", {"url": url}) for url in addresses["feeds"][:3]],
    }
    return [Source(platform=platform, kind=kind, parameters=place, topics=(topic,)) for kind, place in told[platform]]


def everything(value: Any) -> Iterator[str]:
    """All text in a document, keys and what is packed included."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from everything(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from everything(inner)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
        try:
            yield from everything(unpack(value))
        except ValueError:
            return
    else:
        yield str(value)


def canaries_of(posts: list[dict[str, Any]]) -> dict[str, set[str]]:
    """What names a person or a post, by kind."""
    found: dict[str, set[str]] = {"handle": set(), "name": set(), "author": set(), "address": set(), "native": set()}
    for post in posts:
        author = post["author"]
        found["handle"] |= {author.get("handle", ""), author.get("handle", "").partition("@")[0], *post.get("mentions", ())}
        found["name"].add(author.get("name", ""))
        found["author"] |= {author["id"], author.get("url", "")}
        found["address"] |= {post["_id"], post.get("url", "")}
        found["native"].add(post["native_id"])
    return {kind: {each.casefold() for each in told if len(each) >= SHORTEST} for kind, told in found.items()}


def hits(text: str, canaries: set[str]) -> set[str]:
    """Those that stand in a text as whole words. One pass over the words of the text, and one look for what is no word."""
    words = set(re.findall(r"[\w-]+", text))
    return {each for each in canaries if (each in words if re.fullmatch(r"[\w-]+", each) else each in text)}


def searched(texts: list[tuple[str, str]], canaries: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Kind and place of every canary in the texts, which are given with where they lie."""
    joined: dict[str, list[str]] = {}
    for place, text in texts:
        joined.setdefault(place, []).append(text.casefold())
    found = []
    for place, parts in joined.items():
        whole = "\n".join(dict.fromkeys(parts))
        for kind, wanted in canaries.items():
            # What has to be remembered to go on polling stays: a platform's own numbers, in the bookmark and what is asked by it.
            if kind != "native" or not (place == "sources" or place.endswith(".log")):
                found += [(kind, f"{place}: {each}") for each in hits(whole, wanted)]
    return found


def prepared(database: Any, platforms: Any, topic: Topic) -> None:
    async def made() -> None:
        store: Store = await open_store(load({"MONGODB_URI": database.uri, "MONITOR_DATABASE": database.name}))
        await store.topics.add(topic)
        for platform in topic.platforms:
            for source in sources_of(platform, platforms.addresses, topic.id):
                await store.sources.ensure(source)
        await store.close()

    asyncio.run(made())


def test_a_private_topic__every_collection_the_log_and_the_exported_file_hold_nobody(
    simulate: Callable[..., Any], crawl: Callable[..., Any], databases: Callable[[str], Any], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("MONITOR_PRIVATE_HOSTS", "127.0.0.1")
    platforms = simulate(*WORLD)
    watched = ("mastodon", "hackernews", "feeds")
    left: dict[str, list[tuple[str, str]]] = {}
    known: dict[str, list[dict[str, Any]]] = {}
    for name, authors in (("open", "keep"), ("closed", "pseudonymise")):
        database = databases(name)
        topic = Topic(id="coffee", name="Coffee", query="coffee", platforms=watched, authors=authors)  # type: ignore[arg-type]
        prepared(database, platforms, topic)
        files, begun = list[tuple[str, str]](), list[Any]()
        for platform in watched:
            exported = tmp_path / f"{name}-{platform}.jsonl"
            place = {} if platform == "feeds" else {"base_url": platforms.addresses[platform]}
            settings = SETTINGS | {"FEEDS": f'{{"{exported}": {{"format": "jsonl"}}}}'}
            begun.append(crawl(f"{name}-{platform}", database, platform=platform, settings=settings, topic="coffee", **place))
        for each in begun:
            assert each.ended(within_s=WITHIN_S) == 0, each.said()
            files.append((each.output.name, each.output.read_text("utf-8")))
        files += [(exported.name, exported.read_text("utf-8")) for exported in tmp_path.glob(f"{name}-*.jsonl")]
        known[name] = list(database.client[database.name]["posts"].find())
        left[name] = files
        for collection in sorted(database.client[database.name].list_collection_names()):
            for document in database.client[database.name][collection].find():
                left[name] += [(collection, text) for text in everything(document)]

    canaries = canaries_of(known["open"])
    found = {name: searched(texts, canaries) for name, texts in left.items()}
    counted = {name: Counter(kind for kind, _ in told) for name, told in found.items()}
    print(f"{len(known['open'])} posts; canaries: { ({kind: len(wanted) for kind, wanted in canaries.items()}) }")
    print(f"places where they were found: open {dict(counted['open'])}, closed {dict(counted['closed'])}")
    assert all(counted["open"][kind] >= len(wanted) > 10 for kind, wanted in canaries.items())
    assert found["closed"] == []

    assert len(known["closed"]) == len(known["open"])
    assert all(post["_id"].startswith("private:") and "raw" not in post and "url" not in post for post in known["closed"])
    authors = [len({(post["platform"], post["author"]["id"]) for post in posts}) for posts in known.values()]
    assert authors[0] == authors[1]  # counting authors still works
