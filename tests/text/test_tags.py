"""Hashtags in plain text, and tags as they are compared."""

from time import process_time

import pytest

from monitor.text.tags import is_tag, plain_tags, tags_in


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        ("no tag", ()),
        ("#Python and #python", ("python",)),
        ("(#one), #two!", ("one", "two")),
        ("#c99 #2026 #1a", ("c99", "1a")),
        ("C# x#no &#39; &#no", ()),
        ("one/#two, #three/#four", ("two", "three", "four")),
        ("example.org/#no example.org/a#no https://example.org/#no", ()),
        ("#tag://no", ()),
        ("✌️#emoji #️no #⃣no", ("emoji",)),
        (
            "#सत्यमेव_जयते #ශ්‍රී #می‌خواهم #עַל־יְדֵי #מ״כ #བོད་སྐད #メ〜テレ",
            ("सत्यमेव_जयते", "ශ්‍රී", "می‌خواهم", "עַל־יְדֵי", "מ״כ", "བོད་སྐད", "メ〜テレ"),
        ),
        ("#〃 #_ #1_2", ()),
        ("https://example.org/#frag #yes", ("yes",)),
        ("#snake_case #kebab-case", ("snake_case", "kebab")),
        ("＃日本 #東京タワー", ("日本", "東京タワー")),
        ("#हिन्दी #กำลังใจ #l·l", ("हिन्दी", "กำลังใจ", "l·l")),
        ("#️⃣ ##double", ()),
        ("#" + "x" * 101, ()),
    ],
)
def test_tags_in(text, tags):
    assert tags_in(text) == tags


def test_plain_tags__signs_case_and_repetition__are_removed_in_order():
    assert plain_tags(["#B", " a ", "b", "", "A", "#"]) == ("b", "a")


@pytest.mark.parametrize(
    ("text", "expected"), [("python", True), ("हिन्दी", True), ("2026", False), ("a b", False), ("", False), ("#a", False)]
)
def test_is_tag(text, expected):
    assert is_tag(text) is expected


@pytest.mark.parametrize("unit", ["#", "#1", "#a", "1", "#1 ", "\u0301", "a/#", "a.b/#", "http://a #a "])
def test_tags_in__one_megabyte__takes_time_in_proportion(unit):
    begun = process_time()
    tags_in("#" + unit * (1_000_000 // len(unit)))
    assert process_time() - begun < 5  # measured: 0.02 to 1.1 s; with a square in it, minutes
