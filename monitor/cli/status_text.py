"""The state of the fleet in lines for a terminal."""

from collections import Counter
from collections.abc import Iterator

from monitor.fleet.advice import advice
from monitor.fleet.silence import silences
from monitor.store.fleet_view import FleetView, SourceView

# The worst first.
_WORDS = ("failing", "needs credentials", "late", "rate-limited", "never ran", "paused", "ok")


def lines(view: FleetView, *, every: bool) -> Iterator[str]:
    """What runs, what waits, platforms, sources that do not do well (or `every` one), silent topics, and what to do."""
    yield f"As of {view.now:%Y-%m-%d %H:%M:%SZ}, by the clock of MongoDB"
    yield ""
    yield from _running(view)
    yield ""
    yield from _platforms(view)
    shown = [source for source in view.sources if every or source.word != "ok"]
    if shown:
        yield ""
        for source in sorted(shown, key=lambda source: (_WORDS.index(source.word), source.id)):
            yield from _source(source)
    if silent := silences(view):
        yield ""
        yield "Topics without a post of the last 24 hours:"
        for silence in silent:
            yield f"  {silence.topic}: {_plain(silence.says)}"
            yield f"    to do: {_plain(silence.do)}"
    yield ""
    found = advice(view)
    if not found:
        yield "Nothing needs you."
    for each in found:
        yield f"! {_plain(each.says)}"
        yield f"  to do: {_plain(each.do)}"


def _running(view: FleetView) -> Iterator[str]:
    for node in view.nodes:
        age = "" if node.state == "alive" else f", last seen {span(node.silent_s)} ago"
        yield f"node {_plain(node.name)}: {node.state}{age}, {node.running} of {node.max_proc} jobs, version {node.version or '?'}"
    roles = Counter(process.role for process in view.processes if process.alive)
    yield "runs: " + (
        ", ".join(f"{role}{f' x{count}' if count > 1 else ''}" for role, count in sorted(roles.items())) or "nothing"
    )
    jobs = view.jobs_by_state()
    waits = f" (the first for {span(view.pending_s)})" if view.pending_s is not None else ""
    yield (
        f"queue: {jobs.get(('pending',), 0):,.0f} pending{waits}, {jobs.get(('leased',), 0):,.0f} running, "
        f"{jobs.get(('dead',), 0):,.0f} given up; {view.crawls:,} crawls at work"
    )


def _platforms(view: FleetView) -> Iterator[str]:
    if not view.sources:
        yield "There are no sources yet. Make some with: monitor track WORD"
        return
    waits = view.longest_waits()
    for platform in sorted({source.platform for source in view.sources}):
        sources = [source for source in view.sources if source.platform == platform]
        words = Counter(source.word for source in sources)
        counted = ", ".join(f"{words[word]:,} {word}" for word in _WORDS if words[word])
        polled = [source.polled_s for source in sources if source.polled_s is not None and source.word != "paused"]
        fresh = f"last polled {span(min(polled))} to {span(max(polled))} ago" if polled else "never polled"
        waiting = waits.get((platform,), 0.0)
        yield f"{platform}: {counted}; {fresh}{f'; the longest wait is {span(waiting)}' if waiting else ''}"


def _source(source: SourceView) -> Iterator[str]:
    polled = "never polled" if source.polled_s is None else f"polled {span(source.polled_s)} ago"
    due = (
        "on demand"
        if not source.topics
        else f"due for {span(source.waits_s)}"
        if source.waits_s > 0
        else f"due in {span(-source.waits_s)}"
    )
    yield f"  {source.word:<17} {_plain(source.id)}  ({polled}, {'being read' if source.worked_on else due})"
    if source.reason:
        yield f"    {_plain(source.reason)}"


def span(seconds: float) -> str:
    """A length of time in its largest whole unit, such as `14m`."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def _plain(text: str) -> str:
    """A stranger's text, without what would move the cursor or turn the line around."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
