"""`monitor report` as it is typed: on the terminal, as a page and as Markdown, with figures equal to those of `monitor stats`."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from markdown_it import MarkdownIt

from monitor.post import Author, Counts, Match, Post, Score
from monitor.topic import Topic

Type = Callable[..., Result]
AT = datetime(2026, 11, 10, 12, tzinfo=UTC)
SCOPE = "topic=tea&from=2026-11-09&to=2026-11-11&tz=Europe/Berlin"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) | `a` \u202e txt.exe شاي @ann https://evil.example'


def post(number: int, **changes: Any) -> Post:
    label: Any = ("positive", "negative", "positive", "neutral")[number % 4]
    fields: dict[str, Any] = {
        "id": f"x:{number}", "native_id": str(number), "platform": "feeds" if number % 4 == 0 else "mastodon",
        "url": f"https://a.example/{number}", "text": f"Tea number {number}", "created_at": AT - timedelta(minutes=20 * number),
        "fetched_at": AT, "author": Author(id=f"a{number % 5}"), "tags": ("tea",), "counts": Counts(likes=number),
        "topics": (Match(id="tea", version=1),), "seen_on": ("x",),
        "sentiment": Score(scorer="x", version="1", label=label, compound=0.1),
    }  # fmt: skip
    return Post(**(fields | changes))


@pytest.fixture
def stored(with_store: Callable[..., Any]) -> None:
    async def put(store: Any) -> None:
        await store.topics.add(Topic(id="tea", name="Tea", query="tea"))
        hostile = [
            post(50, text=HOSTILE, url="javascript:alert(4)", counts=Counts(likes=900)),
            post(
                51,
                text=HOSTILE,
                url='https://ok.example/"><script>',
                counts=Counts(likes=901),
                tags=("<script>alert(5)</script>",),
            ),
        ]
        await store.posts.upsert([*(post(number) for number in range(50)), *hostile])

    with_store(put)


class Tags(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_numbers__are_those_of_stats(command: Type, stored: None) -> None:
    ended = command("report", SCOPE, "--json")
    assert ended.exit_code == 0, ended.exception
    told = json.loads(ended.stdout)
    stats = json.loads(command("stats", told["methods"]["scope"], "--json").stdout)
    assert told["stats"] == stats
    assert (stats["posts"], told["methods"]["posts"], told["trends"]["posts"]) == (52, 52, 52)
    methods = json.loads(command("methods", told["methods"]["scope"], "--json").stdout)
    assert told["methods"] == methods
    page = command("report", told["methods"]["scope"]).stdout
    assert re.search(r"^posts +52 *$", page, flags=re.MULTILINE)
    assert f"{stats['net_sentiment']:+.2f}" in page


def test_period_within_hours__is_widened_so_that_all_figures_are_of_the_same_posts(command: Type, stored: None) -> None:
    told = json.loads(command("report", "topic=tea&from=2026-11-10T02:25:10Z&to=2026-11-10T09:05:00Z", "--json").stdout)
    assert (told["methods"]["from"], told["methods"]["to"]) == ("2026-11-10T02:00:00.000Z", "2026-11-10T10:00:00.000Z")
    bars = sum(each["posts"] for each in told["trends"]["volume"]["intervals"])
    assert (bars, told["trends"]["posts"], told["stats"]["posts"], told["methods"]["posts"]) == (24, 24, 24, 24)


def test_terminal__is_one_safe_page(command: Type, stored: None) -> None:
    shown = command("report", SCOPE, "--title", "Tea \x1b[31m", "--note", "For Monday").stdout
    for heading in ("At a glance", "Volume", "Platforms and sentiment", "Most engaging posts", "Coverage", "Methods"):
        assert f"\n{heading}\n" in shown
    assert ("For Monday" in shown, "\x1b" in shown, "\u202e" in shown) == (True, False, False)


def test_page__hostile_texts_are_text(command: Type, stored: None, tmp_path: Path) -> None:
    file = tmp_path / "tea.html"
    title, note = "<b>Tea</b>", "</style><script>alert(6)</script>"
    ended = command("report", SCOPE, "--out", str(file), "--title", title, "--note", note)
    assert (ended.exit_code, ended.stdout) == (0, "")
    text = file.read_text(encoding="utf-8")
    found = Tags(text).found
    names = {tag for tag, _ in found}
    assert names.isdisjoint({"script", "img", "iframe", "object", "link", "form", "input", "b"})
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\u202e" not in text
    links = [attributes for tag, attributes in found if tag == "a"]
    assert len(links) >= 9
    assert {each["rel"] for each in links} == {"noopener noreferrer nofollow"}
    assert all(re.match(r"https://(a|ok)\.example/", each["href"] or "") for each in links)
    (odd,) = (each["href"] for each in links if "ok.example" in (each["href"] or ""))
    assert odd == "https://ok.example/%22%3E%3Cscript%3E"
    # Nothing is loaded.
    assert not {name for _, attributes in found for name in attributes} & {
        "src",
        "srcset",
        "data",
        "poster",
        "background",
        "xlink:href",
    }
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert set(re.findall(r"url\(([^)]*)\)", style)) == {"#missing", "#partly"}
    assert "@import" not in style
    assert "شاي" in text


def test_markdown__hostile_texts_are_text(command: Type, stored: None, tmp_path: Path) -> None:
    file = tmp_path / "tea.md"
    assert command("report", SCOPE, "--out", str(file), "--title", "# Tea *now*").exit_code == 0
    text = file.read_text(encoding="utf-8")
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    found = Tags(rendered).found
    assert {tag for tag, _ in found} <= {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "a", "strong"}
    assert all((attributes["href"] or "").startswith("https://") for tag, attributes in found if tag == "a")
    assert "# Tea *now*</h1>" in rendered
    rows = re.findall(r"<tr>(.*?)</tr>", rendered, flags=re.DOTALL)
    assert not [row for row in rows if "alert(1)" in row and row.count("<td") != 2]  # a | in a text makes no cell
    assert "شاي" in text


def test_manifest__says_of_what_the_file_is(command: Type, stored: None, tmp_path: Path) -> None:
    file = tmp_path / "tea.html"
    ended = command("report", SCOPE, "--out", str(file), "--json")
    manifest = json.loads((tmp_path / "tea.html.manifest.json").read_text(encoding="utf-8"))
    content = file.read_bytes()
    assert (manifest["bytes"], manifest["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    told = json.loads(ended.stdout)["methods"]
    assert (manifest["frozen"], manifest["selection_sha256"]) == (told["scope"], told["sha256"])
    assert (manifest["posts"], manifest["form"], sorted(manifest["platforms"])) == (52, "html", ["feeds", "mastodon"])
    again = command("report", manifest["frozen"], "--out", str(file))
    assert (again.exit_code, file.read_bytes() == content) == (0, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tea.html", "tea.html.manifest.json"]


@pytest.mark.parametrize("name", ["empty.html", "empty.md"])
def test_empty_scope__is_said(command: Type, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    ended = command("report", "topic=nobody&from=2026-11-09&to=2026-11-11", "--out", str(file))
    assert ended.exit_code == 0, ended.exception
    assert "No stored post is in the scope topic=nobody" in ended.stderr
    assert "No stored post is in this scope." in file.read_text(encoding="utf-8").replace("\\", "")
    assert command("report", "topic=nobody", "--fail-empty").exit_code == 3
    assert json.loads(command("report", "topic=nobody", "--json").stdout)["stats"]["posts"] == 0


def test_name_of_no_form__is_refused_before_anything_is_read(command: Type, tmp_path: Path) -> None:
    assert "end the name with .html or .md" in str(command("report", SCOPE, "--out", str(tmp_path / "x.pdf")).exception)
    assert "the most: shorten it" in str(command("report", SCOPE, "--title", "x" * 201).exception)
