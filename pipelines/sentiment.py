"""Fourth step of a page: fast scorers score inline; what only a slow one can score waits for the scoring stage."""

from monitor.crawl.page_item import PageItem
from monitor.sentiment.scorer import inline, scored


class SentimentPipeline:
    """Gives each post its score, or the reason why there is none."""

    def process_item(self, item: PageItem) -> PageItem:
        scorers = inline()
        item.posts = [scored(post, scorers) for post in item.posts]
        return item
