"""scrapyd's egg storage: the versions that are in MongoDB."""

from collections.abc import Sequence
from io import BytesIO
from typing import IO

from scrapyd.exceptions import EggNotFoundError, ProjectNotFoundError
from scrapyd.interfaces import IEggStorage
from zope.interface import implementer

from monitor.fleet.deploy import deploy
from monitor.fleet.local_node import LocalNode
from monitor.store.eggs import Egg


@implementer(IEggStorage)
class FleetEggStorage:
    """Versions in their order; `get` without a version gives the newest that is not stopped."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node

    def put(self, eggfile: IO[bytes], project: str, version: str) -> None:
        """Store a version once it was looked at and tried. Raises UsageError."""
        node = self._node
        deploy(eggfile.read(), project=project, version=version, config=node.config, eggs=node.eggs)

    def get(self, project: str, version: str | None = None) -> tuple[str, IO[bytes]] | tuple[None, None]:
        """The version and its egg."""
        found = self.find(project, version)
        if found is None:
            return None, None
        return found.version, BytesIO(self._node.files.path(found).read_bytes())

    def find(self, project: str, version: str | None = None) -> Egg | None:
        """The version without its egg."""
        return self._node.remembered.read(f"egg {project} {version}", lambda: self._node.eggs.find(project, version))

    def list(self, project: str) -> list[str]:
        """Versions, the newest last."""
        return [egg.version for egg in self._all() if egg.project == project]

    def list_projects(self) -> Sequence[str]:
        """Projects of which there is a version."""
        return sorted({egg.project for egg in self._all()})

    def delete(self, project: str, version: str | None = None) -> None:
        """Remove a version, or all. Raises scrapyd's errors where there is none."""
        if not self._node.remembered.ask(lambda: self._node.eggs.delete(project, version)):
            raise ProjectNotFoundError if version is None else EggNotFoundError

    def _all(self) -> Sequence[Egg]:
        return self._node.remembered.read("eggs", self._node.eggs.list_all)
