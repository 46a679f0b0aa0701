"""What a node tells a job's process about itself, in one variable: MONITOR_JOB. It holds no secret."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

VARIABLE = "MONITOR_JOB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """`egg`: the folder whose code is run; `parent`: the process to end with; `boot`: under which the job is held, "" for none."""

    egg: str
    parent: int
    node: str = ""
    boot: str = ""

    def text(self) -> str:
        """The variable's value."""
        return json.dumps(asdict(self))


def read(environment: Mapping[str, str]) -> Assignment | None:
    """What this process was told; None where it is no job of a node."""
    text = environment.get("MONITOR_JOB")
    return Assignment(**json.loads(text)) if text else None
