"""Labelled posts in this test's own database, and files of labels to import."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from monitor.post import Post
from monitor.sentiment.scorer import scored
from monitor.sentiment.vader import Vader

Labelled = list[tuple[Post, str]]


@pytest.fixture
def stored(with_store: Callable[..., Any], labelled_posts: Callable[..., Labelled]) -> Callable[..., Labelled]:
    """Store posts of the generator, scored by VADER, and return them with their labels."""

    def put(**how: Any) -> Labelled:
        made = [(scored(post, [Vader()]), label) for post, label in labelled_posts(**how)]
        with_store(lambda store: store.posts.upsert([post for post, _ in made]))
        return made

    return put


@pytest.fixture
def imported(command: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    """Import labels of posts by `monitor labels import`."""

    def typed(labelled: Labelled, *words: str) -> Result:
        file = tmp_path / "labels.jsonl"
        rows = [json.dumps({"id": post.id, "label": label}) for post, label in labelled]
        file.write_text("\n".join(rows), encoding="utf-8")
        return command("labels", "import", str(file), *words)

    return typed
