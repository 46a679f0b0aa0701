"""What the simulated Mastodon says about itself: instance and nodeinfo documents."""

from typing import Any

from monitor.simulator.people import LOCAL_HOST

VERSION = "4.5.2"


def entity(*, people: int) -> dict[str, Any]:
    """/api/v2/instance. `timelines_access` says that every timeline is open to everybody."""
    feeds = {"local": "public", "remote": "public"}
    return {
        "domain": LOCAL_HOST,
        "title": "Chatter (simulated)",
        "version": VERSION,
        "source_url": "",
        "description": "A simulated instance: nobody here is real.",
        "usage": {"users": {"active_month": people}},
        "languages": ["en"],
        "configuration": {
            "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
            "timelines_access": {"live_feeds": feeds, "hashtag_feeds": feeds, "trending_link_feeds": feeds},
        },
        "registrations": {"enabled": False},
        "api_versions": {"mastodon": 7},
        "contact": {"email": "nobody@chatter.example", "account": None},
        "rules": [],
    }


def nodeinfo_links(base: str) -> dict[str, Any]:
    """/.well-known/nodeinfo: where the document lies."""
    return {"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": f"{base}/nodeinfo/2.0"}]}


def nodeinfo(*, people: int, posts: int) -> dict[str, Any]:
    """/nodeinfo/2.0."""
    return {
        "version": "2.0",
        "software": {"name": "mastodon", "version": VERSION},
        "protocols": ["activitypub"],
        "services": {"outbound": [], "inbound": []},
        "usage": {"users": {"total": people}, "localPosts": posts},
        "openRegistrations": False,
        "metadata": {"nodeName": "Chatter (simulated)"},
    }
