"""The packages stay above the versions whose known holes concern us, as installed and as declared."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]

FLOORS = {
    # Code execution by a response's Referrer-Policy (GHSA-cwxj-rr6w-m6w7, 2.14.2), brotli and deflate bombs
    # (CVE-2025-6176, 2.13.4), signed requests sent in plain text (CVE-2026-84366, 2.17.0).
    "scrapy": "2.17.0",
    # Hang in decompressing DNS names (CVE-2026-42304); pipelined answers out of order (CVE-2024-41671, 24.7.0).
    "twisted": "26.4.0",
    # Out-of-bounds read in the C decoder of BSON (CVE-2026-88029).
    "pymongo": "4.18.1",
    # Path traversal by project and job names, scripts in its pages.
    "scrapyd": "1.5",
    # Scrapy's guard against decompression bombs needs its limited output.
    "brotli": "1.2.0",
}
# The scores of another version are other scores; ours name the version they come from.
SCORED_WITH = {"vadersentiment": "3.3.2"}


def declared() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    return {Requirement(line).name.lower(): Requirement(line) for line in lines}


@pytest.mark.parametrize("package", FLOORS)
def test_installed_version_is_above_the_known_holes(package: str) -> None:
    assert Version(version(package)) >= Version(FLOORS[package])


@pytest.mark.parametrize("package", FLOORS)
def test_declared_floor_is_above_the_known_holes(package: str) -> None:
    floors = [Version(part.version) for part in declared()[package].specifier if part.operator in {">=", "==", "~="}]
    assert floors, f"pyproject.toml states no floor for {package}"
    assert max(floors) >= Version(FLOORS[package])


@pytest.mark.parametrize("package", SCORED_WITH)
def test_scoring_package_is_the_one_the_scores_are_named_for(package: str) -> None:
    assert version(package) == SCORED_WITH[package]


def test_every_dependency_is_installed_in_a_declared_version() -> None:
    wrong = [
        f"{name} {version(name)} is not {requirement.specifier}"
        for name, requirement in declared().items()
        if name != "social-monitor" and (not requirement.marker or requirement.marker.evaluate())
        if version(name) not in requirement.specifier
    ]
    assert wrong == []
