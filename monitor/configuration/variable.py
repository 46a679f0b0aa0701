"""How settings of platforms are called in the environment: `platforms.mastodon.token` is MASTODON_TOKEN, and
`platforms.mastodon.tokens` has MASTODON_TOKEN__EXAMPLE_ORG for the server example.org."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.config import expanded

NO_VARIABLE = frozenset({"enabled", "instances", "mode"})
FILE, OF_HOST = "_file", "__"
_NOT_OF_PLATFORMS = ("MONITOR_", "MONGODB_")


def host_suffix(host: str) -> str:
    """`example.org` as the end of a variable: EXAMPLE_ORG."""
    return re.sub(r"[^A-Z0-9]", "_", host.upper())


def is_set(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a credential is there: by itself, by a file, or for some host."""
    names = {name, f"{name}_FILE"}
    return any(environment[each] for each in environment if each in names or each.startswith(name + OF_HOST))


def platform_variables(sections: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, str]:
    """Variables of all platforms. Paths of files are those from the folder of the configuration."""
    found = {name: value for platform, section in sections.items() for name, value in _of(platform, section, folder)}
    return {name: value for name, value in found.items() if not name.startswith(_NOT_OF_PLATFORMS)}


def _of(platform: str, section: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        if key in NO_VARIABLE:
            continue
        each = {"": value} if isinstance(value, str) else value if isinstance(value, dict) else {}
        one = key if isinstance(value, str) else key.removesuffix("s")
        for host, told in each.items():
            if not isinstance(told, str):
                continue
            is_file = one.endswith(FILE)
            name = f"{platform}_{one.removesuffix(FILE)}".upper() + (OF_HOST + host_suffix(host) if host else "")
            if is_file:
                yield f"{name}_FILE", str(folder / expanded(told, f"platforms.{platform}.{key}"))
            else:
                yield name, told
