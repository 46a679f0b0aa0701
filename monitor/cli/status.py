"""`monitor status`: what runs, what waits, how each source does, why topics are silent, and what to do."""

import asyncio
import json
from dataclasses import asdict
from typing import Any

import click

from monitor.cli.follow import stoppable
from monitor.cli.opened import opened, run, say_if_simulated
from monitor.cli.status_text import lines
from monitor.errors import StoreUnavailableError, UsageError
from monitor.fleet.advice import advice
from monitor.fleet.silence import silences
from monitor.store.connection import Store
from monitor.store.fleet_view import FleetView, FleetViews

WATCH_S = 2.0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
@click.option("--all", "every", is_flag=True, help="Show every source, not only those that do not do well.")
def status(as_json: bool, watch: bool, every: bool) -> None:
    """Show what runs, what is queued, how fresh sources are, which topics are silent and why, and what to do about it."""
    if watch and as_json:
        raise UsageError("Give either --json or --watch: a program asks again by itself.")
    run(_watch(every=every) if watch else _once(as_json=as_json, every=every))


async def _once(*, as_json: bool, every: bool) -> None:
    async with opened() as store:
        await say_if_simulated(store)
        view = await FleetViews(store.database).read()
        if as_json:
            click.echo(json.dumps(told(view), ensure_ascii=False))
        else:
            for line in lines(view, every=every):
                click.echo(line)


async def _watch(*, every: bool) -> None:
    async with opened() as store:
        await say_if_simulated(store)
        async with stoppable():
            while True:
                shown = await _shown(store, every=every)
                click.clear()
                click.echo(shown)
                await asyncio.sleep(WATCH_S)


async def _shown(store: Store, *, every: bool) -> str:
    try:
        return "\n".join(lines(await FleetViews(store.database).read(), every=every))
    except StoreUnavailableError as error:
        return str(error)


def told(view: FleetView) -> dict[str, Any]:
    """The same as one JSON value."""
    return {
        "now": f"{view.now:%Y-%m-%d %H:%M:%SZ}",
        "nodes": [{**asdict(node), "state": node.state} for node in view.nodes],
        "processes": [
            {
                "role": process.role,
                "host": process.host,
                "pid": process.pid,
                "version": process.version,
                "started_at": f"{process.started_at:%Y-%m-%d %H:%M:%SZ}",
                "silent_s": round(process.silent_s, 1),
                "alive": process.alive,
            }
            for process in view.processes
        ],
        "crawls": view.crawls,
        "jobs": {state: int(count) for (state,), count in sorted(view.jobs_by_state().items())},
        "pending_s": view.pending_s,
        "versions": view.versions(),
        "eggs": [{"version": egg.version, "stopped": egg.stopped} for egg in view.eggs],
        "sources": [asdict(source) for source in view.sources],
        "silent_topics": [asdict(silence) for silence in silences(view)],
        "advice": [asdict(each) for each in advice(view)],
    }
