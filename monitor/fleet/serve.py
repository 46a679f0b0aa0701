"""Run a node in this process until it is told to end: SIGTERM or Ctrl-C."""

import logging
import sys
from typing import Any

from monitor.errors import ConfigurationError
from monitor.fleet.local_node import LocalNode

logger = logging.getLogger(__name__)


def serve(node: LocalNode) -> None:
    """Answer on the node's address and run jobs. Returns when all of them have ended. Raises ConfigurationError for a taken port."""
    _log_readably()
    # These install scrapyd's reactor.
    from twisted.application.app import startApplication
    from twisted.internet import reactor
    from twisted.internet.error import CannotListenError

    from monitor.fleet.application import application_of

    try:
        startApplication(application_of(node), save=False)
    except CannotListenError as error:
        raise ConfigurationError(
            f"The node cannot listen on {node.bind}, port {node.port}: {error.socketError}. Another one may run there; choose --port."
        ) from error
    logger.info("event=node_ready node=%s address=%s max_proc=%s", node.name, node.address, node.max_proc)
    running: Any = reactor
    running.run()


def _log_readably() -> None:
    from twisted.logger import ILogObserver, STDLibLogObserver, globalLogBeginner

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("pymongo").setLevel(logging.WARNING)
    observer: ILogObserver = STDLibLogObserver()  # type: ignore[assignment]  # it says so by zope
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)
