"""A node: scrapyd's application, put together of our components over MongoDB.

scrapyd wires its scheduler and its environment by hand, so this takes the place of its `application`. It may be named in a
scrapyd.conf (`application = monitor.fleet.application.application`); `monitor fleet node` is the usual way.
"""

from pathlib import Path
from typing import Any

from scrapyd import webservice
from scrapyd.config import Config
from scrapyd.interfaces import IEggStorage, IJobStorage, IPoller, ISpiderScheduler
from twisted.application.internet import TCPServer, TimerService
from twisted.application.service import Application
from twisted.python.threadpool import ThreadPool
from twisted.web.server import Site

from monitor.config import load
from monitor.fleet.console import FleetRoot
from monitor.fleet.egg_storage import FleetEggStorage
from monitor.fleet.gate import BoundedRequest, Gate
from monitor.fleet.history import History
from monitor.fleet.launcher import FleetLauncher
from monitor.fleet.local_node import LocalNode, open_node
from monitor.fleet.poller import EVERY_S, FleetPoller
from monitor.fleet.scheduler import FleetScheduler
from monitor.fleet.services import SpiderList

# Requests that wait for MongoDB each hold a thread; looks have one of their own, so that no number of requests stops them.
WEB_THREADS = 12
WORK_THREADS = 4
# Browsers and scrapyd's clients send requests whole; a connection that says nothing is closed.
IDLE_S = 60
_SERVICES = {
    "schedule.json": "monitor.fleet.services.Schedule",
    "cancel.json": "monitor.fleet.services.Cancel",
    "addversion.json": "monitor.fleet.services.AddVersion",
    "status.json": "scrapyd.webservice.Status",
    "listprojects.json": "scrapyd.webservice.ListProjects",
    "listversions.json": "scrapyd.webservice.ListVersions",
    "listspiders.json": "scrapyd.webservice.ListSpiders",
    "delproject.json": "scrapyd.webservice.DeleteProject",
    "delversion.json": "scrapyd.webservice.DeleteVersion",
    "listjobs.json": "scrapyd.webservice.ListJobs",
    "daemonstatus.json": "scrapyd.webservice.DaemonStatus",
}


def application(config: Config) -> Any:
    """What scrapyd calls with its configuration, of which only place, size and name are taken."""
    node = open_node(
        load(),
        name=config.get("node_name", "") or None,
        bind=config.get("bind_address", "") or None,
        port=config.getint("http_port", 0) or None,
        max_proc=config.getint("max_proc", 0) or None,
    )
    return application_of(node)


def application_of(node: LocalNode) -> Any:
    """The application of a node: its launcher, its poller's clock, and its web API behind the gate."""
    from twisted.internet import reactor as loaded

    reactor: Any = loaded  # the module becomes one when it is imported
    config = configuration(node)
    app: Any = Application("social-monitor node")
    web, work = ThreadPool(1, WEB_THREADS, "web"), ThreadPool(1, WORK_THREADS, "work")
    for pool in (web, work):
        reactor.callWhenRunning(pool.start)
        reactor.addSystemEventTrigger("after", "shutdown", pool.stop)
    poller = FleetPoller(node, reactor, work)
    storage = FleetEggStorage(node)
    for interface, component in (
        (ISpiderScheduler, FleetScheduler(node)),
        (IPoller, poller),
        (IJobStorage, History(node)),
        (IEggStorage, storage),
    ):
        app.setComponent(interface, component)
    webservice.spider_list = SpiderList(
        storage
    )  # scrapyd's is a process for each question, and knows this node's deploys alone
    launcher = FleetLauncher(node, poller, reactor, work)
    root = FleetRoot(config, app, node=node, launcher=launcher, reactor=reactor, pool=web)
    site = Site(Gate(root, node), requestFactory=BoundedRequest, timeout=IDLE_S)
    site.displayTracebacks = False
    launcher.setServiceParent(app)
    TimerService(EVERY_S, poller.poll).setServiceParent(app)
    TCPServer(node.port, site, interface=node.bind).setServiceParent(app)
    return app


def configuration(node: LocalNode) -> Config:
    """Scrapyd's configuration for what its own classes read of it; no file of the machine is read."""
    node.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = Config(values={})
    config.cp.read_dict(
        {
            "scrapyd": {
                "node_name": node.name.replace("%", "%%"),
                "logs_dir": str(Path(node.logs)).replace("%", "%%"),
                "items_dir": "",
                "max_proc": str(node.max_proc),
                "runner": "monitor.fleet.runner",
                "debug": "off",
            },
            "services": _SERVICES,
        }
    )
    return config
