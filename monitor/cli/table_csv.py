"""Rows of figures as CSV on stdout: RFC 4180, UTF-8, and no cell that a spreadsheet would run as a formula."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from monitor.crawl.exporters import cell


def echo_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a heading and the rows; what a row lacks is empty."""
    lines = io.StringIO(newline="")
    written = csv.writer(lines)
    written.writerow(columns)
    for row in rows:
        written.writerow([cell(row.get(column)) for column in columns])
    click.echo(lines.getvalue().encode(), nl=False)
