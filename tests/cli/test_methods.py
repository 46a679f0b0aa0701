"""`monitor methods` as it is typed: the paragraph, that it is made again, and what is said when the selection changed."""

import hashlib
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from monitor.bookmark import Bookmark, Interval, State
from monitor.post import Author, Match, Post, Score
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.imports import File, Imports, Posts, Progress
from monitor.store.progress import Move
from monitor.topic import Topic

Type = Callable[..., Result]
DAY = datetime(2026, 11, 10, tzinfo=UTC)
SCOPE = "topic=tea&from=2026-11-10&to=2026-11-11&tz=Europe/Berlin"
TAG = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "a.example"}, topics=("tea",))
FEED = Source(platform="feeds", kind="url", parameters={"url": "https://f.example/rss"}, topics=("tea",))


def hour(number: float) -> datetime:
    return DAY + timedelta(hours=number)


def post(number: int, **changes: Any) -> Post:
    """One of every half hour; of every four one is on feeds, and every fifth has no sentiment."""
    label: Any = None if number % 5 == 0 else "positive"
    made = Post(
        id=f"x:{number}", native_id=str(number), platform="feeds" if number % 4 == 0 else "mastodon", url=None, text=f"Tea {number}",
        created_at=hour(number / 2), fetched_at=hour(number / 2), author=Author(id=f"a{number % 3}"),
        topics=(Match(id="tea", version=1),), seen_on=("a.example",),
        sentiment=Score(scorer="x", version="1", label=label, reason=None if label else "language unknown"),
    )  # fmt: skip
    return replace(made, **changes)


async def asked(store: Store, source: Source, version: int, *told: tuple[float, float, State], at: datetime = DAY) -> None:
    await store.sources.ensure(source)
    claim = await store.leases.claim(source.id, owner="test")
    assert claim is not None
    intervals = tuple(
        Interval(from_at=hour(begin), to_at=hour(end), state=state, reason=None, asked_at=at) for begin, end, state in told
    )
    move = Move(source_id=source.id, epoch=claim.epoch, run="r", bookmark=Bookmark(version=version), intervals=intervals)
    assert await store.progress.move([move]) == [None]
    await store.leases.release(source.id, epoch=claim.epoch)


@pytest.fixture
def collected(with_store: Callable[..., Any]) -> None:
    """Twenty posts of a topic; Mastodon was read but for six hours, the feed for all the day."""

    async def made(store: Store) -> None:
        await store.topics.add(Topic(id="tea", name="Tea", query="tea", redact=("email",)))
        await asked(store, TAG, 1, (-1, 12, "covered"), (12, 18, "failed"), (18, 24, "covered"))
        await asked(store, FEED, 1, (-1, 24, "covered"))
        await store.posts.upsert([post(number) for number in range(20)])

    with_store(made)


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def printed_command(paragraph: str) -> list[str]:
    """What the paragraph says to type, as a shell reads it, without the program."""
    return shlex.split(paragraph.partition("To make this paragraph again: ")[2])[1:]


def test_paragraph__says_what_was_asked_collected_counted_and_measured(command: Type, collected: None) -> None:
    text = command("methods", SCOPE).stdout
    for said in (
        "matched by the topic tea",
        'The topic tea is the query tea (posts that say "tea"), version 1 since ',
        "of the selected posts it matched 20 by version 1.",
        "feeds by url (1 source)",
        "mastodon by tag (1 source, asked for a part of what the query means)",
        "In the period from 2026-11-10 00:00 to 2026-11-11 00:00 (Europe/Berlin)",
        "75.0 % of the period is covered by all 2 sources and 100.0 % by at least one.",
        "There is 1 gap: of the time of the sources 12.5 % was refused by the platform.",
        "The gap is 2026-11-10 13:00 to 2026-11-10 19:00 at mastodon/tag?instance=a.example&tag=tea (refused by the platform).",
        "Sentiment is by x 1 (",
        "How good x 1 is was not measured here: it is not installed.",
        "of the posts have no sentiment: ",
        "what was taken out of texts before storage: email",
        "SHA-256 over the ids of the posts and their revisions: ",
    ):
        assert said in text, text


def test_printed_command__gives_the_same_bytes_whatever_came_meanwhile(
    command: Type, collected: None, with_store: Callable[..., Any]
) -> None:
    first = command("methods", SCOPE)
    assert first.exit_code == 0
    later = datetime.now(UTC)

    async def goes_on(store: Store) -> None:
        """Posts of the same hours, answers that fill the gap, another source, a file, another version of the query, and labels."""
        await store.posts.upsert([post(number, fetched_at=later) for number in range(20, 40)])
        await asked(store, TAG, 2, (12, 18, "covered"), at=later)
        other = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "b.example"}, topics=("tea",))
        await asked(store, other, 1, (0, 6, "covered"), at=later)
        await store.topics.edit("tea", query="tea OR chai")
        progress = Progress(platforms={"mastodon": Posts(count=1, first_at=DAY, last_at=DAY)}, done=True)
        await Imports(store.database).keep(File(name="x.jsonl", sha256="0", format="twarc"), progress, topics=("tea",))

    with_store(goes_on)
    again = command(*printed_command(first.stdout))
    assert again.exit_code == 0
    assert again.stdout_bytes == first.stdout_bytes
    now = command("methods", SCOPE).stdout
    assert ("these are 40 posts" in now, "these are 20 posts" in first.stdout) == (True, True)
    assert ("tea OR chai" in now, "x.jsonl (twarc)" in now, "all 3 sources" in now) == (True, True, True)


def test_imported_file__is_still_told_when_it_is_imported_again(command: Type, with_store: Callable[..., Any]) -> None:
    async def imported(store: Store) -> None:
        progress = Progress(platforms={"mastodon": Posts(count=1, first_at=DAY, last_at=DAY)}, done=True)
        await Imports(store.database).keep(File(name="x.jsonl", sha256="0", format="twarc"), progress, topics=("tea",))

    with_store(imported)
    first = command("methods", SCOPE).stdout
    assert "Posts of x.jsonl (twarc) were imported" in first
    with_store(imported)
    assert command(*printed_command(first)).stdout == first


def test_hash__is_made_again_from_an_export(command: Type, collected: None, with_store: Callable[..., Any]) -> None:
    edited = post(3, text="Coffee now", fetched_at=hour(30), edited_at=hour(29))
    with_store(lambda store: store.posts.upsert([edited]))
    found = told(command("methods", SCOPE, "--json"))
    made = hashlib.sha256()
    for row in command("posts", found["scope"], "--jsonl").stdout.splitlines():
        each = json.loads(row)
        seen = each["revisions"][-1]["seen_at"] if each["revisions"] else None
        made.update((json.dumps([each["id"], len(each["revisions"]), seen, each.get("deleted_at")]) + "\n").encode())
    assert (made.hexdigest(), found["posts"]) == (found["sha256"], 20)
    assert found["sha256"] in command("methods", found["scope"]).stdout


@pytest.mark.parametrize("fate", ["edited", "deleted"])
def test_edit_or_deletion__is_told_and_changes_the_hash(
    command: Type, collected: None, with_store: Callable[..., Any], fate: str
) -> None:
    before = told(command("methods", SCOPE, "--json"))
    kept = command("methods", before["scope"], "--hash", before["sha256"])
    assert (kept.exit_code, kept.stderr) == (0, "")
    later = datetime.now(UTC)
    changes: dict[str, Any] = {"edited_at": later, "text": "Coffee"} if fate == "edited" else {"deleted_at": later}
    with_store(lambda store: store.posts.upsert([post(7, fetched_at=later, **changes)]))
    now = command("methods", before["scope"], "--hash", before["sha256"][:12])
    assert now.exit_code == 1
    assert f"1 posts of this selection were edited or deleted since {before['as_of'].replace('.000Z', 'Z')}" in now.stderr
    assert "has another hash than the one given" in now.stderr
    after = told(command("methods", before["scope"], "--json"))
    assert (after["posts"], after["deleted"], after["changed_since"]) == (20, 0, 1)
    assert after["sha256"] != before["sha256"]


def test_crawl_at_work__is_told(command: Type, collected: None, with_store: Callable[..., Any]) -> None:
    assert command("methods", SCOPE).stderr == ""
    with_store(lambda store: store.leases.claim(TAG.id, owner="test"))
    assert "Sources are being read" in command("methods", SCOPE).stderr


def test_hash__that_is_none__is_refused(command: Type) -> None:
    assert "is no hash of a selection" in str(command("methods", SCOPE, "--hash", "xyz").exception)


def test_as_of_that_has_not_come__is_refused(command: Type) -> None:
    assert "lies in the future" in str(command("methods", "as_of=2999-01-01T00:00:00Z").exception)


def test_measured__against_labels_of_people_given_by_then(
    command: Type, stored_labels: Callable[[], None], with_store: Callable[..., Any]
) -> None:
    unmeasured = command("methods", "q=lang:en").stdout
    assert "was not measured here: there are no labels by people." in unmeasured
    stored_labels()
    measured = command("methods", "q=lang:en").stdout
    found = re.search(
        r"labels of people for (\d+) posts stored here, vader \S+ has a macro F1 of (0\.\d\d) \(95 % interval", measured
    )
    assert found, measured
    evaluated = told(command("labels", "evaluate", "--json"))["evaluation"]
    assert (int(found[1]), float(found[2])) == (evaluated["posts"], round(evaluated["macro_f1"], 2))
    assert command(*printed_command(unmeasured)).stdout == unmeasured


@pytest.fixture
def stored_labels(
    command: Type, with_store: Callable[..., Any], labelled_posts: Callable[..., Any], tmp_path: Any
) -> Callable[[], None]:
    """Posts scored by VADER; labels of people once it is called."""
    from monitor.sentiment.scorer import scored
    from monitor.sentiment.vader import Vader

    made = labelled_posts(seed=5, count=60)
    with_store(lambda store: store.posts.upsert([scored(post, [Vader()]) for post, _ in made]))

    def label() -> None:
        file = tmp_path / "labels.jsonl"
        file.write_text("\n".join(json.dumps({"id": post.id, "label": label}) for post, label in made), encoding="utf-8")
        assert command("labels", "import", str(file)).exit_code == 0

    return label


def test_nothing_there__is_said(command: Type) -> None:
    ended = command("methods", "topic=nobody&from=2026-11-10&to=2026-11-11", "--fail-empty")
    assert ended.exit_code == 3
    assert "there is no such post" in ended.stdout
    assert "No source served this selection by then." in ended.stdout


def test_hostile_query__prints_one_safe_line_that_a_shell_reads_back(command: Type, collected: None) -> None:
    text = command("methods", 'q="it\'s; $(rm) `x` \u202e"&topic=tea').stdout
    assert text.count("\n") == 1
    assert "\u202e" not in text
    assert command(*printed_command(text)).stdout == text
