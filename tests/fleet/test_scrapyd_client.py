"""`scrapyd-client`, the other command of the package that brings scrapyd-deploy, against a node: all that it can do."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.simulator.comparison import compare
from monitor.simulator.people import LOCAL_HOST
from monitor.simulator.process import log_of

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
PLATFORMS = sorted(path.stem for path in (ROOT / "spiders").glob("*.py") if path.stem != "__init__")
USERNAME, PASSWORD = "operator", "s3cret-canary-of-this-test"
ACCESS = {"MONITOR_NODE_USERNAME": USERNAME, "MONITOR_NODE_PASSWORD": PASSWORD}
# As `scrapy startproject` writes addresses, and as people do.
SLASHES = {"default": "/", "bare": ""}


@dataclass(frozen=True)
class Operator:
    """A person with the project's folder and a home folder."""

    tree: Path
    home: Path
    node: Any

    def runs(self, *arguments: str | Path, code: int = 0) -> str:
        """Run `scrapyd-client`; returns what it prints."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "MONITOR_CONFIG": os.devnull}
        command = [BIN / "scrapyd-client", *arguments]
        done = subprocess.run(command, cwd=self.tree, env=env, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == code, said + self.node.said()
        assert PASSWORD not in said
        return said

    def writes_netrc(self, password: str) -> None:
        path = self.home / ".netrc"
        path.write_text(f"machine 127.0.0.1\nlogin {USERNAME}\npassword {password}\n", encoding="utf-8")
        path.chmod(0o600)


@pytest.fixture
def operator(fleet: Any) -> Callable[..., Operator]:
    """Start a node and be its operator, with both ways to write its address as targets."""

    def begin(**environment: str) -> Operator:
        node = fleet.started("alone", **environment)
        targets = {name: f"url = {node.address}{slash}\nproject = monitor\n" for name, slash in SLASHES.items()}
        sections = [f"[deploy]\n{targets['default']}", f"[deploy:bare]\n{targets['bare']}"]
        (fleet.tree / "scrapy.cfg").write_text("\n".join(["[settings]\ndefault = monitor.settings\n", *sections]))
        home = fleet.folder / "operator"
        home.mkdir()
        return Operator(fleet.tree, home, node)

    return begin


def test_client__of_a_node__deploys_lists_and_schedules_what_then_runs(
    fleet: Any, operator: Callable[..., Operator], simulate: Callable[..., Mapping[str, Any]]
) -> None:
    one, addresses = operator(), simulate("--posts", "800")
    assert f'"spiders": {len(PLATFORMS)}' in one.runs("deploy", "-v", "1.0")
    assert dict(line.split() for line in one.runs("targets").splitlines()) == {
        name: f"{one.node.address}{slash}" for name, slash in SLASHES.items()
    }
    for target in SLASHES:
        assert one.runs("projects", "-t", target) == "monitor\n"
        assert one.runs("spiders", "-t", target, "-p", "mon*").split() == ["monitor:", *PLATFORMS]
    assert one.runs("spiders", "-p", "monitor", "-v").splitlines() == [f"monitor {name}" for name in PLATFORMS]
    given = {"tag": "python", "instance": LOCAL_HOST, "base_url": addresses["mastodon"], "setting": "MONITOR_PACE_S=0"}
    arguments = [part for name, value in given.items() for part in ("--arg", f"{name}={value}")]
    said = one.runs("schedule", "-p", "monitor", "masto*", *arguments)
    shown, _, job = said.strip().partition(" => ")
    assert shown == "monitor / mastodon"
    fleet.wait(lambda: fleet.job(job)["state"] == "finished", or_say=one.node.said)
    ended, compared = fleet.job(job), compare(log_of(addresses)["posts"], fleet.posts())
    print(
        f"\nscrapyd-client: {len(PLATFORMS)} spiders listed by {len(SLASHES)} ways to write the address; its job was shown "
        f"{compared.shown} posts and stored {compared.stored}"
    )
    assert (ended["exit_code"], ended["ran"]) == (0, "1.0")
    assert compared.exact, compared.examples
    assert compared.stored > 10


def test_client__is_refused__tells_the_nodes_sentence_and_fails(operator: Callable[..., Operator], egg: Path) -> None:
    one = operator()
    assert one.runs("projects") == ""
    one.runs("deploy", "-v", "1.0", "--egg", egg)
    said = one.runs("schedule", "-p", "monitor", "mastodon", "--arg", "setting=SPIDER_MODULES=evil", code=1)
    assert "Scrapyd responded with an error:" in said
    assert "The setting 'SPIDER_MODULES' is not allowed." in said
    assert "The spider argument 'nonsense' is not allowed." in one.runs(
        "schedule", "-p", "monitor", "mastodon", "--arg", "nonsense=1", code=1
    )


def test_client__of_a_node_with_a_password__finds_it_in_netrc(fleet: Any, operator: Callable[..., Operator], egg: Path) -> None:
    one = operator(**ACCESS)
    refused = "The user name or the password is wrong, or missing."
    for password in (None, "wrong"):
        if password is not None:
            one.writes_netrc(password)
        for target in SLASHES:
            assert refused in one.runs("projects", "-t", target, code=1)
        assert refused in one.runs("deploy", "-v", "1.0", "--egg", egg, code=1)
    one.writes_netrc(PASSWORD)
    one.runs("deploy", "bare", "-v", "1.0", "--egg", egg)
    assert one.runs("projects") == "monitor\n"
    assert one.runs("spiders", "-t", "bare", "-p", "monitor").split() == ["monitor:", *PLATFORMS]
    job = one.runs("schedule", "-p", "monitor", "mastodon", "--arg", "shift=1s").strip().partition(" => ")[2]
    fleet.wait(lambda: fleet.job(job)["state"] == "finished", or_say=one.node.said)
    assert fleet.job(job)["exit_code"] == 0
    assert PASSWORD not in one.node.said()
