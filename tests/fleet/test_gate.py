"""In front of a node's web API: password, cross-site calls, and parameters that become a job's command line."""

import base64
import json
import os
import random
import string
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Secret, load
from monitor.errors import ConfigurationError
from monitor.fleet.local_node import open_node, refuse_open

PASSWORD = "correct-horse-battery-staple"
USERNAME = "operator"
ACCESS = {"MONITOR_NODE_USERNAME": USERNAME, "MONITOR_NODE_PASSWORD": PASSWORD}
CALLS = (
    "daemonstatus.json",
    "listjobs.json?project=monitor",
    "",
    "jobs",
    "logs/",
    "metrics",
    "schedule.json",
    "addversion.json",
    "nothing",
)


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"}


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "10.0.0.1", "192.168.1.5", ""])
def test_node__beyond_loopback_without_a_password__is_refused_and_told_which(bind: str) -> None:
    with pytest.raises(ConfigurationError, match="MONITOR_NODE_PASSWORD"):
        refuse_open(bind, username=None, password=None)
    refuse_open(bind, username="a", password=Secret("b"))


def test_node__with_half_of_the_access__is_refused(tmp_path: Path) -> None:
    given = {"MONGODB_URI": "mongodb://127.0.0.1:1/", "MONITOR_HOME": str(tmp_path)}
    for half in ("MONITOR_NODE_USERNAME", "MONITOR_NODE_PASSWORD"):
        with pytest.raises(ConfigurationError, match="belong together"):
            open_node(load({**given, half: "x"}))


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", "x" * 81, "\n"])
def test_node__names_that_are_refused(name: str, tmp_path: Path) -> None:
    given = {"MONGODB_URI": "mongodb://127.0.0.1:1/", "MONITOR_HOME": str(tmp_path)}
    if name:
        with pytest.raises(ConfigurationError, match="no name of a node"):
            open_node(load(given), name=name)


def test_gate__refuses_wrong_passwords_and_cross_site_calls(fleet: Any) -> None:
    node = fleet.started("guarded", **ACCESS)
    right = basic(USERNAME, PASSWORD)
    wrong = [
        {},
        basic(USERNAME, ""),
        basic("", PASSWORD),
        basic(USERNAME, PASSWORD + " "),
        basic(USERNAME, PASSWORD[:-1]),
        basic(USERNAME.upper(), PASSWORD),
        basic(PASSWORD, USERNAME),
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(USERNAME.encode()).decode()},
        {"Authorization": f"Bearer {PASSWORD}"},
        {"Authorization": right["Authorization"].replace("Basic", "Digest")},
        basic(f"{USERNAME}\0", PASSWORD),
        basic(USERNAME, "ä" * 30),
    ]
    foreign = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": f"{node.address}.evil.example"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "CROSS-SITE"},
        {"Sec-Fetch-Site": "cross-site", "Origin": node.address},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ]
    told = [(path, headers, 401, node.call(path, headers=headers)) for headers in wrong for path in CALLS[:3]]
    told += [(path, headers, 403, node.call(path, headers=right | headers)) for headers in foreign for path in CALLS]
    told += [
        (path, headers, 403, node.call(path, {"project": "monitor"}, headers=right | headers))
        for headers in foreign
        for path in CALLS
    ]
    told += [
        (path, {}, 405, node.call(path, headers=right, method=method))
        for method in ("OPTIONS", "PUT", "DELETE")
        for path in CALLS
    ]
    passed = [(path, headers, reply.status) for path, headers, due, reply in told if reply.status != due]
    print(f"\n{len(wrong)} wrong passwords and {len(foreign)} cross-site headers: {len(told)} calls, not refused {len(passed)}")
    assert passed == []
    assert len(told) >= 30
    assert not any(name.lower().startswith("access-control") for *_, reply in told for name in reply.headers)
    assert node.call("daemonstatus.json", headers=right).told["status"] == "ok"
    assert node.call("jobs", headers=right | {"Origin": node.address, "Sec-Fetch-Site": "same-origin"}).status == 200
    assert PASSWORD not in node.said()
    assert PASSWORD not in Path(f"/proc/{node.process.pid}/cmdline").read_text(encoding="utf-8")
    assert PASSWORD not in str(list(fleet.database["nodes"].find()))


def test_gate__without_a_password__answers_to_this_machine_alone(fleet: Any) -> None:
    """A name elsewhere that leads to 127.0.0.1 makes a browser call it as if it were that page's own."""
    node = fleet.started("local")
    port = node.address.rpartition(":")[2]
    statuses = {
        host: node.call("jobs", headers={"Host": host}).status for host in ("evil.example", f"evil.example:{port}", "[", "")
    }
    assert set(statuses.values()) <= {400, 403}, statuses
    assert node.call("jobs", headers={"Host": f"localhost:{port}"}).status == 200


def test_scrapyd_deploy__signs_in_by_netrc__and_every_client_works(fleet: Any) -> None:
    node = fleet.started("guarded", **ACCESS)
    assert json.loads(fleet.deploy(node, "1.10", netrc=(USERNAME, PASSWORD)))["spiders"] == 10
    right = basic(USERNAME, PASSWORD)
    assert node.call("listversions.json?project=monitor", headers=right).told["versions"] == ["1.10"]
    assert PASSWORD not in (fleet.tree / "scrapy.cfg").read_text(encoding="utf-8")


def test_schedule__30_fuzzed_parameters__only_listed_ones_become_a_command_line(fleet: Any, egg: Path) -> None:
    """No node runs jobs here: what a job's command line would be is read from the job, and made by the launcher's own function."""
    from monitor.fleet.launcher import crawl_arguments
    from monitor.fleet.poller import message
    from monitor.store.jobs import job_of

    node = fleet.started("fuzzed", max_proc=1)
    assert node.upload(egg.read_bytes(), version="1").status == 200
    fleet.monitor("fleet", "drain", "fuzzed")
    fleet.wait(lambda: fleet.database["nodes"].find_one()["draining"], or_say=node.said)
    seed = random.randrange(2**31)
    rng = random.Random(seed)
    refused, accepted = 0, 0
    for number, (pairs, due) in enumerate(fuzzed(rng)):
        reply = node.call("schedule.json", [("project", "monitor"), ("spider", "mastodon"), ("jobid", f"j{number}"), *pairs])
        stored = fleet.database["jobs"].find_one({"_id": f"j{number}"})
        if due is None:
            assert (reply.status, stored) == (400, None), (pairs, reply)
            refused += 1
        else:
            assert reply.status == 200, (pairs, reply)
            argv = crawl_arguments(message(job_of(stored)), Path("/log"))
            assert argv == ["mastodon", *due[0], "-s", "LOG_FILE=/log", *due[1], "-a", f"_job=j{number}"], pairs
            accepted += 1
    print(
        f"\nseed {seed}: {refused} parameters refused with no job made, {accepted} accepted with the command line as expected"
    )
    assert refused >= 30
    assert accepted >= 10
    assert fleet.database["jobs"].count_documents({}) == accepted


def fuzzed(rng: random.Random) -> list[tuple[list[tuple[str, str]], tuple[list[str], list[str]] | None]]:
    """Parameters, and what they have to become: settings and arguments of the command line; None: refused."""
    noise = "".join(rng.choices(string.printable.strip(), k=12))
    bad_settings = [
        "ITEM_PIPELINES={}", "LOG_FILE=/etc/passwd", 'EXTENSIONS={"os.system": 1}', "SPIDER_MODULES=os", 'FEEDS={"/x": {}}',
        "JOBDIR=/x", "COMMANDS_MODULE=os", "REMOTE_CONTROL_ENABLED=1", "TELNETCONSOLE_ENABLED=1", "DOWNLOAD_HANDLERS={}",
        "LOG_LEVEL=INFO -s X=1", "LOG_LEVEL", "=", noise, f"LOG_LEVEL={noise}", "MONITOR_PACE_S=-1", "MONITOR_PACE_S=0x10",
        "USER_AGENT=x", "MONITOR_PACE_S=1\n-s", "MONGODB_URI=mongodb://evil/", "DOWNLOAD_VERIFY_CERTIFICATES=0",
    ]  # fmt: skip
    bad_arguments = [
        ("settings", "x"), ("_settings", "x"), ("nodes", "1"), ("name", "x"), ("$where", "1"), ("_project", "x"), ("_spider", "x"),
        ("custom_settings", "{}"), ("__class__", "x"), ("-s", "x"), ("tag\n", "x"),
        ("tag", "a\nb"), ("tag", "a\x00b"), ("tag", "x" * 5000),
        (f"x{rng.randrange(10**6)}", "1"), ("MONGODB_URI", "x"), ("priority", "nan"), ("priority", "1e400"), ("_version", "../../x"),
        ("_version", "9.9"),
    ]  # fmt: skip
    word = "".join(rng.choices(string.ascii_letters + " -=$;|&'\"<>{}%é漢", k=20))
    good: list[tuple[list[tuple[str, str]], tuple[list[str], list[str]]]] = [
        ([("tag", value)], ([], ["-a", f"tag={value}"]))
        for value in ("python", "-s", "--help", "$(id)", "; rm -rf /", "a=b=c", "' OR 1", word, '{"$ne": 1}', "ÄÖ", "../../x")
    ]
    good.append(
        (
            [("setting", "LOG_LEVEL=DEBUG"), ("setting", "MONITOR_PACE_S=0.5")],
            (["-s", "LOG_LEVEL=DEBUG", "-s", "MONITOR_PACE_S=0.5"], []),
        )
    )
    refused: list[tuple[list[tuple[str, str]], None]] = [([("setting", value)], None) for value in bad_settings]
    refused += [([pair], None) for pair in bad_arguments]
    twice = [
        [("tag", "a"), ("tag", "b")],
        [("jobid", "again")],
        [("spider", "mastodon")],
    ]  # two of them stand in each call already
    refused += [(pairs, None) for pairs in twice]
    cases = [*good, *refused]
    rng.shuffle(cases)
    return cases


def test_size__a_body_beyond_an_egg__is_refused_before_it_is_read(fleet: Any) -> None:
    node = fleet.started("bounded")
    try:
        status = node.call("addversion.json", os.urandom(1024) * 1024 * 13, timeout_s=30).status
    except OSError:
        status = 0  # the connection was closed while it was sent
    assert status in {0, 400}
    assert node.answers()
