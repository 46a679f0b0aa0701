"""The scopes that are compared: topics by their ids or scopes, each within what all have in common. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from monitor.errors import UsageError
from monitor.scope import Scope, parse

FEWEST, MOST = 2, 10
_COMMON = ("begin", "end", "zone", "as_of")  # a comparison of two periods is a change, and not a share


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of those compared: what it is called, and its scope."""

    label: str
    scope: Scope


def sides_of(arguments: Sequence[str], within: Scope, *, now: datetime) -> tuple[Side, ...]:
    """Read what is compared. Raises QueryError for what is no scope, UsageError for what cannot be compared."""
    if not FEWEST <= len(arguments) <= MOST:
        raise UsageError(f"Name {FEWEST} to {MOST} topics or scopes to compare, not {len(arguments)}.")
    made = []
    for argument in arguments:
        own = parse(argument if "=" in argument else f"topic={argument}", now=now)
        made.append(Side(label=_label(argument, own), scope=_joined(argument, own, within)))
    labels = [side.label for side in made]
    if len({side.scope for side in made}) < len(made) or len(set(labels)) < len(labels):
        raise UsageError(f"Two of {', '.join(labels)} are the same: name each once.")
    if len({tuple(getattr(side.scope, name) for name in _COMMON) for side in made}) > 1:
        raise UsageError("What is compared has different periods or zones: give one for all, such as --within from=-7d.")
    return tuple(made)


def _label(argument: str, own: Scope) -> str:
    return own.topics[0] if own == Scope(topics=own.topics) and len(own.topics) == 1 else str(own) or argument


def _joined(argument: str, own: Scope, within: Scope) -> Scope:
    nothing = Scope()
    told = {field.name for field in fields(Scope) if getattr(within, field.name) != getattr(nothing, field.name)}
    both = sorted(name for name in told if getattr(own, name) != getattr(nothing, name))
    if both:
        raise UsageError(f"Both {argument} and --within say something of {', '.join(both)}: say it in one of them.")
    return replace(own, **{name: getattr(within, name) for name in told})
