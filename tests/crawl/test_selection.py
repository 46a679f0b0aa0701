"""Fields that are chosen for a file."""

import pytest

from monitor.crawl.selection import NAMES, Selection, read_selection
from monitor.errors import UsageError

POST = {"id": "1", "text": "tea", "author": {"id": "7", "handle": "ann"}, "counts": {}, "tags": []}


def test_only_what_was_named__in_that_order__and_what_is_unknown_left_out() -> None:
    chosen = read_selection("text, author.handle ,id,url,counts.likes,sentiment.label,id")
    assert chosen.names == ("text", "author.handle", "id", "url", "counts.likes", "sentiment.label")
    assert list(chosen.of(POST).items()) == [("text", "tea"), ("author", {"handle": "ann"}), ("id", "1")]


def test_without_a_choice__everything() -> None:
    assert Selection().of(POST) == POST


def test_a_part_as_a_whole__is_all_its_columns_in_a_table() -> None:
    assert Selection(("id", "counts")).columns == (
        "id", "counts.likes", "counts.reposts", "counts.replies", "counts.quotes", "counts.views", "counts.score",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("txt", "Did you mean text"),
        ("author.handel", "Did you mean author.handle"),
        ("raw", "no field 'raw'"),
        ("author,author.id", "part of author"),
        (" , ", "names no field"),
    ],
)
def test_what_no_post_has__is_refused_with_what_was_meant(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_selection(text)


def test_names__are_those_of_posts() -> None:
    assert {"id", "author", "author.followers", "sentiment.version", "first_seen"} <= set(NAMES)
    assert not {"raw", "signature"} & set(NAMES)
