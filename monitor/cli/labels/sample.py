"""`monitor labels sample`: a table of posts drawn at random, for people to label."""

import os
from contextlib import suppress
from pathlib import Path

import click

from monitor import clock
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.scoped import scope_of
from monitor.errors import UsageError
from monitor.labels.sample import Sample, drawn
from monitor.labels.sheet import sheet_of
from monitor.scope import Scope
from monitor.store.search import Search

SIZE = 200
MOST = 20_000  # more than people label, and the memory that they need is small


@click.command()
@click.argument("scope_text", metavar="[SCOPE]", default="")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The table to make, as CSV.")
@click.option("--size", type=click.IntRange(1, MOST), default=SIZE, show_default=True, help="How many posts.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another number draws other posts.")
def sample(scope_text: str, out: Path, size: int, seed: int) -> None:
    """Draw posts of SCOPE at random and write them as a table to label: id, url, text, and an empty column label.

    Each post has the same chance; the same posts and seed give the same table. No score is in it, so that nobody is led by one.
    Deleted posts and those without words are left out. A file that exists is not replaced, since it may hold labels.
    """
    if out.exists():
        raise UsageError(f"{out} exists, and may hold labels: name another file with --out, or move it away.")
    scope = scope_of(scope_text, now=clock.now())
    made = run(_drawn(scope, size=size, seed=seed))
    posts = made.posts
    if not posts:
        raise UsageError(
            f"No stored post with words is in the scope {str(scope) or 'of all posts'}: there is nothing to label."
        )
    _write(out, sheet_of(posts))
    few = f" (there are no more than {len(posts):,})" if len(posts) < size else ""
    click.echo(f"{len(posts):,} of {made.seen:,} posts in {out}, by seed {seed}{few}", err=True)
    click.echo(f"Fill in the column label, then: monitor labels import {out} --rater NAME", err=True)


async def _drawn(scope: Scope, *, size: int, seed: int) -> Sample:
    async with opened() as store:
        await say_if_simulated(store)
        found = Search(store.database).posts(scope.asks(clock.now()), stored_by=scope.stored_by())
        return await drawn(found, size=size, seed=seed)


def _write(out: Path, table: str) -> None:
    """The file appears as a whole, and takes the place of none that came meanwhile."""
    part = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        part.write_text(table, encoding="utf-8", newline="")
        os.link(part, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}. Name another with --out.") from error
    finally:
        with suppress(OSError):
            part.unlink()
