"""`monitor methods`: a paragraph for a methods section, which can be cited and made again."""

import json
import re
from dataclasses import replace

import click

from monitor import clock
from monitor.cli.measured import measured
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.plain import plain
from monitor.cli.posts import NOTHING_FOUND
from monitor.cli.scoped import scope_of
from monitor.errors import UsageError
from monitor.methods.gathering import Methods, frozen, read_methods
from monitor.methods.paragraph import json_of, paragraph
from monitor.scope import Scope
from monitor.store.connection import Store
from monitor.store.coverage_then import CoverageThen

_HASH = re.compile(r"[0-9a-f]{8,64}")
OTHER_SELECTION = 1  # the exit code where --hash does not fit


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--hash", "expected", metavar="SHA256", help="Check that the selection still has this hash; exit code 1 if not.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--fail-empty", is_flag=True, help="Exit code 3 when there is no such post.")
def methods(scope_text: str, expected: str | None, *, as_json: bool, fail_empty: bool) -> None:
    """Say in a paragraph how the posts of SCOPE were selected, collected, counted and measured.

    It ends with a command by which anybody with this database makes the very same text again, whatever was collected meanwhile, and
    with a hash of the selection.
    """
    wanted = None if expected is None else _hash(expected)
    now = clock.now()
    found, reading = run(_read(scope_of(scope_text, now=now)))
    click.echo(json.dumps(json_of(found), ensure_ascii=False) if as_json else plain(paragraph(found)))
    if reading and "as_of=" not in scope_text:
        click.echo("Sources are being read: what they bring now is not all stored yet. Ask again when that is done.", err=True)
    _tell_changes(found)
    if wanted is not None and not found.selection.sha256.startswith(wanted):
        click.echo("The selection has another hash than the one given: other posts, or other revisions of them.", err=True)
        raise click.exceptions.Exit(OTHER_SELECTION)
    if fail_empty and not found.selection.posts:
        raise click.exceptions.Exit(NOTHING_FOUND)


async def _read(scope: Scope) -> tuple[Methods, bool]:
    async with opened() as store:
        await say_if_simulated(store)
        reading = await CoverageThen(store.database).being_read()
        return await methods_of(store, scope), reading


async def methods_of(store: Store, scope: Scope) -> Methods:
    """The methods of a scope, with how good its scorers are."""
    still, as_of = frozen(scope, clock.now())
    found = await read_methods(store, still, as_of)
    return replace(found, measured=await measured(store, found.selection.scorers, then=as_of))


def _tell_changes(found: Methods) -> None:
    changed, unsure = found.selection.changed, found.selection.unsure
    if changed or unsure:
        more = f", perhaps {unsure:,} more, whose platforms do not say when" if unsure else ""
        click.echo(f"{changed:,} posts of this selection were edited or deleted since {found.scope.as_of}{more}.", err=True)


def _hash(text: str) -> str:
    typed = text.strip().lower()
    if _HASH.fullmatch(typed) is None:
        raise UsageError(
            f"{text[:80]!r} is no hash of a selection: give the 64 hexadecimal digits of its paragraph, or the first 8."
        )
    return typed
