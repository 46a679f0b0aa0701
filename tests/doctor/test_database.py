"""What findings are made of what MongoDB says."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.bookmark import Bookmark
from monitor.doctor.database import disk, schema, server, skew, sources
from monitor.source import Source
from monitor.store.inspection import Inspection
from monitor.store.sources import Standing, State

FOUND = Inspection(place="db.example:27017", version="8.0.32", schema=1, ahead_s=0.1, missing=(), free=0.5)


def a_standing(number: int, state: State) -> Standing:
    return Standing(
        source=Source(platform="feeds", kind="url", parameters={"url": f"https://example.org/{number}"}),
        bookmark=Bookmark(),
        owner=None,
        epoch=0,
        leased_until=None,
        next_due=datetime(2026, 11, 20, tzinfo=UTC),
        state=state,
        state_reason="its reason" if state == "failing" else None,
        last_run=None,
        last_polled_at=None,
        pending=0,
    )


def test_healthy_database__has_nothing_to_fix() -> None:
    found = [server(FOUND, private=False), schema(FOUND), skew(FOUND), disk(FOUND), sources([a_standing(1, "ok")])]
    assert {(finding.state, finding.fix) for finding in found} == {("ok", None)}


def test_server_with_known_holes__is_told_where_to_upgrade_to() -> None:
    found = server(replace(FOUND, version="8.0.4"), private=False)
    assert (found.state, "8.0.32" in str(found.fix)) == ("warn", True)


def test_private_mongod__is_reachable_for_nobody_else_so_its_version_is_no_warning() -> None:
    assert server(replace(FOUND, version="6.0.5"), private=True).state == "ok"


def test_missing_index__names_the_command() -> None:
    found = schema(replace(FOUND, missing=("posts.created_at_-1",)))
    assert (found.state, found.fix, "posts.created_at_-1" in found.says) == ("warn", "monitor db migrate", True)


@pytest.mark.parametrize(
    ("ahead_s", "state", "says"), [(4.9, "ok", "within"), (61.0, "warn", "61 s behind"), (-61.0, "warn", "61 s ahead of")]
)
def test_clocks_apart(ahead_s: float, state: str, says: str) -> None:
    found = skew(replace(FOUND, ahead_s=ahead_s))
    assert (found.state, says in found.says) == (state, True)


@pytest.mark.parametrize(("free", "state"), [(0.1, "ok"), (0.09, "warn"), (None, "ok")])
def test_disk(free: float | None, state: str) -> None:
    assert disk(replace(FOUND, free=free)).state == state


@pytest.mark.parametrize(
    ("states", "state"),
    [([], "ok"), (["ok", "paused", "never ran"], "ok"), (["ok", "failing"], "warn"), (["failing", "rate-limited"], "fail")],
)
def test_sources(states: list[State], state: str) -> None:
    assert sources([a_standing(number, each) for number, each in enumerate(states)]).state == state


def test_failing_sources__are_named_with_their_reasons_but_not_without_end() -> None:
    said = sources([a_standing(number, "failing") for number in range(9)]).says
    assert said.startswith("9 of 9 sources fail. feeds/url?url=https://example.org/0: its reason; ")
    assert said.endswith("; and 4 more")
