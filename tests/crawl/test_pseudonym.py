"""Pseudonyms: the same for the same in every process, another with another key, and no two kinds alike."""

import os
import subprocess
import sys

from monitor.crawl.pseudonym import Pseudonyms, is_sealed

KEY = b"k" * 32
MADE = Pseudonyms(KEY)
PROGRAM = """
from monitor.crawl.pseudonym import Pseudonyms
made = Pseudonyms(b"k" * 32)
print(made.author("mastodon", "https://a.example/users/ann"), made.handle("mastodon", "@Ann@a.example"), made.post("https://a.example/1"))
"""


def test_another_process_makes_the_same() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    here = MADE.author("mastodon", "https://a.example/users/ann"), MADE.handle("mastodon", "ann@a.example")
    assert told == {f"{here[0]} {here[1]} {MADE.post('https://a.example/1')}\n"}


def test_another_key_makes_others__and_its_check_tells_it() -> None:
    other = Pseudonyms(b"l" * 32)
    assert other.author("x", "ann") != MADE.author("x", "ann")
    assert other.check != MADE.check == Pseudonyms(KEY).check


def test_kinds_and_platforms_have_rooms_of_their_own() -> None:
    told = [
        MADE.author("x", "ann"),
        MADE.author("y", "ann"),
        MADE.native("x", "ann"),
        MADE.post("ann"),
        MADE.handle("x", "ann"),
    ]
    ends = [each.removeprefix("private:").removeprefix("user-")[:16] for each in told]
    assert len(set(ends)) == len(ends)


def test_a_handle_with_a_host_is_one_on_all_platforms__one_without_is_not() -> None:
    assert MADE.handle("mastodon", "@Ann@a.example") == MADE.handle("lemmy", "ann@a.example")
    assert MADE.handle("mastodon", "ann") != MADE.handle("lemmy", "ann")


def test_a_sealed_id_is_sealed_once() -> None:
    assert is_sealed(MADE.post("x:1"))
    assert MADE.post(MADE.post("x:1")) == MADE.post("x:1")


def test_nothing_shows_the_key() -> None:
    assert "k" * 4 not in repr(MADE) + str(MADE)
