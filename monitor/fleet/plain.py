"""What became of a job, in plain words: why it ended, and what to do. Pure."""

from monitor.store.jobs import Job

_BY_REASON = {
    "finished": ("done", ""),
    "shutdown": ("told to end before it was done", "Nothing to do: what is due is read by the next job."),
    "lease_lost": (
        "ended itself, since another node had taken the job",
        "If it happens often, see whether MongoDB answers slowly.",
    ),
    "cancelled": ("cancelled", ""),
    "memusage_exceeded": ("used too much memory", "See its log; lower MONITOR_WALKS."),
}
# Their exit codes tell no more than that something failed.
_SAY_MORE_THAN_THE_CODE = frozenset({"lease_lost", "memusage_exceeded"})
_BY_CODE = {
    0: ("done", ""),
    1: ("failed", "Its log says why: monitor fleet logs {id}"),
    2: ("refused its arguments or its configuration", "Its log says which: monitor fleet logs {id}"),
    4: ("credentials are missing or refused", "Look at the credentials of {spider}: monitor doctor"),
    5: ("the platform's rate limit or quota is used up", "It goes on by itself when the platform allows."),
    6: ("some sources failed, the others are done", "See which: monitor sources --platform {spider}"),
    130: ("told to end before it was done", "Nothing to do: what is due is read by the next job."),
}


def outcome(job: Job) -> str:
    """How a job stands or ended, in a few words."""
    if job.state == "pending":
        return "waits" if not job.requeued else f"waits again, {job.requeued} times given back or lost"
    if job.state == "leased":
        return "is being cancelled" if job.cancel_requested else "runs"
    if job.state == "dead":
        return f"given up: {job.reason}"
    if job.state == "cancelled":
        return "cancelled"
    return _ended(job)[0]


def advice(job: Job) -> str:
    """What to do about it; empty where there is nothing."""
    if job.state == "dead":
        return f"Read the logs of its nodes, mend the cause, and schedule it anew; the last log: monitor fleet logs {job.id}"
    return _ended(job)[1].format(id=job.id, spider=job.spider) if job.state == "finished" else ""


def _ended(job: Job) -> tuple[str, str]:
    code = job.exit_code
    if code is not None and code < 0:
        return (
            f"killed by signal {-code}",
            "Its log may say more: monitor fleet logs {id}; perhaps the machine had no memory left.",
        )
    if job.reason in _BY_REASON and (code in {0, None} or job.reason in _SAY_MORE_THAN_THE_CODE):
        return _BY_REASON[job.reason]
    return _BY_CODE.get(code or 0, (f"ended with code {code}", "Its log says why: monitor fleet logs {id}"))
