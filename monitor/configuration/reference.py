"""`${NAME}` and `${NAME:?message}` in settings: what the environment says, put in their place. `$${` is a plain `${`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.configuration.problem import Problem
from monitor.configuration.yaml_tree import Keys, Tree

_SIGN = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::\?(.*))?", re.DOTALL)
# Queries and words to redact mean what they say.
_PLAIN = "topics"


def resolve(tree: Tree, environment: Mapping[str, str]) -> tuple[frozenset[Keys], list[Problem]]:
    """Put the environment's values into the tree; the paths that had some to take, and what cannot be.

    A name that is not set is empty, and a value that becomes empty by that is as good as not given.
    """
    resolved: set[Keys] = set()
    problems: list[Problem] = []
    for path, holder, key, text in list(_texts(tree.value, ())):
        if "${" not in text:
            continue
        says = list(filter(None, (_wrong(found, environment) for found in _SIGN.finditer(text))))
        problems += [tree.problem(path, each) for each in says]
        if not says:
            value = _SIGN.sub(lambda found: _value(found, environment), text)
            holder[key] = value or ("" if isinstance(holder, list) else None)
            if _SIGN.sub(lambda found: "" if found[1] is not None else found[0], text) != text:
                resolved.add(path)
    return frozenset(resolved), problems


def _texts(value: Any, path: Keys) -> Iterator[tuple[Keys, Any, Any, str]]:
    """Every text outside of topics, with the mapping or list that holds it."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in parts:
        here = (*path, key)
        if here == (_PLAIN,):
            continue
        if isinstance(each, str):
            yield here, value, key, each
        elif isinstance(each, dict | list):
            yield from _texts(each, here)


def _wrong(found: re.Match[str], environment: Mapping[str, str]) -> str | None:
    if found[1] is None:
        return None
    name = _NAME.fullmatch(found[1])
    if name is None or not found[0].endswith("}"):
        return "write ${NAME} or ${NAME:?what to do where NAME is not set}"
    if name[2] is not None and not environment.get(name[1]):
        return f"{name[1]} is not set in the environment: {name[2] or 'set it'}"
    return None


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found[1] is None:
        return "${"
    name = _NAME.fullmatch(found[1])
    assert name is not None  # looked at before
    return environment.get(name[1], "")
