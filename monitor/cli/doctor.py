"""`monitor doctor`: what is wrong here, and what to do about it."""

import dataclasses
import json
import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

import click

from monitor.cli.opened import opened, run
from monitor.config import Config, load
from monitor.crawl.platforms import platforms as all_platforms
from monitor.crawl.probe import Probed
from monitor.doctor import live as live_checks
from monitor.doctor.configuration import configuration
from monitor.doctor.contact import contact
from monitor.doctor.credentials import credentials
from monitor.doctor.database import database
from monitor.doctor.finding import Finding
from monitor.doctor.installation import installation
from monitor.errors import ConfigurationError, MonitorError, UsageError

_NO_DATABASE = "Correct what that names: MONGODB_URI (or mongo.uri in monitor.yaml), or MONITOR_MONGOD for the private MongoDB."
_CORRECT_FIRST = "Correct the configuration first."
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--live", is_flag=True, help="Ask each platform that needs no credentials for one page, for real.")
@click.option(
    "--probe",
    "changes",
    multiple=True,
    metavar="PLATFORM:NAME=VALUE",
    help="What --live asks a platform with, such as mastodon:instance=example.org; repeat for more.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def doctor(live: bool, changes: Sequence[str], as_json: bool) -> None:
    """Look at installation, configuration, MongoDB, disk, clock, credentials and sources, and say what to do where something is wrong.

    Exit code: 0 nothing fails (there may be warnings), 1 something does.
    """
    if changes and not live:
        raise UsageError("--probe says what --live asks: give both.")
    asked, config = _changes(changes), _readable()
    findings = [*installation(), configuration(os.environ)]
    if config is None:  # what the environment says alone; its database may be another, so it is not touched
        findings.append(Finding(check="MongoDB", state="warn", says="not looked at: the file may name it.", fix=_CORRECT_FIRST))
        config = load(_without_file())
    else:
        findings += run(_database(config))
    findings.append(contact(config))
    findings += [credentials(platform(), config) for platform in all_platforms().values()]
    probed = list[Probed]()
    if live:
        click.echo(f"Asking {', '.join(_open_platforms())} ...", err=True)
        probed = live_checks.ask(_open_platforms(), asked)
    findings += [live_checks.finding(each) for each in probed]
    fails = any(finding.state == "fail" for finding in findings)
    if as_json:
        click.echo(json.dumps(_told(findings, probed, ok=not fails), ensure_ascii=False))
    else:
        _show(findings)
    sys.exit(1 if fails else 0)


def _readable() -> Config | None:
    """The configuration; None where there is a file that cannot be used."""
    try:
        return load()
    except ConfigurationError:
        load(_without_file())  # what is wrong in the environment itself is refused
        return None


def _without_file() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name != "MONITOR_CONFIG"}


async def _database(config: Config) -> list[Finding]:
    try:
        async with opened(config) as store:
            return await database(store, private=config.mongodb_uri is None)
    except MonitorError as error:
        return [Finding(check="MongoDB", state="fail", says=str(error), fix=_NO_DATABASE)]


def _open_platforms() -> list[str]:
    """Those that show something to everybody."""
    return [name for name, platform in all_platforms().items() if platform.probe]


def _changes(texts: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    changes: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for text in texts:
        platform, colon, pair = text.partition(":")
        name, equals, value = pair.partition("=")
        if not (colon and equals and name):
            raise UsageError(f"--probe {text}: write it as PLATFORM:NAME=VALUE, such as mastodon:instance=example.org.")
        if platform not in _open_platforms():
            raise UsageError(f"--probe {text}: {platform} cannot be probed. There are: {', '.join(_open_platforms())}.")
        changes[platform][name] = value
    return changes


def _told(findings: Sequence[Finding], probed: Sequence[Probed], *, ok: bool) -> dict[str, object]:
    return {
        "ok": ok,
        "checks": [dataclasses.asdict(finding) for finding in findings],
        "live": [dataclasses.asdict(each) for each in probed],
    }


def _show(findings: Sequence[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        state = click.style(f"{finding.state:<4}", fg=_COLOURS[finding.state])
        click.echo(f"{state}  {finding.check:<{width}}  {finding.says}")
        if finding.fix:
            click.echo(f"{'':{width + 8}}{finding.fix}")
