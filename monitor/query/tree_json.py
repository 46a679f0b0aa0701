"""A query's tree as plain values, for files that say exactly what was asked: {"and": [...]}, {"not": ...}, {"term": {...}}. Pure."""

from dataclasses import asdict
from typing import Any

from monitor.query.tree import And, Field, Near, Not, Or, Tree


def tree_json(tree: Tree) -> dict[str, Any]:
    """The tree as JSON can hold it. Of a term only what was asked is told: its kind, its text, and what is not as usual."""
    if isinstance(tree, And):
        return {"and": [tree_json(part) for part in tree.parts]}
    if isinstance(tree, Or):
        return {"or": [tree_json(part) for part in tree.parts]}
    if isinstance(tree, Not):
        return {"not": tree_json(tree.part)}
    if isinstance(tree, Near):
        return {
            "near": {"left": tree_json(tree.left), "right": tree_json(tree.right), "words": tree.words, "ordered": tree.ordered}
        }
    if isinstance(tree, Field):
        return {"field": {"name": tree.name, "value": tree.value}}
    told = asdict(tree)
    return {"term": {name: value for name, value in told.items() if name in {"kind", "text"} or value}}
