"""The paragraph of a selection: what each of its sentences says, by what is known, and the same as JSON."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.analysis.bucket import Period
from monitor.analysis.coverage import Hole, coverage
from monitor.methods.gathering import Methods, Version, Watched
from monitor.methods.paragraph import MOST_HOLES, json_of, paragraph, sentences
from monitor.methods.selection import Selection
from monitor.post import Author, Match, Post, Score
from monitor.query.parse import parse
from monitor.scope import Scope
from monitor.source import IMPORT, Source
from monitor.store.coverage_then import Then

DAY = datetime(2026, 11, 10, tzinfo=UTC)
AS_OF = DAY + timedelta(days=3)
PERIOD = Period(start=DAY, end=DAY + timedelta(days=1))
TAG = Source(platform="mastodon", kind="tag", parameters={"tag": "tea", "instance": "a.example"})
OTHER_TAG = Source(platform="mastodon", kind="tag", parameters={"tag": "chai", "instance": "a.example"})
FEED = Source(platform="feeds", kind="url", parameters={"url": "https://f.example/rss"})
POSITIVE = Score(scorer="vader", version="3", label="positive")


def hour(number: float) -> datetime:
    return DAY + timedelta(hours=number)


def read(begin: float, end: float, state: str = "covered") -> Hole:
    return Hole(from_at=hour(begin), to_at=hour(end), state=state, reason="a reason")


def then(*asked: tuple[Source, tuple[Hole, ...]], files: tuple[Source, ...] = ()) -> Then:
    told = {source.id: holes for source, holes in asked}
    found = coverage(PERIOD, told, {source.id: source.platform for source, _ in asked})
    return Then(coverage=found, sources=tuple(source for source, _ in asked), files=files)


def a_file(name: str, read_as: str = "twarc") -> Source:
    return Source(platform="x", kind=IMPORT, parameters={"file": name, "format": read_as, "sha256": "0"})


def selection(*posts: Post) -> Selection:
    made = Selection(as_of=AS_OF)
    for post in posts:
        made.add(post)
    return made


def post(number: int, **changes: Any) -> Post:
    known: dict[str, Any] = {
        "id": f"x:{number}", "native_id": str(number), "platform": "mastodon", "url": None, "text": f"Tea {number}",
        "created_at": hour(number % 24), "fetched_at": hour(number % 24), "author": Author(id="a"), "sentiment": POSITIVE,
        "topics": (Match(id="tea", version=1),),
    }  # fmt: skip
    return Post(**known | changes)


def version(number: int, query: str, english: str | None) -> Version:
    return Version(number=number, since=hour(-number), query=query, english=english)


def watched(*versions: Version, pseudonymised: bool = False, redacted: tuple[str, ...] = ()) -> Watched:
    return Watched(id="tea", versions=versions, pseudonymised=pseudonymised, redacted=redacted)


TEA = watched(version(1, "tea", 'posts that say "tea"'))


@pytest.fixture
def methods() -> Callable[..., Methods]:
    """The methods of one post of a topic that one source covers, changed as told."""

    def made(*posts: Post, **changes: Any) -> Methods:
        known: dict[str, Any] = {
            "scope": Scope(topics=("tea",), zone="Europe/Berlin"), "as_of": AS_OF, "period": PERIOD, "query": parse("tea"),
            "topics": (TEA,), "selection": selection(*(posts or (post(1),))), "then": then((TAG, (read(0, 24),))),
            "relations": {}, "software": "9.9", "schema": 7,
        }  # fmt: skip
        return Methods(**known | changes)

    return made


Made = Callable[..., Methods]


def test_sentences__of_one_post_of_one_source__are_these(methods: Made) -> None:
    made = methods()
    assert list(sentences(made)) == [
        'Selected were posts that say "tea", as far as Social Monitor had stored them by 2026-11-13 01:00 (Europe/Berlin).',
        ('The topic tea is the query tea (posts that say "tea"), version 1 since 2026-11-10 00:00; of the selected posts it matched '
        "1 by version 1."),
        "They were collected from mastodon by tag (1 source).",
        ("In the period from 2026-11-10 01:00 to 2026-11-11 01:00 (Europe/Berlin) these are 1 post: 1 on mastodon; none of them had "
        "been deleted at the source by then, and none are reposts."),
        "They tell 1 story, counting reposts, copies of a text and links to the same page once.",
        "By what had been asked until then, 100.0 % of the period is covered by the one source.",
        "There are no gaps.",
        "Sentiment is by vader 3 (1 post).",
        "Neither pseudonyms nor redaction are applied to these posts.",
        "Made with Social Monitor 9.9, schema 7.",
        f"SHA-256 over the ids of the posts and their revisions: {made.selection.sha256}.",
        "To make this paragraph again: monitor methods 'topic=tea&tz=Europe/Berlin'",
    ]  # fmt: skip
    assert paragraph(made) == " ".join(sentences(made))


def test_no_query__is_all_posts(methods: Made) -> None:
    assert paragraph(methods(query=None)).startswith("Selected were all posts, as far as")


def test_simulated__is_said_at_once(methods: Made) -> None:
    assert list(sentences(methods(simulated=True)))[1] == "The data are simulated: people and posts are invented."


def said(methods: Methods, beginning: str) -> str:
    found = [each for each in sentences(methods) if each.startswith(beginning)]
    assert len(found) == 1, list(sentences(methods))
    return found[0]


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        (watched(), "Of the topic tea no version is known from then."),
        (
            watched(version(1, "tea", "E1"), version(2, "tea OR chai", "E2"), version(3, "tea OR", None)),
            (
                "The topic tea is the query tea OR, version 3 since 2026-11-09 22:00; before that version 2 since 2026-11-09 23:00, "
                "tea OR chai (E2); before that version 1 since 2026-11-10 00:00, tea (E1); of the selected posts it matched "
                "2 by version 1 and 1,000 by version 2."
            ),
        ),
    ],
)
def test_topic__newest_version_first_and_which_matched(methods: Made, topic: Watched, told: str) -> None:
    other = Match(id="coffee", version=5)
    posts = [post(number, topics=(other, Match(id="tea", version=1 if number < 2 else 2))) for number in range(1002)]
    assert told in list(sentences(methods(*posts, topics=(topic,))))


def test_topic__matched_nothing(methods: Made) -> None:
    assert said(methods(post(1, topics=())), "The topic").endswith("of the selected posts it matched none.")


def test_sources__are_grouped_by_what_they_were_asked(methods: Made) -> None:
    made = methods(
        then=then((TAG, ()), (OTHER_TAG, ()), (FEED, ())),
        relations={FEED.id: "broader", TAG.id: "exact", OTHER_TAG.id: "exact"},
    )
    assert said(made, "They were collected") == (
        "They were collected from feeds by url (1 source, asked for more than the query, which then decided) and mastodon by tag "
        "(2 sources, asked for just the query)."
    )  # fmt: skip


def test_no_source__is_said_and_no_coverage_is_claimed(methods: Made) -> None:
    made = methods(then=then())
    assert "No source served this selection by then." in list(sentences(made))
    assert "None of the time is known to be covered." in list(sentences(made))
    assert "There are no gaps." not in list(sentences(made))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ((a_file("a.jsonl"),), "Posts of a.jsonl (twarc) were imported; what is not in this file is not known."),
        (
            (a_file("b.csv", "table"), a_file("a.jsonl"), a_file("a.jsonl")),
            "Posts of a.jsonl (twarc) and b.csv (table) were imported; what is not in these files is not known.",
        ),
    ],
)
def test_files__are_named_once_each(methods: Made, files: tuple[Source, ...], told: str) -> None:
    assert said(methods(then=then((TAG, ()), files=files)), "Posts of") == told


def test_counts__platforms_by_size_and_what_became_of_posts(methods: Made) -> None:
    posts = [post(number, platform="feeds" if number < 2 else "mastodon") for number in range(1500)]
    posts += [
        post(1500, deleted_at=AS_OF),
        *(post(n, kind="repost") for n in (1501, 1502)),
        post(1503, deleted_at=AS_OF + timedelta(seconds=1)),
    ]
    assert "these are 1,504 posts: 1,502 on mastodon and 2 on feeds; 1 of them had been deleted" in paragraph(methods(*posts))
    assert ", and 2 are reposts." in paragraph(methods(*posts))


def test_counts__thousands_are_told_apart_everywhere(methods: Made) -> None:
    posts = [post(number, kind="repost", deleted_at=AS_OF) for number in range(1200)]
    assert "1,200 of them had been deleted at the source by then, and 1,200 are reposts." in paragraph(methods(*posts))


def test_counts__no_post__says_so_and_nothing_of_sentiment(methods: Made) -> None:
    made = methods(selection=selection())
    assert said(made, "In the period").endswith("(Europe/Berlin) there is no such post.")
    assert not [each for each in sentences(made) if "entiment" in each or "stor" in each.split("Social")[0][:10]]


def test_stories__of_more_posts_than_are_looked_at__say_of_how_many(methods: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.methods.selection.MOST_TOLD", 2)
    told = said(methods(post(3), post(2), post(1)), "The newest")
    assert told.startswith("The newest 2 of them tell 2 stories, ")


def test_coverage__of_two_sources__by_all_and_by_one(methods: Made) -> None:
    made = methods(then=then((TAG, (read(0, 12),)), (FEED, (read(6, 24),))))
    assert said(made, "By what") == (
        "By what had been asked until then, 25.0 % of the period is covered by all 2 sources and 100.0 % by at least one."
    )
    assert said(made, "There are") == "There are 2 gaps: of the time of the sources 37.5 % was never asked for."
    assert said(made, "The longest").startswith("The longest are 2026-11-10 13:00 to 2026-11-11 01:00 at mastodon/tag?")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("capped", "could not be read any more"),
        ("limited", "still to be read"),
        ("failed", "refused by the platform"),
        ("odd", "odd"),
    ],
)
def test_coverage__one_gap__is_told_in_words(methods: Made, state: str, words: str) -> None:
    made = methods(then=then((TAG, (read(0, 6), read(6, 12, state), read(12, 24)))))
    assert said(made, "There is") == f"There is 1 gap: of the time of the sources 25.0 % was {words}."
    assert said(made, "The gap is") == (
        f"The gap is 2026-11-10 07:00 to 2026-11-10 13:00 at mastodon/tag?instance=a.example&tag=tea ({words})."
    )


def test_coverage__many_gaps__the_longest_and_oldest_are_named(methods: Made) -> None:
    made = methods(then=then((TAG, tuple(read(begin, begin + 1) for begin in (2, 3, 7, 9, 12, 18)))))
    told = said(made, "The longest are")
    stretches = ("10 14:00 to 2026-11-10 19:00", "10 20:00 to 2026-11-11 01:00", "10 05:00 to 2026-11-10 08:00")
    places = [told.index(f" 2026-11-{stretch} at ") for stretch in stretches]
    assert places == sorted(places)
    assert told.count(" at mastodon/tag") == MOST_HOLES == 3


def test_scores__by_whom_and_why_not(methods: Made) -> None:
    unknown = Score(scorer="vader", version="3", reason="language unknown")
    posts = [post(number) for number in range(5)]
    posts += [post(number, sentiment=Score(scorer="own", label="negative")) for number in range(5, 7)]
    posts += [post(7, sentiment=unknown), post(8, sentiment=unknown), post(9, sentiment=None)]
    made = methods(*posts, measured=("How good vader is was not measured here.",))
    assert said(made, "Sentiment is") == "Sentiment is by own (2 posts) and vader 3 (5 posts)."
    assert said(made, "How good") == "How good vader is was not measured here."
    assert said(made, "30.0 %") == "30.0 % of the posts have no sentiment: 2 language unknown and 1 not scored yet."


def test_scores__none(methods: Made) -> None:
    assert "No post has a sentiment." in list(sentences(methods(post(1, sentiment=None))))


@pytest.mark.parametrize(
    ("topic", "author", "told"),
    [
        (watched(pseudonymised=True), "a", "authors of the topic tea are replaced by pseudonyms"),
        (
            watched(redacted=("phone", "x=[0-9]+", "email")),
            "a",
            "what was taken out of texts before storage: email, phone and x",
        ),
        (watched(), "anon-1", "2 posts of the selection are stored under pseudonyms"),
    ],
)
def test_privacy__what_is_applied_is_told(
    methods: Made, topic: Watched, author: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.methods.selection.HANDLE", "anon-")
    posts = [post(number, author=Author(id="a", handle=author)) for number in (1, 2)]
    assert said(methods(*posts, topics=(topic,)), "Privacy") == f"Privacy: {told}."


def test_json__has_the_text_and_all_that_it_is_made_of(methods: Made) -> None:
    holes = (read(0, 6), read(6, 12, "failed"))
    made = methods(
        post(3, deleted_at=AS_OF + timedelta(days=1)), post(2, sentiment=None), post(1),
        then=then((TAG, holes), files=(a_file("a.jsonl"),)), relations={TAG.id: "exact"}, measured=("M.",),
    )  # fmt: skip
    found = json.loads(json.dumps(json_of(made), allow_nan=False))
    assert found["text"] == paragraph(made)
    assert (found["scope"], found["command"]) == ("topic=tea&tz=Europe/Berlin", "monitor methods 'topic=tea&tz=Europe/Berlin'")
    assert (found["as_of"], found["from"], found["to"]) == tuple(
        f"2026-11-{day}T00:00:00.000Z" for day in (13, 10, 11)
    )  # fmt: skip
    assert (found["query"], found["english"], found["tz"]) == ("tea", 'posts that say "tea"', "Europe/Berlin")
    assert (found["posts"], found["deleted"], found["changed_since"], found["perhaps_changed_since"]) == (3, 0, 1, 0)
    assert (found["stories"], found["stories_of"], found["platforms"]) == (3, 3, {"mastodon": 3})
    assert found["scorers"] == [{"scorer": "vader", "version": "3", "posts": 2}]
    assert (found["unscored"], found["measured"]) == ({"not scored yet": 1}, ["M."])
    assert found["sources"] == [{"source": TAG.id, "platform": "mastodon", "kind": "tag", "relation": "exact"}]
    assert found["files"] == [{"file": "a.jsonl", "format": "twarc", "sha256": "0", "platform": "x"}]
    assert found["topics"][0]["versions"][0]["since"] == "2026-11-09T23:00:00.000Z"
    assert (found["versions"], found["sha256"]) == ({"monitor": "9.9", "schema": 7}, made.selection.sha256)
    assert (found["coverage"]["sources"], found["coverage"]["every"]) == (1, 0.25)
    assert [(hole["from"][11:16], hole["state"], hole["reason"]) for hole in found["coverage"]["holes"]] == [
        ("06:00", "failed", "a reason"),
        ("12:00", "never asked", None),
    ]


def test_json__no_query__is_null(methods: Made) -> None:
    found = json_of(methods(query=None))
    assert (found["query"], found["english"]) == (None, None)
