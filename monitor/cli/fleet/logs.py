"""`monitor fleet logs`: the end of a job's log, from whichever node it ran on."""

import click

from monitor.cli.fleet.reached import reached
from monitor.errors import UsageError
from monitor.fleet.allowed import PROJECT
from monitor.fleet.look import tail


@click.command()
@click.argument("job_id", metavar="JOB")
def logs(job_id: str) -> None:
    """Print the end of a job's log: 64 KiB, kept in MongoDB when the job ends. Of a job that runs, on its node alone."""
    with reached() as fleet:
        job = fleet.jobs.find(job_id)
        if job is None:
            raise UsageError(f"There is no job {job_id}. List them with: monitor fleet jobs")
        kept = fleet.jobs.log_tail(job_id)
    if kept is None and job.node is not None:
        kept = tail(fleet.config.home / "fleet" / job.node / "logs" / PROJECT / job.spider / f"{job_id}.log") or None
    if kept is None:
        where = f"it runs on {job.node}, where its log lies" if job.state == "leased" else f"it is {job.state}"
        raise UsageError(f"There is no log of {job_id} here: {where}.")
    click.echo(kept, nl=False)
