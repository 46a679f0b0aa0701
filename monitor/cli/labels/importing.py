"""`monitor labels import`: labels that people gave, from a table or JSON lines; all that is wrong is told at once."""

import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import TextIO

import click

from monitor import clock
from monitor.cli.opened import opened, run
from monitor.errors import UsageError
from monitor.labels.judgement import SENTIMENT, UNNAMED, Judgement, label_set
from monitor.labels.sheet import Row, Sheet, rater_name, read_sheet
from monitor.store.connection import Store
from monitor.store.labels import Imported, Labels

LONGEST_NAME = 120  # of a file, as it is remembered
_PARTIAL = 6  # the exit code for "done, but not all of it"

_Problems = list[tuple[int, str]]


@click.command("import")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option(
    "--set", "set_name", metavar="NAME", default=SENTIMENT, show_default=True, help="Which set of labels they are of."
)
@click.option(
    "--rater", metavar="NAME", default=UNNAMED, show_default=True, help="Who labelled, where no column rater says so."
)
@click.option("--partial", is_flag=True, help="Import what can be imported; without it, all or nothing.")
def import_labels(file: TextIO, set_name: str, rater: str, partial: bool) -> None:
    """Import the labels in FILE: CSV, or JSON lines, with id (or url) and label (or rating); - reads stdin.

    The same file again changes nothing; another label by the same rater takes the place of the one before. Rows without a label are
    skipped. Exit code: 0 all were imported, 6 some with --partial, 2 none, and each line that is in the way is told.
    """
    chosen, rater = label_set(set_name), rater_name(rater)
    text = _text(file)
    sheet = read_sheet(text, label_set=chosen, rater=rater, lines=text.lstrip("\ufeff \r\n\t").startswith("{"))
    problems, imported = run(_imported(sheet, chosen, name=PurePath(file.name).name[:LONGEST_NAME], partial=partial))
    told = [f"{file.name}:{line}: {what}" for line, what in sorted(problems)]
    left = f", {sheet.unlabelled:,} rows without a label" if sheet.unlabelled else ""
    if imported is None:
        what = "nothing was imported. Mend these lines" + (", or import the others with --partial." if not partial else ".")
        raise UsageError("\n".join([*told, f"{len(told)} lines cannot be imported, so {what}"]))
    for line in told:
        click.echo(line, err=True)
    click.echo(f"{chosen}: {imported.new:,} new, {imported.changed:,} changed, {imported.same:,} as before{left}")
    if imported.changed and rater == UNNAMED:
        click.echo("If two people labelled the same posts, import each with --rater NAME: both labels are kept then.", err=True)
    if told:
        sys.exit(_PARTIAL)


def _text(file: TextIO) -> str:
    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name} is no text in UTF-8: save the table as CSV in UTF-8.") from error


async def _imported(sheet: Sheet, name_of_set: str, *, name: str, partial: bool) -> tuple[_Problems, Imported | None]:
    if not sheet.rows and not sheet.problems:
        raise UsageError(f"There is no label in {name}: {sheet.unlabelled:,} rows are not labelled yet.")
    async with opened() as store:
        found, problems = await _posts(store, sheet.rows)
        problems += sheet.problems
        judgements: dict[tuple[str, str], Judgement] = {}
        for row in sheet.rows:
            if row.line in found:
                made = _judgement(row, found[row.line], name_of_set, file=name)
                before = judgements.setdefault((made.rater, made.post), made)
                if (before.label, before.rating) != (made.label, made.rating):
                    problems.append((row.line, "the post is labelled otherwise in another line by the same rater"))
        if problems and (not partial or not judgements):
            return problems, None
        return problems, await Labels(store.database).put(list(judgements.values()))


async def _posts(store: Store, rows: Sequence[Row]) -> tuple[dict[int, str], _Problems]:
    """The id of the stored post of each line, and the lines that name none or more than one."""
    labels = Labels(store.database)
    known = await labels.known({row.names for row in rows})
    at = await labels.at_addresses({row.url for row in rows if row.url is not None and row.url not in known})
    found: dict[int, str] = {}
    problems: _Problems = []
    for row in rows:
        ids = [row.names] if row.names in known else at.get(row.names, []) if row.url is not None else []
        if len(ids) == 1:
            found[row.line] = ids[0]
        elif ids:
            problems.append((row.line, f"{len(ids)} stored posts have the url {_shown(row.names)}: name one by its id"))
        else:
            what = "id" if row.url is None else "url"
            problems.append((row.line, f"no stored post has the {what} {_shown(row.names)}"))
    return found, problems


def _judgement(row: Row, post: str, name_of_set: str, *, file: str) -> Judgement:
    return Judgement(
        post=post,
        label_set=name_of_set,
        rater=row.rater,
        label=row.label,
        rating=row.rating,
        at=clock.now(),
        file=file,
    )


def _shown(name: str) -> str:
    """What a file calls a post, without what would move the cursor or turn the line around."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name[:200])
