"""`monitor fleet status`: the fleet on one screen."""

import json
from typing import Any

import click

from monitor.cli.fleet.nodes import word
from monitor.cli.fleet.reached import Fleet, reached
from monitor.fleet.allowed import PROJECT
from monitor.fleet.plain import advice, outcome


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def status(as_json: bool) -> None:
    """Tell how the fleet does: nodes, versions, the queue, and jobs that ended badly."""
    with reached() as fleet:
        found = _status(fleet)
    if as_json:
        click.echo(json.dumps(found))
        return
    for line in _lines(found):
        click.echo(line)


def _status(fleet: Fleet) -> dict[str, Any]:
    nodes, counts, newest = fleet.nodes.list_all(), fleet.jobs.counts(), fleet.eggs.find(PROJECT)
    lease_s = fleet.config.job_lease_s
    bad = [job for job in fleet.jobs.ended(limit=50) if job.state == "dead" or (job.state == "finished" and job.exit_code)]
    return {
        "nodes": [
            {
                "name": each.name,
                "state": word(each, lease_s),
                "running": each.running,
                "max_proc": each.max_proc,
                "seen_s": each.age_s,
            }
            for each in nodes
        ],
        "programs": sorted({each.version for each in nodes if each.age_s <= lease_s}),
        "version": newest.version if newest else None,
        "versions": [{"version": egg.version, "stopped": egg.stopped} for egg in fleet.eggs.list_all(PROJECT)],
        "jobs": {state: counts.get(state, 0) for state in ("pending", "leased", "finished", "cancelled", "dead")},
        "bad": [{"job": job.id, "spider": job.spider, "outcome": outcome(job), "advice": advice(job)} for job in bad[:10]],
    }


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [
        f"Version: {found['version']}"
        if found["version"]
        else "Nothing is deployed yet: scrapyd-deploy, or monitor fleet deploy"
    ]
    lines += [f"Stopped version {each['version']}: {each['stopped']}" for each in found["versions"] if each["stopped"]]
    lines += [f"Node {each['name']}: {each['state']}, {each['running']} of {each['max_proc']} jobs" for each in found["nodes"]]
    if not found["nodes"]:
        lines.append("No node runs: start one with: monitor fleet node")
    if len(found["programs"]) > 1:
        lines.append(f"Nodes run different versions of the program: {', '.join(found['programs'])}.")
    lines.append("Jobs: " + ", ".join(f"{count} {state}" for state, count in found["jobs"].items()))
    lines += [f"{each['spider']} {each['job']}: {each['outcome']}. {each['advice']}" for each in found["bad"]]
    return lines
