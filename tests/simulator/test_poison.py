"""Each poison does to a row what its name says."""

import json

import pytest

from monitor.simulator.poison import DEPTH, DIGITS, KINDS, LONG_TEXT, TOO_LARGE, chosen, poisoned

ROWS = {
    "mastodon": {
        "id": "7",
        "created_at": "2026-01-01T00:00:00.000Z",
        "content": "<p>x</p>",
        "favourites_count": 1,
        "account": {},
    },
    "algolia": {"objectID": "7", "created_at": "2026-01-01T00:00:00Z", "created_at_i": 1, "title": "x", "points": 1},
    "firebase": {"id": 7, "time": 1, "type": "comment", "text": "x"},
    "json feed": {"id": "7", "date_published": "2026-01-01T00:00:00Z", "content_html": "x", "title": "x"},
}
MARKS = {
    "nul": rb"\u0000",
    "surrogate": rb"\ud800",
    "int64": str(TOO_LARGE).encode(),
    "nan": b"NaN",
    "infinity": b"1e999",
    "digits": DIGITS.encode(),
    "depth": b"[" * DEPTH,
    "year-1": b"0001-01-01",
    "year-2099": b"2099-01-01",
}


@pytest.mark.parametrize("kind", MARKS)
def test_poison__is_in_the_row(kind):
    assert MARKS[kind] in poisoned(json.dumps(ROWS["mastodon"]).encode(), kind)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("kind", KINDS)
def test_poison__changes_rows_of_every_platform(kind, name):
    row = json.dumps(ROWS[name], separators=(",", ":")).encode()
    assert poisoned(row, kind) != row


def test_poison__no_id__leaves_none():
    assert not {"id", "objectID", "uri"} & set(json.loads(poisoned(json.dumps(ROWS["algolia"]).encode(), "no-id")))


def test_poison__long_text__is_a_megabyte():
    assert len(json.loads(poisoned(json.dumps(ROWS["mastodon"]).encode(), "long-text"))["content"]) >= LONG_TEXT


def test_poison__wrong_types__leaves_no_text():
    row = json.loads(poisoned(json.dumps(ROWS["mastodon"]).encode(), "wrong-types"))
    assert (type(row["content"]), type(row["created_at"]), row["account"]) == (dict, list, "nobody")


@pytest.mark.parametrize("body", [b"<item/>", b"12", b"null"])
def test_poison__what_is_no_object__takes_none(body):
    assert poisoned(body, "nul") is None


def test_chosen__is_that_share_of_posts__always_the_same():
    picked = [mark for mark in range(10_000) if chosen(mark, rate=0.1)]
    assert 900 < len(picked) < 1100
    assert picked == [mark for mark in range(10_000) if chosen(mark, rate=0.1)]
