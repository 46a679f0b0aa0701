"""What platforms ask of those who pass posts on, as docs/platforms.md says it; told in the manifest of each file. No legal advice."""

from collections.abc import Iterable, Mapping

TERMS: Mapping[str, str] = {
    "stackexchange": "Texts are under CC BY-SA: keep author and link.",
    "x": "X's developer policy lets ids be passed on rather than texts: monitor posts --ids-only.",
}


def terms_of(platforms: Iterable[str]) -> dict[str, str]:
    """The notes for these platforms; those of which nothing is known are left out, which does not mean that they ask nothing."""
    return {name: TERMS[name] for name in sorted(set(platforms)) if name in TERMS}
