"""The chart shows counts as bars, the usual band, and marks."""

from rich.console import Console

from monitor.cli.chart import MOST_ROWS, Bar, chart


def drawn(*bars):
    console = Console(width=120)
    with console.capture() as captured:
        console.print(chart(bars, heading="hour"))
    return captured.get().splitlines()


def test_chart__bars_band_and_marks():
    lines = drawn(Bar(label="10:00", count=10, band=(5, 15)), Bar(label="11:00", count=40, band=(5, 15), mark="spike"))
    assert lines[1].split() == ["10:00", "10", "5-15", "█" * 5 + "▒" * 5 + "·" * 5]
    assert lines[2].endswith("▲ spike")
    assert lines[2].count("█") + lines[2].count("▒") == 40


def test_chart__only_the_newest():
    lines = drawn(*(Bar(label=str(at), count=0) for at in range(100)))
    assert len(lines) == MOST_ROWS + 1
    assert lines[-1].split()[0] == "99"


def test_chart__of_nothing():
    assert len(drawn()) <= 1
