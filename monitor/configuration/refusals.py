"""What pydantic refuses, said as problems with their places: what is wrong, and what was perhaps meant."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from monitor.configuration.problem import Problem
from monitor.configuration.yaml_tree import Keys, Tree

_SAYS = {
    "string_type": "has to be text: put it in quotes",
    "bool_type": "has to be true or false",
    "int_type": "has to be a whole number",
    "list_type": "has to be a list",
    "dict_type": "has to hold settings, each as `name: value`",
    "model_type": "has to hold settings, each as `name: value`",
    "model_attributes_type": "has to hold settings, each as `name: value`",
}


def problems_of(error: ValidationError, model: type[BaseModel], tree: Tree) -> list[Problem]:
    """All that the model refuses in the tree."""
    return [_problem(each, model, tree) for each in error.errors(include_url=False, include_input=False)]


def suggestion(word: str, known: Sequence[str]) -> str:
    """` (did you mean "every"?)`, or nothing where no known word is like it."""
    found = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f' (did you mean "{found[0]}"?)' if found else ""


def _problem(told: Any, model: type[BaseModel], tree: Tree) -> Problem:
    path: Keys = tuple(told["loc"])
    kind: str = told["type"]
    if kind == "extra_forbidden":
        known = names_at(model, path[:-1])
        near = suggestion(str(path[-1]), known) or (f": there are {', '.join(known)}" if known else "")
        return tree.problem(path, f"unknown key{near}", place=tree.keys.get(path))
    if kind == "missing":
        return tree.problem(path, "is missing", place=tree.at(path[:-1]))
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", told["ctx"]["expected"]) or [told["ctx"]["expected"]]
        value = _value(tree, path)
        near = suggestion(value, choices) if isinstance(value, str) else ""
        return tree.problem(path, f"unknown value{near}" if near else f"has to be {_either(choices)}")
    return tree.problem(path, _SAYS.get(kind) or str(told["msg"]))


def _either(choices: Sequence[str]) -> str:
    return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"


def _value(tree: Tree, path: Keys) -> Any:
    value: Any = tree.value
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def names_at(model: type[BaseModel], path: Keys) -> list[str]:
    """The keys that a model knows at a path."""
    schema = model.model_json_schema()
    node: Mapping[str, Any] = schema
    for part in path:
        node = _resolved(node, schema)
        inner = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part)
        node = inner if inner is not None else node.get("additionalProperties") or {}
    return list(_resolved(node, schema).get("properties", {}))


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference leads to; of alternatives the first that is one."""
    for each in (node, *node.get("anyOf", ()), *node.get("allOf", ())):
        if reference := each.get("$ref"):
            found: Mapping[str, Any] = schema["$defs"][reference.rpartition("/")[2]]
            return found
    return node
