"""Web addresses in plain text, with their scheme and without."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.links import link_spans, links_in


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", []),
        ("no address", []),
        ("see https://atlas.org/a?b=c#d now", ["https://atlas.org/a?b=c#d"]),
        ("HTTPS://ATLAS.ORG/A, yes", ["HTTPS://ATLAS.ORG/A"]),
        ("(https://atlas.org/Ada_(writer))", ["https://atlas.org/Ada_(writer)"]),
        ("https://atlas.org/(one", ["https://atlas.org/"]),
        ("https://atlas.org:8080/a:b.", ["https://atlas.org:8080/a:b"]),
        ("atlas.org/a? Or www.atlas.org!", ["atlas.org/a", "www.atlas.org"]),
        ("鳥はatlas.orgです", ["atlas.org"]),
        (
            "https://vögel.みんな/ and https://xn--vgel-5qa.xn--q9jyb4c/",
            ["https://vögel.みんな/", "https://xn--vgel-5qa.xn--q9jyb4c/"],
        ),
        ("https://example", []),
        ("https://-a.org https://a_b.org", []),
        ("ann@atlas.org @atlas.org #atlas.org $atlas.org", []),
        ("ann.in.atlas@b.org", []),
        ("http://192.0.2.7/a http://[2001:db8::1]/b http://300.1.1.1/", ["http://192.0.2.7/a", "http://[2001:db8::1]/b"]),
        ("192.0.2.7", []),
        ("https://t.co/Ab1! https://t.co/Ab1-c t.co/?a=1.", ["https://t.co/Ab1", "https://t.co/Ab1", "t.co/?a=1"]),
        ("https://t.co/" + "a" * 41, []),
        ("https://atlas.org/straße/Вода–вода", ["https://atlas.org/straße/Вода–вода"]),
    ],
)
def test_link_spans(text, addresses):
    assert [text[start:end] for start, end in link_spans(text)] == addresses


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://atlas.org and https://atlas.org", ("https://atlas.org",)),
        (
            "atlas.org, www.atlas.co.uk, atlas.io/birds",
            ("https://atlas.org", "https://www.atlas.co.uk", "https://atlas.io/birds"),
        ),
        ("README.md, main.py and deploy.sh: it works.So well", ()),
        ("asp.net", ("https://asp.net",)),
    ],
)
def test_links_in(text, links):
    assert links_in(text) == links


@given(st.text("htps:/w.()?ab t.co\n,-_@あ", max_size=60))
def test_link_spans__any_text__inside_it_disjoint_and_in_order(text):
    edges = [edge for span in link_spans(text) for edge in span]
    assert edges == sorted(set(edges))
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))


@pytest.mark.parametrize(
    "unit",
    [
        "http://",
        "http://a.",
        "a.",
        "com.",
        "a.com/(",
        "http://a.com/((",
        "http://a.com?(",
        "http://t.co/",
        "http://あ.",
        "(",
        ".",
    ],
)
def test_link_spans__one_megabyte__takes_time_in_proportion(unit):
    begun = process_time()
    link_spans(unit * (1_000_000 // len(unit)))
    assert process_time() - begun < 5  # measured: 0.01 to 0.6 s; with a square in it, minutes


def test_link_spans__many_hosts_after_much_plain_text__what_is_plain_is_passed_once():
    plain, hosts = "a " * 2_000_000, "b.cc " * 40_000

    def took_s(text):
        begun = process_time()
        assert len(link_spans(text)) == 40_000
        return process_time() - begun

    alone = min(took_s(hosts) for _ in range(3))
    assert min(took_s(plain + hosts) for _ in range(2)) < 3 * alone + 0.5
