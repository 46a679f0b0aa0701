"""The identity of a source."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.source import Source

NAMES = st.sampled_from(["tag", "instance", "query", "account", "url"])
PARAMETERS = st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=30), max_size=3)


def source(**parameters: str) -> Source:
    return Source(platform="mastodon", kind="tag", parameters=parameters)


def test_id__is_readable_and_the_order_of_parameters_does_not_matter() -> None:
    assert source(tag="python", instance="a.org").id == "mastodon/tag?instance=a.org&tag=python"
    assert source(instance="a.org", tag="python").id == source(tag="python", instance="a.org").id


def test_id__without_parameters__has_no_question_mark() -> None:
    assert Source(platform="hackernews", kind="new").id == "hackernews/new"


def test_id__signs_that_join_and_separate__cannot_forge_another_source() -> None:
    assert source(tag="a&instance=b").id == "mastodon/tag?tag=a%26instance%3Db"
    assert source(tag="a", instance="b").id != source(tag="a&instance=b").id


def test_id__handles_and_addresses_stay_as_people_know_them() -> None:
    assert source(account="ann@a.org").id.endswith("account=ann@a.org")
    assert source(url="https://a.org/feed").id.endswith("url=https://a.org/feed")


@given(PARAMETERS, PARAMETERS)
def test_id__equal_only_for_equal_parameters(one: dict[str, str], other: dict[str, str]) -> None:
    assert (source(**one).id == source(**other).id) == (one == other)


def test_id__does_not_change_with_what_was_looked_up_or_who_wants_it() -> None:
    plain = source(tag="a")
    rich = Source(platform="mastodon", kind="tag", parameters={"tag": "a"}, facts={"id": "7"}, topics=("birds",))
    assert rich.id == plain.id
