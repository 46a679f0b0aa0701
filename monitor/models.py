"""Trained models on disk: `models` in the home folder, two files for each, `NAME.NUMBER.json` and `NAME.NUMBER.evaluation.json`.

Both are JSON that is checked as it is read; nothing in them can be run. A file is never written again: training makes the next
number, and the highest is the one in use. The model appears last, so that where it is its evaluation is too.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import msgspec

from monitor.errors import ConfigurationError, UsageError
from monitor.labels.held_out import HeldOut, read_held_out, written_held_out
from monitor.labels.model import Model, Trained, read_model, written
from monitor.sentiment.scorer import Scorer, names

NAME_HELP = "use a to z, digits and -, at most 40 characters, such as mood-de"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FILE = re.compile(r"([a-z0-9][a-z0-9-]{0,39})\.([1-9][0-9]{0,8})\.json")
_LARGEST = 64 * 1024 * 1024  # bytes; a model of 60,000 terms and ten labels has 15 million


class Models:
    """The folder `models` below `home`, which need not exist."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "models"

    def newest(self) -> dict[str, int]:
        """The number in use of each name, by name."""
        found: dict[str, int] = {}
        for name, number in self._files():
            found[name] = max(number, found.get(name, 0))
        return dict(sorted(found.items()))

    def model(self, name: str) -> Model:
        """The model in use. Raises UsageError where there is none, ConfigurationError for a file that was damaged."""
        path, content = self._read(name, ".json")
        try:
            model = read_model(content)
        except UsageError as error:
            raise _damaged(path, str(error)) from error
        if (model.name, model.number) != (name, self.newest()[name]):
            raise _damaged(path, "it holds another model than its name says")
        if model.version != self.held_out(name).version:
            raise _damaged(path, "it is not the model that was evaluated")
        return model

    def held_out(self, name: str, number: int | None = None) -> HeldOut:
        """The evaluation of the model in use, or of an earlier one. Raises as `model` does."""
        path, content = self._read(name, ".evaluation.json", number)
        try:
            return read_held_out(content)
        except UsageError as error:
            raise _damaged(path, str(error)) from error

    def scorers(self) -> Mapping[str, Callable[[], Scorer]]:
        """What makes the scorer of each model; one that is not of sentiment raises UsageError, as damaged ones raise theirs."""
        return {name: partial(self._scorer, name) for name in self.newest()}

    def add(self, model: Model, evaluation: Callable[[Model], HeldOut]) -> tuple[Model, HeldOut, Path]:
        """Store a model under the next number; `evaluation` is asked for what to say of it. Raises ConfigurationError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = self.newest().get(model.name, 0)
            while True:
                number += 1
                numbered = msgspec.structs.replace(model, number=number)
                told = evaluation(numbered)
                path = self.folder / f"{model.name}.{number}.json"
                if self._place(path.with_suffix(".evaluation.json"), written_held_out(told)):
                    self._place(path, written(numbered))
                    return numbered, told, path
        except OSError as error:
            raise ConfigurationError(f"The model cannot be stored in {self.folder}: {error.strerror}.") from error

    def _scorer(self, name: str) -> Scorer:
        model = self.model(name)
        if not self.held_out(name).of_sentiment:
            raise UsageError(
                f"The model {name} gives the labels {', '.join(model.labels)}, which are no sentiment. What it says of posts: "
                f"monitor labels predict SCOPE --model {name}"
            )
        return Trained(model)

    def _files(self) -> Iterator[tuple[str, int]]:
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if found := _FILE.fullmatch(path.name):
                    yield found[1], int(found[2])

    def _read(self, name: str, ending: str, number: int | None = None) -> tuple[Path, bytes]:
        number = number or self.newest().get(name)
        if number is None:
            there = ", ".join(self.newest()) or "none"
            raise UsageError(f"There is no trained model {name[:50]!r}; there are: {there}. To make one: monitor labels train")
        path = self.folder / f"{name}.{number}{ending}"
        try:
            if path.stat().st_size > _LARGEST:
                raise _damaged(path, "it is larger than any model")
            return path, path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error

    def _place(self, path: Path, content: bytes) -> bool:
        """Make the file as a whole; False where there is one of that name."""
        part = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as file:  # it holds words of posts
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(part, path)
        except FileExistsError:
            return False
        finally:
            part.unlink(missing_ok=True)
        return True


def model_name(name: str) -> str:
    """A name for a model. Raises UsageError for one that cannot be, or that a scorer has."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"{name[:50]!r} is no name of a model: {NAME_HELP}.")
    if name in names():
        raise UsageError(f"There is a scorer {name} that was installed: name the model otherwise with --name.")
    return name


def _damaged(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{path} cannot be used: {why}. Remove it, or train the model anew: monitor labels train")
