"""The files that `monitor init` writes: a configuration that can be used as it is, with examples to uncomment."""

import json
from collections.abc import Mapping

from monitor.config import FILE_NAME
from monitor.configuration.known import credentials, schema
from monitor.crawl.platforms import platforms

SCHEMA_NAME = "monitor.schema.json"
NAMES = (FILE_NAME, SCHEMA_NAME, ".env.example", "scrapy.cfg")

_CONFIGURATION = """\
# yaml-language-server: $schema={schema}
# Settings of Social Monitor; `monitor check` looks at them, docs/configuration.md explains every key.
# Only true and false are truth values; ${{NAME}} is put in from the environment, or from .env beside this file.
version: 1

# Without it, a private MongoDB starts and stops by itself.
# mongo: {{uri: "${{MONGODB_URI}}", database: monitor}}

# Who runs this, a mail address or a page: it is part of every request, and platforms ask for it.
# contact: you@example.org

defaults:
  timezone: UTC
  # every: 15m
  # Posts that were written longer ago are removed; without it, they are kept for ever.
  # retention: 400d

# Credentials and servers. What works without any is in docs/platforms.md.
# platforms:
#   mastodon: {{token: "${{MASTODON_TOKEN}}", instances: [mastodon.social]}}
#   bluesky: {{mode: jetstream}}
#   github: {{enabled: false}}

# What is watched: `monitor topics apply`, or the next `monitor collect`, makes these topics.
topics:
#   - id: acme
#     name: ACME Corp
#     query: |
#       (acme OR "acme corp" OR #acme)
#       NOT ("acme thunder" OR acme NEAR/3 cartoon)
#     platforms: [hackernews, mastodon]
#     tags: [brand]
"""

_SCRAPY = """\
# For `scrapy crawl PLATFORM` in this folder.
[settings]
default = monitor.settings
"""


def files() -> Mapping[str, str]:
    """What to write, by the names of the files."""
    texts = (
        _CONFIGURATION.format(schema=SCHEMA_NAME),
        json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        _environment(),
        _SCRAPY,
    )
    return dict(zip(NAMES, texts, strict=True))


def _environment() -> str:
    lines = [
        "# Copy it to .env, beside monitor.yaml, and keep that to yourself. The real environment goes before it.",
        "# Every NAME can be a file instead: NAME_FILE=/run/secrets/name",
        "",
        "# MONGODB_URI=mongodb://user:password@host:27017/?replicaSet=rs0",
    ]
    taken = [each for spider in platforms().values() for each in credentials(spider())]
    lines += [f"# {each.variable}{'' if each.alone else '__EXAMPLE_ORG'}=" for each in taken]
    return "\n".join(lines) + "\n"
