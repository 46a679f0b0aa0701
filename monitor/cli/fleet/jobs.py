"""`monitor fleet jobs`: what waits, what runs where, and how the last ones ended."""

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from monitor.cli.fleet.reached import reached
from monitor.fleet.allowed import PROJECT
from monitor.fleet.plain import advice, outcome
from monitor.store.jobs import Job


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many of those that ended.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
def jobs(limit: int, as_json: bool) -> None:
    """List jobs that wait, run, and ended lately, with why they ended and what to do."""
    with reached() as fleet:
        found = [*fleet.jobs.running(), *fleet.jobs.waiting(PROJECT), *fleet.jobs.ended(limit=limit)]
        posts = fleet.jobs.posts_of([job.run for job in found if job.run is not None])
    if as_json:
        click.echo(json.dumps([told(job, posts) for job in found]))
        return
    table = Table("Job", "Platform", "Version", "Node", "Tries", "Posts", "How it stands", box=None)
    for job in found:
        words = " ".join(part for part in (outcome(job), advice(job)) if part)
        new = posts.get(job.run or "", "")
        table.add_row(job.id, job.spider, job.ran or job.version or "", job.node or "", str(job.attempts), str(new), words)
    Console().print(table)


def told(job: Job, posts: dict[str, int]) -> dict[str, Any]:
    """A job as JSON."""
    return {
        "id": job.id,
        "spider": job.spider,
        "state": job.state,
        "version": job.ran or job.version,
        "arguments": dict(job.args),
        "settings": dict(job.settings),
        "node": job.node,
        "attempts": job.attempts,
        "requeued": job.requeued,
        "created_at": job.created_at.isoformat() if job.created_at else None,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "exit_code": job.exit_code,
        "reason": job.reason,
        "posts": posts.get(job.run or ""),
        "outcome": outcome(job),
        "advice": advice(job),
    }
