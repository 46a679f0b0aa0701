"""`monitor quarantine` as it is typed, on the real mongod."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import monitor
from monitor.cli.opened import opened, run
from monitor.config import Config
from monitor.crawl.raw import set_aside
from monitor.store.quarantine import Refused, ReplyContext
from monitor.text.tolerant import Unreadable

MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
REPLY = ReplyContext(url="https://hn.algolia.com/api/v1/search_by_date", status=200, fetched_at=MORNING)
HIT = {"objectID": "8863", "created_at_i": 1763600000, "author": "ann", "title": "Tea", "points": 3, "num_comments": 0}

Type = Callable[..., Result]


@pytest.fixture
def typed(config: Config, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type `monitor quarantine ...` on this test's database."""
    assert config.mongodb_uri is not None
    monkeypatch.setenv("MONGODB_URI", config.mongodb_uri.reveal())
    monkeypatch.setenv("MONITOR_DATABASE", config.database)
    return lambda *words: CliRunner().invoke(monitor, ["quarantine", *words])


@pytest.fixture
def put(config: Config) -> Callable[..., str]:
    """Put one row of Hacker News into quarantine and return its id."""

    def row(raw: Any, source: str = "hackernews/query?query=tea") -> str:
        platform = source.partition("/")[0]
        refused = Refused(
            platform=platform, source_id=source, reason="author is missing", kind="KeyError", raw=set_aside(raw), reply=REPLY
        )

        async def add() -> None:
            async with opened(config) as store:
                await store.quarantine.add([refused])

        run(add())
        return refused.id

    return row


def test_list__tells_where_each_row_came_from_and_why_it_is_here(typed: Type, put: Callable[..., str]) -> None:
    row_id = put(HIT)
    put({"id": "1"}, "mastodon/public?instance=example.org")
    (told,) = json.loads(typed("list", "--platform", "hackernews", "--json").stdout)
    assert told.pop("first_at") <= told.pop("last_at")
    assert told == {
        "id": row_id,
        "platform": "hackernews",
        "source": "hackernews/query?query=tea",
        "post": None,
        "kind": "KeyError",
        "reason": "author is missing",
        "times": 1,
    }


def test_list__as_a_table__holds_the_ids_that_show_and_replay_take(typed: Type, put: Callable[..., str]) -> None:
    put(HIT)
    told = typed("list")
    assert (told.exit_code, "author is missing" in told.stdout.replace("\n", " ")) == (0, True)
    assert "1 of 1." in told.stderr


def test_list__empty__says_so(typed: Type) -> None:
    told = typed("list")
    assert (told.exit_code, told.stdout, told.stderr) == (0, "", "The quarantine is empty.\n")


def test_show__prints_the_row_as_it_came(typed: Type, put: Callable[..., str]) -> None:
    assert json.loads(typed("show", put(HIT)).stdout) == HIT


def test_show__row_holds_what_could_not_be_decoded__names_it(typed: Type, put: Callable[..., str]) -> None:
    row_id = put({**HIT, "points": Unreadable("NaN")})
    assert json.loads(typed("show", row_id).stdout)["points"] == "(unreadable: NaN)"


def test_replay__all_can_be_read_now__is_zero_and_empties_the_quarantine(typed: Type, put: Callable[..., str]) -> None:
    put(HIT)
    told = typed("replay")
    assert (told.exit_code, told.stdout) == (0, "replayed 1, still refused 0\n")
    assert json.loads(typed("list", "--json").stdout) == []


def test_replay__some_are_still_refused__is_six(typed: Type, put: Callable[..., str]) -> None:
    put(HIT)
    put({"objectID": "8864", "author": "ann"})
    told = typed("replay", "--platform", "hackernews")
    assert (told.exit_code, told.stdout) == (6, "replayed 1, still refused 1\n")


def test_replay__of_one_id__leaves_the_others(typed: Type, put: Callable[..., str]) -> None:
    row_id, other = put(HIT), put({**HIT, "objectID": "8865"})
    assert typed("replay", row_id).exit_code == 0
    assert [told["id"] for told in json.loads(typed("list", "--json").stdout)] == [other]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "nobody"), "There is no row 'nobody' in quarantine"),
        (("replay", "nobody"), "There is no row 'nobody' in quarantine"),
        (("replay", "--platform", "nobody"), "There is no platform 'nobody'"),
        (("replay", "--platform", "feeds", "x"), "not both"),
    ],
)
def test_what_cannot_be_found__is_a_sentence(typed: Type, words: tuple[str, ...], sentence: str) -> None:
    told = typed(*words)
    assert sentence in str(told.exception)
