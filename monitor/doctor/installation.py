"""Python and the packages against the versions that this program states it needs, whose floors stand above known holes."""

import sys
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, metadata, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from monitor.doctor.finding import Finding

PROJECT = "social-monitor"


def installation() -> list[Finding]:
    """Look at this process's own environment."""
    try:
        stated = metadata(PROJECT)
    except PackageNotFoundError:
        return [
            Finding(
                check="packages",
                state="warn",
                says="This copy was never installed, so nobody says which versions of packages it needs.",
                fix="Install it: pip install -e .",
            )
        ]
    running = ".".join(str(part) for part in sys.version_info[:3])
    extras = ("", *(stated.get_all("Provides-Extra") or ()))
    needed = [Requirement(line) for line in stated.get_all("Requires-Dist") or ()]
    return [
        python(running, needed=SpecifierSet(stated["Requires-Python"] or "")),
        packages(needed, extras=extras, installed=installed),
    ]


def python(running: str, *, needed: SpecifierSet) -> Finding:
    """The interpreter."""
    if running in needed:
        return Finding(check="Python", state="ok", says=f"{running}; needed is {needed}.")
    return Finding(
        check="Python",
        state="fail",
        says=f"{running} runs this program, which needs {needed}.",
        fix="Make the environment anew with a newer Python: make PYTHON=python3.12 test",
    )


def packages(needed: Iterable[Requirement], *, extras: Iterable[str], installed: Callable[[str], str | None]) -> Finding:
    """All packages in one finding. Those of extras count where they are installed."""
    wrong, looked_at = list[Requirement](), 0
    choices = list(extras)
    for requirement in needed:
        found = installed(requirement.name)
        plain = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        optional = not plain and any(requirement.marker.evaluate({"extra": extra}) for extra in choices if requirement.marker)
        if requirement.name == PROJECT or not (plain or (optional and found)):
            continue
        looked_at += 1
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            wrong.append(requirement)
    if not wrong:
        return Finding(check="packages", state="ok", says=f"{looked_at} packages, each in a version that is new enough.")
    told = ", ".join(f"{each.name} {installed(each.name) or 'is missing'}" for each in wrong)
    command = " ".join(f"'{each.name}{each.specifier}'" for each in wrong)
    return Finding(check="packages", state="fail", says=f"Not what is needed: {told}.", fix=f"pip install {command}")


def installed(name: str) -> str | None:
    """The version of a package, None where it is missing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
