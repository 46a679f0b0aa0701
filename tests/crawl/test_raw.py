"""Raw rows as they are kept: what was sent comes back, and what cannot be kept is said."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.crawl.raw import pack, set_aside, unpack
from monitor.errors import PostError
from monitor.text.tolerant import Unreadable, tolerant_json

ROWS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(ROWS)
def test_unpack__gives_back_what_was_packed(row):
    assert unpack(pack(row)) == row
    assert unpack(set_aside(row)) == row


def test_pack__hostile_keys__are_only_bytes():
    row = {"$where": "1", "a.b": 2, "": 3, "__proto__": {}, "_id": 4, "\0": 5}
    assert isinstance(pack(row), bytes)
    assert unpack(pack(row)) == row


def test_pack__makes_a_usual_row_smaller():
    row = {"text": "The wrens are back. " * 20, "likes": 3}
    assert len(pack(row)) < 100


@pytest.mark.parametrize(
    "row",
    [{"a": [Unreadable("NaN")]}, {"a": "\ud800", "b": Unreadable("NaN")}, {"a": object()}, tolerant_json(b'[{"a":NaN}]')[0]],
    ids=["alone", "beside half a pair", "object", "decoded"],
)
def test_pack__value_that_json_cannot_hold__is_refused_and_can_be_set_aside(row):
    with pytest.raises(PostError):
        pack(row)
    with pytest.raises(PostError):
        pack(unpack(set_aside(row)))  # so that a replay from quarantine cannot take the marker for the value


def test_pack__refusal_names_the_value():
    with pytest.raises(PostError, match="the row holds a number of 5000 digits"):
        pack(tolerant_json(b"[" + b"9" * 5000 + b"]"))


def test_pack__nested_without_end__is_refused():
    row: list[object] = []
    for _ in range(100_000):
        row = [row]
    with pytest.raises(PostError, match="RecursionError"):
        pack(row)
    assert isinstance(unpack(set_aside(row)), Unreadable)
    while row:  # taken apart by hand: the interpreter's own way down such a list is not every version's strength
        (row,) = row  # type: ignore[assignment]


@pytest.mark.parametrize("told", [b"", b"no row", b"{}"])
def test_unpack__bytes_of_something_else__are_refused(told):
    with pytest.raises(ValueError, match="no kept row"):
        unpack(told)


def test_pack__in_several_threads_at_once__each_row_is_its_own():
    rows = [{"n": n, "text": "x" * n} for n in range(200)]
    packed: dict[int, bytes] = {}

    def work(part: int) -> None:
        packed.update({row["n"]: pack(row) for row in rows[part::4]})

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [unpack(packed[n]) for n in range(200)] == rows
