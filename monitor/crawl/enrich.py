"""What a post lacks and its own text can tell: language, tags, mentions, links and what they lead to, by what its copies are
known, and which topics it matches. Pure.

What the platform says wins: nothing here changes a language or adds to a list of tags, mentions or links that it gave.
"""

from monitor.crawl.checked import MOST_ENTRIES
from monitor.post import Match, Post
from monitor.query.searchable import Searchable
from monitor.query.watch import Watch
from monitor.text.cashtags import cashtags_as_tags
from monitor.text.language import detect, primary_subtag
from monitor.text.link_identity import domains, link_identities
from monitor.text.links import links_in
from monitor.text.mentions import mentions_in
from monitor.text.signature import signature
from monitor.text.tags import plain_tags, tags_in
from monitor.text.utterance import utterance


def enrich(post: Post, topics: Watch) -> Post:
    """The post completed, with its matches. `topics` are those that watch its platform; matches keep their order."""
    made = completed(post)
    found = matches(made, topics)
    return made if found == made.topics else made.filled(topics=found)


def completed(post: Post) -> Post:
    """The post with what its text tells.

    `language` becomes a primary subtag, None where neither platform nor text tell it; `tags` are lower case without #, those of
    shares with $; links stand in it once.
    """
    links = post.links and tuple(dict.fromkeys(link.strip() for link in post.links if link.strip()))
    links = links or links_in(post.text)[:MOST_ENTRIES]
    link_ids = link_identities(links) if links else ()
    said = utterance(post)
    return post.filled(
        language=primary_subtag(post.language) or detect(said),
        tags=(post.tags and plain_tags(post.tags)) or _all_tags_in(post.text)[:MOST_ENTRIES],
        mentions=post.mentions or mentions_in(post.text)[:MOST_ENTRIES],
        links=links,
        link_ids=link_ids,
        domains=domains(link_ids) if link_ids else (),
        signature=signature(said),
    )


def _all_tags_in(text: str) -> tuple[str, ...]:
    tags = tags_in(text)
    return (*tags, *cashtags_as_tags(text)) if "$" in text else tags


def matches(post: Post, topics: Watch) -> tuple[Match, ...]:
    """The topics that a completed post matches, each with the version of its query and where the text says it."""
    if not topics:
        return ()
    searchable = Searchable(post)
    found = [
        Match(id=topic.id, version=topic.version, spans=spans)
        for topic, query in topics.candidates(searchable)
        if (spans := query.matcher(searchable)) is not None
    ]
    return tuple(found)
