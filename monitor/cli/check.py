"""`monitor check`: whether the configuration file can be used, and where it is wrong."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from monitor.config import file_of
from monitor.configuration.checked import Checked
from monitor.configuration.checked import check as checked
from monitor.configuration.known import schema as schema_of_file
from monitor.configuration.problem import ConfigurationFileError, Problem, shown_path
from monitor.errors import UsageError


@click.command()
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--schema", is_flag=True, help="Write the JSON Schema of the file instead, for editors.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def check(file: Path | None, schema: bool, as_json: bool) -> None:
    """Check the configuration FILE, or the one in use, with conf.d and .env beside it. No database is needed.

    Exit code: 0 it can be used, 2 it cannot; every place where it is wrong is shown at once.
    """
    if schema:
        click.echo(json.dumps(schema_of_file(), indent=2, ensure_ascii=False))
        return
    chosen = file_of(os.environ) if file is None else file.absolute()
    if chosen is None:
        raise UsageError("There is no monitor.yaml here, and none of yours elsewhere: monitor init makes one.")
    try:
        found = checked(chosen, os.environ)
    except ConfigurationFileError as error:
        if not as_json:
            count = len(error.problems)
            raise ConfigurationFileErrors(f"{error}\n{count} {'error' if count == 1 else 'errors'}.") from None
        click.echo(json.dumps(_told(chosen, None, error.problems), ensure_ascii=False))
        raise click.exceptions.Exit(2) from None
    if as_json:
        click.echo(json.dumps(_told(chosen, found, ()), ensure_ascii=False))
        return
    warn(found)
    click.echo(summary(found))


class ConfigurationFileErrors(UsageError):
    """The places of a file, and how many they are."""


def warn(found: Checked) -> None:
    """Tell on stderr what of a usable file should be otherwise."""
    for warning in found.warnings:
        click.echo(f"warning: {warning}", err=True)


def summary(found: Checked) -> str:
    """One line on a file without errors."""
    files, topics = len(found.files), len(found.topics)
    more = f" and {files - 1} in conf.d" if files > 1 else ""
    sources = sum(len(each.sources) for each in found.topics)
    watched = f"{topics} topic{'s' * (topics != 1)}, {sources} source{'s' * (sources != 1)}"
    return f"{shown_path(found.file)}{more}: ok, {watched}."


def _told(file: Path, found: Checked | None, problems: Iterable[Problem]) -> dict[str, Any]:
    return {
        "ok": found is not None,
        "file": str(file),
        "files": [str(each) for each in found.files] if found else [],
        "topics": [each.topic.id for each in found.topics] if found else [],
        "errors": [_place(each) for each in problems],
        "warnings": [_place(each) for each in found.warnings] if found else [],
    }


def _place(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {"file": str(place.file), "line": place.line, "column": place.column, "path": problem.path, "says": problem.says}
