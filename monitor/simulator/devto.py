"""The simulated DEV: articles by account, tag and search, and the newest of all. Its refusal is a line of text with Retry-After.

Pages count from 1, and only an empty one is the end. With `top`, the articles of so many days come by popularity.
"""

from datetime import timedelta

from monitor.simulator.answer import Answer, Call, Row, compact, json_answer, listed
from monitor.simulator.github_views import second
from monitor.simulator.listing import Found, Listing, sheet, whole
from monitor.simulator.word_index import words_of
from monitor.simulator.world import World
from monitor.simulator.world_post import Shown, WorldPost
from monitor.simulator.writing import plain

PAGE, LARGEST_PAGE = 30, 1000
ADDRESSES = ("/api/articles", "/api/articles/latest", "/api/articles/search")


class DevTo:
    """Answers calls from the articles of `world`."""

    def __init__(self, world: World) -> None:
        self._listing = Listing(world, "devto")

    def answer(self, call: Call) -> Answer:
        if call.path not in ADDRESSES:
            return json_answer({"error": "not found", "status": 404}, status=404)
        days, words = whole(call.get("top"), 0), set(words_of(call.get("q") or ""))
        tag, username = call.get("tag"), call.get("username")

        def wanted(post: WorldPost) -> bool:
            if (tag and tag not in post.tags) or (username and post.author.username != username):
                return False
            recent = not days or post.created_at >= call.now - timedelta(days=days)
            return recent and words <= set(words_of(f"{post.title or ''} {plain(post.text)}"))

        found = self._listing.there(call, wanted)
        if days:
            found = Found(sorted(found.posts, key=lambda post: -post.grown(post.peak.likes, call.now)), found.happened)
        size = max(1, min(whole(call.get("per_page"), PAGE), LARGEST_PAGE))
        page = sheet(call, found, first=(max(1, whole(call.get("page"), 1)) - 1) * size, size=size)
        if page.refused is not None:
            return page.noted(json_answer({"error": "bad request", "status": page.refused}, status=page.refused))
        return page.noted(Answer(200, listed([_row(post, call) for post in page.posts])))


def _row(post: WorldPost, call: Call) -> Row:
    counts = {"likes": post.grown(post.peak.likes, call.now), "replies": post.grown(post.peak.score, call.now) // 10}
    row = {
        "type_of": "article",
        "id": post.mark,
        "title": post.title,
        "description": plain(post.text),
        "url": post.url,
        "canonical_url": post.url,
        "cover_image": None,
        "language": post.language,
        "published_timestamp": second(post.created_at),
        "edited_at": None,
        "tag_list": list(post.tags),
        "public_reactions_count": counts["likes"],
        "comments_count": counts["replies"],
        "user": {"user_id": post.author.number + 1, "username": post.author.username, "name": post.author.name},
    }
    return Row(compact(row), Shown(post, counts, call.now))
