"""Topics: their ids, and the ids that are made from what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.topic import Topic, slug


@pytest.mark.parametrize("topic_id", ["a", "7", "climate-change", "a_b", "a" * 64])
def test_topic__usable_id(topic_id: str) -> None:
    assert Topic(id=topic_id, name="x", query="x").id == topic_id


def test_every_for__the_platform_goes_before_the_topic() -> None:
    topic = Topic(id="tea", name="x", query="x", every_s=600, every_on=(("lemmy", 60),))
    assert (topic.every_for("lemmy"), topic.every_for("mastodon")) == (60, 600)
    assert Topic(id="tea", name="x", query="x", every_on=(("lemmy", 60),)).every_for("mastodon") is None


@pytest.mark.parametrize("topic_id", ["", "A", "-a", "_a", "a b", "a/b", "ä", "a" * 65, "a\n", "a.b", "$a"])
def test_topic__an_id_that_no_address_could_hold__is_refused_in_words(topic_id: str) -> None:
    with pytest.raises(UsageError, match="lower-case letters"):
        Topic(id=topic_id, name="x", query="x")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ('"Climate change"', "climate-change"),
        ("#Python", "python"),
        ("C++ & Rust!", "c-rust"),
        ("STRASSE", "strasse"),
        ("a" * 63 + " b", "a" * 63),
    ],
)
def test_slug(text: str, made: str) -> None:
    assert slug(text) == made


@pytest.mark.parametrize("text", ["", "日本", "++", "#"])
def test_slug__nothing_left__says_how_to_give_one(text: str) -> None:
    with pytest.raises(UsageError, match="--id"):
        slug(text)


@given(st.text(max_size=200))
def test_slug__whatever_it_makes_is_a_usable_id_and_its_own_slug(text: str) -> None:
    try:
        made = slug(text)
    except UsageError:
        return
    assert Topic(id=made, name=text, query=text).id == made
    assert slug(made) == made
