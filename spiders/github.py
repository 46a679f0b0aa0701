"""GitHub: issues and pull requests, their comments, and discussions, by the REST API 2022-11-28 and GraphQL.

Source: docs.github.com/rest and /graphql, checked 2026-11-22. 100 a page, further pages by the `Link` header, whose parameters
are not ours to make. 60 calls an hour and address without GITHUB_TOKEN, 5,000 with it; search 10 and 30 a minute, and 1,000
results at most, beyond which it is entered anew. Over a limit GitHub answers 403 or 429, for the secondary one with a sentence
and no header. Discussions need a token. Search finds issues, unless the query says otherwise; a thread, its last 1,000 comments.

All is sorted, marked and counted in the ledger by the moment of its last update: a comment, label or edit brings an issue back.
Edits are told apart for discussions alone. What is deleted answers 404 or 410 and is on no list. A pull request has the tag
`pull-request`; a writer who is gone is `ghost`; likes are reactions of every sign. Not collected: reviews, comments on discussions.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from monitor.bookmark import Mark, Step
from monitor.config import Config
from monitor.crawl.pace import asked_wait_s
from monitor.crawl.spider import PlatformSpider
from monitor.errors import CredentialsError, MonitorError, PostError, RateLimitedError, RefusedError, ReplyError
from monitor.page import Ask, Asked, Page, Reply
from monitor.post import Author, Counts, Post
from monitor.source import Source, SourceKind
from monitor.text.dates import utc, utc_from_seconds, utc_or_none
from monitor.text.graphql import graphql_ask, graphql_data
from monitor.text.markdown import markdown_text_and_links

SITE = "https://github.com"
PARTS = {"issues": "issues", "comments": "issues/comments", "discussions": "discussions"}
SECONDARY_WAIT_S = 60.0  # what the documentation asks for where the reply says nothing
REACHABLE, MOST_PAGES = 1000, 10  # results of one search, whatever their number; pages of one thread, or of one second
DISCUSSIONS = """query($q: String!, $size: Int!, $after: String) {
  search(type: DISCUSSION, query: $q, first: $size, after: $after) { discussionCount pageInfo { hasNextPage endCursor }
    nodes { ... on Discussion { id: databaseId html_url: url title body labels(first: 20) { nodes { name } } created_at: createdAt
      updated_at: updatedAt edited_at: lastEditedAt comments { totalCount } reactions { total_count: totalCount }
      user: author { login type: __typename ... on User { id: databaseId } ... on Bot { id: databaseId } } } } } }"""  # as in REST

_NEXT = re.compile(r'<([^<>]+)>;[^,<>]*rel="next"')
_THREAD = re.compile(r"(?:https?://github\.com/)?([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d+)(?:[/?#].*)?")
_PAGE = re.compile(r"https://[^/]+/([^/]+/[^/]+)/(?:issues|pull|discussions)/\d+")


class GitHub(PlatformSpider):
    name = "github"
    base_url = "https://api.github.com"
    accepts = "application/vnd.github+json"
    page_size, overlap_s = 100, 300
    meters: ClassVar[Mapping[str, str]] = {"/search/": "search", "/graphql": "graphql"}
    allowances: ClassVar[Mapping[str, int]] = {"": 24 * 60, "GITHUB_TOKEN": 24 * 5000}
    redirects = 2  # renamed repositories
    resumes_by_mark = False
    probe: ClassVar[Mapping[str, str]] = {"community": "python/cpython"}
    expects = ("url", "title", "author.handle", "community", "counts.replies", "counts.likes")
    kinds: ClassVar[Mapping[str, SourceKind]] = {
        "community": SourceKind(needs=("community",), takes=("stream",), order="oldest"),
        "query": SourceKind(needs=("query",), order="oldest"),
        "url": SourceKind(needs=("url",)),
    }

    def ask(self, source: Source, step: Step) -> Ask:
        """What was updated since a second, oldest first; or newest first, at or before a second where that can be asked."""
        given, order = source.parameters, "desc" if step.after is None else "asc"
        repository, part, size = given.get("community"), given.get("stream", "issues"), step.size or self.page_size
        paging, floor = {"sort": "updated", "per_page": size}, step.floor if step.after is None else step.after
        if source.kind == "url":
            return Ask(_thread(given["url"]))
        if step.cursor and part != "discussions":
            return Ask(f"/{step.cursor}")
        if repository is None:
            words = given["query"] if re.search(r"\b(is|type):", given["query"]) else f"{given['query']} is:issue"
            return Ask("/search/issues", {"q": words + _updated(floor, step.until), "order": order, **paging})
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository) or part not in PARTS:
            raise RefusedError(f"{repository} is no OWNER/NAME, or {part} none of {', '.join(PARTS)}, which stream= takes.")
        if part == "discussions":
            below, _, cursor = (step.cursor or f"{_below(step)} ").partition(" ")
            words = f"repo:{repository}{_updated(floor, below or None)} sort:updated-{order}"
            return graphql_ask("/graphql", DISCUSSIONS, {"q": words, "size": size, "after": cursor or None})
        state, since = "all" if part == "issues" else None, _updated(floor, None).partition(">=")[2] or None
        return Ask(f"/repos/{repository}/{PARTS[part]}", {"state": state, "direction": order, **paging, "since": since})

    def read(self, reply: Reply, asked: Asked) -> Page | list[Ask]:
        """Rows newest first, marked by the second of their update. A thread, or a second that fills a page, is asked for whole."""
        step, told = asked.step, reply.json if isinstance(reply.json, Mapping) else {"items": reply.json}
        if reply.url.endswith("/graphql"):
            return _discussions(graphql_data(told, platform="GitHub")["search"], step)
        if "html_url" in told and asked.source.kind == "url" and told["comments"]:
            path, last = _thread(asked.source.parameters["url"]), -(-told["comments"] // self.page_size)
            every = ({"per_page": self.page_size, "page": page} for page in range(max(1, last - MOST_PAGES + 1), last + 1))
            return [Ask(path), *(Ask(f"{path}/comments", page) for page in every)]
        rows = [told] if "html_url" in told and "number" in told else told.get("items")
        if not isinstance(rows, list) or (rows and isinstance(rows[0], Mapping) and "html_url" not in rows[0]):
            raise ReplyError("GitHub sent neither issues nor comments nor a search.")
        if told.get("incomplete_results"):
            raise ReplyError("GitHub ran out of time in a search and left results out.")
        older = _NEXT.search(reply.headers.get("link", ""))
        if older and step.after is not None and len({_mark(row) for row in rows}) == 1:
            ask = self.ask(asked.source, step)
            return [Ask(ask.path, {**ask.parameters, "page": page}) for page in range(1, MOST_PAGES + 1)]
        cursor = older[1].partition("://")[2].partition("/")[2] if older and step.after is None else None
        return _page(rows, step, cursor=cursor, end=not older and told.get("total_count", 0) <= REACHABLE)

    def gather(self, replies: Sequence[Reply], asked: Asked) -> Page:
        """A whole thread; or one crowded second with what follows."""
        bodies = (reply.json for reply in replies)
        rows = [row for told in bodies for row in (told if isinstance(told, list) else told.get("items", [told]))]
        rows.sort(key=lambda row: _mark(row) or 0, reverse=asked.step.after is None)
        return _page(rows, asked.step, end=not _NEXT.search(replies[-1].headers.get("link", "")))

    def post(self, row: Mapping[str, Any], reply: Reply) -> Post:
        """An issue, pull request or discussion, or a comment on one, whose address points into the page of that."""
        page, comment, _ = row["html_url"].partition("#")
        place, user, labels = _PAGE.fullmatch(page), row["user"] or {"login": "ghost"}, row.get("labels") or ()
        (text, links), title = markdown_text_and_links(row["body"] or ""), None if comment else row["title"]
        if place is None or not (text or title):
            raise PostError("there is neither text nor title, or html_url is not that of an issue, discussion or comment")
        names = [label["name"].lower() for label in (labels["nodes"] if isinstance(labels, Mapping) else labels)]
        login, bot = user["login"], user["type"] == "Bot" if "type" in user else None
        replies, likes = row.get("comments"), (row.get("reactions") or {}).get("total_count")
        return Post(
            id=row["html_url"],
            platform=self.name,
            native_id=str(row["id"]),
            url=row["html_url"],
            kind="reply" if comment else "post",
            created_at=utc(row["created_at"]),
            edited_at=utc_or_none(row.get("edited_at")),
            text=text,
            title=title,
            author=Author(id=str(user.get("id") or login), handle=login, url=f"{SITE}/{login}", bot=bot),
            tags=(*names, "pull-request") if row.get("pull_request") else tuple(names),
            links=links,
            reply_to=page if comment else None,
            thread=page if comment else None,
            community=place[1],
            counts=Counts(likes=likes, replies=replies["totalCount"] if isinstance(replies, Mapping) else replies),
        )

    def login(self, config: Config, source: Source) -> Mapping[str, str]:
        token = config.secret("GITHUB_TOKEN")
        if token is None and source.parameters.get("stream") == "discussions":
            raise CredentialsError("GitHub shows discussions to programs with a token only: set GITHUB_TOKEN.")
        return {"X-GitHub-Api-Version": "2022-11-28", **({"Authorization": f"Bearer {token.reveal()}"} if token else {})}

    def refusal(self, reply: Reply) -> MonitorError | None:
        """A wrong token; and limits, which a 403 may mean as well."""
        if reply.status == 401:
            return CredentialsError("GitHub refused the token (401): make a new one and set GITHUB_TOKEN.")
        spent = reply.headers.get("x-ratelimit-remaining") == "0"
        if reply.status not in {403, 429} or not (spent or b"rate limit" in reply.body.lower()):
            return None
        told = asked_wait_s(reply.headers, now=reply.fetched_at) if spent or "retry-after" in reply.headers else None
        return RateLimitedError(f"GitHub answered {reply.status}: too many requests.", wait_s=told or SECONDARY_WAIT_S)

    def wait_s(self, reply: Reply) -> float | None:
        return getattr(self.refusal(reply), "wait_s", None)

    def marked_at(self, mark: Mark) -> datetime | None:
        return utc_from_seconds(mark)


def _thread(url: str) -> str:
    found = _THREAD.fullmatch(url)
    if found is None:
        raise RefusedError(f"{url} is no issue or pull request of GitHub: use its address, such as {SITE}/OWNER/NAME/issues/1.")
    return f"/repos/{found[1]}/issues/{found[2]}"


def _updated(after: Mark | None, until: Mark | None) -> str:
    """Bounds of a search: beyond one second, up to and including the other."""
    bounds = {">=": None if after is None else int(after) + 1, "<=": until}.items()
    return "".join(f" updated:{sign}{utc_from_seconds(int(at)):%Y-%m-%dT%H:%M:%SZ}" for sign, at in bounds if at is not None)


def _mark(row: Any) -> Mark | None:
    try:
        return int(utc(row["updated_at"]).timestamp())
    except (PostError, KeyError, TypeError):
        return None


def _page(rows: Sequence[Any], step: Step, *, end: bool, cursor: str | None = None) -> Page:
    """Rows newest first. Forward, the last second of a page may go on on the next: it is told there, and has no mark here."""
    rows = rows if step.after is None else rows[::-1]
    marks = [_mark(row) for row in rows]
    if step.after is not None and not end and len(set(marks)) > 1:
        marks = [None if mark == marks[0] else mark for mark in marks]
    return Page(rows, marks, cursor=cursor, end=end)


def _below(step: Step) -> str:
    """The second from which a search by GraphQL looks back; empty for now. Its cursors begin with it."""
    return step.cursor.partition(" ")[0] if step.cursor else "" if step.until is None else str(step.until)


def _discussions(search: Mapping[str, Any], step: Step) -> Page:
    more = search["pageInfo"]["hasNextPage"]
    cursor = f"{_below(step)} {search['pageInfo']['endCursor']}" if more and step.after is None else None
    return _page(search["nodes"], step, cursor=cursor, end=not more and search["discussionCount"] <= REACHABLE)
