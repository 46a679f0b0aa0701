"""Scopes: read as they stand in addresses, printed in one form, refused with the place; what they ask of posts."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.post import Author, Match, Post, Score
from monitor.query.refusal import QueryError
from monitor.scope import CHOICES, MOST_VALUES, Scope, ScopeError, parse

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
POST = Post(
    id="x:1", platform="mastodon", native_id="1", url=None, created_at=NOW - timedelta(days=1), text="Tea & milk at 100 %",
    author=Author(id="1", handle="Ann@example.org"), language="en", topics=(Match(id="tea", version=1),),
    sentiment=Score(scorer="x", label="negative"),
)  # fmt: skip

VALUES = {
    "topic": ("tea", "milk-2"), "platform": ("mastodon", "feeds"), "lang": ("en", "und"), "kind": ("reply", "original"),
    "sent": ("neg", "POSITIVE"), "author": ("@Ann", "ann@example.org", "did:plc:1"),
}  # fmt: skip
QUERIES = (
    "tea",
    "tea OR milk",
    '"green tea"~3 -coffee',
    '#tea "a & b"',
    "100%",
    "tea+milk",
    "日本 NEAR/3 茶",
    "from:(a b) x=y",
)
MOMENTS = ("7d", "today", "-1w/w", "2026-11-01", "2026-10-25T01:30:00+02:00")
pairs = st.one_of(
    *(
        st.tuples(st.just(key), st.builds(str.__add__, st.sampled_from(("", "!")), st.sampled_from(values)))
        for key, values in VALUES.items()
    ),
    st.tuples(st.just("q"), st.sampled_from(QUERIES)),
)
once = st.fixed_dictionaries(
    {},
    optional={
        "from": st.sampled_from(MOMENTS),
        "to": st.sampled_from(("now", "2026-12-01")),
        "tz": st.sampled_from(("Europe/Berlin", "Asia/Kathmandu", "UTC")),
        "as_of": st.just("2026-11-20T08:00:00.125Z"),
    },
)
typed_scopes = st.builds(
    lambda many, single: urlencode([*many, *single.items()]), st.lists(pairs, max_size=8), once
)  # as a browser sends a form


def read(text: str) -> Scope:
    return parse(text, now=NOW)


def asks(text: str, post: Post = POST) -> bool:
    query = read(text).asks(NOW)
    return query is None or query.find(post) is not None


# ---- reading and printing


@given(typed_scopes)
def test_a_printed_scope__reads_back_equal(typed: str) -> None:
    scope = read(typed)
    assert read(str(scope)) == scope
    assert str(read(str(scope))) == str(scope)


@given(typed_scopes)
def test_a_frozen_scope__means_the_same_whenever_it_is_read(typed: str) -> None:
    frozen = read(typed).frozen(NOW)
    later = parse(str(frozen), now=NOW + timedelta(days=400))
    assert later == frozen
    assert str(later.asks(NOW + timedelta(days=400))) == str(read(typed).asks(NOW))
    assert later.frozen(NOW + timedelta(days=400)) == frozen


@given(typed_scopes, st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu")))
def test_a_frozen_scope__means_the_same_whatever_clocks_are_usual(typed: str, usual: str) -> None:
    frozen = read(typed).frozen(NOW)
    assert parse(str(frozen), now=NOW, zone=usual) == frozen


def test_a_scope_with_as_of__says_its_tz_even_if_it_is_utc() -> None:
    assert str(read("topic=tea")) == str(read("topic=tea&tz=UTC")) == "topic=tea"
    assert str(read("topic=tea&as_of=2026-11-20T08:00:00Z")) == "topic=tea&tz=UTC&as_of=2026-11-20T08:00:00Z"


@given(st.text(max_size=60))
def test_any_text__is_a_scope_or_is_refused_as_one(text: str) -> None:
    try:
        scope = read(text)
    except QueryError:
        return
    assert read(str(scope)) == scope


def test_a_scope__as_in_the_address_of_a_page() -> None:
    scope = read("topic=acme&q=recall OR refund&platform=mastodon&platform=bluesky&lang=en&sent=neg&author=!@X&from=-7d&to=now")
    assert scope == Scope(
        topics=("acme",),
        query="recall OR refund",
        platforms=("bluesky", "mastodon"),
        languages=("en",),
        sentiments=("neg",),
        authors=("!x",),
        begin="-7d",
        end="now",
    )


def test_a_scope_without_tz__is_by_the_clocks_that_are_usual() -> None:
    usual = parse("from=2026-11-01", now=NOW, zone="Europe/Berlin")
    assert (usual.zone, str(usual)) == ("Europe/Berlin", "from=2026-11-01&tz=Europe/Berlin")
    assert parse("tz=UTC", now=NOW, zone="Europe/Berlin").zone == "UTC"


def test_a_whole_address__is_its_scope_without_how_it_is_shown() -> None:
    address = "https://example.org/explore?topic=tea&by=platform&interval=1h&sort=-time&view=list&after=x&q=%23tea#chart"
    assert str(read(address)) == "topic=tea&q=%23tea"
    assert read("?topic=tea") == read("/explore?topic=tea") == read("topic=tea")


@pytest.mark.parametrize("text", ["", "  ", "?", "https://example.org/explore", "lang=&topic=&from=", "&&"])
def test_nothing__means_all_posts(text: str) -> None:
    assert read(text) == Scope()
    assert read(text).asks(NOW) is None


def test_q_twice__is_either() -> None:
    assert read("q=tea milk&q=coffee").query == "tea AND milk OR coffee"


def test_an_excluded_and_a_wanted_value__are_kept_apart() -> None:
    assert read("lang=!en&lang=de&lang=!en").languages == ("!en", "de")


# ---- refusals


@pytest.mark.parametrize(
    ("text", "position", "said", "advice"),
    [
        ("climate", 1, "climate is no part of a scope", "q=climate"),
        ("topic=tea&milk", 11, "milk is no part", "%26 for &"),
        ("topic=tea&language=en", 11, "no key 'language'", "Did you mean lang=?"),
        ("topik=tea", 1, "no key 'topik'", "Did you mean topic=?"),
        ("zzz=1", 1, "no key 'zzz'", "The keys are topic, "),
        ("topic=tea&lang=english", 16, "lang cannot be english", "lang=en"),
        ("kind=!tweet", 6, "kind cannot be !tweet", "post, quote, reply, repost"),
        ("sent=angry", 6, "sent cannot be angry", "pos, neu, neg"),
        ("from=monday", 6, "from cannot be monday", "-7d"),
        ("from=7d&from=8d", 14, "from stands twice", "one from="),
        ("from=now&to=-7d", 13, "not after its begin", "from=-7d&to=now"),
        ("tz=Berlin", 4, "no time zone Berlin", "Europe/Berlin"),
        ("tz=../../etc/passwd", 4, "no time zone", "Europe/Berlin"),
        ("as_of=-7d", 7, "as_of stands still", "2026-11-01T08:00:00Z"),
        ("&".join(["lang=en"] * (MOST_VALUES + 1)), 806, "lang stands 101 times", "monitor track"),
        ("q=" + "x" * 16_000, 16_001, "16,002 characters", "monitor track"),
    ],
)
def test_refused__with_the_place_and_what_to_write(text: str, position: int, said: str, advice: str) -> None:
    with pytest.raises(ScopeError) as refused:
        read(text)
    assert refused.value.position == position
    assert said in refused.value.what
    assert advice in refused.value.suggestion


def test_refused__in_the_query__shows_the_place_in_the_query() -> None:
    with pytest.raises(QueryError) as refused:
        read("topic=x&q=tea AND")
    assert (refused.value.line, refused.value.position) == ("tea AND", 5)


def test_refused__two_queries_that_are_too_long_together() -> None:
    long = " ".join(["tea"] * 150)
    with pytest.raises(QueryError, match="more than 200 terms"):
        read(f"q={long}&q={long}")


# ---- what it asks


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("topic=tea&platform=mastodon&lang=en&kind=post&sent=neg&author=ann&q=milk", True),
        ("topic=tea&topic=other", True),
        ("topic=other", False),
        ("platform=!mastodon", False),
        ("platform=!feeds&platform=!lemmy", True),
        ("lang=de&lang=en", True),
        ("lang=en&lang=!en", False),
        ("kind=reply", False),
        ("sent=pos&sent=neu", False),
        ("author=!ann@example.org", False),
        ("from=-2d", True),
        ("from=-23h", False),
        ("to=2026-11-21T08:30:00Z", False),
        ("to=2026-11-21T08:30:00.001Z", True),
        ("from=2026-11-21T08:30:00Z", True),
        ("q=tea&q=coffee", True),
        ("lang=en&q=coffee OR milk", True),
    ],
)
def test_asks__repeated_keys_are_alternatives__different_ones_all_hold(text: str, matches: bool) -> None:
    assert asks(text) is matches


def test_asks__a_day__begins_in_the_zone_of_the_scope() -> None:
    midnight = POST.filled(created_at=datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert asks("from=2026-11-01&tz=Europe/Berlin", midnight)
    assert not asks("from=2026-11-01", midnight)


def test_every_choice_reads_what_it_prints() -> None:
    for key, values in VALUES.items():
        for value in values:
            canonical: Any = CHOICES[key].read(value)
            assert CHOICES[key].read(canonical) == canonical
    assert VALUES.keys() == CHOICES.keys()


def test_stored_by__is_the_moment_of_as_of() -> None:
    assert read("as_of=2026-11-20T08:00:00Z").stored_by() == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert read("").stored_by() is None
