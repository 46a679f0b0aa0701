"""`--follow`: round after round, silent where nothing was done, and patient while the store is away."""

import asyncio
from collections.abc import Sequence

import pytest

from monitor.cli.follow import POLL_S, follow
from monitor.errors import RetryLater, SchemaError, StoreUnavailableError


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between rounds, which nobody waits for."""
    told: list[float] = []

    async def asleep(seconds: float) -> None:
        told.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", asleep)
    return told


async def followed(rounds: Sequence[int | Exception]) -> None:
    """Follow a stage that comes to these tallies or errors, and then ends by an error of its own."""
    left = [*rounds, SchemaError("That is all.")]

    async def work() -> int:
        made = left.pop(0)
        if isinstance(made, Exception):
            raise made
        return made

    with pytest.raises(SchemaError, match="That is all"):
        await follow(work, told=lambda tally: f"{tally} done", nothing=0)
    assert left == []


async def test_rounds__each_that_did_something_is_printed(slept: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    await followed([3, 0, 0, 1])
    assert capsys.readouterr().out.splitlines() == ["3 done", "1 done"]
    assert slept == [POLL_S] * 4


async def test_store_is_away__is_said_on_stderr_and_work_goes_on(
    slept: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    await followed([StoreUnavailableError("MongoDB is away."), 2])
    said = capsys.readouterr()
    assert (said.err, said.out) == ("MongoDB is away.\n", "2 done\n")


@pytest.mark.parametrize(("wait_s", "waited"), [(None, POLL_S), (0.0, POLL_S), (0.5, POLL_S), (30.0, 30.0)])
async def test_store_is_away__told_wait_is_kept_and_never_shorter_than_a_round(
    slept: list[float], wait_s: float | None, waited: float
) -> None:
    await followed([RetryLater("Later.", wait_s=wait_s), 1])
    assert slept == [waited, POLL_S]


async def test_wait_of_an_outage__is_that_of_its_round_alone(slept: list[float]) -> None:
    await followed([RetryLater("Later.", wait_s=9), RetryLater("Later."), 0])
    assert slept == [9, POLL_S, POLL_S]


async def test_any_other_error__ends_it(slept: list[float]) -> None:
    with pytest.raises(ValueError, match="broken"):
        await follow(_broken, told=str, nothing=None)
    assert slept == []


async def _broken() -> None:
    raise ValueError("broken")
