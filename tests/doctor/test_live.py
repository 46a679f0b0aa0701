"""Probes of many platforms at once: one that fails does not hide the others."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from monitor.crawl.probe import Probed
from monitor.doctor import live

SAYS = {
    "hackernews": """print('{"platform": "hackernews", "state": "works", "posts": 3, "fields": [], "reason": null}')""",
    "mastodon": "raise SystemExit('no room left')",
    "lemmy": "import os; os.kill(os.getpid(), 9)",
    "devto": "import time; time.sleep(600)",
}


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of `scrapy probe PLATFORM`, what `SAYS` has for it."""
    real = subprocess.Popen

    def start(command: list[str], **given: object) -> object:
        return real([sys.executable, "-c", SAYS[command[4]]], **given)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", start)


def test_ask__probes_that_work_die_and_hang__each_is_told_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still at the start and while the first three are awaited, however slow they start; then all of it is over."""
    moments = iter([0.0] * 4 + [live.LONGEST_S])
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    works, complains, dies, hangs = live.ask(["hackernews", "mastodon", "lemmy", "devto"], {})
    assert works == Probed(platform="hackernews", state="works", posts=3)
    assert (complains.state, complains.reason) == ("failed", "The probe ended without a result: no room left")
    assert (dies.state, dies.reason) == ("failed", "The probe ended without a result: exit code -9")
    assert (hangs.platform, hangs.state, hangs.reason) == ("devto", "unreachable", "devto gave no answer within 75 s.")


@pytest.mark.parametrize("state", ["changed", "refused", "unreachable", "failed"])
def test_finding__anything_but_works__fails_and_says_what_to_do(state: str) -> None:
    found = live.finding(Probed(platform="lemmy", state=state, reason="because"))  # type: ignore[arg-type]
    assert (found.check, found.state, found.says) == ("lemmy live", "fail", f"{state}: because")
    assert found.fix
