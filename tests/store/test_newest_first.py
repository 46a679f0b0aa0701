"""Page after page, newest first: all of it once, whatever the pages, the moments and what is written meanwhile."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.store.document import Document
from monitor.store.newest_first import Downwards, between, of_moment

BEGIN = datetime(2026, 11, 20, 8, tzinfo=UTC)

# Few moments, so that many documents are of one.
documents = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), max_size=30, unique_by=lambda told: told[1])
ends = st.none() | st.integers(-1, 6)


def at(moment: int | None) -> datetime | None:
    return None if moment is None else BEGIN + timedelta(seconds=moment)


def stored(moment: int, number: int) -> Document:
    return {"_id": f"p{number:02}", "created_at": at(moment)}


class Collection:
    """Stands for a collection in memory; remembers how much was asked for at once."""

    def __init__(self, told: Sequence[tuple[int, int]]) -> None:
        self.documents = [stored(moment, number) for moment, number in told]
        self.limits: list[int] = []

    async def find(self, bounds: Document, order: tuple[str, int], limit: int) -> list[Document]:
        self.limits.append(limit)
        found = [each for each in self.documents if all(self._holds(each[name], told) for name, told in bounds.items())]
        # Only the key that was asked for is in order; of one moment anything may come first.
        found.sort(key=lambda each: each["_id"][::-1])
        found.sort(key=lambda each: each[order[0]], reverse=order[1] < 0)
        return found[:limit]

    def _holds(self, value: Any, told: Any) -> bool:
        signs = told if isinstance(told, dict) else {"$eq": told}
        holds = {
            "$eq": lambda bound: value == bound,
            "$gt": lambda bound: value > bound,
            "$gte": lambda bound: value >= bound,
            "$lt": lambda bound: value < bound,
        }
        return all(holds[sign](bound) for sign, bound in signs.items())

    def expected(self, lower: datetime | None, upper: datetime | None) -> list[str]:
        within = [
            each
            for each in self.documents
            if (lower is None or each["created_at"] >= lower) and (upper is None or each["created_at"] < upper)
        ]
        return [each["_id"] for each in sorted(within, key=lambda each: (-each["created_at"].timestamp(), each["_id"]))]


async def pages(reading: Downwards, size: int) -> list[list[str]]:
    told = []
    while not reading.done:
        told.append([each["_id"] async for batch in reading.page(size) for each in batch])
    return told


@given(documents, ends, ends, st.integers(1, 7))
async def test_pages__hold_everything_between_the_ends_once_and_in_order(
    told: list[tuple[int, int]], lower: int | None, upper: int | None, size: int
) -> None:
    collection = Collection(told)
    read = await pages(Downwards(collection.find, lower=at(lower), upper=at(upper)), size)
    assert [each for page in read for each in page] == collection.expected(at(lower), at(upper))
    assert set(collection.limits) <= {size}


@given(documents, st.integers(1, 7))
async def test_pages__are_full_but_for_the_last_and_end_with_a_moment(told: list[tuple[int, int]], size: int) -> None:
    collection = Collection(told)
    moments = {each["_id"]: each["created_at"] for each in collection.documents}
    *full, last = await pages(Downwards(collection.find, lower=None, upper=None), size)
    assert all(len(page) >= size for page in full)
    for page, following in pairwise([*full, last]):
        assert not {moments[each] for each in page} & {moments[each] for each in following}
    assert len(last) < size


async def test_upper__moves_down_with_each_page_so_that_reading_may_go_on_elsewhere() -> None:
    collection = Collection([(5, 0), (4, 1), (4, 2), (3, 3), (1, 4)])
    first = Downwards(collection.find, lower=None, upper=None)
    read = [each["_id"] async for batch in first.page(2) for each in batch]
    assert (read, first.upper, first.done) == (["p00", "p01", "p02"], at(4), False)
    second = Downwards(collection.find, lower=None, upper=first.upper)
    assert await pages(second, 9) == [["p03", "p04"]]
    assert (second.upper, second.done) == (None, True)


async def test_written_meanwhile__older_ones_come_and_newer_ones_change_nothing() -> None:
    collection = Collection([(5, 0), (4, 1), (2, 2), (1, 3)])
    reading = Downwards(collection.find, lower=None, upper=None)
    told = [each["_id"] async for batch in reading.page(2) for each in batch]
    collection.documents += [stored(5, 9), stored(4, 8), stored(3, 7)]
    told += [each for page in await pages(reading, 2) for each in page]
    assert told == ["p00", "p01", "p07", "p02", "p03"]


@pytest.mark.parametrize("size", [1, 2, 3, 50])
@pytest.mark.parametrize(("after", "first"), [(None, 0), ("p03", 4), ("p09", 10)])
async def test_of_moment__what_lies_behind_an_id(size: int, after: str | None, first: int) -> None:
    collection = Collection([*((3, number) for number in range(10)), (2, 20), (4, 21)])
    moment = at(3)
    assert moment is not None
    batches = [batch async for batch in of_moment(collection.find, moment, size=size, after=after)]
    assert [each["_id"] for batch in batches for each in batch] == [f"p{number:02}" for number in range(first, 10)]
    assert all(0 < len(batch) <= size for batch in batches)


@pytest.mark.parametrize(
    ("lower", "upper", "bounds"),
    [
        (None, None, {}),
        (1, None, {"created_at": {"$gte": at(1)}}),
        (None, 2, {"created_at": {"$lt": at(2)}}),
        (1, 2, {"created_at": {"$gte": at(1), "$lt": at(2)}}),
    ],
)
def test_between__open_ends_ask_nothing(lower: int | None, upper: int | None, bounds: Document) -> None:
    assert between(at(lower), at(upper)) == bounds
