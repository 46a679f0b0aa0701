"""Versions sort as people mean them, whichever of the usual ways they are written."""

import random

import pytest

from monitor.fleet.version import order

IN_ORDER = [
    ["1.2.dev1", "1.2a1", "1.2b1", "1.2rc1", "1.2", "1.2.post1", "1.10", "1.10.1", "2", "10.0"],
    ["v1.9", "v1.10", "v1.10-3-gabcdef0", "v1.10-12-g0000000", "v1.11"],
    ["r9-main", "r10-main", "r99-main", "r100-main"],
    ["0.1.0", "0.1.0.post1764400000", "0.1.0.post1764400001", "0.2.0"],
    ["1764400000", "1764400001", "17644000010"],
    ["1.2", "r3", "v4-1-gabcdef0-main", "120", "1764400000"],
    ["2026.9.1", "2026.10.1"],
]


@pytest.mark.parametrize("versions", IN_ORDER, ids=lambda versions: versions[0])
def test_order__sorts_versions_whatever_their_order_was(versions: list[str]) -> None:
    mixed = random.sample(versions, len(versions))
    assert sorted(mixed, key=order) == versions


def test_order__of_a_name_without_numbers__comes_before_all_numbers() -> None:
    assert sorted(["1.0", "main", "r2"], key=order) == ["main", "1.0", "r2"]
