"""The simulated GitHub: issues, comments and their search by the REST API 2022-11-28, discussions by GraphQL.

Three limits count apart: search, GraphQL and the rest; a token has 83 times what strangers have. Over a limit the status is 403
or 429; the secondary limit is a 403 with calls left. A reply has an ETag, and a 304 for a token is free of charge. Who sends no
User-Agent is refused.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode
from zlib import crc32

from monitor.simulator.answer import Answer, Call, Row, json_answer, listed
from monitor.simulator.github_views import comment_row, discussion_row, issue_row, second, updated_at
from monitor.simulator.listing import Found, Listing, Sheet, sheet, whole
from monitor.simulator.word_index import words_of
from monitor.simulator.world import World
from monitor.simulator.world_post import WorldPost
from monitor.simulator.writing import plain

TOKEN = "simulated-github-token"  # noqa: S105 - the one token that is accepted; it opens nothing
PAGE, LARGEST_PAGE = 30, 100
REACHABLE = 1000  # results of one search
SECONDARY_S = 2  # short, so that tests can wait it out
ISSUES = frozenset({"issue", "pull"})

_BOUND = re.compile(r"updated:(>=|<=)(\S+)")
_REPOSITORY = re.compile(r"repo:(\S+)")
_WORD = re.compile(r"(?:\w+:\S+)|(\w+)")
_MakeRow = Callable[[World, WorldPost, Call], Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search asks for: words, a repository, and bounds of the last update, each a moment or None."""

    words: frozenset[str]
    repository: str | None
    begin: str
    end: str

    @classmethod
    def read(cls, query: str) -> "Wanted":
        bounds = dict(_BOUND.findall(query))
        repository = _REPOSITORY.search(query)
        return cls(
            words=frozenset(word.lower() for word in _WORD.findall(query) if word),
            repository=repository[1] if repository else None,
            begin=bounds.get(">=", ""),
            end=bounds.get("<=", "9"),
        )

    def fits(self, post: WorldPost, updated: datetime, now: datetime) -> bool:
        """Moments of one form compare as texts."""
        said = set(words_of(f"{post.title or ''} {plain(post.text_at(now))}"))
        here = self.repository in {None, post.community}
        return here and self.begin <= second(updated) <= self.end and self.words <= said


class GitHub:
    """Answers calls from the issues, comments and discussions of `world`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listing = Listing(world, "github")
        self._routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
            (re.compile(pattern), answer)
            for pattern, answer in (
                (r"/search/issues", self._search),
                (r"/graphql", self._discussions),
                (r"/repos/([^/]+/[^/]+)/issues", self._issues),
                (r"/repos/([^/]+/[^/]+)/issues/comments", self._comments),
                (r"/repos/([^/]+/[^/]+)/issues/(\d+)", self._issue),
                (r"/repos/([^/]+/[^/]+)/issues/(\d+)/comments", self._comments_of),
            )
        ]

    def answer(self, call: Call) -> Answer:
        self._world.reach(call.now)
        if "user-agent" not in call.headers:
            return json_answer({"message": "Request forbidden by administrative rules."}, status=403)
        if call.headers.get("authorization", f"Bearer {TOKEN}") != f"Bearer {TOKEN}":
            return json_answer({"message": "Bad credentials"}, status=401)
        if "secondary-limit" in call.quirks:
            told = json_answer({"message": "You have exceeded a secondary rate limit. Please wait."}, status=403)
            return replace(told, headers={"Retry-After": str(SECONDARY_S)}, happened=frozenset({"secondary-limit"}))
        for pattern, answer in self._routes:
            if found := pattern.fullmatch(call.path):
                return _conditional(call, answer(call, *found.groups()))
        return json_answer({"message": "Not Found"}, status=404)

    def _updated(self, post: WorldPost, call: Call) -> datetime:
        return updated_at(self._world, post, call.now)

    def _sorted(self, call: Call, wanted: Callable[[WorldPost], bool], *, ascending: bool) -> Found:
        found = self._listing.there(call, wanted)
        posts = sorted(found.posts, key=lambda post: (self._updated(post, call), post.mark), reverse=not ascending)
        return Found(posts, found.happened)

    def _known(self, repository: str) -> bool:
        return any(post.community == repository for post in self._world.posts("github"))

    def _issues(self, call: Call, repository: str) -> Answer:
        return self._of_repository(call, repository, ISSUES, issue_row)

    def _comments(self, call: Call, repository: str) -> Answer:
        return self._of_repository(call, repository, frozenset({"comment"}), comment_row)

    def _of_repository(self, call: Call, repository: str, forms: frozenset[str], row: _MakeRow) -> Answer:
        if not self._known(repository):
            return json_answer({"message": "Not Found"}, status=404)
        since = call.get("since") or ""

        def wanted(post: WorldPost) -> bool:
            return post.form in forms and post.community == repository and second(self._updated(post, call)) >= since

        return self._listed(call, self._sorted(call, wanted, ascending=call.get("direction") == "asc"), row)

    def _issue(self, call: Call, repository: str, number: str) -> Answer:
        post = self._numbered(call, repository, number)
        return Answer(200, (issue_row(self._world, post, call),)) if post else json_answer({"message": "Not Found"}, status=404)

    def _comments_of(self, call: Call, repository: str, number: str) -> Answer:
        post = self._numbered(call, repository, number)
        if post is None:
            return json_answer({"message": "Not Found"}, status=404)
        below = self._listing.there(call, lambda reply: reply.form == "comment" and reply.root is post)
        return self._listed(call, Found(below.posts[::-1], below.happened), comment_row)

    def _numbered(self, call: Call, repository: str, number: str) -> WorldPost | None:
        def wanted(post: WorldPost) -> bool:
            return post.form in ISSUES and post.community == repository and post.uri.endswith(f"/{number}")

        return next(iter(self._listing.there(call, wanted).posts), None)

    def _listed(self, call: Call, found: Found, row: _MakeRow) -> Answer:
        page = _page(call, found)
        if page.refused is not None:
            return page.noted(json_answer({"message": "Validation Failed"}, status=page.refused))
        rows = [row(self._world, post, call) for post in page.posts]
        return page.noted(Answer(200, listed(rows), _link(call, page)))

    def _search(self, call: Call) -> Answer:
        asked = Wanted.read(call.get("q") or "")

        def wanted(post: WorldPost) -> bool:
            return post.form == "issue" and asked.fits(post, self._updated(post, call), call.now)

        found = self._sorted(call, wanted, ascending=call.get("order") == "asc")
        total, found = len(found.posts), Found(found.posts[:REACHABLE], found.happened)
        page = _page(call, found)
        if page.refused is not None or (whole(call.get("page"), 1) - 1) * _size(call) >= REACHABLE:
            message = f"Only the first {REACHABLE} search results are available"
            return page.noted(json_answer({"message": message}, status=page.refused or 422))
        rows = listed([issue_row(self._world, post, call) for post in page.posts])
        parts = (b'{"total_count":%d,"incomplete_results":false,"items":' % total, *rows, b"}")
        return page.noted(Answer(200, parts, _link(call, page)))

    def _discussions(self, call: Call) -> Answer:
        if "authorization" not in call.headers:
            return json_answer({"message": "This endpoint requires you to be authenticated."}, status=401)
        try:
            given = json.loads(call.body)["variables"]
            asked, size, first = Wanted.read(given["q"]), int(given["size"]), whole(given["after"], 0)
        except (ValueError, KeyError, TypeError):
            return json_answer({"errors": [{"type": "BAD_REQUEST", "message": "A query and its variables are needed."}]})

        def wanted(post: WorldPost) -> bool:
            return post.form == "discussion" and asked.fits(post, self._updated(post, call), call.now)

        found = self._sorted(call, wanted, ascending="sort:updated-asc" in given["q"])
        page = sheet(call, found, first=first, size=min(size, LARGEST_PAGE))
        if page.refused is not None:
            return page.noted(json_answer({"errors": [{"type": "INVALID_CURSOR_ARGUMENTS", "message": "`after` is unknown."}]}))
        rows = listed([discussion_row(self._world, post, call) for post in page.posts])
        more = b"true" if page.following is not None else b"false"
        head = b'{"data":{"search":{"discussionCount":%d,"pageInfo":{"hasNextPage":%s,"endCursor":"%d"},"nodes":'
        return page.noted(Answer(200, (head % (len(found.posts), more, page.following or 0), *rows, b"}}}")))


def _size(call: Call) -> int:
    return max(1, min(whole(call.get("per_page"), PAGE), LARGEST_PAGE))


def _page(call: Call, found: Found) -> Sheet:
    return sheet(call, found, first=(max(1, whole(call.get("page"), 1)) - 1) * _size(call), size=_size(call))


def _link(call: Call, page: Sheet) -> dict[str, str]:
    """The way to the next page: whole, with the parameters of the call."""
    if page.following is None:
        return {}
    kept = [(name, value) for name, value in call.parameters if name != "page"]
    query = urlencode([*kept, ("page", str(page.following // _size(call) + 1))])
    return {"Link": f'<{call.base}{call.path}?{query}>; rel="next"'}


def _conditional(call: Call, answer: Answer) -> Answer:
    """304 where the client has what would be sent."""
    if answer.status != 200 or call.body:
        return answer
    etag = f'W/"{crc32(answer.body()):08x}"'
    asked = {each.strip().removeprefix("W/") for each in call.headers.get("if-none-match", "").split(",")}
    if etag.removeprefix("W/") in asked:
        return Answer(304, (b"",), {"ETag": etag})
    return replace(answer, headers={**answer.headers, "ETag": etag})
