"""The platforms asked for real: a `scrapy probe` process each, all at once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from monitor.crawl.probe import Probed, State
from monitor.doctor.finding import Finding

# Three tries of 15 s each, with pauses, and the start of the process.
LONGEST_S = 75.0

_FIXES: Mapping[State, str] = {
    "changed": "Upgrade this program. Where there is no newer version, report it with this line.",
    "refused": "Read the reason; where it is a failing or busy server, try again later.",
    "failed": "Run it once more; `scrapy probe` with the platform's name shows more.",
    "unreachable": "Check this machine's network, DNS, proxy and firewall; else the platform is down.",
}


def ask(platforms: Sequence[str], changes: Mapping[str, Mapping[str, str]]) -> list[Probed]:
    """Probe each of `platforms`, with the spider arguments that `changes` has for it; the results in the same order."""
    until = time.monotonic() + LONGEST_S
    probes = [(name, _start(name, changes.get(name, {}))) for name in platforms]
    try:
        return [_result(name, process, timeout_s=until - time.monotonic()) for name, process in probes]
    finally:
        for _, process in probes:
            process.kill()
            process.communicate()


def finding(probed: Probed) -> Finding:
    """The result as a line of the report; its first word is the state."""
    if probed.reason is None:
        return Finding(check=f"{probed.platform} live", state="ok", says=f"works: {probed.posts} posts were read.")
    return Finding(
        check=f"{probed.platform} live", state="fail", says=f"{probed.state}: {probed.reason}", fix=_FIXES[probed.state]
    )


def _start(platform: str, arguments: Mapping[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "scrapy", "probe", platform, "-s", "LOG_LEVEL=ERROR"]
    for name, value in arguments.items():
        command += ["-a", f"{name}={value}"]
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "monitor.settings"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _result(platform: str, process: subprocess.Popen[str], *, timeout_s: float) -> Probed:
    try:
        told, complaint = process.communicate(timeout=max(timeout_s, 0))
    except subprocess.TimeoutExpired:
        return Probed(platform=platform, state="unreachable", reason=f"{platform} gave no answer within {LONGEST_S:.0f} s.")
    try:
        fields = json.loads(told)
    except ValueError:
        last = complaint.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        return Probed(platform=platform, state="failed", reason=f"The probe ended without a result: {last[0]}")
    return Probed(**{**fields, "fields": tuple(fields["fields"])})
