"""What of posts and refused rows may be stored, by the topics that they match, that asked for them, and that have them already.

The strictest of these topics decides. Without any topic that asks for privacy all of this costs nothing: `active` is False.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.config import Config
from monitor.crawl.page_item import PageItem
from monitor.crawl.privacy import OPEN, Privacy, privacy_of, private, strictest
from monitor.crawl.pseudonym import SEALED, Pseudonyms
from monitor.crawl.pseudonym_key import pseudonyms as key_of
from monitor.errors import StoreUnavailableError
from monitor.page import Page
from monitor.post import Post
from monitor.source import Source
from monitor.store.connection import Store
from monitor.store.quarantine import Refused
from monitor.store.sealing import Sealing
from monitor.topic import Topic

# Posts that somebody else changes at this very moment are read again; a collecting process changes a post once in minutes.
MOST_ROUNDS = 8


class Keeping:
    """The privacy of all topics of a database, as they are at one moment."""

    def __init__(self, sealing: Sealing, topics: Collection[Topic], pseudonyms: Pseudonyms | None) -> None:
        """`pseudonyms` None: no topic asks for privacy, and nothing that is stored did."""
        self._sealing = sealing
        self._wanted: Mapping[str, Privacy] = {topic.id: asked for topic in topics if (asked := privacy_of(topic))}
        self._platforms = {topic.id: topic.platforms for topic in topics if privacy_of(topic)}
        self._pseudonyms = pseudonyms

    @classmethod
    async def of(cls, store: Store, topics: Collection[Topic], config: Config) -> "Keeping":
        """Read the key where it is needed. Raises ConfigurationError where it is missing, weak or another one than before."""
        if not any(privacy_of(topic) for topic in topics) and not await store.sealing.any_begins_with(SEALED):
            return cls(store.sealing, (), None)
        pseudonyms = key_of(config)
        await store.sealing.agree(pseudonyms.check)
        return cls(store.sealing, topics, pseudonyms)

    @property
    def active(self) -> bool:
        """Whether any post may have to be changed."""
        return self._pseudonyms is not None

    def asked(self, topics: Iterable[str]) -> Privacy:
        """The strictest of these topics."""
        return strictest(self._wanted[topic] for topic in topics if topic in self._wanted)

    async def kept(self, posts: Sequence[Post], *, asked_by: Collection[str]) -> list[Post]:
        """The posts as they may be stored, in their order; what is stored of them openly is changed first.

        `asked_by`: the topics of the source that brought them. Raises StoreUnavailableError.
        """
        if self._pseudonyms is None or not posts:
            return list(posts)
        sealed = {post.id: self._pseudonyms.post(post.id) for post in posts}
        stored = await self._sealing.topics_of({*sealed, *sealed.values()})
        source = self.asked(asked_by)
        made: list[Post] = []
        change: dict[str, Privacy] = {}
        for post in posts:
            asked = self._asked_of(post, source, stored, sealed[post.id])
            made.append(private(post, asked, self._pseudonyms) if asked else post)
            if asked and post.id in stored:
                change[post.id] = asked
        if change:
            await self._seal(change)
        return made

    async def stored(self, post_ids: Collection[str]) -> set[str]:
        """Which of these posts are stored, under their own ids or what stands in their place."""
        under = {post_id: self.ids(post_id) for post_id in post_ids}
        there = await self._sealing.topics_of([each for ids in under.values() for each in ids])
        return {post_id for post_id, ids in under.items() if not there.keys().isdisjoint(ids)}

    async def seal_stored(self, ids: Collection[str], topic: str) -> int:
        """Change posts that are stored openly and match a topic that asks for privacy; returns how many were changed.

        Raises StoreUnavailableError; some may be changed then.
        """
        asked = self.asked((topic,))
        return await self._seal(dict.fromkeys(ids, asked)) if asked and ids else 0

    def refused(self, rows: Sequence[Refused], *, source: Source) -> list[Refused]:
        """Rows without their content where it may not be kept. A row that cannot be read matches nobody knows what: every topic that
        watches its platform counts. What is left tells how many there were, and why."""
        if self._pseudonyms is None or not self._may_concern(source):
            return list(rows)
        return [self._emptied(row) for row in rows]

    def page(self, page: Page, source: Source) -> Page:
        """A page whose marks name entries, such as a feed's, with marks that name nobody."""
        pseudonyms = self._pseudonyms
        if pseudonyms is None or not self.asked(source.topics).pseudonymise:
            return page
        return replace(page, marks=[None if mark is None else pseudonyms.post(str(mark)) for mark in page.marks])

    def salt(self, source: Source) -> bytes:
        """What digests of rows are keyed with besides: with privacy, nobody without the key can try out what they are of."""
        if self._pseudonyms is None:
            return b""
        return self._pseudonyms.salt(repr((sorted(self._wanted.items(), key=lambda each: each[0]), sorted(source.topics))))

    def ids(self, post_id: str) -> tuple[str, ...]:
        """The ids under which a post may be stored."""
        return (post_id,) if self._pseudonyms is None else (post_id, self._pseudonyms.post(post_id))

    async def keep(self, item: PageItem) -> None:
        """Leave in a page what may be stored of it: posts under their new ids, rows in quarantine without content, and no address."""
        made = await self.kept(item.posts, asked_by=item.source.topics)
        item.rows = {new.id: item.rows[old.id] for old, new in zip(item.posts, made, strict=True) if old.id in item.rows}
        item.posts = made
        item.refused = self.refused(item.refused, source=item.source)
        if self._may_concern(item.source):
            item.reply = replace(item.reply, url="", headers={}, body=b"")

    def _asked_of(self, post: Post, source: Privacy, stored: Mapping[str, Sequence[str]], sealed: str) -> Privacy:
        topics = {*(match.id for match in post.topics), *stored.get(post.id, ()), *stored.get(sealed, ())}
        asked = self.asked(topics) | source
        if sealed in stored and not asked.pseudonymise:
            # It was private once, for a topic that may be gone: it does not come back in the open beside itself.
            asked |= Privacy(pseudonymise=True, redact=strictest(self._wanted.values()).redact)
        return asked or OPEN

    async def _seal(self, change: Mapping[str, Privacy]) -> int:
        """Change stored posts, and look again at those that others changed meanwhile. Raises StoreUnavailableError."""
        assert self._pseudonyms is not None
        changed, left = 0, set(change)
        for _ in range(MOST_ROUNDS):
            again: set[str] = set()
            for before in await self._sealing.whole(left):
                kept = private(before.post, change[before.post.id], self._pseudonyms)
                if kept == before.post:
                    continue
                if await self._sealing.put(before, kept):
                    changed += 1
                else:
                    again.add(before.post.id)
            if not again:
                return changed
            left = again
        raise StoreUnavailableError("Posts that are to become private are being written by others all the time. Try again.")

    def _may_concern(self, source: Source) -> bool:
        return bool(self.asked(source.topics)) or any(
            not platforms or source.platform in platforms for platforms in self._platforms.values()
        )

    def _emptied(self, row: Refused) -> Refused:
        assert self._pseudonyms is not None
        # Told apart by their content still, so that the same row counts up; the digest is keyed.
        token = self._pseudonyms.post(f"{row.raw.hex()}{row.post_id or ''}")
        return replace(row, raw=b"", post_id=token, reply=replace(row.reply, url="", headers={}))
