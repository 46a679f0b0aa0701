"""`scrapy probe PLATFORM`: ask one page of a platform and say how it answers, as one line of JSON. Stores nothing.

Codes: 0 it works, 1 it does not, 2 usage.
"""

import argparse
import json
import sys
from dataclasses import asdict

from scrapy.commands import ScrapyCommand
from scrapy.utils.conf import arglist_to_dict

from monitor.crawl.probe import ProbeSpider, chosen
from monitor.errors import Fatal, UsageError

FAILURE, USAGE = 1, 2


class Command(ScrapyCommand):
    """Runs one probe and sets `exitcode`."""

    requires_project = True

    def syntax(self) -> str:
        return "<platform> [-a NAME=VALUE]..."

    def short_desc(self) -> str:
        return "Ask one page of a platform and say how it answers"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE", help="spider argument, as for crawl"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        loader = self.crawler_process.spider_loader
        names = sorted(loader.list())
        try:
            if len(args) != 1 or args[0] not in names:
                raise UsageError(f"Name one platform: scrapy probe PLATFORM. There are: {', '.join(names)}.")
            platform, given = loader.load(args[0]), _pairs(opts.spargs)
            chosen(platform, given)  # type: ignore[arg-type]  # all spiders here are platforms
        except Fatal as error:
            sys.stderr.write(f"{error}\n")
            self.exitcode = USAGE
            return
        crawler = self.crawler_process.create_crawler(ProbeSpider)
        self.crawler_process.crawl(crawler, platform=platform, given=given)
        self.crawler_process.start()
        probed = getattr(crawler.spider, "probed", None)
        self.exitcode = FAILURE if probed is None or probed.state != "works" else 0
        if probed is not None:
            sys.stdout.write(json.dumps(asdict(probed)) + "\n")


def _pairs(given: list[str]) -> dict[str, str]:
    try:
        return arglist_to_dict(given)
    except ValueError:
        raise UsageError("Write each -a as NAME=VALUE.") from None
