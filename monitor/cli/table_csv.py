"""Rows of figures as CSV on stdout: RFC 4180, UTF-8, and no cell that a spreadsheet which cuts at commas would run as a formula."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from monitor.crawl.exporters import cell
from monitor.text.cell import csv_line


def echo_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a heading and the rows; what a row lacks is empty."""
    lines = [csv_line(columns), *(csv_line([cell(row.get(column)) for column in columns]) for row in rows)]
    click.echo("".join(lines).encode(), nl=False)
