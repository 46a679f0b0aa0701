"""The egg of the installed program: always the same, complete, and able to run without the installed copy."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from monitor.fleet.own_egg import PACKAGES, own_egg


def test_own_egg__made_twice__is_the_same() -> None:
    assert own_egg() == own_egg()


def test_own_egg__has_all_modules_and_data_and_says_what_it_needs() -> None:
    with zipfile.ZipFile(io.BytesIO(own_egg())) as archive:
        names = set(archive.namelist())
        requires = archive.read("EGG-INFO/requires.txt").decode()
        assert archive.read("EGG-INFO/entry_points.txt") == b"[scrapy]\nsettings = monitor.settings\n"
    root = Path(__file__).parents[2]
    modules = {str(path.relative_to(root)) for package in PACKAGES for path in (root / package).rglob("*.py")}
    assert modules <= names
    assert any(name.endswith(".j2") for name in names), "templates belong to it"
    assert not any(name.endswith(".pyc") or "__pycache__" in name for name in names)
    plain = requires.partition("[")[0]
    assert "scrapy>=" in plain
    assert "scikit-learn" not in requires, "extras are for people"
    assert "[:" in requires, "what is needed on some systems alone has a section"


def test_own_egg__first_on_the_path__is_what_runs(tmp_path: Path) -> None:
    egg = tmp_path / "own.egg"
    egg.write_bytes(own_egg())
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import monitor.settings, spiders.mastodon, pipelines.store\n"
        "from monitor.crawl.platforms import platforms\n"
        "assert all(sys.argv[1] in m.__file__ for m in (monitor.settings, spiders.mastodon, pipelines.store))\n"
        "print(len(platforms()))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, str(egg)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(list((Path(__file__).parents[2] / "spiders").glob("[a-z]*.py")))
