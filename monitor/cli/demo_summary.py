"""What the demo says at its end: what was collected and scored, and what to try next."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from monitor.store.connection import Store

_LABELS = ("positive", "neutral", "negative")
_LONGEST_BAR, _SHORTEST_BAR = 40, 8
_BESIDE_BAR = 19  # the two columns of numbers, and the blanks between all four


async def show_summary(store: Store, result: Mapping[str, Any], console: Console) -> None:
    """Print posts per platform and topic with their sentiment, the comparison with what was shown, and next steps."""
    console.print("\n[bold]Collected from simulated platforms[/] (simulated data, invented people and posts)", highlight=False)
    console.print(await _table(store, "platform", "$platform", width=console.width))
    console.print(await _table(store, "topic", "$topics.id", width=console.width))
    exact = not any(result[name] for name in ("missing", "invented", "doubled", "different"))
    console.print(
        f"Checked against what the platforms showed: {result['shown']:,} posts shown, {result['stored']:,} stored, "
        f"{result['missing']} missing, {result['invented']} invented, {result['doubled']} doubled, {result['different']} different"
        f"{' - exact' if exact else ''}.\n{result['scored']:,} scored (English), {result['unscored']:,} not "
        f"(another language, or no text), {result['quarantined']} in quarantine. {result['seconds']} s.",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        "\n[bold]Try next[/]\n"
        "  MONITOR_DATABASE=monitor_demo monitor sources     what was polled, and how far it is proven read\n"
        "  monitor db start --tcp && monitor db uri          open the data in mongosh or Compass (database monitor_demo)\n"
        '  monitor track "python" --platform hackernews      watch a topic on a real platform; then: monitor collect\n',
        highlight=False,
        soft_wrap=True,
    )


async def _table(store: Store, title: str, key: str, *, width: int) -> Table:
    """Posts per value of `key` with the shares of the labels among those that were scored, in so many columns of a terminal."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in (title, "posts", "scored"):
        table.add_column(heading, justify="left" if heading == title else "right", no_wrap=True)
    table.add_column("positive | neutral | negative")
    stages: list[dict[str, Any]] = [
        {"$group": {"_id": {"of": key, "label": "$sentiment.label"}, "posts": {"$sum": 1}}},
        {"$group": {"_id": "$_id.of", "posts": {"$sum": "$posts"}, "labels": {"$push": {"k": "$_id.label", "n": "$posts"}}}},
        {"$sort": {"posts": -1, "_id": 1}},
    ]
    if "topics" in key:
        stages.insert(0, {"$unwind": "$topics"})
    rows = await (await store.database["posts"].aggregate(stages)).to_list()
    longest = max((len(str(row["_id"])) for row in rows), default=0)
    bar = max(_SHORTEST_BAR, min(_LONGEST_BAR, width - longest - _BESIDE_BAR))
    for row in rows:
        labels = {each["k"]: each["n"] for each in row["labels"] if "k" in each and each["k"] is not None}
        table.add_row(str(row["_id"]), f"{row['posts']:,}", f"{sum(labels.values()):,}", _bar(labels, length=bar))
    return table


def _bar(labels: Mapping[str, int], *, length: int) -> str:
    total = sum(labels.values())
    if not total:
        return ""
    widths = [round(length * labels.get(label, 0) / total) for label in _LABELS]
    signs = ("[blue]" + "+" * widths[0] + "[/]", "[dim]" + "." * widths[1] + "[/]", "[dark_orange]" + "-" * widths[2] + "[/]")
    return "".join(signs)
