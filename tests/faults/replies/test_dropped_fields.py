"""Recorded replies of real APIs with each field in turn dropped, renamed or of another type: a full post, or a refusal with its reason.

One field per distinct path: what lies in a list is one path, however long the list is; in XML and HTML an element (with its class) is
a field. Every changed reply is read and normalised as in a crawl; a page of which more than a fifth is refused is refused as a
whole, and its bookmark stays.
"""

import base64
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree, html

from monitor.bookmark import Bookmark, Step
from monitor.crawl.normalize import LARGEST_SHARE_REFUSED, normalize, normalize_page
from monitor.crawl.page_item import PageItem
from monitor.crawl.platforms import platforms
from monitor.crawl.poll import Poll
from monitor.errors import MonitorError, ReplyError
from monitor.page import Asked, Page, Reply
from monitor.post import Post
from monitor.source import Source

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FEWEST_CASES = 3000
MOST_BYTES = 400_000  # of a recording; larger ones repeat what the others have
# Of each type, what may stand there instead.
OTHERS: dict[type, tuple[Any, ...]] = {
    str: (7, {"a": 1}, None),
    int: ("seven", [], None),
    float: ("seven", {}, None),
    bool: ("yes", {}, None),
    list: ("list", {"a": None}, None),
    dict: ("dict", ["a"], None),
    type(None): (7, "text", {"a": 1}),
}
CHANGES = ("dropped", "renamed", "of another type")

Where = tuple[Any, ...]


@dataclass
class Told:
    """What became of the changed replies of one platform."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    recordings: int = 0


def recorded(path: Path) -> Reply:
    told = json.loads(path.read_text(encoding="utf-8"))
    answer, body = told["response"], told["response"]["body"]
    if "body is base64" in told.get("note", ""):
        encoded = base64.b64decode(body)
    else:
        encoded = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = {name.lower(): value for name, value in (answer["headers"] or {}).items()}
    return Reply(answer["status"] or 200, headers, encoded, told["request"]["url"], NOW)


def paths(value: Any, where: Where = (), kind: str = "") -> Iterator[tuple[Where, str, Any]]:
    """Every field below the root: where it lies, and its path without positions in lists."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        named = f"{kind}.{key}" if isinstance(value, dict) else f"{kind}[]"
        if isinstance(value, dict):
            yield (*where, key), named, each
        yield from paths(each, (*where, key), named)


def changed(value: Any, where: Where, change: str, rng: random.Random) -> Any:
    """A copy of `value`, changed at one place; untouched parts are shared, and of lists only the entry with the place is left."""
    key, rest = where[0], where[1:]
    if isinstance(value, list):
        return [changed(value[key], rest, change, rng)]
    copied = value.copy()
    if rest:
        copied[key] = changed(value[key], rest, change, rng)
    elif change == "of another type":
        copied[key] = rng.choice(OTHERS[type(value[key])])
    else:
        kept = copied.pop(key)
        if change == "renamed":
            copied[f"{key}_2"] = kept
    return copied


def source_of(platform: Any, reply: Reply) -> Source:
    kind, needed = next(iter(platform.kinds.items()))
    return Source(platform=platform.name, kind=kind, parameters=dict.fromkeys(needed.needs, reply.url))


def says_something(post: Post) -> bool:
    """Whether a person would see more in a stored post than its address."""
    said = (post.text, post.title, post.summary, post.media, post.links, post.repost_of, post.quote_of, post.deleted_at)
    return any(said)


class Trial:
    """Reads replies of one platform as a walk does and judges what comes of them."""

    def __init__(self, name: str) -> None:
        self.spider = platforms()[name]()
        self.told = Told()

    def page(self, reply: Reply) -> Page | None:
        """The page in a reply as a walk reads it; None for a list of asks. Raises MonitorError."""
        source = source_of(self.spider, reply)
        walk = SimpleNamespace(spider=self.spider, source=source)
        step = Poll._page(walk, reply, Asked(source, Step()))
        try:
            step.send(None)
        except StopIteration as done:
            return done.value if isinstance(done.value, Page) else None
        step.close()  # it went on to ask for more, which only a page that was read does
        return None

    def posts(self, reply: Reply) -> list[Post]:
        """The posts of a recording; none where it is of something else, as many are."""
        try:
            page = self.page(reply)
        except MonitorError:
            return []
        return normalize(self.spider, page.rows if page else [], reply, seen_on="here").posts

    def judge(self, reply: Reply, case: str, *, empty_before: set[str]) -> None:
        """Count what becomes of a changed reply; whatever is neither a full post nor a refusal is wrong."""
        try:
            page = self.page(reply)
        except MonitorError as error:
            self.told.outcomes["reply refused"] += 1
            if not str(error).strip():
                self.told.wrong.append(f"{case}: refused without a word")
            return
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self.told.wrong.append(f"{case}: {type(error).__name__}: {error}")
            return
        made = normalize(self.spider, page.rows if page else [], reply, seen_on="here")
        self.told.outcomes["handled" if not made.refused else "row refused"] += 1
        empty = [post for post in made.posts if not says_something(post) and post.id not in empty_before]
        if empty and self.spider.name != "feeds":  # an entry of a feed may be nothing but its address
            self.told.wrong.append(f"{case}: an empty post {empty[0].id}")
        if any(not refusal.reason.strip() or "\n" in refusal.reason for refusal in made.refused):
            self.told.wrong.append(f"{case}: a refusal without one line of reason")


def names() -> list[str]:
    return [name for name in platforms() if (RECORDINGS / name / "index.json").exists()]


def changed_bodies(body: bytes, seen: set[str], rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """The body with each field that was not `seen` yet changed in each way."""
    try:
        whole = json.loads(body)
    except ValueError:
        yield from changed_markup(body, seen)
        return
    for where, path, value in paths(whole):
        if (kind := f"{path}:{type(value).__name__}") in seen:
            continue
        seen.add(kind)
        for change in CHANGES:
            yield f"{path} {change}", json.dumps(changed(whole, where, change, rng)).encode()


def changed_markup(body: bytes, seen: set[str]) -> Iterator[tuple[str, bytes]]:
    """The same for XML and HTML: an element is taken out, renamed, or given another content."""
    is_html = b"<html" in body[:2000].lower()
    try:
        tree = html.document_fromstring(body) if is_html else etree.fromstring(body)
    except (etree.LxmlError, ValueError):
        return
    whole = html.tostring(tree) if is_html else etree.tostring(tree)
    for place, element in enumerate(each for each in tree.iter() if isinstance(each.tag, str)):
        kind = "/".join([f"{each.tag}.{each.get('class', '')}" for each in (*reversed([*element.iterancestors()]), element)])
        if kind in seen or element.getparent() is None:
            continue
        seen.add(kind)
        for change in CHANGES:
            copied = html.document_fromstring(whole) if is_html else etree.fromstring(whole)
            found = [each for each in copied.iter() if isinstance(each.tag, str)][place]
            if change == "dropped":
                found.getparent().remove(found)
            elif change == "renamed":
                found.tag, found.attrib["class"] = f"{found.tag}2", "renamed"
            else:
                found[:], found.text = [], "7"
            yield f"{kind} {change}", html.tostring(copied) if is_html else etree.tostring(copied)


def replies(name: str) -> Iterator[tuple[str, Reply]]:
    for path in sorted((RECORDINGS / name).glob("*.json")):
        if path.name != "index.json" and len((reply := recorded(path)).body) <= MOST_BYTES:
            yield path.stem, reply


def test_every_field_of_every_recording_is_changed_in_turn__handled_or_refused_and_never_an_empty_post(seed):
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings beside the repository: {RECORDINGS} is missing")
    rng, all_told = random.Random(seed), dict[str, Told]()
    print(f"\nseed {seed}")
    for name in names():
        trial, seen = Trial(name), set[str]()
        for recording, reply in replies(name):
            posts = trial.posts(reply)
            empty_before = {post.id for post in posts if not says_something(post)}  # some were emptied by who recorded them
            for change, body in changed_bodies(reply.body, seen, rng) if posts else ():
                trial.judge(replace(reply, body=body), f"{recording}{change}", empty_before=empty_before)
            trial.told.recordings += bool(posts)
        all_told[name] = trial.told
        print(f"  {name}: {trial.told.recordings} recordings with posts, {len(seen)} fields, {dict(trial.told.outcomes)}")
    wrong = [case for told in all_told.values() for case in told.wrong]
    cases = sum(told.outcomes.total() for told in all_told.values())
    refused = sum(told.outcomes["row refused"] + told.outcomes["reply refused"] for told in all_told.values())
    print(f"  {cases} changed replies of {len(all_told)} platforms, {refused} refused in whole or part, {len(wrong)} wrong")
    assert wrong == []
    assert cases >= FEWEST_CASES
    assert refused > cases / 20


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 1.0])
async def test_a_required_field_is_missing_in_a_share_of_a_page__beyond_a_fifth_nothing_of_it_is_kept(share):
    rows = [{"id": str(number + 100), "uri": f"https://h.example/{number}", "created_at": "2026-11-20T08:00:00Z",
             "content": "<p>Tea first.</p>", "account": {"id": "7", "acct": "ann"}} for number in range(40)]  # fmt: skip
    broken = round(share * len(rows))
    for row in rows[:broken]:
        row["date"] = row.pop("created_at")
    reply = Reply(200, {}, json.dumps(rows).encode(), "https://h.example/api", NOW)
    spider = platforms()["mastodon"]()
    source = Source(platform="mastodon", kind="tag", parameters={"instance": "h.example", "tag": "tea"})
    item = PageItem(
        source=source, page=spider.read(reply, Asked(source, Step())), reply=reply, step=Step(), rules=spider.rules(source),
        bookmark=Bookmark(), epoch=1, run="run", asked_at=NOW, began_at=NOW,
    )  # fmt: skip
    if share > LARGEST_SHARE_REFUSED:
        with pytest.raises(ReplyError, match=f"{broken} of 40 posts .* API seems to have changed"):
            normalize_page(spider, item)
        assert (item.posts, item.refused) == ([], [])
        return
    normalize_page(spider, item)
    assert (len(item.posts), len(item.refused)) == (len(rows) - broken, broken)
