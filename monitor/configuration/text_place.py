"""Where in its file a character of a text stands, however the text is written: in quotes, as a block, over several lines."""

from monitor.configuration.problem import LINE_END, Place
from monitor.configuration.yaml_tree import Keys, Tree, Written

_BLOCK = frozenset({"|", ">"})


def place_in(tree: Tree, path: Keys, offset: int) -> Place:
    """The place of the character at `offset` of the text at `path`; one behind the last character counts as being there.

    All characters but blanks stand in the file in the order of the text, so they are counted. Escapes in double quotes, which stand
    for other characters, count as the one that follows the backslash.
    """
    value, written, around = _text(tree, path), tree.written[path], tree.values[path]
    source = tree.texts[around.file]
    wanted = sum(not sign.isspace() for sign in value[:offset])
    behind = offset >= len(value.rstrip())
    found = list(_solid(source, written))
    if not found:
        return around
    at = found[min(wanted, len(found) - 1)] if not behind else found[-1] + 1
    lines = LINE_END.split(source[:at])
    return Place(around.file, len(lines), len(lines[-1]) + 1)


def _text(tree: Tree, path: Keys) -> str:
    value = tree.value
    for part in path:
        value = value[part]  # type: ignore[index]  # lists and mappings, as the path says
    return str(value)


def _solid(source: str, written: Written) -> list[int]:
    """Where the characters of the text that are no blanks stand in the file."""
    start, end = written.start, written.end
    if written.style in _BLOCK:
        line_end = LINE_END.search(source, start)
        start = line_end.end() if line_end else end
    elif written.style:
        start, end = start + 1, end - 1
    found, at = list[int](), start
    while at < end:
        # A backslash, and the first of two single quotes, are no character of the text.
        at += (written.style == '"' and source[at] == "\\") or (written.style == "'" and source[at : at + 2] == "''")
        if at < end and not source[at].isspace():
            found.append(at)
        at += 1
    return found
