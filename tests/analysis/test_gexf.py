"""A GEXF file says what the network says, whatever stands in its names."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.excerpt import Excerpt
from monitor.analysis.gexf import NAMESPACE, gexf
from monitor.analysis.network import co_tags, mention_network

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
IN = {"g": NAMESPACE}


def read(network):
    return ET.fromstring(gexf(network, description="Tags of a topic"))


def test_gexf__small_network(make_posts):
    root = read(co_tags(make_posts({"tags": ["a", "b&<c>"]}, {"tags": ["a", "b&<c>"]}), limit=9))
    nodes = root.findall("g:graph/g:nodes/g:node", IN)
    assert [node.get("label") for node in nodes] == ["a", "b&<c>"]
    (edge,) = root.findall("g:graph/g:edges/g:edge", IN)
    assert (edge.get("source"), edge.get("target"), edge.get("weight")) == ("0", "1", "2")
    assert edge.find("g:attvalues/g:attvalue", IN).attrib == {"for": "authors", "value": "2"}
    assert root.find("g:graph", IN).get("defaultedgetype") == "undirected"
    assert root.find("g:meta/g:description", IN).text == "Tags of a topic"


def test_gexf__directed(make_posts):
    root = read(mention_network(make_posts({"mentions": {"bob"}}), limit=9))
    assert root.find("g:graph", IN).get("defaultedgetype") == "directed"


def test_gexf__every_value_is_declared(make_posts):
    root = read(co_tags(make_posts({"tags": "ab"}), limit=9))
    for of in ("node", "edge"):
        declared = {one.get("id") for one in root.findall(f"g:graph/g:attributes[@class='{of}']/g:attribute", IN)}
        assert declared == {one.get("for") for one in root.findall(f".//g:{of}/g:attvalues/g:attvalue", IN)}


@given(st.sets(st.text(min_size=1, max_size=5), min_size=2, max_size=5))
def test_gexf__any_name__can_be_read_back(tags):
    """Lone surrogates and control characters too; tags are cleaned long before, names of accounts may not be."""
    network = co_tags([Excerpt(id="1", author="a", created_at=NOON, tags=frozenset(tags))], limit=9)
    root = read(network)
    assert len(root.findall(".//g:node", IN)) == len(network.nodes)
    assert len(root.findall(".//g:edge", IN)) == len(network.edges)


def test_gexf__what_xml_cannot_hold__is_replaced(make_posts):
    root = read(co_tags(make_posts({"tags": ["a\x00b", "c"]}), limit=9))
    assert root.find(".//g:node", IN).get("label") == "a\ufffdb"
