"""What became of a job, in words: the reason that a crawl gave where it says more than its exit code, and what to do about it."""

from typing import Any

import pytest

from monitor.crawl.commands.crawl import CREDENTIALS, FAILURE, INTERRUPTED, PARTIAL, RATE_LIMITED, USAGE
from monitor.fleet.plain import advice, outcome
from monitor.store.jobs import Job


def job(state: str = "finished", **more: Any) -> Job:
    return Job(id="j1", project="monitor", spider="mastodon", state=state, **more)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (job("pending"), "waits"),
        (job("pending", requeued=2), "waits again, 2 times given back or lost"),
        (job("leased"), "runs"),
        (job("leased", cancel_requested=True), "is being cancelled"),
        (job("cancelled", exit_code=130, reason="shutdown"), "cancelled"),
        (job("dead", reason="lost 5 times"), "given up: lost 5 times"),
    ],
)
def test_outcome__of_a_job_that_did_not_come_to_its_end(found: Job, says: str) -> None:
    assert outcome(found) == says


@pytest.mark.parametrize(
    ("code", "reason", "says"),
    [
        (0, "finished", "done"),
        (None, None, "done"),
        (FAILURE, "finished", "failed"),
        (USAGE, None, "refused its arguments or its configuration"),
        (CREDENTIALS, "finished", "credentials are missing or refused"),
        (RATE_LIMITED, "finished", "the platform's rate limit or quota is used up"),
        (PARTIAL, "finished", "some sources failed, the others are done"),
        (INTERRUPTED, "shutdown", "told to end before it was done"),
        (FAILURE, "lease_lost", "ended itself, since another node had taken the job"),
        (FAILURE, "memusage_exceeded", "used too much memory"),
        (PARTIAL, "memusage_exceeded", "used too much memory"),
        (-9, "memusage_exceeded", "killed by signal 9"),
        (-15, None, "killed by signal 15"),
        (77, None, "ended with code 77"),
    ],
)
def test_outcome__of_a_job_that_ended(code: int | None, reason: str | None, says: str) -> None:
    assert outcome(job(exit_code=code, reason=reason)) == says


@pytest.mark.parametrize(
    ("found", "does"),
    [
        (job(exit_code=FAILURE), "monitor fleet logs j1"),
        (job(exit_code=CREDENTIALS), "Look at the credentials of mastodon: monitor doctor"),
        (job(exit_code=PARTIAL), "monitor sources --platform mastodon"),
        (job(exit_code=FAILURE, reason="memusage_exceeded"), "lower MONITOR_WALKS"),
        (job(exit_code=-9), "perhaps the machine had no memory left"),
        (job("dead", reason="lost 5 times"), "monitor fleet logs j1"),
    ],
)
def test_advice__names_the_command_with_the_job_or_its_platform(found: Job, does: str) -> None:
    assert does in advice(found)
    assert "{" not in advice(found)


@pytest.mark.parametrize(
    "found", [job("pending"), job("leased"), job("cancelled", exit_code=-9), job(exit_code=0, reason="finished")]
)
def test_advice__nothing_is_wrong__says_nothing(found: Job) -> None:
    assert advice(found) == ""


@pytest.mark.parametrize("code", [FAILURE, USAGE, CREDENTIALS, RATE_LIMITED, PARTIAL, INTERRUPTED, 77, -9])
def test_advice__whatever_went_wrong__says_something(code: int) -> None:
    assert advice(job(exit_code=code))
