"""When a field counts as lost."""

import pytest

from monitor.field_drop import Drop, Filled, drops


def filled(version: str, *, posts: int = 1000, day: str = "2026-11-20", **known: int) -> Filled:
    return Filled(platform="mastodon", version=version, day=day, posts=posts, known=known)


def test_drops__a_newer_version_lost_a_field__is_named() -> None:
    found = drops([filled("1", language=950, text=1000), filled("2", language=10, text=1000)], versions=["1", "2"])
    assert found == [Drop(platform="mastodon", version="2", name="language", before=0.95, now=0.01, against="1")]
    assert str(found[0]) == "the field language of mastodon is known in 1% of posts, and was in 95% by version 1"


def test_drops__several_fell__the_worst_is_named_alone() -> None:
    found = drops([filled("1", language=400, text=1000), filled("2")], versions=["1", "2"])
    assert [drop.name for drop in found] == ["text"]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (filled("1", language=950), filled("2", language=400)),  # other sources make such differences
        (filled("1", language=200), filled("2")),  # few had it anyway
        (filled("1", posts=100, language=100), filled("2")),
        (filled("1", language=950), filled("2", posts=100)),
        (filled("1", language=10), filled("2", language=950)),
    ],
)
def test_drops__no_clear_fall__none(before: Filled, now: Filled) -> None:
    assert drops([before, now], versions=["1", "2"]) == []


def test_drops__a_version_that_may_not_be_used_takes_no_part() -> None:
    rows = [filled("1", language=950), filled("2"), filled("3")]
    assert [(drop.version, drop.against) for drop in drops(rows, versions=["1", "3"])] == [("3", "1")]
    assert drops(rows, versions=["1"]) == []


def test_drops__within_one_version__the_last_day_against_those_before() -> None:
    rows = [filled("1", language=950, day="2026-11-19"), filled("1", language=900), filled("1", day="2026-11-21")]
    found = drops(rows, versions=["1"])
    assert [(drop.name, drop.against) for drop in found] == [("language", None)]
    assert str(found[0]) == "the field language of mastodon is known in 0% of posts, and was in 92% on earlier days"


def test_drops__each_platform_for_itself() -> None:
    other = Filled(platform="bluesky", version="2", day="2026-11-20", posts=1000)
    assert drops([filled("1", language=950), other], versions=["1", "2"]) == []
