"""The scopes that are compared: topics by their ids or scopes, each within what all have in common. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from monitor.errors import UsageError
from monitor.scope import Scope, names_zone, parse

FEWEST, MOST = 2, 10
_COMMON = ("begin", "end", "zone", "as_of")  # a comparison of two periods is a change, and not a share


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A topic's id or a scope as it was typed, and what it means. `zoned`: it says itself by which clocks."""

    text: str
    scope: Scope
    zoned: bool

    @property
    def label(self) -> str:
        """What it is called: a topic by its id, a scope by what it says."""
        said = self.scope if self.zoned else replace(self.scope, zone="UTC")
        return said.topics[0] if said == Scope(topics=said.topics) and len(said.topics) == 1 else str(said) or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of those compared: what it is called, and its scope."""

    label: str
    scope: Scope


def named(text: str, *, now: datetime, zone: str = "UTC") -> Named:
    """Read a scope; `zone` is meant where it has no tz. Raises QueryError for what is none."""
    return Named(text=text, scope=parse(text, now=now, zone=zone), zoned=names_zone(text))


def named_or_topic(text: str, *, now: datetime, zone: str = "UTC") -> Named:
    """The same, or the id of a topic."""
    return replace(named(text if "=" in text else f"topic={text}", now=now, zone=zone), text=text)


def sides_of(compared: Sequence[Named], within: Named) -> tuple[Side, ...]:
    """Each of those that are compared, within what all have in common. Raises UsageError for what cannot be compared."""
    if not FEWEST <= len(compared) <= MOST:
        raise UsageError(f"Name {FEWEST} to {MOST} topics or scopes to compare, not {len(compared)}.")
    made = [Side(label=own.label, scope=_joined(own, within)) for own in compared]
    labels = [side.label for side in made]
    if len({side.scope for side in made}) < len(made) or len(set(labels)) < len(labels):
        raise UsageError(f"Two of {', '.join(labels)} are the same: name each once.")
    if len({tuple(getattr(side.scope, name) for name in _COMMON) for side in made}) > 1:
        raise UsageError("What is compared has different periods or zones: give one for all, such as --within from=-7d.")
    return tuple(made)


def _joined(own: Named, within: Named) -> Scope:
    told = _told(within)
    both = sorted(told & _told(own))
    if both:
        raise UsageError(f"Both {own.text} and --within say something of {', '.join(both)}: say it in one of them.")
    return replace(own.scope, **{name: getattr(within.scope, name) for name in told})


def _told(said: Named) -> set[str]:
    """The attributes of its scope that it says something of."""
    nothing = Scope(zone=said.scope.zone)
    told = {field.name for field in fields(Scope) if getattr(said.scope, field.name) != getattr(nothing, field.name)}
    return told | {"zone"} if said.zoned else told
