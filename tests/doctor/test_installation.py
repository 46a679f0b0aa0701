"""Python and packages against what is needed."""

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from monitor.doctor.installation import installation, packages, python

NEEDED = [
    Requirement("scrapy>=2.19"),
    Requirement("fiftyone-db>=1.1; sys_platform == 'nowhere'"),
    Requirement("scrapyd>=1.6; extra == 'fleet'"),
    Requirement("social-monitor[fleet]; extra == 'dev'"),
]


def test_this_environment__is_in_order() -> None:
    assert [(finding.check, finding.state) for finding in installation()] == [("Python", "ok"), ("packages", "ok")]


@pytest.mark.parametrize(("running", "state"), [("3.11.0", "ok"), ("3.14.1", "ok"), ("3.10.9", "fail")])
def test_python(running: str, state: str) -> None:
    assert python(running, needed=SpecifierSet(">=3.11")).state == state


@pytest.mark.parametrize(
    ("there", "fix"),
    [
        ({"scrapy": "2.19.0"}, None),
        ({"scrapy": "2.20.0", "scrapyd": "1.6.0"}, None),
        ({"scrapy": "2.18.0"}, "pip install 'scrapy>=2.19'"),
        ({}, "pip install 'scrapy>=2.19'"),
        ({"scrapy": "2.19.0", "scrapyd": "1.4"}, "pip install 'scrapyd>=1.6'"),
    ],
)
def test_packages__of_other_systems_and_absent_extras__are_left_out(there: dict[str, str], fix: str | None) -> None:
    found = packages(NEEDED, extras=("", "fleet", "dev"), installed=there.get)
    assert (found.state, found.fix) == ("fail" if fix else "ok", fix)
