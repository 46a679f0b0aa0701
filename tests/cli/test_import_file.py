"""`monitor import` as it is typed: what is stored, what is set aside and told, and that it may be killed and typed again."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pymongo import MongoClient

from monitor import clock
from monitor.cli import monitor
from monitor.config import Config
from monitor.errors import MonitorError, UsageError
from monitor.post import Post
from monitor.source import Source
from monitor.stages import importing
from monitor.store.connection import Store
from monitor.store.sources import due_sources
from monitor.topic import Topic

Type = Callable[..., Result]
WithStore = Callable[..., Any]
BEGIN = datetime(2021, 6, 1, tzinfo=UTC)


def tweet(number: int, text: str = "Green tea", **more: Any) -> dict[str, Any]:
    at = BEGIN + timedelta(minutes=number)
    return {"id": str(number), "author_id": "7", "text": text, "created_at": at.isoformat(), **more}


def lines(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes, str], Path]:
    def written(content: bytes, name: str = "tweets.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def posts_of(with_store: WithStore) -> list[Post]:
    async def read(store: Store) -> list[Post]:
        return [post async for post in store.posts.each()]

    return list(with_store(read))


def sources_of(with_store: WithStore) -> list[Any]:
    return list(with_store(lambda store: store.sources.list_all()))


def test_a_file__is_stored_and_told__and_again_brings_nothing_new(command: Type, with_store: WithStore, file: Any) -> None:
    path = file(lines({"data": [tweet(1), tweet(2, "Coffee")], "meta": {}}, {"data": tweet(3), "includes": {}}))
    told = command("import", str(path))
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "tweets.jsonl (twarc): 3 rows, 3 new, 0 changed, 0 unchanged, 0 set aside",
        "  x: 3 posts, written 2021-06-01 00:01 to 2021-06-01 00:03",
    ]
    before = posts_of(with_store)
    assert [post.text for post in before] == ["Green tea", "Coffee", "Green tea"]
    again = json.loads(command("import", str(path), "--json").stdout)
    assert {name: again[name] for name in ("rows", "new", "changed", "unchanged", "set_aside")} == {
        "rows": 3, "new": 0, "changed": 0, "unchanged": 3, "set_aside": 0,
    }  # fmt: skip
    assert posts_of(with_store) == before


def test_posts__went_through_every_step_of_a_page(command: Type, with_store: WithStore, file: Any) -> None:
    with_store(lambda store: store.topics.add(Topic(id="tea", name="Tea", query="tea")))
    command("import", str(file(lines(tweet(1, "I love GREEN TEA so much! #Tea https://www.bbc.co.uk/tea?utm_source=x")))))
    (post,) = posts_of(with_store)
    assert (post.tags, post.domains, post.language) == (("tea",), ("bbc.co.uk",), "en")
    assert [(match.id, match.version) for match in post.topics] == [("tea", 1)]
    assert post.sentiment is not None
    assert (post.sentiment.scorer, post.sentiment.label) == ("vader", "positive")
    assert post.raw is not None
    assert post.seen_on == ("import/twarc",)
    assert post.first_seen is not None
    assert clock.now() - post.first_seen < timedelta(minutes=5)
    assert post.fetched_at == post.created_at or post.fetched_at >= post.created_at  # type: ignore[operator]


def test_bad_rows__are_set_aside_with_their_line_and_reason__and_the_rest_goes_on(
    command: Type, with_store: WithStore, file: Any
) -> None:
    path = file(
        lines(
            tweet(1),
            b"{cut",
            tweet(2) | {"text": None},
            tweet(3) | {"created_at": "?"},
            {"data": 5, "meta": {}},
            b"[]",
            tweet(4),
        )
    )
    told = command("import", str(path))
    assert told.exit_code == 6
    assert told.stdout.splitlines()[0] == "tweets.jsonl (twarc): 7 rows, 2 new, 0 changed, 0 unchanged, 5 set aside"
    assert "line 2: the line is no JSON, or is cut\n" in told.stderr
    assert "5 rows were set aside: monitor quarantine list" in told.stderr
    kept = json.loads(command("quarantine", "list", "--platform", "x", "--json").stdout)
    assert sorted(row["reason"].partition(":")[0] for row in kept) == [f"line {number}" for number in (2, 3, 4, 5, 6)]
    assert len(posts_of(with_store)) == 2


def test_replay__reads_rows_of_a_file_by_their_format(
    command: Type, with_store: WithStore, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that a mended reader takes leaves the quarantine; also one of a table, whose map is remembered."""
    table = b"ID;Body;When;Who\n1;Tea;2021-06-01;ada\n"
    monkeypatch.setattr(importing, "_PLATFORM", importing.re.compile("nothing"))
    assert command("import", str(file(lines(tweet(1))))).exit_code == 6
    pairs = "native_id=ID,text=Body,created_at=When,author.id=Who,platform:=facebook"
    assert command("import", str(file(table, "table.csv")), "--map", pairs).exit_code == 6
    assert posts_of(with_store) == []
    assert command("quarantine", "replay").stdout == "replayed 2, still refused 0\n"
    assert {post.id for post in posts_of(with_store)} == {"https://x.com/i/web/status/1", "facebook:1"}
    assert {seen for post in posts_of(with_store) for seen in post.seen_on} == {"import/twarc", "import/csv"}


# ---- the ledger and the sources


def test_a_source_and_a_ledger_entry__say_what_came_from_where__and_prove_nothing(
    command: Type, with_store: WithStore, file: Any
) -> None:
    with_store(lambda store: store.topics.add(Topic(id="tea", name="Tea", query="tea")))
    told = json.loads(
        command("import", str(file(lines(tweet(1), tweet(2, "Coffee"), tweet(60)))), "--topic", "tea", "--json").stdout
    )
    (standing,) = sources_of(with_store)
    source: Source = standing.source
    assert (source.platform, source.kind, source.topics) == ("x", "import", ("tea",))
    assert source.parameters == {"file": "tweets.jsonl", "format": "twarc", "sha256": told["sha256"]}
    assert (told["platforms"][0]["source"], told["matched"]) == (source.id, 2)

    async def stretches(store: Store) -> Any:
        return await store.ledger.stretches(source.id, from_at=BEGIN - timedelta(hours=1), to_at=BEGIN + timedelta(hours=2))

    assert [(each.state, each.from_at, each.to_at, each.reason) for each in with_store(stretches)] == [
        ("never asked", BEGIN - timedelta(hours=1), BEGIN + timedelta(minutes=1), None),
        ("imported", BEGIN + timedelta(minutes=1), BEGIN + timedelta(minutes=60, milliseconds=1), "from the file tweets.jsonl"),
        ("never asked", BEGIN + timedelta(minutes=60, milliseconds=1), BEGIN + timedelta(hours=2), None),
    ]


def test_a_file_as_a_source__is_never_due_nor_claimed__and_no_command_stumbles_over_it(
    command: Type, with_store: WithStore, file: Any
) -> None:
    with_store(lambda store: store.topics.add(Topic(id="tea", name="Tea", query="tea")))
    own = {
        "id": "m:1",
        "platform": "mastodon",
        "native_id": "1",
        "created_at": "2021-06-01T00:00:00Z",
        "text": "tea",
        "author": {"id": "a"},
    }
    command("import", str(file(lines(tweet(1)))), "--topic", "tea")
    command("import", str(file(lines(own), "own.jsonl")), "--topic", "tea")

    async def claimed(store: Store) -> list[Any]:
        ids = [standing.source.id for standing in await store.sources.list_all()]
        due = [await store.leases.claim_due(platform, owner="me") for platform in ("x", "mastodon")]
        assert await store.database["sources"].count_documents(due_sources("mastodon")) == 0
        return [*due, *[await store.leases.claim(each, owner="me") for each in ids]]

    assert with_store(claimed) == [None] * 4
    assert not any(standing.due(clock.now() + timedelta(days=999)) for standing in sources_of(with_store))
    told = json.loads(command("sources", "--platform", "x", "--json").stdout)
    assert [(each["state"], each["next_poll"]) for each in told] == [("ok", None)]
    assert command("sources").stdout.count("/import?") == 2
    assert "Nothing is due" in command("collect").stderr
    assert command("collect", "--dry-run").stdout == ""
    exported = command("topics", "export", "tea", "--json")
    assert json.loads(exported.stdout)[0]["sources"] == []
    assert command("topics", "edit", "tea", "--query", "green", "--yes").exit_code == 0
    assert command("topics", "show", "tea").exit_code == 0
    assert command("doctor", "--json").exception is None or isinstance(command("doctor", "--json").exception, SystemExit)
    assert isinstance(command("sources", "resume", told[0]["source"]).exception, UsageError)
    assert command("sources", "remove", told[0]["source"]).exit_code == 0


def test_posts_of_a_platform_without_a_spider__are_found_and_counted(command: Type, file: Any) -> None:
    command("import", str(file(lines(tweet(1), tweet(2, "Coffee")))))
    found = [json.loads(line)["text"] for line in command("posts", "platform=x&q=tea", "--jsonl").stdout.splitlines()]
    assert found == ["Green tea"]
    command("rollup")
    assert json.loads(command("stats", "platform=x", "--json").stdout)["platforms"][0]["platform"] == "x"


# ---- again, from elsewhere, killed


def test_a_round_trip__gives_equal_posts(
    command: Type, with_store: WithStore, file: Any, tmp_path: Path, config: Config
) -> None:
    """Posts with all that a database knows of them, written by `monitor posts` and imported into an empty one."""
    full = tweet(2, "I hate cold tea #tea", lang="en", public_metrics={"like_count": 3}, possibly_sensitive=True)
    command("import", str(file(lines(tweet(1), full, tweet(3, "")))))
    command("import", str(file(lines(full | {"text": "Edited #tea"}), "later.jsonl")))
    out = tmp_path / "out.jsonl"
    assert command("posts", "--out", str(out)).exit_code == 0
    before = posts_of(with_store)
    with_store(lambda store: store.database.client.drop_database(store.database.name))
    told = json.loads(command("import", str(out), "--json").stdout)
    assert (told["format"], told["new"], told["set_aside"]) == ("posts", 3, 0)
    bare = [post.filled(raw=None) for post in posts_of(with_store)]
    assert bare == [post.filled(raw=None) for post in before]
    again = tmp_path / "again.jsonl"
    command("posts", "--out", str(again))
    assert again.read_bytes() == out.read_bytes()


def test_our_own_table__comes_back_as_far_as_a_table_can_hold_it(
    command: Type, with_store: WithStore, file: Any, tmp_path: Path
) -> None:
    command("import", str(file(lines(tweet(1, "=1+1 tea"), tweet(2, "two\nlines, #a #b")))))
    out = tmp_path / "posts.csv"
    command("posts", "--out", str(out))
    before = [(post.id, post.text, post.created_at, post.tags, post.author) for post in posts_of(with_store)]
    with_store(lambda store: store.database["posts"].delete_many({}))
    assert command("import", str(out)).exit_code == 0
    assert [(post.id, post.text, post.created_at, post.tags, post.author) for post in posts_of(with_store)] == before


def test_a_table_by_a_map__packed_and_through_a_pipe(command: Type, own_database: Config, with_store: WithStore) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(
        [["Nr", "Text", "Datum"], ["1", "Grüner Tee", "01.06.2021 02:00"], ["2", "x", "nie"]]
    )
    content = gzip.compress(text.getvalue().encode("cp1252"))
    pairs = (
        "native_id=Nr,text=Text,created_at=Datum,author.id:=ada,platform:=facebook,dates:=%d.%m.%Y %H:%M,zone:=Europe/Berlin"
    )
    told = CliRunner().invoke(monitor, ["import", "-", "--map", pairs], input=content)
    assert (told.exit_code, told.stdout.splitlines()[0]) == (
        6,
        "stdin (csv): 2 rows, 1 new, 0 changed, 0 unchanged, 1 set aside",
    )
    (post,) = posts_of(with_store)
    assert (post.id, post.text, post.created_at) == ("facebook:1", "Grüner Tee", BEGIN)


def test_a_cut_file__stores_what_stands_before_and_says_so(command: Type, with_store: WithStore, file: Any) -> None:
    whole = gzip.compress(lines(*(tweet(number, os.urandom(400).hex()) for number in range(1, 1400))))
    ended = command("import", str(file(whole[: len(whole) * 2 // 3], "cut.jsonl.gz")))
    assert isinstance(ended.exception, MonitorError)
    stored = len(posts_of(with_store))
    assert stored > 500
    assert f"is cut or damaged behind line {stored}; what stands before is stored" in str(ended.exception)


def test_dry_run__opens_no_database(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://nobody.invalid:1/")
    told = CliRunner().invoke(monitor, ["import", str(file(lines(tweet(1), b"{"))), "--dry-run"])
    assert told.exit_code == 6
    assert told.stdout.splitlines() == [
        "tweets.jsonl (twarc): 2 rows, 1 set aside",
        "  x: 1 posts, written 2021-06-01 00:01 to 2021-06-01 00:01",
        "Nothing was stored.",
    ]


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (b"", (), "is empty"),
        (b"a,b\n1,2\n", (), "say what they hold"),
        (b'{"odd": 1}\n', (), "no format that is known"),
        (b"\x1f\x8b\x08broken", (), "damaged at its beginning"),
        (lines(tweet(1)), ("--topic", "nothing"), "There is no topic nothing"),
        (b"a,b\n1,2\n", ("--map", "nowhere.map"), "no such file of pairs"),
    ],
)
def test_what_cannot_be_imported__is_refused_in_a_sentence(
    command: Type, file: Any, content: bytes, words: Any, sentence: str
) -> None:
    error = command("import", str(file(content)), *words).exception
    assert isinstance(error, UsageError)
    assert sentence in str(error)


def rows_of(number: int) -> Iterable[Any]:
    for each in range(1, number + 1):
        yield (
            tweet(each, f"Tea number {each} is the best of all teas, says #tea{each % 7}") if each % 100 else b"{bad %d" % each
        )


def test_killed_in_the_middle_and_typed_again__nothing_is_lost_and_nothing_doubled(
    own_database: Config, file: Any, mongodb_uri: str
) -> None:
    """SIGKILL twice, each after another batch became durable; the last run goes on behind what is noted and ends."""
    total = 3000
    path = file(lines(*rows_of(total)))
    typed = [sys.executable, "-m", "monitor", "import", str(path), "--json"]
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        database = client[own_database.database]
        kills = 0
        for _ in range(8):
            if kills == 2:
                break
            known = database["posts"].estimated_document_count()
            running = subprocess.Popen(typed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            while running.poll() is None and database["posts"].estimated_document_count() < known + 300:
                time.sleep(0.002)
            if running.poll() is None:
                running.send_signal(signal.SIGKILL)
                kills += 1
            running.communicate()
        noted = database["imports"].find_one()
        for _ in range(4):
            ended = subprocess.run(typed, capture_output=True, text=True, check=False)
            if ended.returncode != 1:  # of a machine under load: MongoDB does not answer in time, and one types it again
                break
        told = json.loads(ended.stdout)
        stored = database["posts"].count_documents({})
        bad = database["quarantine"].count_documents({})
        assert (ended.returncode, kills, noted is not None) == (6, 2, True)
        assert (stored, bad) == (total - total // 100, total // 100)
        assert told["went_on_after"] > 0
        assert (told["rows"], told["set_aside"]) == (total, total // 100)
        assert told["new"] + told["changed"] + told["unchanged"] == stored
        entry = database["ledger"].find_one({"state": "imported"})
        assert entry is not None
        assert (entry["from"], entry["posts"]) == (BEGIN + timedelta(minutes=1), stored)
        assert entry["to"] == BEGIN + timedelta(minutes=total - 1, milliseconds=1)
    print(f"{kills} kills: 0 of {stored} posts lost, 0 doubled, went on after {told['went_on_after']} lines")
