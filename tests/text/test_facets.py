"""Facets by UTF-8 bytes: what is marked, and what cannot be meant."""

import pytest

from monitor.text.facets import Marked, read_facets

TYPE = "app.bsky.richtext.facet#"


def facet(start, end, kind="tag", **feature):
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [{"$type": TYPE + kind, **({"tag": "T"} | feature)}]}


def test_offsets_count_utf8_bytes():
    text = "🫖é #Tea"  # 4 + 2 + 1 bytes before the sign
    marked = read_facets(text, [facet(7, 11, tag="Tea")])
    assert marked == Marked(text=text, tags=("tea",), mentions=(), links=())


@pytest.mark.parametrize(
    ("start", "end"),
    [(1, 6), (0, 2), (6, 99), (6, 6), (7, 6), (-3, 2)],
    ids=["begins inside a character", "ends inside one", "beyond the text", "empty", "reversed", "negative"],
)
def test_facets_that_cannot_be_meant_are_dropped(start, end):
    assert read_facets("🫖é Tea", [facet(start, end)]).tags == ()


def test_of_overlapping_facets_the_first_in_the_text_counts():
    told = [facet(2, 6, tag="second"), facet(0, 4, tag="first"), facet(6, 8, tag="third")]
    assert read_facets("abcdefgh", told).tags == ("first", "third")


def test_mention__is_the_handle_that_is_shown__else_the_did():
    told = [facet(0, 13, "mention", did="did:plc:a"), facet(14, 18, "mention", did="did:plc:b")]
    assert read_facets("@rook.example Wren", told).mentions == ("rook.example", "did:plc:b")


@pytest.mark.parametrize(
    ("shown", "uri", "text"),
    [
        ("atlas.example/a-lo...", "https://atlas.example/a-long-way", "See https://atlas.example/a-long-way!"),
        ("atlas.example/a-lo…", "https://atlas.example/a-long-way", "See https://atlas.example/a-long-way!"),
        ("the atlas", "https://atlas.example/a-long-way", "See the atlas!"),
        ("elsewhere.example/a...", "https://atlas.example/a-long-way", "See elsewhere.example/a...!"),
    ],
)
def test_link__shown_cut__is_whole_in_the_text(shown, uri, text):
    end = 4 + len(shown.encode())
    marked = read_facets(f"See {shown}!", [facet(4, end, "link", uri=uri)])
    assert (marked.text, marked.links) == (text, (uri,))


def test_feature_of_an_unknown_kind__is_left_alone():
    assert read_facets("abc", [facet(0, 3, "glow")]) == Marked(text="abc", tags=(), mentions=(), links=())


def test_half_of_a_surrogate_pair__is_kept_for_cleaning():
    assert read_facets("a\ud83d", [facet(0, 1)]).text == "a\ud83d"


@pytest.mark.parametrize("told", [{}, {"index": {}}, {"index": {"byteStart": "0", "byteEnd": 1}, "features": []}, 7], ids=repr)
def test_what_is_no_facet_at_all__raises(told):
    with pytest.raises((KeyError, TypeError, AttributeError)):
        read_facets("abc", [told])
