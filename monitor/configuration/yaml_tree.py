"""YAML read strictly, with the place of every key and value: what a text means is never guessed.

Only true and false are truth values, so `no` is a language and `on` a word; `12:30` and `2026-01-01` stay text. Keys stand once.
Anchors, tags and several documents are refused, depth and size are limited.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from monitor.configuration.problem import LINE_END, ConfigurationFileError, Place, Problem, problem

LARGEST = 256 * 1024  # bytes of one file; conf.d takes more of them
DEEPEST = 32

Keys = tuple[str | int, ...]

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}")
_TOLD_ONCE = "stands twice"
# What the YAML reader says, and what we say: its own words quote the text, which may be a secret.
_SENTENCES = (
    (r"\\t", "a tab cannot stand here: write blanks"),
    ("mapping values are not allowed", "a second ': ' in one line: put a value that holds one into quotes"),
    ("could not find expected ':'", "a key without ':' after it"),
    ("cannot start any token", "this sign cannot begin a value: put the value into quotes"),
    ("expected <block end>", "this does not fit what stands above: look at how far the lines are indented"),
    ("expected ',' or", "a bracket or ',' is missing"),
    ("while scanning a quoted scalar", "a quote is not closed, or what it holds cannot be read"),
    ("unknown escape character", "there is no such escape: put the value into single quotes"),
    ("block sequence entries are not allowed", "a list cannot begin here: put it on a line of its own"),
    ("special characters are not allowed", "this sign cannot stand in a file of text"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """How a text stands in its file: from `start` to `end`, in quotes (`style` ' or "), as a block (| or >) or plainly."""

    start: int
    end: int
    style: str


@dataclass(slots=True)
class Tree:
    """The value of a file, or of several, and where each part of it stands; `texts` are the files themselves."""

    value: dict[str, Any] = field(default_factory=dict)
    keys: dict[Keys, Place] = field(default_factory=dict)
    values: dict[Keys, Place] = field(default_factory=dict)
    written: dict[Keys, Written] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)

    def at(self, path: Keys) -> Place:
        """Where the value of `path` stands, or the nearest thing around it that is there."""
        while path:
            if place := self.values.get(path) or self.keys.get(path):
                return place
            path = path[:-1]
        return self.values.get((), Place(next(iter(self.texts)), 1, 1))

    def problem(self, path: Keys, says: str, *, place: Place | None = None) -> Problem:
        """A problem of the value of `path`, or of another place in it."""
        where = place or self.at(path)
        return problem(where, says, path=path, text=self.texts[where.file])


def read_file(file: Path) -> Tree:
    """Read one file. Raises ConfigurationFileError for what it holds, OSError where it cannot be read."""
    with file.open("rb") as opened:
        raw = opened.read(LARGEST + 1)
    if len(raw) > LARGEST:
        says = f"the file is larger than {LARGEST // 1024} KiB: divide it into several in conf.d"
        raise ConfigurationFileError([problem(Place(file, 1, 1), says, text="")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        lines = LINE_END.split(raw[: error.start].decode("utf-8"))
        place = Place(file, len(lines), len(lines[-1]) + 1)
        raise ConfigurationFileError([problem(place, "this is no UTF-8: save the file as UTF-8", text="")]) from None
    return read(text, file)


def read(text: str, file: Path) -> Tree:
    """Read a text. Raises ConfigurationFileError with all that is wrong up to where it cannot be read on."""
    tree = Tree(texts={file: text})
    reader = _Reader(tree, file)
    try:
        reader.document()
    except yaml.YAMLError as error:
        reader.problems.append(_of_yaml(error, text, file))
    except _StopError:
        pass
    if reader.problems:
        raise ConfigurationFileError(reader.problems)
    return tree


class _StopError(Exception):
    """What is wrong is on record, and nothing can be read after it."""


class _Reader:
    """Builds the tree of one document from YAML's events."""

    def __init__(self, tree: Tree, file: Path) -> None:
        self._tree, self._file = tree, file
        self._events: Iterator[yaml.Event] = iter(())
        self.problems: list[Problem] = []

    def document(self) -> None:
        self._events = iter(yaml.parse(self._tree.texts[self._file], Loader=yaml.SafeLoader))
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(event, (), "a second document begins: one file holds one")
                self._root(next(self._events))

    def _root(self, event: yaml.Event) -> None:
        value = self._value(event, ())
        if isinstance(value, dict):
            self._tree.value = value
        elif value is not None:
            self._tell(event, (), "the file has to hold settings, each as `name: value`")

    def _value(self, event: yaml.Event, path: Keys) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._stop(
                event, path, "anchors and aliases (& and *) are not used here: put it into quotes, or write it out"
            )
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor is not None:
            self._stop(event, path, "anchors and aliases (& and *) are not used here: put it into quotes, or write it out")
        if getattr(event, "tag", None) is not None:
            self._stop(event, path, "tags (!) are not used here: put it into quotes")
        if len(path) > DEEPEST:
            self._stop(event, path, f"brackets and lists stand inside each other more than {DEEPEST} deep")
        self._tree.values[path] = self._place(event)
        if isinstance(event, yaml.ScalarEvent):
            start, end = _marks(event)
            self._tree.written[path] = Written(start.index, end.index, event.style or "")
            return event.value if event.style else _plain(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path)
        return self._mapping(path)

    def _list(self, path: Keys) -> list[Any]:
        made: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            made.append(self._value(event, (*path, len(made))))
        return made

    def _mapping(self, path: Keys) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                self._stop(event, path, "a key has to be a word")
            assert isinstance(event, yaml.ScalarEvent)
            key: str = event.value
            if key in made:
                says = f"{_TOLD_ONCE}; it is at line {self._tree.keys[*path, key].line} already"
                self._tell(event, (*path, key), says)
                self._skip(next(self._events))
                continue
            self._tree.keys[*path, key] = self._place(event)
            made[key] = self._value(next(self._events), (*path, key))
        return made

    def _skip(self, event: yaml.Event) -> None:
        """Pass by a value that is not kept."""
        depth = isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        while depth:
            event = next(self._events)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)

    def _place(self, event: yaml.Event) -> Place:
        start, end = _marks(event)
        width = end.column - start.column if isinstance(event, yaml.ScalarEvent) and end.line == start.line else 1
        return Place(self._file, start.line + 1, start.column + 1, max(1, width))

    def _tell(self, event: yaml.Event, path: Keys, says: str) -> None:
        place = self._place(event)
        self.problems.append(problem(place, says, path=path, text=self._tree.texts[self._file]))

    def _stop(self, event: yaml.Event, path: Keys, says: str) -> None:
        self._tell(event, path, says)
        raise _StopError


def _marks(event: yaml.Event) -> tuple[Any, Any]:
    assert event.start_mark is not None  # read from a text, all have both
    assert event.end_mark is not None
    return event.start_mark, event.end_mark


def _plain(text: str) -> str | int | float | bool | None:
    """What a text without quotes means."""
    if text in {"true", "false"}:
        return text == "true"
    if text in {"", "~", "null"}:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _of_yaml(error: yaml.YAMLError, text: str, file: Path) -> Problem:
    line, column, said = 0, 0, "special characters are not allowed"
    if isinstance(error, yaml.reader.ReaderError):
        lines = LINE_END.split(text[: error.position])
        line, column = len(lines) - 1, len(lines[-1])
    elif isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line, column, said = (mark.line, mark.column, "") if mark else (0, 0, "")
        said = f"{error.problem} {error.context}"
    says = next((sentence for sign, sentence in _SENTENCES if re.search(sign, said)), "this cannot be read as YAML")
    return problem(Place(file, line + 1, column + 1), says, text=text)
