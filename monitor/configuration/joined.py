"""Several files as one: settings are put together, topics follow each other, and nothing may be said twice."""

from collections.abc import Sequence
from typing import Any

from monitor.configuration.problem import ConfigurationFileError, Place, Problem
from monitor.configuration.yaml_tree import Keys, Tree

LISTS = frozenset({("topics",)})  # their parts come from all files
SAME = frozenset({("version",)})  # may be said again, alike


def joined(trees: Sequence[Tree]) -> Tree:
    """One tree of all files, in their order. Raises ConfigurationFileError for each key that stands in two of them."""
    whole = Tree()
    problems: list[Problem] = []
    for tree in trees:
        whole.texts |= tree.texts
        whole.values.setdefault((), tree.values.get((), Place(next(iter(tree.texts)), 1, 1)))
        problems += _add(whole, tree, whole.value, tree.value, ())
    if problems:
        raise ConfigurationFileError(problems)
    return whole


def _add(whole: Tree, tree: Tree, into: dict[str, Any], told: dict[str, Any], path: Keys) -> list[Problem]:
    problems: list[Problem] = []
    for key, value in told.items():
        here = (*path, key)
        there = into.get(key)
        if there is None:
            into[key] = value
            _take(whole, tree, here)
        elif isinstance(there, dict) and isinstance(value, dict):
            problems += _add(whole, tree, there, value, here)
        elif isinstance(there, list) and isinstance(value, list) and here in LISTS:
            for number, each in enumerate(value):
                _take(whole, tree, (*here, number), to=(*here, len(there)))
                there.append(each)
        elif value is not None and not (here in SAME and there == value):
            says = f"is set at {whole.keys[here]} already: take one of them out"
            problems.append(whole.problem(here, says, place=tree.keys[here]))
    return problems


def _take(whole: Tree, tree: Tree, path: Keys, *, to: Keys | None = None) -> None:
    """The places of a part and of all in it."""
    wanted = path if to is None else to
    for mine, theirs in ((whole.keys, tree.keys), (whole.values, tree.values)):
        mine |= {(*wanted, *each[len(path) :]): place for each, place in theirs.items() if each[: len(path)] == path}
    whole.written |= {
        (*wanted, *each[len(path) :]): written for each, written in tree.written.items() if each[: len(path)] == path
    }
