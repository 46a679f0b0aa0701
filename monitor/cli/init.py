"""`monitor init`: a folder with everything to begin with."""

from pathlib import Path

import click

from monitor.configuration.problem import shown_path
from monitor.configuration.template import NAMES, files
from monitor.errors import UsageError


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write monitor.yaml, its schema for editors, .env.example and scrapy.cfg into DIR, or here. No file is written over."""
    there = [name for name in NAMES if (folder / name).exists()]
    if there:
        raise UsageError(f"Nothing was written, since {', '.join(str(folder / name) for name in there)} is there already.")
    try:
        made = files()
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
            click.echo(shown_path((folder / name).absolute()))
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror}.") from error
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    click.echo(
        f"Next: write down who you are and what to watch in {folder / 'monitor.yaml'}, then: {where}monitor check && monitor collect",
        err=True,
    )
