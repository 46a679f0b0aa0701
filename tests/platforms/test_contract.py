"""What every platform file must hold, proved for each from its example replies in examples/<platform>/*.json.

An example: `kind`, `parameters` and `facts` of its source, the `step` that was asked, the `reply` (`body` as JSON, or text for
anything else), how many `posts` are in it, and under `further` the replies to the asks that reading it leads to. A new platform
needs no line here: its file and its examples are found.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from itemadapter import ItemAdapter

from monitor.advance import advance
from monitor.bookmark import Bookmark, Step, order
from monitor.config import Config, load
from monitor.crawl import arguments
from monitor.crawl.address import address
from monitor.crawl.exported import exported
from monitor.crawl.normalize import Normalized, normalize
from monitor.crawl.platforms import platforms
from monitor.crawl.raw import unpack
from monitor.crawl.spider import PlatformSpider
from monitor.errors import MonitorError
from monitor.page import Asked, Page, Reply
from monitor.paging import Facts
from monitor.post import Post
from monitor.source import Source
from monitor.text.tolerant import Unreadable

EXAMPLES = Path(__file__).parent / "examples"
FETCHED_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
TOKEN = "a-token-that-nobody-may-see"
PLATFORMS = platforms()
STEPS = (Step(), Step(cursor="20"), Step(until=1_763_800_000, floor=1_763_000_000), Step(after=1_763_000_000), Step(size=5))
# Tags and entities that must have been read; "<3" and "a & b" are what people write.
MARKUP = re.compile(
    r"</?(?:p|br|a|span|div|b|i|em|strong|ul|li|img|code|pre|blockquote)\b[^<>]*>|&(?:amp|lt|gt|quot|nbsp|#\d+);"
)
TEXTS = ("text", "title", "summary")
OTHER_VALUES: dict[type, tuple[Any, ...]] = {
    str: (7, [], {"a": 1}, ""),
    int: ("seven", [], {}, True, -(10**30)),
    float: ("seven", [], {}, 1e300),
    bool: ("yes", [], 2),
    list: ({}, "list", 7, ["a", None, 7, {}]),
    dict: ([], "dict", 7, {"a": None}),
    type(None): (7, "text", [], {"a": 1}, ["a"]),
}


@dataclass(frozen=True)
class Example:
    """One example reply and what the platform reads from it."""

    platform: str
    name: str
    told: dict[str, Any]

    @cached_property
    def spider(self) -> PlatformSpider:
        return PLATFORMS[self.platform]()

    @cached_property
    def source(self) -> Source:
        told = self.told
        return Source(platform=self.platform, kind=told["kind"], parameters=told["parameters"], facts=told.get("facts", {}))

    @cached_property
    def step(self) -> Step:
        return Step(**self.told["step"])

    @cached_property
    def reply(self) -> Reply:
        return reply_of(self.told["reply"])

    @cached_property
    def page(self) -> Page:
        read = self.spider.read(self.reply, Asked(self.source, self.step))
        if isinstance(read, Page):
            return read
        replies = [reply_of(each) for each in self.told["further"]]
        assert len(read) == len(replies), "as many replies as asks"
        return self.spider.gather(replies, Asked(self.source, self.step))

    def normalize(self, rows: list[Any]) -> Normalized:
        return normalize(self.spider, rows, self.reply, seen_on="here")

    @cached_property
    def posts(self) -> list[Post]:
        return self.normalize(list(self.page.rows)).posts


def reply_of(told: dict[str, Any]) -> Reply:
    body = told["body"]
    encoded = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Reply(told["status"], told["headers"], encoded, told["url"], FETCHED_AT)


def found_examples() -> list[Example]:
    paths = sorted(path for platform in PLATFORMS for path in (EXAMPLES / platform).glob("*.json"))
    return [Example(path.parent.name, path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in paths]


ALL = found_examples()
each_platform = pytest.mark.parametrize("spider", [spider() for spider in PLATFORMS.values()], ids=list(PLATFORMS))
each_example = pytest.mark.parametrize("example", ALL, ids=[f"{example.platform}/{example.name}" for example in ALL])
each_with_rows = pytest.mark.parametrize(
    "example",
    [example for example in ALL if example.told["posts"]],
    ids=[f"{example.platform}/{example.name}" for example in ALL if example.told["posts"]],
)


# ---- the platform


def test_there_are_platforms():
    """Discovery that finds nothing would make every test below pass."""
    assert {"mastodon", "hackernews", "feeds"} <= set(PLATFORMS)


def test_no_two_platforms_share_a_name():
    """Scrapy only warns, and the later file wins."""
    names = re.findall(
        r'^    name = "(\w+)"$', "\n".join(path.read_text() for path in Path("spiders").glob("*.py")), re.MULTILINE
    )
    assert sorted(names) == sorted(PLATFORMS)


@each_platform
def test_docstring_names_the_api_and_when_it_was_checked(spider):
    said = sys.modules[type(spider).__module__].__doc__ or ""
    assert re.search(r"checked 20\d\d-[01]\d-[0-3]\d", said)
    assert re.search(r"\b(API|RFC|RSS)\b", said)


@each_platform
def test_kinds_are_asked_for_in_the_words_of_spider_arguments(spider):
    assert spider.kinds
    for kind in spider.kinds.values():
        assert {*kind.needs, *kind.takes} <= set(arguments.PARAMETERS)
        assert kind.needs, "a source without parameters could not be named by -a"
        assert not set(kind.needs) & set(kind.takes)


@each_platform
def test_no_two_kinds_need_the_same(spider):
    """Spider arguments could not tell them apart."""
    needs = [frozenset(kind.needs) for kind in spider.kinds.values()]
    assert len(set(needs)) == len(needs)


@each_platform
def test_examples_show_posts_and_where_paging_ends(spider):
    own = [example for example in ALL if example.platform == spider.name]
    assert sum(example.told["posts"] for example in own) >= 2
    if any(kind.order != "whole" for kind in spider.kinds.values()):
        assert any(not example.page.rows for example in own), "show the reply that is the end"


# ---- asking


@each_example
@pytest.mark.parametrize("step", STEPS, ids=["top", "cursor", "until", "after", "size"])
def test_ask__is_the_same_twice_and_holds_no_secret(example, step):
    def asked() -> Any:
        try:
            return example.spider.ask(example.source, step)
        except MonitorError as error:
            return str(error)

    class Secrets(dict[str, str]):
        def get(self, name: str, _default: Any = None) -> str | None:  # type: ignore[override]
            return None if name.endswith("_FILE") else TOKEN

    config: Config = replace(load({}), environment=Secrets())
    headers = example.spider.login(config, example.source)
    ask = asked()
    assert ask == asked()
    if not isinstance(ask, str):
        url = address(ask, base=example.spider.base_url, parameters=example.source.parameters, instead=None)
        assert url.startswith(("https://", "http://"))
        assert TOKEN not in url + repr(ask)
    assert all(isinstance(value, str) for value in headers.values())


# ---- reading


@each_example
def test_read__every_post_is_a_row_and_none_is_refused(example):
    made = example.normalize(list(example.page.rows))
    assert made.refused == []
    assert len(made.posts) == example.told["posts"]


@each_example
def test_read__marks_can_be_put_in_order(example):
    marks = [mark for mark in example.page.marks if mark is not None]
    assert len({type(mark) for mark in marks}) <= 1
    if example.page.ordered:
        assert marks == sorted(marks, key=order, reverse=True)


@each_example
def test_read__the_bookmark_moves_or_the_end_is_told(example):
    page, rules = example.page, example.spider.rules(example.source)
    if not page.rows:
        assert page.end or page.cursor is not None or rules.order == "whole"
        return
    assert page.top is not None or all(mark is None for mark in page.marks)
    marks = tuple(mark for mark in page.marks if mark is not None)
    facts = Facts(marks=marks, cursor=page.cursor, ordered=page.ordered, end=page.end, asked_at=FETCHED_AT)
    moved = advance(Bookmark(), Step(), facts, rules=rules, since=None).bookmark
    assert moved.version == 1
    assert bool(moved.heads or moved.seen) == bool(marks)


@each_example
def test_marked_at__is_none_or_a_possible_moment(example):
    for mark in example.page.marks:
        at = None if mark is None else example.spider.marked_at(mark)
        assert at is None or (at.tzinfo is UTC and at.year >= 2004)


# ---- posts


@each_with_rows
def test_post__every_field_has_its_type_and_moments_are_utc(example, misfits):
    for post in example.posts:
        assert misfits(post) == []


@each_with_rows
def test_post__ids_are_unique_and_the_same_on_every_run(example):
    assert len({post.id for post in example.posts}) == len(example.posts)
    assert example.normalize(list(example.page.rows)).posts == example.posts


@each_with_rows
def test_identity__is_the_posts_id_wherever_it_is_told(example):
    """A row whose identity is another post's would be taken for stored."""
    for row, post in zip(example.page.rows, example.posts, strict=True):
        assert example.spider.identity(row, example.reply) in {None, post.id}


@each_with_rows
def test_post__texts_hold_no_markup(example):
    for post in example.posts:
        assert [found[0] for name in TEXTS for found in MARKUP.finditer(getattr(post, name) or "")] == []


@each_with_rows
def test_post__is_made_again_from_its_raw_row(example):
    again = example.normalize([unpack(post.raw) for post in example.posts if post.raw is not None])
    assert again.posts == example.posts


@each_with_rows
def test_post__can_be_read_by_itemadapter_and_written_as_json(example):
    for post in example.posts:
        assert ItemAdapter(post)["text"] == post.text
        told = json.loads(json.dumps(exported(post)))
        assert told["id"] == post.id
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["created_at"])
        assert "raw" not in told
        assert None not in told.values()


@each_with_rows
def test_post__unknown_fields_change_nothing(example):
    rows = [with_unknown_fields(row) for row in example.page.rows]
    made = example.normalize(rows)
    assert [replace(post, raw=None) for post in made.posts] == [replace(post, raw=None) for post in example.posts]


# ---- rows that are not as they should be


@each_with_rows
def test_post__any_field_is_dropped__a_full_post_or_a_refusal(example, misfits):
    made = [made_of(example, mutant) for row in example.page.rows for mutant in dropped(row)]
    assert made
    check_all(example, made, misfits)
    refused = sum(len(one.refused) for one in made)
    assert refused, "a platform without a single required field would take anything for a post"


@each_with_rows
def test_post__any_field_is_null_or_of_another_type__a_full_post_or_a_refusal(example, misfits):
    made = [made_of(example, mutant) for row in example.page.rows for mutant in changed(row)]
    assert made
    check_all(example, made, misfits)


@each_with_rows
def test_post__any_value_is_unreadable__refused(example):
    for row in example.page.rows:
        for path, _ in leaves(row):
            made = example.normalize([put(row, path, Unreadable("NaN"))])
            assert (len(made.posts), len(made.refused)) == (0, 1), path


@each_with_rows
@pytest.mark.parametrize("row", [None, 7, "text", [], {}, [[]], Unreadable("NaN")], ids=repr)
def test_post__row_is_something_else__refused(example, row):
    made = example.normalize([row])
    assert (len(made.posts), len(made.refused)) == (0, 1)


def made_of(example: Example, row: Any) -> Normalized:
    made = example.normalize([row])
    assert len(made.posts) + len(made.refused) == 1
    return made


def check_all(example: Example, made: list[Normalized], misfits: Callable[[Any], list[str]]) -> None:
    of_feed = example.spider.kinds[example.source.kind].order == "whole"
    for one in made:
        for post in one.posts:
            assert misfits(post) == []
            assert says_something(post, of_feed), post.id
        for refusal in one.refused:
            assert refusal.reason
            assert "\n" not in refusal.reason


def says_something(post: Post, of_feed: bool) -> bool:
    """A field that disappears must not leave empty posts in the store. An entry of a feed may be nothing but its address."""
    said = (post.text, post.title, post.summary, post.media, post.links, post.repost_of, post.quote_of, post.deleted_at)
    return any(said) or of_feed


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a row below its root, containers before what they hold."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield (*path, key), each
        yield from leaves(each, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of `value` with `new` at `path`; untouched parts are shared."""
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


def dropped(row: Any) -> Iterator[Any]:
    for path, _ in leaves(row):
        holder = row
        for key in path[:-1]:
            holder = holder[key]
        kept = holder.copy()
        del kept[path[-1]]
        yield put(row, path[:-1], kept)


def changed(row: Any) -> Iterator[Any]:
    for path, value in leaves(row):
        yield put(row, path, None)
        for other in OTHER_VALUES[type(value)]:
            yield put(row, path, other)


def with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: with_unknown_fields(each) for name, each in value.items()} | {"zz_unheard_of": {"a": [1]}}
    return [with_unknown_fields(each) for each in value] if isinstance(value, list) else value


def test_misfits_are_seen(misfits):
    """The checks above rest on this."""
    (post, *_) = next(example for example in ALL if example.told["posts"]).posts
    assert misfits(replace(post, language=7)) != []
    assert misfits(replace(post, tags=("a", None))) != []
    assert misfits(replace(post, author=replace(post.author, bot="yes"))) != []
    assert misfits(replace(post, edited_at=datetime.fromisoformat("2026-11-22T08:00:00+01:00"))) != []
    assert misfits(post) == []
