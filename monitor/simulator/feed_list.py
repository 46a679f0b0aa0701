"""The simulated feeds: what each is called, how it is written, and what is odd about it."""

from dataclasses import dataclass
from typing import Literal

Format = Literal["rss", "atom", "rdf", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """`path` under the feeds server; `window`: how many of the newest entries it shows. `guids`: tag URIs, numbers,
    permalinks or none at all; `broken`: not well-formed XML, as one in ten real feeds is not."""

    path: str
    name: str
    host: str
    format: Format
    window: int
    language: str = "en"
    charset: str = "utf-8"
    guids: Literal["tag", "number", "permalink", "none"] = "permalink"
    dated: bool = True
    broken: bool = False

    def guid(self, number: int, url: str) -> str | None:
        match self.guids:
            case "tag":
                return f"tag:{self.host},2026:{number}"
            case "number":
                return str(number)
            case "permalink":
                return url
        return None


FEEDS = (
    Feed(path="/feeds/weekly.xml", name="The Simulated Weekly", host="weekly.example", format="rss", window=40),
    Feed(path="/feeds/notes.atom", name="Notes from the Shed", host="notes.example", format="atom", window=20, guids="tag"),
    Feed(path="/feeds/planet.rdf", name="Planet Example", host="planet.example", format="rdf", window=15),
    Feed(path="/feeds/log.json", name="A Log in JSON", host="log.example", format="json", window=25, guids="number"),
    Feed(
        path="/feeds/anzeiger.xml",
        name="Erfundener Anzeiger für Übermorgen",
        host="anzeiger.example",
        format="rss",
        window=20,
        language="de",
        charset="iso-8859-1",
    ),
    Feed(
        path="/feeds/corner.xml",
        name="Corner Shop & Sons",
        host="corner.example",
        format="rss",
        window=10,
        guids="none",
        dated=False,
        broken=True,
    ),
)
MOVED_PATH = "/feeds/old-weekly.xml"  # answers 301 to the first feed
PAGE_PATH = "/blog/"  # an HTML page that names the first two feeds
