"""The simulated Mastodon's search: statuses for a user token only, exact words, newest first."""

from collections.abc import Iterable

from monitor.simulator.answer import Answer, Call, compact, json_answer, listed
from monitor.simulator.paging import window_of
from monitor.simulator.people import LOCAL_HOST, Person
from monitor.simulator.statuses import Statuses, account
from monitor.simulator.timeline import Timeline
from monitor.simulator.word_index import words_of
from monitor.simulator.world_post import WorldPost
from monitor.simulator.writing import plain


def search(call: Call, *, statuses: Statuses, everything: Timeline, people: Iterable[Person], tags: Iterable[str]) -> Answer:
    """Accounts, statuses and tags for `q`. Anonymous readers get no statuses, and a refusal for `offset` and `resolve`."""
    anonymous = "authorization" not in call.headers
    if anonymous and (call.get("offset") or call.truthy("resolve")):
        return json_answer({"error": "Search queries that resolve remote resources or page by offset need a user"}, status=401)
    words = words_of(call.get("q") or "")
    limit = window_of(call).limit

    def asked_for(kind: str) -> bool:
        return bool(words) and call.get("type") in (None, kind)

    accounts = [account(one) for one in people if one.username.startswith(words[0])] if asked_for("accounts") else []
    names = [name for name in sorted(tags) if name.startswith(words[0])] if asked_for("hashtags") else []
    found = _statuses(call, everything, words) if asked_for("statuses") and not anonymous else []
    hashtags = [{"name": name, "url": f"https://{LOCAL_HOST}/tags/{name}", "history": []} for name in names[:limit]]
    rows = listed([statuses.row(post, call.now) for post in found])
    return Answer(
        200, (b'{"accounts":', compact(accounts[:limit]), b',"statuses":', *rows, b',"hashtags":', compact(hashtags), b"}")
    )


def _statuses(call: Call, everything: Timeline, words: list[str]) -> list[WorldPost]:
    wanted = set(words)

    def there(post: WorldPost) -> bool:
        if not post.exists(call.now) or post.kind == "repost" or not post.author.indexable:
            return False
        return wanted <= set(words_of(f"{plain(post.text_at(call.now))} {post.summary or ''}"))

    return everything.page(window_of(call), there=there)
