"""What platforms ask of those who pass posts on is said once in the code and once in the documents, in the same words."""

import re
from pathlib import Path

from monitor.terms import TERMS, terms_of

PAGE = (Path(__file__).parents[1] / "docs" / "platforms.md").read_text(encoding="utf-8")


def test_each_note_stands_in_the_documents() -> None:
    table = PAGE.partition("## Passing posts on\n")[2].partition("\n## ")[0]
    assert (
        dict(
            re.findall(
                r"^\| `(\w+)` \| (.+?) \|$",
                table.replace("`monitor posts --ids-only`", "monitor posts --ids-only"),
                re.MULTILINE,
            )
        )
        == TERMS
    )


def test_only_platforms_of_which_something_is_known() -> None:
    assert terms_of(["x", "mastodon", "x"]) == {"x": TERMS["x"]}
