"""Communities of a weighted network: groups of nodes that are joined to each other more than to the rest.

Source: the method of Louvain, Blondel and others 2008, J. Stat. Mech. P10008, which raises the modularity of Newman 2004, Phys. Rev.
E 69:066133. Nodes are visited in their order and equal gains go to the community of the smaller number, so that the same network
gives the same communities; there is no chance in it.
"""

from collections import defaultdict
from collections.abc import Mapping

Links = list[dict[int, float]]

_LEAST_GAIN = 1e-9  # below it rounding would move nodes to and fro
_MOST_ROUNDS = 50


def communities(weights: Mapping[tuple[int, int], float], nodes: int) -> list[int]:
    """The community of each node, numbered by their first nodes. `weights`: of pairs (smaller, larger), above zero."""
    links: Links = [{} for _ in range(nodes)]
    for (one, other), weight in sorted(weights.items()):
        links[one][other] = links[other][one] = weight
    loops = [0.0] * nodes
    belongs = list(range(nodes))
    while True:
        found = _numbered(_moved(links, loops))
        belongs = [found[community] for community in belongs]
        count = max(found, default=-1) + 1
        if count == len(links):
            return _numbered(belongs)
        links, loops = _joined(links, loops, found, count)


def _moved(links: Links, loops: list[float]) -> list[int]:
    """Each node where modularity gains most by it, over and over until nothing moves."""
    degrees = [sum(near.values()) + 2 * loop for near, loop in zip(links, loops, strict=True)]
    whole = sum(degrees)
    community = list(range(len(links)))
    totals = list(degrees)
    if not whole:
        return community
    for _ in range(_MOST_ROUNDS):
        moves = 0
        for node, near in enumerate(links):
            home = community[node]
            totals[home] -= degrees[node]
            towards: defaultdict[int, float] = defaultdict(float)
            for other, weight in near.items():
                towards[community[other]] += weight
            best, most = home, towards[home] - totals[home] * degrees[node] / whole
            for candidate in sorted(towards):
                gain = towards[candidate] - totals[candidate] * degrees[node] / whole
                if gain > most + _LEAST_GAIN:
                    best, most = candidate, gain
            totals[best] += degrees[node]
            community[node] = best
            moves += best != home
        if not moves:
            break
    return community


def _joined(links: Links, loops: list[float], found: list[int], count: int) -> tuple[Links, list[float]]:
    """The network whose nodes are the communities."""
    made: Links = [{} for _ in range(count)]
    inside = [0.0] * count
    for node, near in enumerate(links):
        here = found[node]
        inside[here] += loops[node]
        for other, weight in near.items():
            there = found[other]
            if here == there:
                inside[here] += weight / 2
            else:
                made[here][there] = made[here].get(there, 0.0) + weight
    return made, inside


def _numbered(community: list[int]) -> list[int]:
    numbers: dict[int, int] = {}
    return [numbers.setdefault(one, len(numbers)) for one in community]
