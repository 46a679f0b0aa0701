"""What an egg needs is read as setuptools writes it, and compared with what is installed."""

from importlib import metadata

from monitor.fleet.requirement import missing, needed

REQUIRES = """scrapy>=2.19
twisted>=26.4

[:sys_platform == "nowhere"]
never-installed>=1

[data]
pyarrow>=18
"""


def test_needed__leaves_extras_out_and_keeps_markers() -> None:
    assert needed(REQUIRES) == ["scrapy>=2.19", "twisted>=26.4", 'never-installed>=1; sys_platform == "nowhere"']


def test_missing__nothing_where_all_is_installed() -> None:
    assert missing(needed(REQUIRES)) == []


def test_missing__names_what_is_absent_too_old_or_cannot_be_read() -> None:
    installed = metadata.version("scrapy")
    assert missing(["scrapy>=99", "no-such-package>=2", "???"]) == [
        f"scrapy>=99 (installed: {installed})",
        "no-such-package>=2 (not installed)",
        "??? (this cannot be understood)",
    ]
