"""The project that people write first: an item per post, VADER in a pipeline, one update_one per post, Scrapy's defaults.

`python naive.py ADDRESS MONGODB DATABASE` stores the same posts as ours, as the same documents.
"""

import html
import json
import re
import sys
from datetime import UTC, datetime
from typing import Any

import scrapy
import zstandard
from bson.binary import Binary
from pages import TAGS
from pymongo import MongoClient, WriteConcern
from scrapy.crawler import AsyncCrawlerProcess
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
from w3lib.html import remove_tags

from monitor.text.link_identity import domains, link_identities
from monitor.text.signature import signature

MEDIA = {"image": "image", "video": "video", "gifv": "gif", "audio": "audio"}


class TagSpider(scrapy.Spider):
    name = "naive"

    def __init__(self, address: str) -> None:
        super().__init__()
        self.start_urls = [f"{address}/api/v1/timelines/tag/{tag}?limit=40" for tag in TAGS]

    def parse(self, response: Any) -> Any:
        statuses = json.loads(response.text)
        for status in statuses:
            yield {"status": status}
        if statuses:
            yield scrapy.Request(f"{response.url.partition('&')[0]}&max_id={statuses[-1]['id']}")


class PostPipeline:
    """The status as a post. What is unknown or empty is left out."""

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        status = item["status"]
        said, writer = status["reblog"] or status, status["account"]
        names = {each["url"] for each in (*said["tags"], *said["mentions"])}
        links = [*re.findall(r'<a href="([^"]+)"', said["content"]), (said["card"] or {}).get("url")]
        post = {
            "_id": status["uri"],
            "platform": "mastodon",
            "native_id": status["id"],
            "url": status["url"],
            "kind": "repost" if status["reblog"] else "reply" if status["in_reply_to_id"] else "post",
            "created_at": datetime.fromisoformat(status["created_at"]),
            "edited_at": said["edited_at"] and datetime.fromisoformat(said["edited_at"]),
            "text": self.text(said["content"]),
            "summary": said["spoiler_text"],
            "language": said["language"],
            "author": {
                "id": writer["uri"],
                "handle": f"{writer['acct']}@m.example",
                "name": writer["display_name"],
                "url": writer["url"],
                "followers": writer["followers_count"],
                "bot": writer["bot"],
            },
            "tags": list(dict.fromkeys(tag["name"].lower() for tag in said["tags"])),
            "mentions": list(dict.fromkeys(f"{one['acct']}@m.example" for one in said["mentions"])),
            "links": list(dict.fromkeys(link for link in links if link and link not in names)),
            "media": [
                {"kind": MEDIA[file["type"]], "url": file["url"], "alt": file["description"]}
                for file in said["media_attachments"]
            ],
            "reply_to": status["in_reply_to_id"],
            "counts": {
                "likes": status["favourites_count"],
                "reposts": status["reblogs_count"],
                "replies": status["replies_count"],
                "quotes": status["quotes_count"],
            },
            "sensitive": said["sensitive"],
            "seen_on": ["mastodon/m.example"],
            "signature": signature(self.text(said["content"])),
            "fetched_at": datetime.now(UTC),
            "raw": Binary(zstandard.compress(json.dumps(status).encode(), 1)),
        }
        post["link_ids"] = list(link_identities(post.get("links", ())))
        post["domains"] = list(domains(post["link_ids"]))
        item["post"] = {name: value for name, value in post.items() if value is not None and value not in ("", [])}
        return item

    def text(self, content: str) -> str:
        broken = re.sub(r"<br ?/?>", "\n", content.replace("</p><p>", "\n\n"))
        return html.unescape(remove_tags(broken)).strip()


class SentimentPipeline:
    def __init__(self) -> None:
        self.analyzer = SentimentIntensityAnalyzer()

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        shares = self.analyzer.polarity_scores(item["post"]["text"])
        compound = shares["compound"]
        item["post"]["sentiment"] = {
            "label": "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral",
            "compound": compound,
            "positive": shares["pos"],
            "neutral": shares["neu"],
            "negative": shares["neg"],
        }
        return item


class MongoPipeline:
    def __init__(self) -> None:
        self.client: MongoClient[dict[str, Any]] = MongoClient(sys.argv[2], tz_aware=True)
        database = self.client[sys.argv[3]]
        self.posts = database.get_collection("posts", write_concern=WriteConcern("majority", j=True))

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        post = item["post"]
        self.posts.update_one(
            {"_id": post["_id"]}, {"$set": post, "$setOnInsert": {"first_seen": post["fetched_at"]}}, upsert=True
        )
        return item

    def close_spider(self) -> None:
        self.client.close()


if __name__ == "__main__":
    process = AsyncCrawlerProcess(
        {
            "ITEM_PIPELINES": {PostPipeline: 1, SentimentPipeline: 2, MongoPipeline: 3},
            "EXTENSIONS": {"meter.Meter": 1},
            "LOG_LEVEL": "WARNING",
        }
    )
    process.crawl(TagSpider, address=sys.argv[1])
    process.start()
