"""One impossible value spoils its own row; a body that is cut is no reply at all."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.tolerant import DEEPEST, LONGEST_NUMBER, Unreadable, decoded, tolerant_json

DEEP = 100_000
POISON = {
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "out of range": b"1e999",
    "5,000 digits": b"9" * 5000,
    "lists without end": b"[" * DEEP + b"]" * DEEP,
    "objects without end": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "brackets in texts": b"[" * DEEP + b'"]}[{\\"\\\\"' + b"]" * DEEP,
}


def page(poison: bytes, place: int, rows: int = 50) -> bytes:
    return b"[" + b",".join(b'{"id":%d,"x":%s}' % (n, poison if n == place else b'"fine"') for n in range(rows)) + b"]"


def holds_unreadable(value: object) -> bool:
    while isinstance(value, list | dict):
        value = next(iter(value.values() if isinstance(value, dict) else value), None)
    return isinstance(value, Unreadable)


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
@pytest.mark.parametrize("place", [0, 1, 25, 49])
def test_decoded__poison_in_one_row__leaves_the_others_whole(poison, place):
    rows = decoded(page(poison, place))
    assert [row["id"] for row in rows] == list(range(50))
    assert holds_unreadable(rows[place]["x"])
    assert [row["x"] for row in rows if row["id"] != place] == ["fine"] * 49


def test_decoded__half_a_surrogate_pair__is_let_through_for_clean_to_replace():
    assert decoded(b'["\\ud800", 1]') == ["\ud800", 1]
    assert decoded(b'["\xed\xa0\x80", 1]') == ["\ud800", 1]


def test_decoded__key_given_twice__the_last_counts_in_both_decoders():
    assert decoded(b'{"a": 1, "a": 2}') == {"a": 2}
    assert tolerant_json(b'{"a": 1, "a": 2}') == {"a": 2}


def test_decoded__byte_order_mark__is_skipped():
    assert decoded(b"\xef\xbb\xbf[1]") == [1]


def test_long_numbers__are_read_as_long_as_ids_may_be():
    assert tolerant_json(b"[" + b"7" * LONGEST_NUMBER + b"]") == [int("7" * LONGEST_NUMBER)]
    assert isinstance(tolerant_json(b"[" + b"7" * (LONGEST_NUMBER + 1) + b"]")[0], Unreadable)


def test_depth__is_cut_below_the_deepest_level_and_nowhere_else():
    body = b"[" + b"[" * DEEP + b"]" * DEEP + b"," + b"[" * (DEEPEST - 1) + b"1" + b"]" * (DEEPEST - 1) + b"]"
    _, shallow = tolerant_json(body)
    levels = 1
    while isinstance(shallow, list):
        (shallow,), levels = shallow, levels + 1
    assert (shallow, levels) == (1, DEEPEST)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[1", b'["a', b"[NaN", b"[1}", b'["\xff"]'),
        b"[" * DEEP,
        b"[" * DEEP + b"]" * (DEEP - 1),
        b"[" * DEEP + b"}" * DEEP,
        b"[" * DEEP + b"]" * (DEEP + 1),
        b"]" + b"[" * DEEP,
        b"[" * DEEP + b'"' + b"]" * DEEP,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_decoded__cut_or_broken__is_refused_as_a_whole(body):
    with pytest.raises(ValueError):
        decoded(body)


def test_decoded__every_cut_of_a_reply_with_poison__is_refused():
    body = page(b"[" * 300 + b"NaN" + b"]" * 300, 1, rows=3)
    for end in range(len(body)):
        with pytest.raises(ValueError):
            decoded(body[:end])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_both_decoders_agree_on_what_is_right(value):
    body = json.dumps(value).encode()
    assert decoded(body) == tolerant_json(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b'{"id":"1","text":"hello world, this is a text","n":12,"f":1.5,"l":[1,2,3]},' * 30_000 + b"NaN]",
        b"[" * 1_000_000 + b"]" * 1_000_000,
        b'{"a":' * 300_000 + b"1" + b"}" * 300_000,
        b'["' + b'\\"' * 1_000_000,
        b"[" * 5_000 + b'["' + b'\\"' * 1_000_000,
    ],
    ids=["usual", "lists", "objects", "open text", "open text below"],
)
def test_tolerant_json__takes_time_in_proportion(body):
    """2 MB each; 16 MiB of the usual kind took 1.0 s, of the worst 2.8 s. With a square in it, minutes."""
    begun = time.process_time()
    try:
        tolerant_json(body)
    except ValueError:
        assert not body.endswith((b"]", b"}"))
    assert time.process_time() - begun < 3
