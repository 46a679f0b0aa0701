"""What may be kept of a post: pure."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.crawl.enrich import enrich
from monitor.crawl.exported import exported
from monitor.crawl.privacy import OPEN, Privacy, privacy_of, private, strictest
from monitor.crawl.pseudonym import Pseudonyms
from monitor.post import Author, Match, Media, Post, Revision
from monitor.query.parse import parse
from monitor.query.watch import Watch
from monitor.topic import Topic

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
NAMES = Pseudonyms(b"k" * 32)
HIDDEN = Privacy(pseudonymise=True)
HOME = "https://chatter.example"
ANN, BOB = NAMES.handle("mastodon", "anntaylor@chatter.example"), NAMES.handle("mastodon", "bob@harbor.example")


def a_post(text: str = "Tea.", **changes: Any) -> Post:
    values: dict[str, Any] = {
        "id": f"{HOME}/users/anntaylor/statuses/1", "platform": "mastodon", "native_id": "1", "url": f"{HOME}/@anntaylor/1",
        "created_at": AT, "text": text, "raw": b"raw",
        "author": Author(
            id=f"{HOME}/users/anntaylor", handle="anntaylor@chatter.example", name="Ann Taylor", url=f"{HOME}/@anntaylor",
            followers=812, bot=False,
        ),
    }  # fmt: skip
    return Post(**values | changes)


def kept(text: str, privacy: Privacy = HIDDEN, **changes: Any) -> Post:
    return private(a_post(text, **changes), privacy, NAMES)


def test_the_author_is_a_pseudonym_and_nothing_of_the_account_stays() -> None:
    made = kept("Tea.", place={"name": "Leeds"}, mentions=("bob@harbor.example",), reply_to=f"{HOME}/users/bob/statuses/0")
    assert made.author == Author(id=NAMES.author("mastodon", f"{HOME}/users/anntaylor"), handle=ANN, bot=False)
    assert (made.url, made.place, made.raw) == (None, None, None)
    assert made.id == NAMES.post(a_post().id)
    assert made.native_id not in {"1", a_post().native_id}
    assert made.reply_to == NAMES.post(f"{HOME}/users/bob/statuses/0")
    assert made.mentions == (BOB,)
    assert "anntaylor" not in str(exported(made)).lower()
    assert "bob" not in str(exported(made)).lower()


def test_who_is_mentioned_and_who_writes_have_one_pseudonym() -> None:
    other = a_post(id="x:2", author=Author(id="other", handle="bob@harbor.example"))
    assert (
        private(other, HIDDEN, NAMES).author.handle
        == kept("Hi @bob@harbor.example", mentions=("bob@harbor.example",)).mentions[0]
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hi @bob and .@bob@harbor.example!", f"Hi @{BOB} and .@{BOB}!"),
        ("ann taylor here, ANN  TAYLOR", "[name] here, [name]"),
        ("I am AnnTaylor.", f"I am {ANN}."),
        ("see https://chatter.example/@anntaylor/1 and https://news.example/tea", "see [link] and https://news.example/tea"),
        ("https://bsky.app/profile/x.example https://x.com/x/status/1", "[link] [link]"),
        ("did:plc:abc123xyz says at://did:plc:abc/app.bsky.feed.post/3k", "[name] says [name]"),
        ("mail a.b@harbor.example", "mail a.b@harbor.example"),
        ("Antaylors and annabel", "Antaylors and annabel"),
    ],
)  # fmt: skip
def test_texts_name_nobody(text: str, told: str) -> None:
    assert kept(text, mentions=("bob@harbor.example",)).text == told


def test_links_tags_and_media_that_lead_to_an_account_go__others_stay() -> None:
    made = kept(
        "Tea.",
        links=(
            f"{HOME}/@bob",
            "https://news.example/a?utm_source=x",
            "https://blog.example/author/ann",
            "https://e.example/?u=a@b.example",
        ),
        tags=("tea", "anntaylor"),
        media=(Media(kind="image", url="https://files.chatter.example/anntaylor.png", alt="Ann Taylor drinks"),),
    )
    assert made.links == ("https://news.example/a?utm_source=x",)
    assert (made.domains, len(made.link_ids)) == (("news.example",), 1)
    assert made.tags == ("tea",)
    assert made.media == (Media(kind="image", alt="[name] drinks"),)


@pytest.mark.parametrize(
    ("community", "stays"), [("tea@lemmy.example", False), ("anntaylor", False), ("Coffee", True), (None, False)]
)
def test_a_community_stays_unless_it_is_the_authors_own(community: str | None, stays: bool) -> None:
    assert kept("Tea.", community=community).community == (community if stays else None)


def test_what_is_redacted_goes_from_every_text__and_the_author_stays() -> None:
    made = kept(
        "Mail ann@example.org or 030 1234567",
        Privacy(redact=("email", "phone", "card", "case=AB-##")),
        title="case AB-12", summary="4111 1111 1111 1111", links=("mailto:ann@example.org",),
        media=(Media(kind="image", url="https://x.example/1.png", alt="AB-99"),),
        revisions=(Revision(text="ann@example.org", title="AB-13", seen_at=AT),), tags=("ab-12", "tea"),
    )  # fmt: skip
    assert (made.text, made.title, made.summary) == ("Mail [email] or [phone]", "case [case]", "[card]")
    assert (made.links, made.tags) == (("mailto:[email]",), ("tea",))
    assert made.media[0] == Media(kind="image", url="https://x.example/1.png", alt="[case]")
    assert (made.revisions[0].text, made.revisions[0].title) == ("[email]", "[case]")
    assert (made.id, made.author, made.url, made.raw) == (a_post().id, a_post().author, a_post().url, None)


def test_spans_of_matches_mark_the_same_words_in_the_text_that_is_kept() -> None:
    topic = Topic(id="tea", name="Tea", query="tea OR example.org")
    post = enrich(a_post("Write to ann@example.org, @bob: green tea, more tea"), Watch([(topic, parse(topic.query))]))
    made = private(post, Privacy(pseudonymise=True, redact=("email",)), NAMES)
    assert [made.text[start:end] for start, end in made.topics[0].spans] == ["[email]", "tea", "tea"]


def test_done_twice_it_changes_nothing() -> None:
    asked = Privacy(pseudonymise=True, redact=("email", "phone"))
    once = kept(
        "Hi @bob, ann@example.org, 030 1234567, https://x.com/ann", asked, mentions=("bob@harbor.example",), thread="t:1"
    )
    assert private(once, asked, NAMES) == once


def test_a_deletion_keeps_its_way_to_the_post() -> None:
    gone = kept("", deleted_at=AT)
    assert (gone.id, gone.deleted_at, gone.signature) == (NAMES.post(a_post().id), AT, None)


def test_the_strictest_of_all_topics_counts() -> None:
    topics = [
        Topic(id="a", name="A", query="tea"),
        Topic(id="b", name="B", query="tea", redact=("email",)),
        Topic(id="c", name="C", query="tea", authors="pseudonymise", redact=("phone", "email")),
    ]
    assert strictest(map(privacy_of, topics)) == Privacy(pseudonymise=True, redact=("email", "phone"))
    assert not strictest([privacy_of(topics[0])])
    assert not OPEN


def test_matches_without_spans_and_texts_that_stay_are_left_alone() -> None:
    match = Match(id="tea", version=1, spans=((0, 3),))
    assert kept("Tea.", Privacy(redact=("email",)), topics=(match,)).topics == (match,)
    assert replace(match, spans=()) == kept("@bob", topics=(replace(match, spans=()),)).topics[0]
