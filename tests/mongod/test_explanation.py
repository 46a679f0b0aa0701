"""A log of mongod becomes a sentence that says what to do."""

import signal
from pathlib import Path

import pytest

from monitor.mongod.explanation import Ending, explain, how, last_words

NEWER = (
    '{"t":{"$date":"2026-11-22T08:00:00.000+00:00"},"s":"F","c":"CONTROL","id":20573,"ctx":"initandlisten","msg":"Wrong mongod '
    'version","attr":{"error":"UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion document (ERROR: Location4926900: '
    'Invalid featureCompatibilityVersion document in admin.system.version)"}}'
)
NEWER_FILES = (
    '{"s":"E","c":"WT","id":22435,"msg":"WiredTiger error message","attr":{"error":-31802,"message":{"msg":"Version '
    'incompatibility detected: unsupported WiredTiger file version: this build requires a maximum version of 4"}}}'
)
FULL = (
    '{"s":"F","c":"ASSERT","id":23083,"msg":"Invariant failure","attr":{"expr":"s->checkpoint","error":"UnknownError: 28: No '
    'space left on device"}}'
)
TAKEN = (
    '{"s":"E","c":"CONTROL","id":20568,"msg":"Error setting up listener","attr":{"error":{"code":9001,"codeName":'
    '"SocketException","errmsg":"Address already in use"}}}'
)
LOCKED = (
    '{"s":"E","c":"CONTROL","id":20557,"msg":"DBException in initAndListen, terminating","attr":{"error":"DBPathInUse: Unable '
    'to lock the lock file: /d/mongod.lock (Resource temporarily unavailable). Another mongod instance is already running"}}'
)
DAMAGED = (
    '{"s":"F","c":"STORAGE","id":50944,"msg":"Please read the documentation for starting MongoDB with --repair here: '
    'http://dochub.mongodb.org/core/repair"}'
)
REFUSED = (
    '{"s":"E","c":"CONTROL","id":20557,"msg":"DBException in initAndListen, terminating","attr":{"error":"Location28596: '
    'Unable to determine status of lock file in the data directory /d: boost::filesystem::status: Permission denied"}}'
)
UNKNOWN = '{"s":"F","c":"ASSERT","id":23091,"msg":"Fatal assertion","attr":{"msgid":12345,"message":"the moon was full"}}'
HARMLESS = '{"s":"I","c":"CONTROL","id":1,"msg":"No space left on device was never a problem","attr":{}}'


def ending(*lines: str, code: int = 14, free_bytes: int = 2**40) -> Ending:
    return Ending(
        binary=Path("/bin/mongod"), data=Path("/d"), log=Path("/d.log"), socket=Path("/d.sock"), code=code, lines=lines,
        free_bytes=free_bytes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (NEWER, "written by another version of MongoDB"),
        (NEWER_FILES, "written by another version of MongoDB"),
        (FULL, "no space is left for /d"),
        (TAKEN, "cannot listen at its address, the socket /d.sock"),
        (LOCKED, "Another mongod, which this program did not start, is using /d"),
        (DAMAGED, "finds its data in /d damaged"),
        (REFUSED, "may not use its files in /d"),
        ("Error parsing command line: unrecognised option '--oplogSize'", "/bin/mongod does not know an option"),
    ],
)
def test_a_known_cause_is_told_with_a_way_out_and_the_log(line: str, told: str) -> None:
    sentence = explain(ending(HARMLESS, line, UNKNOWN))
    assert told in sentence
    assert "/d.log" in sentence
    assert any(way in sentence for way in ("MONITOR_HOME", "MONITOR_MONGOD", "Restore"))


def test_the_exit_code_for_data_of_another_version_is_enough() -> None:
    assert "another version of MongoDB" in explain(ending(code=62))


def test_a_full_disk_is_told__when_not_even_the_log_could_be_written() -> None:
    assert "no space is left" in explain(ending('{"t":{"$date":"20', code=1, free_bytes=4096))


def test_an_illegal_instruction_is_told_as_what_the_processor_lacks() -> None:
    sentence = explain(ending(code=-signal.SIGILL))
    assert "this processor" in sentence
    assert "llegal instruction" not in sentence


def test_an_unknown_cause_is_told_with_the_last_words() -> None:
    sentence = explain(ending(HARMLESS, UNKNOWN, code=-signal.SIGABRT))
    assert "ended by SIGABRT instead of serving. It said last: Fatal assertion: the moon was full." in sentence
    assert "/d.log" in sentence


def test_a_loader_that_speaks_no_json_is_quoted() -> None:
    line = "mongod: error while loading shared libraries: libcrypto.so.3: cannot open shared object file"
    assert line in explain(ending(line, code=127))


def test_last_words_are_not_the_addresses_after_an_abort() -> None:
    after = (
        '{"s":"F","msg":"\\n\\n***aborting after fassert() failure\\n\\n"}',
        '{"s":"F","msg":"Got signal: 6 (Aborted).\\n"}',
    )
    assert last_words([UNKNOWN, *after, '{"t":{"$date":"2026-']) == "Fatal assertion: the moon was full"


def test_last_words__of_one_who_said_nothing() -> None:
    assert last_words([HARMLESS]) is None


@pytest.mark.parametrize(("code", "words"), [(14, "with exit code 14"), (-9, "by SIGKILL"), (-99, "by signal 99")])
def test_how(code: int, words: str) -> None:
    assert how(code) == words
