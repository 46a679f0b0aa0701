"""Faults by switch: which there are, which are on, and how often each really happened.

A fault takes the place of the reply, spoils it on the wire, changes what the platform answers (a quirk), or poisons rows.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Self

from monitor.errors import UsageError
from monitor.simulator.poison import KINDS
from monitor.simulator.refusals import SHAPES

REPLACING = {
    "429": "too many requests, in every shape in turn",
    **{f"429-{shape}": f"too many requests, shape {shape}" for shape in SHAPES},
    "500": "Internal Server Error",
    "502": "Bad Gateway, as a proxy's HTML page",
    "503": "Service Unavailable",
    "504": "Gateway Timeout, as a proxy's HTML page",
    "html-200": "an HTML page with status 200",
    "html-403": "a challenge page with status 403",
    "empty": "status 200 and no body",
    "silence": "the request is read and never answered",
    "reset": "the connection is reset",
}
SPOILING = {
    "cut": "the body ends short of its Content-Length",
    "gzip-cut": "half of a gzip stream, with the Content-Length of that half",
    "stall": "half of the body, then nothing more",
}
QUIRKS = {
    "late": "that share of the posts arrives late, by up to the world's bound",
    "out-of-order": "the rows of a page are shuffled",
    "expired-cursor-400": "a request for a further page gets 400",
    "expired-cursor-404": "a request for a further page gets 404",
    "paging-loop": "a further page leads back to the first",
    "endless-cursor": "there is always one more page, and it shows what was shown before",
    "empty-page": "Bluesky: a page is empty and leads on",
    "expired-token": "Bluesky: a session is good no more, which is told with status 400",
    "backoff": "Stack Exchange: a good reply asks in its body for 2 s without a call of its method",
    "secondary-limit": "GitHub: 403 with a sentence and a header, but calls left",
}
POISONS = {"poison": "poisoned rows of every kind", **{f"poison-{kind}": f"rows poisoned with {kind}" for kind in KINDS}}
NAMES = {**REPLACING, **SPOILING, **QUIRKS, **POISONS}


@dataclass(slots=True, kw_only=True)
class Switch:
    """One fault that is on. `rate`: the share of requests it meets (of posts, for late and poison); `times`: at most so
    often (None: for ever); `after`: so many requests are spared first; `platform`, `path`: only where these match (path: a
    part of it); `position`: poison the row at this place of the page, from 0, instead of a share of the posts."""

    name: str
    rate: float = 1.0
    times: int | None = None
    after: int = 0
    platform: str | None = None
    path: str | None = None
    position: int | None = None
    happened: int = 0
    met: int = 0

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise UsageError(f"There is no fault {self.name!r}. The faults are: {', '.join(NAMES)}.")
        if not 0 <= self.rate <= 1:
            raise UsageError(f"The rate of fault {self.name} is {self.rate}: it has to lie between 0 and 1.")

    @classmethod
    def read(cls, text: str) -> Self:
        """A switch as typed: `NAME[:RATE][,KEY=VALUE...]`, such as `429-seconds:0.1,times=5,platform=mastodon`."""
        head, *settings = text.split(",")
        name, _, rate = head.partition(":")
        return cls.of({"name": name, "rate": rate or 1, **dict(part.partition("=")[::2] for part in settings)})

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """A switch from JSON values or typed ones. Raises UsageError for what is no switch."""
        known = {one.name for one in fields(cls)} - {"happened", "met"}
        if unknown := set(values) - known:
            raise UsageError(f"A fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}.")
        whole = {name: int(values[name]) for name in ("times", "after", "position") if values.get(name) is not None}
        try:
            return cls(**{**values, **whole, "rate": float(values.get("rate", 1))})
        except TypeError as error:
            raise UsageError(f"That is no fault: {error}.") from error

    def on(self, platform: str, path: str) -> bool:
        """Whether the switch concerns this request and is not used up. Counts the request."""
        if self.platform not in (None, platform) or (self.path is not None and self.path not in path):
            return False
        self.met += 1
        return self.met > self.after and (self.times is None or self.happened < self.times)


@dataclass(slots=True)
class Plan:
    """What is to happen to one request: at most one fault of its reply, quirks by name, and poisons."""

    reply: Switch | None = None
    quirks: dict[str, Switch] = field(default_factory=dict)
    poisons: list[Switch] = field(default_factory=list)


class Switchboard:
    """The switches that are on. Choices are seeded; the totals of what happened outlive the switches."""

    def __init__(self, switches: Iterable[Switch] = (), *, seed: int = 1) -> None:
        self.switches = list(switches)
        self.total: Counter[str] = Counter()
        self._rng = random.Random(f"{seed}|faults")

    def plan(self, platform: str, path: str) -> Plan:
        """Decide what happens to a request. Call it once per request."""
        plan = Plan()
        for switch in self.switches:
            if not switch.on(platform, path):
                continue
            if switch.name in POISONS:
                if switch.position is None or self._rng.random() < switch.rate:
                    plan.poisons.append(switch)
            elif switch.name == "late":
                plan.quirks["late"] = switch
            elif self._rng.random() < switch.rate:
                if switch.name in QUIRKS:
                    plan.quirks[switch.name] = switch
                else:
                    plan.reply = plan.reply or switch
        return plan

    def note(self, switch: Switch) -> None:
        """The fault of this switch really happened."""
        switch.happened += 1
        self.total[switch.name] += 1

    def as_json(self) -> dict[str, Any]:
        shown = [one.name for one in fields(Switch)]
        return {
            "faults": [{name: getattr(switch, name) for name in shown} for switch in self.switches],
            "happened": dict(self.total),
            "names": NAMES,
        }
