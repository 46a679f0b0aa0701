"""The simulator as a process of its own."""

import json
import urllib.error
import urllib.request

import pytest

from monitor.errors import MonitorError
from monitor.simulator.process import log_of, simulated


def test_simulated__serves_while_the_block_lasts_and_tells_what_it_sent() -> None:
    with simulated(["--days", "1", "--posts", "50"]) as addresses:
        address = f"{addresses['mastodon']}/api/v1/timelines/public?limit=5"
        with urllib.request.urlopen(address, timeout=10) as reply:
            sent = [row["uri"] for row in json.load(reply)]
        log = log_of(addresses)
        assert [row["uri"] for row in log["posts"]] == sent
        assert sent
        assert [entry["query"] for entry in log["requests"]] == ["limit=5"]
        assert log_of(addresses, since=log["last"])["posts"] == []
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=10)


def test_simulated__what_it_does_not_take__is_an_error_with_its_words() -> None:
    with (
        pytest.raises(MonitorError, match=r"(?s)did not start: .*'many' is not REQUESTS/SECONDS"),
        simulated(["--limit", "many"]),
    ):
        pass


def test_simulated__the_block_fails__it_ends_all_the_same() -> None:
    told = []

    def fail() -> None:
        with simulated(["--days", "1", "--posts", "20"]) as addresses:
            told.append(addresses["control"])
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{told[0]}/_simulator/log", timeout=10)
