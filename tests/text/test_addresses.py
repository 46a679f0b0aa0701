"""Where addresses stand in plain text."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.addresses import address_spans, without_addresses


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("no address", []),
        ("see https://example.org/a?b=c#d now", ["https://example.org/a?b=c#d"]),
        ("HTTP://EXAMPLE.ORG", ["HTTP://EXAMPLE.ORG"]),
        ("at www.example.org.", ["www.example.org"]),
        ("(https://example.org/a)", ["https://example.org/a"]),
        ("https://example.org/Ada_(writer).", ["https://example.org/Ada_(writer)"]),
        ("<https://a.example> «https://b.example», ok", ["https://a.example", "https://b.example"]),
        ("https://a.example/…", ["https://a.example/"]),
        ("example.org and node.js", []),
        ("ahttps://example.org", []),
        ("日本https://example.org/東京 です", []),
    ],
)
def test_address_spans(text, addresses):
    assert [text[start:end] for start, end in address_spans(text)] == addresses


def test_without_addresses__one_space_for_each():
    assert without_addresses("a(https://x.example) b") == "a( ) b"


@given(st.text("htps:/w.()ab \n,", max_size=40))
def test_address_spans__any_text__inside_it_disjoint_and_in_order(text):
    edges = [edge for span in address_spans(text) for edge in span]
    assert edges == sorted(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))


@pytest.mark.parametrize("unit", ["www.", "http://", "http://)", "https://a(", "https://a ", ")"])
def test_address_spans__one_megabyte__takes_time_in_proportion(unit):
    begun = process_time()
    address_spans("www." + unit * (1_000_000 // len(unit)))
    assert process_time() - begun < 5  # measured: 0.01 to 0.3 s; with a square in it, minutes
