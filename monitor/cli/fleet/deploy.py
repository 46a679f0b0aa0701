"""`monitor fleet deploy`: a version of the project for all nodes, straight into MongoDB."""

import subprocess
import sys
import tempfile
import time
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import click

from monitor.cli.fleet.reached import reached
from monitor.errors import ConfigurationError, UsageError


@click.command()
@click.option("--version", "version", help="Name of the version; without it the project's and the seconds since 1970.")
@click.option(
    "--egg",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An egg that is made already; without it one is made of the project here.",
)
def deploy(version: str | None, egg: Path | None) -> None:
    """Give all nodes a version of the project: the same as scrapyd-deploy, but without a node.

    Jobs that run go on with theirs; those that start use the newest version that is not stopped.
    """
    from monitor.fleet.allowed import PROJECT
    from monitor.fleet.deploy import deploy as deployed

    with tempfile.TemporaryDirectory(prefix="monitor-deploy-") as folder:
        content = (egg or _built(_project(), Path(folder))).read_bytes()
    with reached() as fleet:
        chosen = version or _version(content)
        stored = deployed(content, project=PROJECT, version=chosen, config=fleet.config, eggs=fleet.eggs)
        newest = fleet.eggs.find(PROJECT)
    click.echo(f"Deployed version {stored.version}: {len(stored.spiders)} spiders, {stored.size:,} bytes.")
    if newest is not None and newest.version != stored.version:
        click.echo(f"Version {newest.version} is newer, so jobs go on with that one.", err=True)


def _project() -> Path:
    """The folder of the project that is worked in."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "scrapy.cfg").is_file() and (folder / "setup.py").is_file():
            return folder
    raise UsageError("There is no project here: go to its folder, where scrapy.cfg lies, or name an egg with --egg.")


def _built(project: Path, folder: Path) -> Path:
    """The egg of a project; nothing is left in its folder."""
    (folder / "info").mkdir()
    command = [sys.executable, "setup.py", "-q", "egg_info", "-e", str(folder / "info"), "build", "-b", str(folder / "build")]
    command += ["bdist_egg", "-b", str(folder / "bdist"), "-d", str(folder / "dist")]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    eggs = list((folder / "dist").glob("*.egg"))
    if done.returncode or len(eggs) != 1:
        raise ConfigurationError(f"The egg could not be made: {' / '.join(done.stderr.strip().splitlines()[-3:])}")
    return eggs[0]


def _version(egg: bytes) -> str:
    from io import BytesIO

    try:
        with zipfile.ZipFile(BytesIO(egg)) as archive:
            told = HeaderParser().parsestr(archive.read("EGG-INFO/PKG-INFO").decode("utf-8", "replace"))
    except (zipfile.BadZipFile, KeyError) as error:
        raise UsageError("The egg is not a zip file with EGG-INFO/PKG-INFO in it.") from error
    return f"{told.get('Version', '0').partition('+')[0]}.post{int(time.time())}"
