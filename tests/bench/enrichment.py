"""What enriching one post costs: tags, links and the match of 100 topics of all kinds, without detecting a language."""

import sys
from datetime import UTC, datetime
from time import perf_counter

from monitor.crawl.enrich import enrich
from monitor.post import Author, Post
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.topic import Topic

MOST_US = 60
ROUNDS = 1000
MATCHING = 4  # topics that catch something
TEXTS = (
    "The new release is out 🎉\n\nIt brings faster parsing, better errors and don’t forget: https://example.org/a #Python",
    "Plain text with nothing special in it at all, about as long as a usual post on a network of short posts is, and no more.",
    "Größe und Straße: heute regnet es schon wieder den ganzen Tag, und niemand weiß warum. #Wetter",
    "新しいバージョンがやっと出ました。とても嬉しい一日でした。#日本 東京都に行く",
)


def post(number: int, text: str) -> Post:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    author = Author(id="1")
    return Post(
        id=f"x:{number}", platform="x", native_id="1", url=None, created_at=moment, author=author, text=text, language="en"
    )


def query(number: int) -> str:
    """One of ten kinds; the first ones ask for words of the texts, so that one matches each."""
    kinds = (
        "release{0}", '"usual post{0}"', "brand{0} OR 東京{0} OR #slogan{0}", "niemand{0} (weiß OR fixes{0}) -job",
        "(plain{0} OR cost{0}) NEAR/5 special{0}", "climat{0}*", "#wetter{0} OR regen{0}", 'job{0} "usual post" -short',
        "lang:en #python{0} has:link", "大阪{0} OR straße{0}",
    )  # fmt: skip
    return kinds[number % len(kinds)].format(number if number >= MATCHING else "")


def main() -> int:
    posts = [post(number, text) for number, text in enumerate(TEXTS)]
    topics = Watch((Topic(id=f"t{number}", name="t", query=query(number)), parse(query(number))) for number in range(100))
    matched = sum(len(enrich(each, topics).topics) for each in posts)
    rounds = []  # the fastest tells what it costs; all others, what else the machine did
    for _ in range(ROUNDS):
        begun = perf_counter()
        for each in posts:
            enrich(each, topics)
        rounds.append(perf_counter() - begun)
    each_us = min(rounds) / len(posts) * 1e6
    print(
        f"enrichment: {each_us:.0f} us per post with 100 topics, {matched / len(posts):.0f} of them matching (at most {MOST_US})"
    )
    return 1 if each_us > MOST_US else 0


if __name__ == "__main__":
    sys.exit(main())
