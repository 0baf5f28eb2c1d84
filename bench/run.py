"""How fast and how large, each figure beside a reference measured in the same run: `python bench/run.py [ITEMS ...]`.

Every measurement runs in a process of its own, measure and reference in turn, and the median of the runs is printed:
ratios between neighbours are worth more than absolute figures on a busy machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import optima
import posting
from made_data import write

HERE = Path(__file__).parent
SIZES = (10_000, 100_000, 1_000_000)
SMALL = SIZES[0]
PAIRS = (
    ("objects", "plain_loop", "open items from CSV to plan, objects path, beside a plain Python loop"),
    ("sieve_only", "polars_join", "open items from CSV through the sieve, an ordinary day, beside polars, same files"),
    ("sieve_daily", "polars_reference", "the same with the plan of the busy, beside polars on the items alone"),
)
LETTERS = ("letters", "naive_letters", "letters rendered and serialised, beside Jinja + Babel + EmailMessage")


def measured(name: str, folder: Path, *more: str) -> dict[str, float]:
    """What one process found. Raises CalledProcessError when it fails."""
    command = [sys.executable, str(HERE / "measures.py"), name, str(folder), *more]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own file
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def pair(one: str, other: str, folder: Path, runs: int, unit: str = "s") -> None:
    """Measure both in turn and print their medians and the ratio."""
    seconds = {"s": 1, "min": 60}[unit]
    rates: dict[str, list[float]] = {one: [], other: []}
    last: dict[str, dict[str, float]] = {}
    for _ in range(runs):
        for name in (one, other):
            found = measured(name, folder)
            rates[name].append(found["rows"] / found["seconds"] * seconds)
            last[name] = found
    for name in (one, other):
        more = ", ".join(f"{key} {value:,.0f}" for key, value in last[name].items() if key not in {"seconds", "peak"})
        print(f"  {name:18}{statistics.median(rates[name]):>12,.0f} /{unit} {last[name]['peak']:>7,.0f} MB   ({more})")
    ratio = statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))
    print(f"  {one} / {other} = {ratio:.2f}")


def main() -> None:
    """Print all figures."""
    sizes = [int(argument) for argument in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory() as scratch:
        for size in sizes:
            folder = Path(scratch) / str(size)
            write(folder, size)
            runs = 1 if size > 500_000 else 3
            for one, other, title in PAIRS:
                print(f"{size:,} {title}")
                pair(one, other, folder, runs)
            if size == SMALL:
                print("letters/s out of the outbox to a mail server, beside smtplib on a connection that is reused")
                posting.table(measured, folder, 3)
                print("entries/s of a journal that are verified, beside reading the same rows with sqlite3")
                pair("journal_verified", "journal_read", folder, 3)
                print("letters/s claimed by eight workers, after two planners put in the same 10,000")
                for engine in posting.ENGINES:
                    found = measured("claims", folder, engine)
                    print(f"  {engine:16}{found['rows'] / found['seconds']:>12,.0f} /s")
                print("letters as PDF on one core, by Typst beside WeasyPrint, same letters")
                pair("printed_fast", "printed_html", folder, 3, "min")
            if size <= 100_000:
                print(f"{size:,} items: {LETTERS[2]}")
                pair(LETTERS[0], LETTERS[1], folder, runs)
            with optima.books(size) as there:
                if there:
                    print(f"{size:,} open items through a preset on PostgreSQL, beside the driver alone")
                    pair("sql_columns", "sql_bare", folder, max(runs, 3))
                    found = measured("sql_objects", folder)
                    print(
                        f"  sql_objects       {found['rows'] / found['seconds']:>12,.0f} /s {found['peak']:>7,.0f} MB"
                    )
            print(f"{size:,} open items from CSV to letters in a durable SQLite history")
            found = measured("end_to_end", folder)
            rate, letters = found["rows"] / found["seconds"], found["letters"] / found["seconds"]
            print(f"  end_to_end        {rate:>12,.0f} items/s {letters:>9,.0f} letters/s {found['peak']:>7,.0f} MB")


if __name__ == "__main__":
    main()
