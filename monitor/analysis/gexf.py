"""Networks as GEXF 1.3, the format of Gephi, also read by igraph, networkx and sigma.js.

Source: https://gexf.net/schema.html, version 1.3 (namespace http://gexf.net/1.3).
"""

import re
from xml.etree import ElementTree as ET

from monitor.analysis.network import Network

NAMESPACE = "http://gexf.net/1.3"
# Neither these characters nor references to them may stand in XML 1.0 (section 2.2).
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gexf(network: Network, *, description: str) -> bytes:
    """The whole file as UTF-8; the same network gives the same bytes. `description` says what the network is of.

    Nodes carry `kind` and `posts`, edges `weight` (posts) and `authors`. Node ids are numbers by rank, names are labels; what XML
    cannot hold in a name is replaced by U+FFFD.
    """
    root = ET.Element("gexf", {"xmlns": NAMESPACE, "version": "1.3"})
    meta = ET.SubElement(root, "meta")
    ET.SubElement(meta, "creator").text = "Social Monitor"
    ET.SubElement(meta, "description").text = _written(description)
    graph = ET.SubElement(
        root, "graph", {"defaultedgetype": "directed" if network.directed else "undirected", "mode": "static"}
    )
    _declare(graph, "node", {"kind": "string", "posts": "integer"})
    _declare(graph, "edge", {"authors": "integer"})
    ids = {node: str(number) for number, (node, _) in enumerate(network.nodes)}
    nodes = ET.SubElement(graph, "nodes")
    for node, posts in network.nodes:
        made = ET.SubElement(nodes, "node", {"id": ids[node], "label": _written(node.id)})
        _fill(made, {"kind": node.kind, "posts": str(posts)})
    edges = ET.SubElement(graph, "edges")
    for number, edge in enumerate(network.edges):
        ends = {"source": ids[edge.source], "target": ids[edge.target]}
        made = ET.SubElement(edges, "edge", {"id": str(number), **ends, "weight": str(edge.posts)})
        _fill(made, {"authors": str(edge.authors)})
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _declare(graph: ET.Element, of: str, attributes: dict[str, str]) -> None:
    declared = ET.SubElement(graph, "attributes", {"class": of})
    for name, kind in attributes.items():
        ET.SubElement(declared, "attribute", {"id": name, "title": name, "type": kind})


def _fill(element: ET.Element, values: dict[str, str]) -> None:
    filled = ET.SubElement(element, "attvalues")
    for name, value in values.items():
        ET.SubElement(filled, "attvalue", {"for": name, "value": value})


def _written(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
