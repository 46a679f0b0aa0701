"""Tags that are joined of words: which words they are, and where a text says them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.query import joined_tag
from monitor.query.joined_tag import joined_key, spans_joined
from monitor.query.needle import MOST_SPANS
from monitor.query.searchable import Part


def found(text: str, wanted: str) -> list[str]:
    return [text[start:end] for start, end in spans_joined(Part(text), joined_key(wanted))]


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("#ClimateAction", ["climate", "action", "climate action", "ClimateAction", "CLIMATEACTION"]),
        ("#climateAction", ["climate", "action"]),
        ("#ClimateActionNow", ["climate action", "action now", "climate action now"]),
        ("#NASAFunding", ["nasa", "funding", "nasafunding"]),
        ("#iPhone15Pro", ["phone", "15", "pro", "iphone", "iphone15", "15pro"]),
        ("#climate_action", ["climate", "action", "climateaction", "climate_action"]),
        ("#COP30", ["cop", "30", "cop30"]),
        ("#ÉcoleVerte", ["ecole", "école", "verte"]),
        ("＃ClimateAction", ["climate"]),
        ("(#ClimateAction)", ["climate"]),
        ("#TeaÜberAlles", ["uber", "über", "tea"]),
    ],
)  # fmt: skip
def test_words__a_tag_holds_each_and_each_run_of_them(tag: str, words: list[str]) -> None:
    for word in words:
        assert found(f"see {tag} now", word) == [tag.strip("()")], word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("#ClimateAction", "mate"),
        ("#ClimateAction", "climat"),
        ("#ClimateActionNow", "climate now"),
        ("#ClimateActionNow", "action climate"),
        ("#climateaction", "climate"),
        ("#CLIMATEACTION", "climate"),
        ("ClimateAction", "climate"),
        ("a#ClimateAction", "climate"),
        ("https://a.example/x/#ClimateAction", "climate"),
        ("&#ClimateAction", "climate"),
        ("##ClimateAction", "climate action now"),
        ("# ClimateAction", "climate"),
        ("", "climate"),
    ],
)
def test_words__what_is_none_of_a_tag(text: str, word: str) -> None:
    assert found(text, word) == []


def test_spans__each_tag_once_in_order() -> None:
    text = "#TeaTime and #tea, then #TeaTea; #time"
    assert found(text, "tea") == ["#TeaTime", "#tea", "#TeaTea"]


def test_spans__of_many_tags__stay_few() -> None:
    assert len(spans_joined(Part("#TeaTime " * 2 * MOST_SPANS), "tea")) == MOST_SPANS


def test_a_tag_without_end__is_read_to_where_the_longest_end() -> None:
    endless = "#" + "TeaTime" * 10_000
    assert found(endless, "tea") == [endless]


@given(st.lists(st.sampled_from(("Climate", "Action", "Now", "42", "Tea")), min_size=1, max_size=6))
def test_keys__are_just_the_runs_of_neighbouring_words(words: list[str]) -> None:
    """Two numbers side by side are one word, so they are taken as one here, too."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].isdigit() and word.isdigit():
            joined[-1] += word
        else:
            joined.append(word)
    runs = {"".join(joined[start:end]).lower() for start in range(len(joined)) for end in range(start + 1, len(joined) + 1)}
    tag = "#" + "".join(words)
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            wanted = "".join(words[start:end]).lower()
            assert bool(found(tag, wanted)) == (wanted in runs)


@pytest.mark.parametrize(
    ("text", "key"),
    [("Climate Action", "climateaction"), ("climate_action", "climateaction"), ("École", "ecole"), ("Straße", "strasse")],
)
def test_key__has_no_case_marks_and_gaps(text: str, key: str) -> None:
    assert joined_key(text) == key


def keys_of_all_runs(tag: str) -> set[str]:
    """The key of each run of neighbouring words, made one by one."""
    edges = [0, *joined_tag._edges(tag), len(tag)]
    return {joined_key(tag[start:end]) for number, start in enumerate(edges) for end in edges[number + 1 :]}


# Letters that fold into several, into none, or together with the one before: ß, ligatures, a mark that is a letter, Hangul, kana.
ODD = "ﬁßİÉéǅΣς²٣_ｶ\uff9e\u1100\u1161\u11a8\uffc2ͺﱞﷺ東"


@given(st.text(alphabet=st.sampled_from("aB1_" + ODD), min_size=1, max_size=9), st.data())
@example("a_ﱞ1", None)
@example("1\uff9eｶ\uff9e", None)
def test_keys__of_any_tag__are_those_of_its_runs(tag: str, data: st.DataObject | None) -> None:
    runs = keys_of_all_runs(tag)
    other = data.draw(st.text(alphabet=st.sampled_from("ab1" + ODD), max_size=4)) if data else "a"
    for wanted in {*runs, joined_key(other), *(key[1:] for key in runs), *(key[:-1] for key in runs)}:
        assert joined_tag._holds(tag, wanted) == (wanted in runs), wanted


def test_a_tag_of_many_words__has_each_keyed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    keyed: list[str] = []
    monkeypatch.setattr(joined_tag, "joined_key", lambda text: keyed.append(text) or joined_key(text))
    tag = "a1b2c3d4e5" * 10
    assert [len(spans_joined(Part(f"#{tag}"), wanted)) for wanted in ("b2c3", "b2c", "x", "2c3d4e5a")] == [1, 1, 0, 1]
    assert sum(map(len, keyed)) <= 2 * 4 * len(tag)
