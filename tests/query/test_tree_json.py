"""A query's tree as plain values: everything that was asked, and nothing that was not."""

import json

from monitor.query.parse import parse_search
from monitor.query.tree_json import tree_json


def test_every_kind_of_node() -> None:
    tree = tree_json(parse_search('("green tea"~2 OR #tea OR cof*) AND NOT lang:de AND milk NEAR/3f sugar AND @ann').tree)
    assert json.loads(json.dumps(tree)) == tree
    assert tree == {
        "and": [
            {
                "or": [
                    {"term": {"kind": "phrase", "text": "green tea", "within": 2}},
                    {"term": {"kind": "tag", "text": "tea"}},
                    {"term": {"kind": "word", "text": "cof", "prefix": True}},
                ]
            },
            {"not": {"field": {"name": "lang", "value": "de"}}},
            {
                "near": {
                    "left": {"term": {"kind": "word", "text": "milk"}},
                    "right": {"term": {"kind": "word", "text": "sugar"}},
                    "words": 3,
                    "ordered": True,
                }
            },
            {"term": {"kind": "handle", "text": "ann"}},
        ]
    }


def test_queries_that_differ__have_trees_that_differ() -> None:
    texts = ["tea", "=Tea", "te*", '"tea milk"', '"tea milk"~1', "#tea", "title:tea", "tea OR milk", "tea AND milk", "NOT tea"]
    assert len({json.dumps(tree_json(parse_search(text).tree)) for text in texts}) == len(texts)
