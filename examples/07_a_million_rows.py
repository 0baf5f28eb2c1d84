"""A million rows: a CSV file is planned in pieces of whole customers, so memory does not grow with the file.

Run it as `python 07_a_million_rows.py 1000000`; without a number it makes 20 000 rows.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from dunning_adapters.files import FilesSettings, FilesSource
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load

TODAY = date(2026, 11, 20)
ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
CURRENCIES = ("EUR", "RON", "PLN", "HUF")


def rows(count: int) -> Iterator[str]:
    """Open items of `count` // 5 customers, which turn up again all over the file."""
    yield "number,customer,due_date,currency,balance,email\n"
    for n in range(count):
        customer = n * 7919 % max(count // 5, 1)
        due = TODAY + timedelta(days=30 - n * 31 % 150)
        email = f"ap@customer-{customer}.example" if customer % 50 else ""
        yield f"F-{n},C-{customer},{due},{CURRENCIES[customer % 4]},{n % 900 + 100}.{n % 100:02},{email}\n"


with TemporaryDirectory() as folder:
    file = Path(folder) / "items.csv"
    with file.open("w", encoding="utf-8", newline="") as written:
        written.writelines(rows(ROWS))

    runner = Runner.of(load(Path(__file__).parent / "data" / "dunning.toml"))
    runner = replace(runner, source=FilesSource(FilesSettings(items=(file,)), Path(folder)))
    letters, outcomes, balances = 0, Counter(), Counter()
    for proposal in runner.proposals(TODAY):  # each is forgotten before the next is read
        letters += len(proposal.plan.actions)
        for (outcome, currency), balance in proposal.plan.balances().items():
            balances[outcome.value, currency] += balance
        outcomes.update(decision.outcome.value for decision in proposal.plan.decisions)

print(f"{outcomes.total()} open items, {letters} letters")
for outcome, count in sorted(outcomes.items()):
    sums = ", ".join(f"{balances[outcome, code]} {code}" for code in CURRENCIES if balances[outcome, code])
    print(f"    {outcome}: {count} ({sums})")
