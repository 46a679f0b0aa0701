"""Field coverage: of how many posts each field was known."""

from dataclasses import fields, replace
from datetime import UTC, datetime

from monitor.crawl.coverage import Coverage
from monitor.post import Author, Counts, Post

POST = Post(
    id="1",
    platform="mastodon",
    native_id="1",
    url="https://a.example/1",
    created_at=datetime(2026, 11, 22, 8, tzinfo=UTC),
    text="Wrens",
    author=Author(id="7", bot=False),
    counts=Counts(likes=0),
)


def shares(*posts: Post) -> dict[str, float]:
    coverage = Coverage()
    coverage.add(posts)
    return coverage.shares()


def test_shares__before_the_first_post__there_are_none() -> None:
    assert shares() == {}


def test_shares__zero_and_false_are_known() -> None:
    told = shares(POST)
    assert (told["counts.likes"], told["author.bot"]) == (1.0, 1.0)


def test_shares__none_and_empty_are_not_known() -> None:
    told = shares(replace(POST, text="", url=None, tags=()))
    assert (told["text"], told["url"], told["tags"], told["counts.replies"], told["author.handle"]) == (0, 0, 0, 0, 0)


def test_shares__are_rounded_to_a_thousandth() -> None:
    assert shares(POST, replace(POST, url=None), replace(POST, url=None))["url"] == 0.333


def test_shares__pages_add_up() -> None:
    coverage = Coverage()
    coverage.add([POST])
    coverage.add([replace(POST, text="")])
    assert (coverage.posts, coverage.shares()["text"]) == (2, 0.5)


def test_shares__name_every_field_that_a_platform_fills_and_none_that_we_fill() -> None:
    told = {name.partition(".")[0] for name in shares(POST)}
    ours = {"id", "platform", "native_id", "kind", "created_at", "deleted_at"}  # always there, or only where a post is gone
    ours |= {
        "fetched_at",
        "first_seen",
        "revisions",
        "topics",
        "link_ids",
        "domains",
        "signature",
        "seen_on",
        "sentiment",
        "raw",
    }
    assert told == {field.name for field in fields(Post)} - ours
