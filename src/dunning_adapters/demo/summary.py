"""What the demo says in the end: what became of letters and open items, and where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from dunning_adapters.result import Run
from dunning_core.decision import Outcome


def summary(run: Run) -> Iterator[str]:
    """What became of the letters and of the items, as two small tables."""
    yield f"{run.as_of}: {len(run.deliveries)} letters to write"
    yield ""
    ends = Counter((delivery.action.level_name, delivery.end.value) for delivery in run.deliveries)
    yield from _table(("letters", "became", "count"), [(*key, str(count)) for key, count in sorted(ends.items())])
    yield ""
    currencies = sorted({currency for _, currency in run.balances})
    rows = []
    for outcome in sorted(run.counts, key=list(Outcome).index):
        balances = [run.balances.get((outcome, currency)) for currency in currencies]
        shown = ["" if balance is None else f"{balance:,.2f}" for balance in balances]
        rows.append((outcome.value, str(run.counts[outcome]), *shown))
    yield from _table(("open items", "count", *currencies), rows)
    yield ""
    yield f"{len(run.problems)} faults in the data, each named in the report; all other rows were worked through"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of text; those of numbers are set to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(titles, *rows, strict=True)]
    words = [not any(map(str.isdigit, "".join(column))) for column in zip(*rows, strict=True)]
    for cells in (titles, ["-" * width for width in widths], *rows):
        placed = zip(cells, widths, words, strict=True)
        yield "  ".join(cell.ljust(width) if word else cell.rjust(width) for cell, width, word in placed).rstrip()


def where(out: Path) -> Iterator[str]:
    """The places worth a look."""
    yield f"Look into {out}:"
    places = {
        "letters/": "one .eml and one .html per letter; letters/earlier/ has those of the past",
        "plan.json, plan.xlsx": "what was proposed, for every open item, and why",
        "report/": "what a responsible person reads after the run",
        "dunning.toml": "the settings; items.csv and customers.csv are the data",
        "history.sqlite": "what happened; try `dunning history` in the folder",
    }
    width = max(map(len, places))
    for name, what in places.items():
        yield f"  {name.ljust(width)}  {what}"
