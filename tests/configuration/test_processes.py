"""What the file says reaches the processes that `monitor collect` starts."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from monitor.config import Config
from monitor.store.connection import open_store
from monitor.store.sources import Standing


async def standings(config: Config) -> list[Standing]:
    store = await open_store(config)
    try:
        return await store.sources.list_all()
    finally:
        await store.close()


def test_collect__its_crawls_use_database_hosts_and_topics_of_the_file(config: Config, tmp_path: Path) -> None:
    """Nobody listens at the feed's address: that the crawl failed there shows that it was asked."""
    assert config.mongodb_uri is not None
    (tmp_path / "monitor.yaml").write_text(
        f'mongo: {{uri: "${{ADDRESS:?}}", database: {config.database}}}\nprivate_hosts: ["127.0.0.1:1"]\n'
        "topics: [{id: tea, query: tea, platforms: [feeds], feeds: ['http://127.0.0.1:1/feed']}]\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MONITOR_CONFIG"}
    ran = subprocess.run(
        [sys.executable, "-m", "monitor", "collect"],
        cwd=tmp_path,
        env=environment | {"ADDRESS": config.mongodb_uri.reveal()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "tea: made, 1 source." in ran.stderr, ran.stderr
    assert ran.returncode == 1
    (standing,) = asyncio.run(standings(config))
    assert (standing.source.id, standing.state) == ("feeds/url?url=http://127.0.0.1:1/feed", "failing"), standing.state_reason
