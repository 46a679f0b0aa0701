"""What is compared: topics by id, scopes, each within what all have in common, and what cannot be compared."""

from datetime import UTC, datetime

import pytest

from monitor.errors import UsageError
from monitor.query.refusal import QueryError
from monitor.scope import Scope, parse
from monitor.trends.sides import Named, named, named_or_topic, sides_of

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def scope(text: str) -> Scope:
    return parse(text, now=NOW)


def read(*arguments: str, within: str = "", zone: str = "UTC") -> list[tuple[str, str]]:
    compared = [named_or_topic(each, now=NOW, zone=zone) for each in arguments]
    return [(side.label, str(side.scope)) for side in sides_of(compared, named(within, now=NOW, zone=zone))]


def test_topics__are_called_by_their_ids() -> None:
    assert read("tea", "milk") == [("tea", "topic=tea"), ("milk", "topic=milk")]


@pytest.mark.parametrize(
    ("argument", "label"),
    [
        ("topic=tea", "tea"),
        ("topic=tea&lang=en", "topic=tea&lang=en"),
        ("topic=tea&topic=cup", "topic=cup&topic=tea"),
        ("q=b OR a", "q=b+OR+a"),
        ("q=", "q="),
    ],
)
def test_scopes__are_called_by_what_they_say(argument: str, label: str) -> None:
    assert read(argument, "milk")[0][0] == label


def test_within__is_joined_to_each_side_and_not_to_its_name() -> None:
    found = read("tea", "q=cup", within="lang=en&from=2026-11-01&to=2026-11-08&tz=Europe/Berlin")
    assert [label for label, _ in found] == ["tea", "q=cup"]
    common = "lang=en&from=2026-11-01&to=2026-11-08&tz=Europe/Berlin"
    assert [scope(text) for _, text in found] == [scope(f"topic=tea&{common}"), scope(f"q=cup&{common}")]


@pytest.mark.parametrize(("argument", "within", "said"), [
    ("topic=tea&lang=en", "lang=de", "languages"),
    ("topic=tea&lang=en", "lang=en", "languages"),
    ("topic=tea&from=-7d", "from=-8d&platform=feeds", "begin"),
    ("tea", "topic=milk", "topics"),
    ("topic=tea&platform=feeds&lang=en", "lang=de&platform=mastodon", "languages, platforms"),
])  # fmt: skip
def test_said_twice__is_refused_and_told(argument: str, within: str, said: str) -> None:
    with pytest.raises(UsageError, match=rf"Both {argument} and --within say something of {said}:"):
        read(argument, "q=cup", within=within)


@pytest.mark.parametrize(
    "arguments", [("tea", "tea"), ("tea", "topic=tea"), ("q=a OR b", "q=a|b"), ("lang=en&topic=tea", "topic=tea&lang=en")]
)
def test_the_same_side_twice__is_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="are the same: name each once"):
        read(*arguments, "milk")


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("first", "within", "zone"),
    [
        ("tea", "", BERLIN),
        ("topic=tea&tz=UTC", "", "UTC"),
        ("topic=tea&tz=Asia/Tokyo", "", "Asia/Tokyo"),
        (f"topic=tea&tz={BERLIN}", "", BERLIN),
        ("tea", "tz=UTC", "UTC"),
        ("tea", "tz=Asia/Tokyo", "Asia/Tokyo"),
        ("topic=tea&tz=UTC", "from=2026-11-01", "UTC"),
    ],
)
def test_zone__is_the_one_that_is_told_by_either__else_the_usual_one(first: str, within: str, zone: str) -> None:
    found = read(first, first.replace("tea", "milk"), within=within, zone=BERLIN)
    assert [scope(text).zone for _, text in found] == [zone, zone]


@pytest.mark.parametrize("other", ["tz=UTC", f"tz={BERLIN}"])
@pytest.mark.parametrize("usual", ["UTC", BERLIN])
def test_zone__told_in_both__is_refused_whatever_clocks_are_usual(usual: str, other: str) -> None:
    for own in ("tz=UTC", f"tz={BERLIN}"):
        with pytest.raises(UsageError, match="and --within say something of zone:"):
            read(f"topic=tea&{own}", f"topic=milk&{own}", within=other, zone=usual)


def test_usual_zone__is_no_part_of_a_name() -> None:
    assert [label for label, _ in read("tea", "topic=milk&lang=en", zone=BERLIN)] == ["tea", "topic=milk&lang=en"]


def test_saved_scopes__keep_the_clocks_that_they_say() -> None:
    said = [Named(text=f"@{name}", scope=scope(f"topic={name}&tz={BERLIN}"), zoned=True) for name in ("a", "b")]
    assert [side.scope.zone for side in sides_of(said, named("", now=NOW, zone=BERLIN))] == [BERLIN, BERLIN]


@pytest.mark.parametrize("other", ["from=-7d", "to=2026-11-01", "tz=Europe/Berlin", "as_of=2026-11-20T08:00:00.000Z"])
def test_different_periods_or_zones__are_no_comparison(other: str) -> None:
    with pytest.raises(UsageError, match="different periods or zones"):
        read("tea", f"topic=milk&{other}")
    assert len(read(f"topic=tea&{other}", f"topic=milk&{other}")) == 2


@pytest.mark.parametrize(("number", "refused"), [(0, True), (1, True), (2, False), (10, False), (11, True)])
def test_number_of_sides__is_two_to_ten(number: int, refused: bool) -> None:
    arguments = [f"t{each}" for each in range(number)]
    if refused:
        with pytest.raises(UsageError, match=f"not {number}"):
            read(*arguments)
    else:
        assert [label for label, _ in read(*arguments)] == arguments


def test_what_is_no_scope__is_refused_as_such() -> None:
    with pytest.raises(QueryError, match="no key"):
        read("tea", "colour=red")
