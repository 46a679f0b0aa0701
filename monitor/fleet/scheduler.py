"""scrapyd's scheduler: puts jobs into the queue that all nodes share, so a version deployed to one is known to all."""

from typing import Any

from scrapyd.interfaces import ISpiderScheduler
from zope.interface import implementer

from monitor.fleet.allowed import PROJECT
from monitor.fleet.local_node import LocalNode
from monitor.fleet.queue import FleetQueue


@implementer(ISpiderScheduler)
class FleetScheduler:
    """There is one project, once something was deployed."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node

    def schedule(self, project: str, spider_name: str, priority: float = 0.0, **spider_args: Any) -> None:
        """Queue a job."""
        FleetQueue(self._node, project).add(spider_name, priority=priority, **spider_args)

    def list_projects(self) -> list[str]:
        """The projects that were deployed."""
        eggs = self._node.remembered.read("eggs", self._node.eggs.list_all)
        return [PROJECT] if any(egg.project == PROJECT for egg in eggs) else []

    def update_projects(self) -> None:
        """Nothing: what was deployed is asked of MongoDB."""
