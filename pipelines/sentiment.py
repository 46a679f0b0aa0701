"""Third step of a page: fast scorers score inline."""

from dataclasses import replace

from monitor.crawl.page_item import PageItem
from monitor.sentiment.vader import score
from monitor.text.utterance import utterance


class SentimentPipeline:
    """Gives each post its score, or the reason why there is none."""

    def process_item(self, item: PageItem) -> PageItem:
        item.posts = [replace(post, sentiment=score(utterance(post), post.language)) for post in item.posts]
        return item
