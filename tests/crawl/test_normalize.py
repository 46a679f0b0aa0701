"""Rows become posts one by one: whatever a row does, the others are posts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.crawl.normalize import normalize, normalize_page, route
from monitor.crawl.raw import unpack
from monitor.errors import PostError, ReplyError, SkipPost
from monitor.page import Page, Reply
from monitor.post import Author, Post
from monitor.source import Source
from monitor.text.tolerant import decoded

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
SOURCE = Source(platform="birds", kind="tag", parameters={"instance": "birds.example", "tag": "wren"})
REPLY = Reply(200, {"link": "<x>", "set-cookie": "secret"}, b"", "https://birds.example/page", AT)
SECRET = "what nobody may read in a log"


class Birds:
    """A platform of one field: the row's `do` says how it goes."""

    def post(self, row: Any, reply: Reply) -> Post:
        do = row["do"]
        if isinstance(do, type) and issubclass(do, BaseException):
            raise do(SECRET)
        if do == "recursion":
            return self.post(row, reply)
        if do == "attribute":
            return row.birds
        if do == "index":
            return row["list"][0]
        if do == "number":
            int(SECRET)
        if do == "skip":
            raise SkipPost("not for\neverybody")
        return Post(id=do, platform="birds", native_id=do, url=None, created_at=AT, text=do, author=Author(id="1"))


@dataclass
class Item:
    """What of a page item the step touches; the real one wants an event loop."""

    page: Page
    reply: Reply = REPLY
    source: Source = SOURCE
    posts: list[Post] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)
    encodings: list[bytes | None] = field(default_factory=list)
    digests: list[bytes | None] = field(default_factory=list)
    repeats: dict[int, Any] = field(default_factory=dict)
    rows: dict[str, bytes] = field(default_factory=dict)


def page_of(rows: list[Any]) -> Page:
    return Page(rows, [None] * len(rows))


def test_normalize__fills_in_what_the_reply_tells():
    made = normalize(Birds(), [{"do": "a"}], REPLY, seen_on="birds/birds.example")
    (post,) = made.posts
    assert (post.fetched_at, post.seen_on) == (AT, ("birds/birds.example",))
    assert post.raw is not None
    assert unpack(post.raw) == {"do": "a"}


ERRORS = [
    PostError,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    IndexError,
    OverflowError,
    MemoryError,
    UnicodeError,
    SystemError,
]


@pytest.mark.parametrize("do", [*ERRORS, "recursion", "attribute", "index", "number", "skip", ""], ids=str)
def test_normalize__one_row_fails__the_others_are_posts(do):
    made = normalize(Birds(), [{"do": "a"}, {"do": do, "list": []}, {"do": "b"}], REPLY, seen_on="here")
    assert [post.id for post in made.posts] == ["a", "b"]
    assert [refusal.row for refusal in made.refused] == [{"do": do, "list": []}]


@pytest.mark.parametrize("do", [*(error for error in ERRORS if error is not PostError), "number"], ids=str)
def test_normalize__reason_is_one_line_without_content(do):
    (refusal,) = normalize(Birds(), [{"do": do}], REPLY, seen_on="here").refused
    assert refusal.kind in refusal.reason
    assert "\n" not in refusal.reason
    assert SECRET not in refusal.reason
    assert SECRET not in repr(refusal)


def test_normalize__reason_names_the_field_that_is_missing():
    (refusal,) = normalize(Birds(), [{}], REPLY, seen_on="here").refused
    assert (refusal.kind, refusal.reason.startswith("do is missing (post, line ")) == ("KeyError", True)


def test_normalize__somebody_ends_the_program__is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        normalize(Birds(), [{"do": KeyboardInterrupt}], REPLY, seen_on="here")


POISON = {
    "NaN": "NaN",
    "infinity": "Infinity",
    "out of range": "1e999",
    "5,000 digits": "9" * 5000,
    "depth 100,000": "[" * 100_000 + "]" * 100_000,
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_normalize__poison_at_each_of_fifty_places__is_alone_refused(poison):
    for place in range(50):
        rows = decoded(("[" + ",".join(f'{{"do":"{n}","x":{poison if n == place else 1}}}' for n in range(50)) + "]").encode())
        made = normalize(Birds(), rows, REPLY, seen_on="here")
        assert (len(made.posts), len(made.refused)) == (49, 1)
        assert made.refused[0].row["do"] == str(place)


def test_normalize__rows_with_half_a_surrogate_pair__are_posts_with_the_sign_for_it_and_keep_the_raw_row():
    made = normalize(Birds(), decoded(b'[{"do":"a", "x":"\\ud800"}]'), REPLY, seen_on="here")
    assert unpack(made.posts[0].raw or b"") == {"do": "a", "x": "\ud800"}


# ---- a page


def test_normalize_page__sets_refused_rows_aside_with_what_a_replay_needs():
    item = Item(page_of([{"do": "a"}, {"do": "number", "x": "y"}]))
    normalize_page(Birds(), item)  # type: ignore[arg-type]
    assert [post.seen_on for post in item.posts] == [("birds/birds.example",)]
    (refused,) = item.refused
    assert (refused.platform, refused.source_id, refused.kind) == ("birds", item.source.id, "ValueError")
    assert unpack(refused.raw) == {"do": "number", "x": "y"}
    assert refused.reply.url == REPLY.url
    assert dict(refused.reply.headers) == {"link": "<x>"}


@pytest.mark.parametrize(
    ("bad", "good", "stored"),
    [(5, 20, True), (5, 19, False), (4, 0, True), (50, 0, False), (1, 0, True)],
)
def test_normalize_page__so_much_is_refused_that_the_api_must_have_changed__nothing_is_stored(bad, good, stored):
    item = Item(page_of([{"do": str(n)} for n in range(good)] + [{"do": "number"}] * bad))
    if stored:
        normalize_page(Birds(), item)  # type: ignore[arg-type]
        assert (len(item.posts), len(item.refused)) == (good, bad)
        return
    with pytest.raises(ReplyError, match=f"{bad} of {bad + good} posts .* API seems to have changed"):
        normalize_page(Birds(), item)  # type: ignore[arg-type]
    assert (item.posts, item.refused) == ([], [])


def test_normalize_page__what_is_skipped_on_purpose__says_nothing_about_the_api():
    item = Item(page_of([{"do": "skip"}] * 40))
    normalize_page(Birds(), item)  # type: ignore[arg-type]
    assert {refused.reason for refused in item.refused} == {"not for everybody"}


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"query": "wren"}, "birds"),
        ({"instance": "a.example", "tag": "wren"}, "birds/a.example"),
        ({"url": "https://b.example/feed"}, "birds/b.example"),
    ],
)
def test_route__names_the_server_where_the_source_does(parameters, told):
    assert route(Source(platform="birds", kind="tag", parameters=parameters)) == told
