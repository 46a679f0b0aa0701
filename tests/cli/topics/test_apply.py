"""`monitor topics apply` as it is typed: MongoDB as the file says, once and for all, and the topics' file remembered."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.bookmark import Bookmark, Head, Interval
from monitor.cli import monitor
from monitor.store.connection import Store
from monitor.store.progress import Move
from monitor.store.sources import SourceState, Standing
from monitor.topic import Topic

Type = Callable[..., Result]
NOW = datetime.now(UTC).replace(microsecond=0)
TEA = "topics:\n- {id: tea, query: tea, name: Tea, platforms: [hackernews, mastodon]}\n"


async def read_once(store: Store, source_id: str) -> Standing | None:
    """Let a source be read for an hour, which moves its bookmark and is told by its ledger; how it stands then."""
    claim = await store.leases.claim(source_id, owner="test")
    assert claim is not None
    bookmark = Bookmark(heads=(Head(mark=5, asked_at=NOW),), asked_at=NOW, version=1)
    told = (Interval(from_at=NOW - timedelta(hours=1), to_at=NOW, state="covered", posts=1, asked_at=NOW),)
    assert await store.progress.move(
        [Move(source_id=source_id, epoch=claim.epoch, run="r", bookmark=bookmark, intervals=told)]
    ) == [None]
    await store.sources.finish(source_id, epoch=claim.epoch, run="r", state=SourceState(state="ok", next_due=NOW))
    return await store.sources.find(source_id)


@pytest.fixture
def file(own_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of this test's processes."""
    path = tmp_path / "monitor.yaml"
    monkeypatch.setenv("MONITOR_CONFIG", str(path))
    return path


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> Callable[[], Any]:
    """Topics by id, and the ids of the sources that serve each."""

    async def read(store: Any) -> tuple[dict[str, Topic], dict[str, list[str]]]:
        topics = {topic.id: topic for topic in await store.topics.list_all()}
        sources = [standing.source for standing in await store.sources.list_all()]
        return topics, {topic: [each.id for each in sources if topic in each.topics] for topic in topics}

    return lambda: with_store(read)


def test_apply__makes_changes_and_keeps__and_again_changes_nothing(command: Type, file: Path, stored: Any) -> None:
    file.write_text(TEA)
    assert command("topics", "apply", "--dry-run").stdout == "tea: made, 2 sources.\n"
    assert stored() == ({}, {})
    assert command("topics", "apply").stdout == "tea: made, 2 sources.\n"
    before = stored()
    assert before[1]["tea"] == ["hackernews/query?query=tea", "mastodon/tag?instance=mastodon.social&tag=tea"]
    assert command("topics", "apply").stdout == "tea: as in the file, 2 sources.\n"
    assert stored() == before

    file.write_text(
        "topics:\n- {id: tea, query: chai, name: Chai, platforms: [hackernews], every: 1h, authors: pseudonymise,\n"
        "   redact: [email], tags: [x]}\n"
    )
    told = command("topics", "apply").stdout
    assert told == (
        "tea: changed: name, query (version 2), platforms, every_s, authors, redact, tags, 1 sources more, 2 sources less.\n"
    )
    topics, sources = stored()
    tea = topics["tea"]
    assert (tea.query, tea.version, tea.platforms, tea.every_s) == ("chai", 2, ("hackernews",), 3600)
    assert (tea.authors, tea.redact, tea.tags) == ("pseudonymise", ("email",), ("x",))
    assert sources["tea"] == ["hackernews/query?query=chai"]


def test_topic_of_a_file__is_not_changed_by_commands__until_it_leaves_the_file(command: Type, file: Path, stored: Any) -> None:
    file.write_text(TEA)
    command("topics", "apply")
    exported = command("topics", "export").stdout
    for words in (("edit", "tea", "--name", "x"), ("remove", "tea", "--yes"), ("add", "tea", "--id", "tea")):
        ended = command("topics", *words)
        assert str(ended.exception) == f"The topic tea stands in {file}: change it there, then: monitor topics apply"
    ended = CliRunner().invoke(monitor, ["topics", "import", "-"], input=exported)
    assert "stands in" in str(ended.exception)

    file.write_text("topics: []\n")
    assert command("topics", "apply").stdout.startswith(f"tea: stands in {file} no more. It is kept")
    assert list(stored()[0]) == ["tea"]
    assert command("topics", "apply").stdout == ""
    assert command("topics", "edit", "tea", "--name", "Mine").exit_code == 0


def test_topic_that_a_command_made__is_taken_over(command: Type, file: Path, stored: Any) -> None:
    file.write_text("topics: []\n")
    assert command("topics", "add", "tea", "--platform", "hackernews", "--name", "Tea").exit_code == 0
    file.write_text(TEA)
    assert command("topics", "apply").stdout == "tea: changed: taken over by the file, platforms, 1 sources more.\n"
    assert stored()[0]["tea"].version == 1


def test_id_that_was_removed__is_refused_and_nothing_is_made(command: Type, file: Path, stored: Any) -> None:
    file.write_text("")
    command("topics", "add", "tea", "--platform", "hackernews")
    command("topics", "remove", "tea", "--yes")
    file.write_text("topics:\n- {id: milk, query: milk, platforms: [hackernews]}\n" + TEA.partition("\n")[2])
    assert "ids are never reused" in str(command("topics", "apply").exception)
    assert stored()[0] == {}


def test_collect__applies_the_file_before_it_begins__and_leaves_disabled_platforms(
    command: Type, file: Path, stored: Any
) -> None:
    off = "platforms: {hackernews: {enabled: false}, mastodon: {enabled: false}}\n"
    file.write_text(off + TEA)
    dry = command("collect", "--dry-run")
    assert (dry.stdout, stored()[0]) == ("", {})
    done = command("collect")
    assert (done.exit_code, "tea: made, 2 sources." in done.stderr, "Nothing is due" in done.stderr) == (0, True, True)
    assert list(stored()[0]) == ["tea"]
    file.write_text(TEA)
    assert command("collect", "--dry-run").stdout.split() == stored()[1]["tea"]


def test_feed_in_a_private_network__is_refused_and_nothing_is_made(command: Type, file: Path, stored: Any) -> None:
    file.write_text("topics:\n- {id: tea, query: tea, feeds: ['http://10.0.0.1/feed'], platforms: [feeds]}\n")
    assert "10.0.0.1" in str(command("topics", "apply").exception)
    assert stored()[0] == {}


def test_export_yaml__is_a_file_that_check_accepts_and_apply_finds_equal(command: Type, file: Path, tmp_path: Path) -> None:
    file.write_text("")
    words = ("--platform", "hackernews,mastodon", "--instance", "mastodon:chaos.social", "--feed", "http://127.0.0.1:1/f")
    assert command("topics", "add", 'no OR "12:30" -#yes', "--id", "tea", "--name", "on", *words).exit_code == 0
    written = command("topics", "export", "--yaml")
    assert "query: |\n" in written.stdout
    assert written.stderr == ""
    exported = tmp_path / "exported.yaml"
    exported.write_text(written.stdout, encoding="utf-8")
    assert command("check", str(exported)).exit_code == 0
    file.write_text(written.stdout, encoding="utf-8")
    told = command("topics", "apply").stdout
    assert told.startswith("tea: changed: taken over by the file.")


def test_export_yaml__overrides_come_back_equal(command: Type, file: Path, stored: Any) -> None:
    told = (
        "topics:\n- id: tea\n  query: tea\n  platforms: [hackernews, lemmy]\n  languages: [en]\n"
        "  overrides: {lemmy: {communities: [tea@lemmy.ml, oolong@lemmy.ml], every: 30m}}\n"
    )
    file.write_text(told)
    assert command("topics", "apply").stdout.startswith("tea: made")
    assert {each for each in stored()[1]["tea"] if each.startswith("lemmy")} == {
        f"lemmy/community?community={name}@lemmy.ml&instance=lemmy.world" for name in ("tea", "oolong")
    }
    written = command("topics", "export", "--yaml")
    assert written.stderr == ""
    file.write_text(written.stdout, encoding="utf-8")
    assert command("topics", "apply", "--dry-run").stdout.startswith("tea: as in the file")


def test_mode__moves_topics_to_the_other_way_and_back__and_what_was_read_stays(
    command: Type, file: Path, stored: Any, with_store: Callable[..., Any]
) -> None:
    topic = "topics:\n- {id: tea, query: tea, platforms: [bluesky]}\n"
    stream, search = "bluesky/stream?query=tea&stream=jetstream", "bluesky/query?query=tea"
    file.write_text(topic)
    assert command("topics", "apply").stdout == "tea: made, 1 source.\n"
    assert stored()[1]["tea"] == [stream]
    before = with_store(lambda store: read_once(store, stream))
    assert (before.bookmark.version, before.pending) == (1, 1)

    file.write_text("platforms: {bluesky: {mode: search}}\n" + topic)
    moved = command("topics", "apply")
    assert moved.stdout == "tea: changed: 1 sources more, 1 sources less.\n"
    assert "warning: " in moved.stderr
    assert "BLUESKY_IDENTIFIER and BLUESKY_PASSWORD are not set" in moved.stderr
    assert stored()[1]["tea"] == [search]
    assert command("topics", "apply").stdout == "tea: as in the file, 1 source.\n"
    assert stored()[1]["tea"] == [search]
    left = with_store(lambda store: store.sources.find(stream))
    assert (left.bookmark, left.source.topics, left.pending) == (before.bookmark, (), 1)

    file.write_text("platforms: {bluesky: {mode: jetstream}}\n" + topic)
    assert command("topics", "apply").stdout == "tea: changed: 1 sources more, 1 sources less.\n"
    assert stored()[1]["tea"] == [stream]
    assert with_store(lambda store: store.sources.find(stream)) == before
    assert stored()[0]["tea"].version == 1
