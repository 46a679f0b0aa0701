"""Scrapy settings of the project; the reason of each is in docs/configuration.md."""

from scrapy.settings import default_settings as _scrapy

from monitor import __version__
from monitor.config import contact as _contact

BOT_NAME = "social-monitor"
USER_AGENT = f"SocialMonitor/{__version__} ({_contact() or 'set MONITOR_CONTACT to say who runs this'})"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"
SPIDER_LOADER_CLASS = "monitor.crawl.loader.PlatformLoader"
COMMANDS_MODULE = "monitor.crawl.commands"

# Switched off below as well. Scrapy imports what it lists only to learn that, aiohttp and requests with it: a sixth of a crawl's start.
_never_used = frozenset(
    {
        "scrapy.extensions.remote_control.RemoteControl",
        "scrapy.extensions.telnet.TelnetConsole",
        "scrapy.downloadermiddlewares.cookies.CookiesMiddleware",
    }
)
EXTENSIONS_BASE = {name: place for name, place in _scrapy.EXTENSIONS_BASE.items() if name not in _never_used}
DOWNLOADER_MIDDLEWARES_BASE = {
    name: place for name, place in _scrapy.DOWNLOADER_MIDDLEWARES_BASE.items() if name not in _never_used
}
ITEM_PIPELINES = {
    "pipelines.normalize.NormalizePipeline": 100,
    "pipelines.enrich.EnrichPipeline": 200,
    "pipelines.privacy.PrivacyPipeline": 250,
    "pipelines.sentiment.SentimentPipeline": 300,
    "pipelines.store.StorePipeline": 400,
}
EXTENSIONS = {
    "scrapy.extensions.memusage.MemoryUsage": None,  # MemoryLimit stands in for it
    "monitor.crawl.memory_limit.MemoryLimit": 0,
    "monitor.crawl.acknowledge.Acknowledge": 0,
    "monitor.crawl.job_lease.JobLeaseKeeper": 5,
    "monitor.crawl.run_recorder.RunRecorder": 10,
}
DOWNLOADER_MIDDLEWARES = {
    # Before Retry (550), so that tried-again requests keep the pace too and a 429 is seen here first.
    "monitor.crawl.pace_middleware.PaceMiddleware": 560,
    "monitor.crawl.compression.CompressionMiddleware": 590,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
}
FEED_EXPORTERS = {
    "json": "monitor.crawl.exporters.PostsJson",
    "jsonl": "monitor.crawl.exporters.PostsJsonLines",
    "jsonlines": "monitor.crawl.exporters.PostsJsonLines",
    "jl": "monitor.crawl.exporters.PostsJsonLines",
    "csv": "monitor.crawl.exporters.PostsCsv",
    # Scrapy's own would write the page with all that travels with it.
    "xml": None,
    "marshal": None,
    "pickle": None,
}
FEED_EXPORT_ENCODING = "utf-8"

# One item is a page: more workers per response would only be built and thrown away (0.8 ms per page at 100).
CONCURRENT_ITEMS = 8
WARN_ON_GENERATOR_RETURN_VALUE = False  # Scrapy would read and parse the source of each callback to find out
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 1_000_000
# Requests that wait for their host's pace count as active: room for all walks, so that no host starves another.
CONCURRENT_REQUESTS = 64
CONCURRENT_REQUESTS_PER_DOMAIN = 8
DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False

DOWNLOAD_TIMEOUT = 45
TWISTED_DNS_RESOLVER = "monitor.crawl.resolver.PinnedResolver"
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 4 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None}
RETRY_HTTP_CODES = [500, 502, 503, 504, 408]
RETRY_TIMES = 2
REDIRECT_ENABLED = False
METAREFRESH_ENABLED = False
COOKIES_ENABLED = False
REFERER_ENABLED = False
HTTPERROR_ALLOW_ALL = True
HTTPCACHE_ENABLED = False
ROBOTSTXT_OBEY = False  # APIs and feeds are made for programs; what each platform asks of them is in its file
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
MEMUSAGE_LIMIT_MB = 1024
LOG_LEVEL = "INFO"
LOG_FORMATTER = "monitor.crawl.log_format.QuietLogFormatter"

MONITOR_LEASE_S = 60
MONITOR_WALKS = 16
MONITOR_PAGES_PER_POLL = 500
MONITOR_LONGEST_WAIT_S = 30.0
MONITOR_PROBE_S = 60.0
MONITOR_PACE_S = None
MONITOR_INTERVAL_S = None
