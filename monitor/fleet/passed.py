"""The environment of a job: what it needs and nothing else, not the node's own password, not the credentials of other platforms."""

import os
from collections.abc import Mapping

from monitor.config import Config
from monitor.fleet.assignment import VARIABLE, Assignment

_NEEDED = frozenset(
    {
        "PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
        "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    }
)  # fmt: skip
_OURS = ("LC_", "MONITOR_", "MONGODB_")
_OF_NODES = "MONITOR_NODE_"


def environment(config: Config, told: Assignment, *, spider: str | None) -> dict[str, str]:
    """Variables for a job of `spider`; None: for one that only lists spiders, which needs no credentials and no database."""
    passed = dict(_passed(os.environ, spider))
    passed["MONITOR_CONFIG"] = str(config.file) if config.file is not None and spider is not None else os.devnull
    passed[VARIABLE] = told.text()
    passed["PYTHONIOENCODING"] = "UTF-8"
    return passed


def _passed(environ: Mapping[str, str], spider: str | None) -> Mapping[str, str]:
    begins = () if spider is None else (*_OURS, f"{spider.upper().replace('-', '_')}_")
    return {
        name: value
        for name, value in environ.items()
        if name in _NEEDED or (name.startswith(begins) and not name.startswith(_OF_NODES))
    }
