"""Which of two versions is newer: a text that sorts as versions do, kept with each egg. Pure.

Known are PEP 440, the names that scrapyd-deploy makes (`1.2-3-gabc-main`, `r120-main`, seconds since 1970) and whatever has
numbers in it: 1.10 comes after 1.9, r100 after r99.
"""

import re

from packaging.version import InvalidVersion, Version

_DIGITS = 12
_PARTS = 6
_DESCRIBED = re.compile(r"v?(?P<release>\d+(?:\.\d+)*)-(?P<after>\d+)-g[0-9a-f]+(?:-.*)?", re.IGNORECASE)
_NUMBERED = re.compile(r"[a-z_-]*(?P<numbers>\d+(?:[._-]\d+)*)(?P<rest>.*)", re.IGNORECASE)


def order(version: str) -> str:
    """The text by which versions are sorted."""
    try:
        return _of_release(Version(version))
    except InvalidVersion:
        pass
    if described := _DESCRIBED.fullmatch(version):
        return _of_release(Version(f"{described['release']}.post{described['after']}"))
    if numbered := _NUMBERED.fullmatch(version):
        numbers = [int(number) for number in re.split(r"[._-]", numbered["numbers"])]
        return f"{_filled(0)}!{_release(numbers)}~{_natural(numbered['rest'])}"
    return f"!{_natural(version)}"


def _of_release(version: Version) -> str:
    # "!" sorts before letters and "~" after them: dev, alpha, beta, candidate, the release itself, what came after it.
    stage = f"{version.pre[0]}{_filled(version.pre[1])}" if version.pre else "!" if _only_dev(version) else "~"
    after = "!" if version.post is None else _filled(version.post)
    dev = "~" if version.dev is None else _filled(version.dev)
    return f"{_filled(version.epoch)}!{_release(version.release)}{stage}.{after}.{dev}+{_natural(version.local or '')}"


def _only_dev(version: Version) -> bool:
    return version.dev is not None and version.post is None


def _release(numbers: tuple[int, ...] | list[int]) -> str:
    return ".".join(_filled(number) for number in [*numbers, *[0] * (_PARTS - len(numbers))])


def _natural(text: str) -> str:
    return re.sub(r"\d+", lambda found: _filled(int(found[0])), text.lower())


def _filled(number: int) -> str:
    return f"{number:0{_DIGITS}d}"
