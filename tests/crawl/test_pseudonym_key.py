"""Where the key of the pseudonyms comes from."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.config import load
from monitor.crawl.pseudonym_key import FILE, pseudonyms
from monitor.errors import ConfigurationError

GIVEN = "given-" + "k" * 40


def test_without_one_a_file_is_made_that_nobody_else_may_read__and_used_again(tmp_path: Path) -> None:
    config = load({"MONITOR_HOME": str(tmp_path / "home")})
    first = pseudonyms(config)
    path = tmp_path / "home" / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert pseudonyms(config).check == first.check
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_begin_at_once_get_the_same(tmp_path: Path) -> None:
    config = load({"MONITOR_HOME": str(tmp_path)})
    with ThreadPoolExecutor(8) as pool:
        assert len({made.check for made in pool.map(lambda _: pseudonyms(config), range(16))}) == 1


def test_the_environment_comes_first__as_the_key_or_a_file_of_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{GIVEN}\n", encoding="utf-8")
    told = [
        pseudonyms(load({"MONITOR_HOME": str(tmp_path), **more}))
        for more in ({"MONITOR_PSEUDONYM_KEY": GIVEN}, {"MONITOR_PSEUDONYM_KEY_FILE": str(file)})
    ]
    assert told[0].check == told[1].check
    assert not (tmp_path / FILE).exists()


def test_a_short_key_one_that_others_may_read_and_a_folder_that_cannot_be_made_are_refused_without_quoting_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigurationError, match="fewer than 32") as short:
        pseudonyms(load({"MONITOR_PSEUDONYM_KEY": "hunter2"}))
    assert "hunter2" not in str(short.value)
    path = tmp_path / FILE
    path.write_text(GIVEN, encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        pseudonyms(load({"MONITOR_HOME": str(tmp_path)}))
    with pytest.raises(ConfigurationError, match="MONITOR_PSEUDONYM_KEY_FILE"):
        pseudonyms(load({"MONITOR_HOME": str(path / "below")}))
