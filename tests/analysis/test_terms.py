"""Terms are the words of a post as a search would find them."""

from datetime import UTC, datetime

import pytest

from monitor.analysis.terms import terms_of
from monitor.post import Author, Post


def post(text, **fields):
    known = {"id": "1", "platform": "x", "native_id": "1", "url": None, "author": Author(id="7")}
    return Post(**known | {"created_at": datetime(2026, 6, 1, tzinfo=UTC), "text": text} | fields)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Tea, tea and a MILK jug in 2026", {"tea", "and", "milk", "jug", "in"}),
        ("see https://tea.example/cups#1 @ann@milk.example", {"see"}),
        ("Café résumé Straße", {"cafe", "resume", "strasse"}),
        ("东京天气", {"东京", "京天", "天气"}),
        ("#Kettle 🫖", {"kettle"}),
        ("x" * 41, set()),
        ("", set()),
    ],
)
def test_terms__of_a_text(text, terms):
    assert terms_of(post(text)) == terms


def test_terms__title_and_tags_too():
    assert terms_of(post("cups", title="Tea", tags=("Milk", "7"))) == {"tea", "cups", "milk"}
