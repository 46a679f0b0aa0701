"""`monitor searches`: scopes that are kept under a name, for every command that takes a scope."""

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor import clock
from monitor.cli.opened import opened, run
from monitor.cli.scoped import NAME, NAMES, scope_in
from monitor.crawl.exported import moment
from monitor.errors import UsageError
from monitor.store.searches import SavedSearch, Searches


@click.group()
def searches() -> None:
    """Scopes that are kept under a name: wherever a command takes SCOPE, @NAME stands for one."""


@searches.command()
@click.argument("name")
@click.argument("scope_text", metavar="SCOPE")
def save(name: str, scope_text: str) -> None:
    """Keep SCOPE under NAME; one that has the name already is replaced. What is relative in it, such as from=-7d, stays so."""
    saved, before = run(_saved(_name(name), scope_text))
    click.echo(f"@{saved.name} is {saved.scope or 'all posts'}")
    if before is not None and before.scope != saved.scope:
        click.echo(f"It was {before.scope or 'all posts'}", err=True)


@searches.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def list_searches(as_json: bool) -> None:
    """List the saved searches: name and scope."""
    found = run(_listed())
    if as_json:
        click.echo(json.dumps([_told(search) for search in found], ensure_ascii=False))
        return
    if not found:
        click.echo("There are no saved searches yet. Keep one with: monitor searches save NAME SCOPE", err=True)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("scope", no_wrap=True)
    for search in found:
        table.add_row(f"@{search.name}", Text(search.scope or "(all posts)"))
    Console(markup=False, highlight=False, width=1000).print(table)  # a narrow terminal wraps by itself


@searches.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def show(name: str, as_json: bool) -> None:
    """Show one saved search: its scope, and since when it is kept."""
    search = run(_found(_name(name)))
    if as_json:
        click.echo(json.dumps(_told(search), ensure_ascii=False))
        return
    click.echo(f"@{search.name}: {search.scope or 'all posts'}")
    click.echo(f"Saved {search.saved_at:%Y-%m-%d %H:%M} UTC. Its posts: monitor posts @{search.name}")


@searches.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget a saved search; no post is touched."""
    if not run(_removed(_name(name))):
        raise _unknown(_name(name))
    click.echo(f"@{_name(name)} is forgotten")


def _name(typed: str) -> str:
    name = typed.removeprefix("@")
    if not NAME.fullmatch(name):
        raise UsageError(f"This cannot be the name of a saved search. {NAMES}, such as tea-in-berlin.")
    return name


async def _saved(name: str, scope_text: str) -> tuple[SavedSearch, SavedSearch | None]:
    now = clock.now()
    async with opened() as store:
        scope = await scope_in(store, scope_text, now=now)
        search = SavedSearch(name, str(scope), now)
        return search, await Searches(store.database).save(search)


async def _listed() -> list[SavedSearch]:
    async with opened() as store:
        return await Searches(store.database).list_all()


async def _found(name: str) -> SavedSearch:
    async with opened() as store:
        search = await Searches(store.database).find(name)
    if search is None:
        raise _unknown(name)
    return search


async def _removed(name: str) -> bool:
    async with opened() as store:
        return await Searches(store.database).remove(name)


def _unknown(name: str) -> UsageError:
    return UsageError(f"There is no saved search @{name}. All of them: monitor searches list")


def _told(search: SavedSearch) -> dict[str, Any]:
    return {"name": search.name, "scope": search.scope, "saved_at": moment(search.saved_at)}
