"""One measurement in a process of its own: `measures.py NAME FOLDER ...` prints what it did as one line of JSON."""

from __future__ import annotations

import gc
import itertools
import json
import os
import resource
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import optima
import posting
import proof
from made_data import AS_OF, ITEM_HEADER

from dunning_adapters import sieve
from dunning_adapters.memory import MemoryHistory
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.ledger import Creditor, Customer, ItemKind, Ledger, OpenItem
from dunning_core.plan import Planner, Setting
from dunning_core.rules import Rules

Result = dict[str, Any]


def runner(folder: Path) -> Runner:
    made = Runner.of(load(folder / "dunning.toml"))
    made.history = MemoryHistory()
    return made


def objects(folder: Path) -> Result:
    """CSV file to plan, every item an object with a decision: no history yet, so two thirds of all items are dunned."""
    counts: Counter[str] = Counter()
    letters = 0
    made = runner(folder)
    start = time.perf_counter()
    for piece in made.proposals(AS_OF):
        counts.update(decision.outcome.value for decision in piece.plan.decisions)
        letters += len(piece.plan.actions)
    return {"rows": sum(counts.values()), "letters": letters, "seconds": time.perf_counter() - start}


def plain_loop(folder: Path) -> Result:
    """Reference for `objects`: csv.reader, a date, a Decimal, days late and one level per item; totals per customer."""
    import csv

    totals: dict[tuple[str, str], list[Any]] = {}
    rows = 0
    with (folder / "items.csv").open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for row in lines:
            rows += 1
            late = (AS_OF - date.fromisoformat(row[5])).days
            level = 3 if late >= 30 else 2 if late >= 15 else 1 if late >= 3 else 0
            found = totals.setdefault((row[1], row[6]), [0, Decimal(0)])
            found[0] = max(found[0], level)
            found[1] += Decimal(row[8])
    return {"rows": rows, "letters": sum(1 for level, _ in totals.values() if level)}


def frame(folder: Path) -> Any:
    import polars as pl

    dates = dict.fromkeys(("issue_date", "due_date", "promise_until"), pl.Date)
    money = dict.fromkeys(("amount", "balance"), pl.Decimal(18, 2))
    kinds = {name: {**dates, **money}.get(name, pl.String) for name in ITEM_HEADER.split(",")}
    return pl.scan_csv(folder / "items.csv", schema=kinds)


def polars_reference(folder: Path) -> Result:
    """Reference for `sieve`: polars alone, CSV to level and sums per customer and currency."""
    import polars as pl

    late = (pl.lit(AS_OF) - pl.col("due_date")).dt.total_days()
    level = pl.when(late >= 30).then(3).when(late >= 15).then(2).when(late >= 3).then(1).otherwise(0)
    query = (
        frame(folder)
        .with_columns(level=level)
        .group_by("customer", "currency")
        .agg(pl.col("level").max(), pl.col("balance").sum(), pl.len().alias("rows"))
    )
    found = query.collect(engine="streaming")
    return {"rows": found["rows"].sum(), "letters": found.filter(pl.col("level") > 0).height}


def polars_join(folder: Path) -> Result:
    """Reference for `sieve_only`: the same two files through polars alone, joined, levels and sums per customer."""
    import polars as pl

    past = pl.scan_csv(folder / "standings.csv", schema_overrides={"last_notice": pl.Date, "deadline": pl.Date})
    late = (pl.lit(AS_OF) - pl.col("due_date")).dt.total_days()
    due = pl.when(late >= 30).then(3).when(late >= 15).then(2).when(late >= 3).then(1).otherwise(0)
    query = (
        frame(folder)
        .join(past, on="id", how="left")
        .with_columns(wanted=due > pl.col("level").fill_null(0))
        .group_by("customer", "currency")
        .agg(pl.col("wanted").any(), pl.col("balance").sum(), pl.len().alias("rows"))
    )
    found = query.collect(engine="streaming")
    return {"rows": found["rows"].sum(), "letters": found.filter(pl.col("wanted")).height}


def sifted(folder: Path) -> Any:
    """CSV files through the sieve, on an ordinary day of a house that dunned yesterday."""
    import polars as pl

    settings = load(folder / "dunning.toml")
    past = pl.scan_csv(
        folder / "standings.csv",
        schema={"id": pl.String, "level": pl.Int16, "last_notice": pl.Date, "deadline": pl.Date, "notices": pl.Int32},
    )
    held = pl.col("disputed").is_not_null() & (pl.col("disputed") != "")
    items = frame(folder).with_columns(held=held).join(past, on="id", how="left")
    items = items.with_columns(pl.col("level").fill_null(0), pl.col("notices").fill_null(0))
    return sieve.sift(items, Rules(settings.policies.policies[settings.policies.default], AS_OF))


def sieve_only(folder: Path) -> Result:
    """CSV files (items, and where they stand) to outcomes: who is idle with sums, and the rows of who is busy."""
    found = sifted(folder)
    return {"rows": len(found.busy) + sum(found.idle["count"]), "busy": len(found.busy)}


def sieve_daily(folder: Path) -> Result:
    """The same, and the busy rows made objects and planned: the whole plan of the day."""
    found, settings = sifted(folder), load(folder / "dunning.toml")
    plan = Planner(Setting(settings.policies, AS_OF)).plan(ledger_of(settings.creditor, found.busy))
    rows = len(found.busy) + sum(found.idle["count"])
    return {"rows": rows, "letters": len(plan.actions), "busy": len(found.busy)}


def ledger_of(creditor: Creditor, busy: Any) -> Ledger:
    from dunning_core.event import Event, EventKind
    from dunning_core.plan import BETWEEN
    from dunning_core.values import quick

    item = quick(OpenItem)
    columns = ("id", "customer", "due_date", "balance", "currency")
    rows = busy.select(*columns, "number", "issue_date", "amount").iter_rows()
    items = tuple(item(*row[:5], ItemKind.INVOICE, *row[5:]) for row in rows)
    columns = ("id", "customer", "currency", "level", "last_notice", "deadline", "notices")
    standing = busy.filter(busy["level"] > 0).select(*columns)
    events = tuple(
        Event(
            EventKind.DISPATCHED,
            last,
            customer,
            key=f"{name}.{number}",
            group=customer + BETWEEN + currency,
            level=level,
            items=((name, level),),
            deadline=deadline,
        )
        for name, customer, currency, level, last, deadline, notices in standing.iter_rows()
        for number in range(notices)
    )
    names = {found.customer for found in items}
    customers = {name: Customer(name, name, "RO", "ro", emails=("ap@customer.example",)) for name in names}
    return Ledger(creditor, customers, items, (), events)


def letters(folder: Path) -> Result:
    """Letters (text and HTML) rendered and serialised for sending, from a plan that is made before the clock starts."""
    from dunning_adapters.message import serialise

    made = runner(folder)
    proposal = made.plan(AS_OF, lean=True)
    posting = made._posting()  # noqa: SLF001 - the bench looks at one step of it
    cases = proposal.cases
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    gc.collect()
    start = time.perf_counter()
    size = 0
    for case in cases:
        size += len(serialise(posting.written(case, AS_OF), domain="exemplu.example", at=at))
    return {"rows": len(cases), "seconds": time.perf_counter() - start, "bytes": size // max(len(cases), 1)}


def printed(engine: str, count: int) -> Result:
    """Letters of one and of six items in five languages as PDF, on one core; seconds of CPU."""
    os.environ["RAYON_NUM_THREADS"] = "1"  # Typst's threads, which have nothing to share in a letter of two pages
    from dunning_adapters.demo.gallery import CREDITORS, specimen
    from dunning_adapters.pdf import PrintSettings, printer

    press = printer(PrintSettings.model_validate({"engine": engine}), Path())
    kinds = [(language, items) for language in CREDITORS for items in (1, 6)]
    documents = [  # each to somebody else, as in life: what is alike is remembered
        specimen(language, "demand", items, name=f"Client {number} S.R.L.")
        for number, (language, items) in zip(range(count), itertools.cycle(kinds), strict=False)
    ]
    press(documents[0])
    gc.collect()
    start = time.process_time()
    pages = sum(press(document).pages for document in documents)
    return {"rows": count, "pages": pages, "seconds": time.process_time() - start}


def printed_html(folder: Path) -> Result:  # noqa: ARG001 - as every measure
    """By WeasyPrint."""
    return printed("html", 40)


def printed_fast(folder: Path) -> Result:  # noqa: ARG001 - as every measure
    """By Typst."""
    return printed("fast", 400)


CELL = 'style="padding:6px 8px;border-bottom:1px solid #d0d7e2;text-align:right;font-family:Arial,sans-serif"'
NAIVE = f"""<html lang="{{{{ language }}}}"><body style="font-family:Arial,sans-serif;color:#1a1a1a;max-width:720px">
<h1 style="color:#24426b">{{{{ creditor.name }}}}</h1>
<p>{{% for line in creditor.lines %}}{{{{ line }}}}<br>{{% endfor %}}</p>
<p><b>{{{{ name }}}}</b><br>{{% for line in lines %}}{{{{ line }}}}<br>{{% endfor %}}</p>
<p>{{{{ on|day }}}}, {{{{ reference }}}}</p>
<p>{{{{ hello }}}}</p><p>{{{{ opening }}}}</p><p>{{{{ demand }}}} {{{{ total|money }}}} {{{{ deadline|day }}}}</p>
<table>{{% for item in items %}}<tr><td {CELL}>{{{{ item.number }}}}</td>
<td {CELL}>{{{{ item.issue_date|day }}}}</td><td {CELL}>{{{{ item.due_date|day }}}}</td>
<td {CELL}>{{{{ item.late }}}}</td>
<td {CELL}>{{{{ item.amount|money }}}}</td><td {CELL}>{{{{ item.balance|money }}}}</td></tr>{{% endfor %}}
<tr><td {CELL} colspan="5">{{{{ total_label }}}}</td><td {CELL}>{{{{ total|money }}}}</td></tr></table>
<table>{{% for label, value in account %}}
<tr><td {CELL}>{{{{ label }}}}</td><td {CELL}>{{{{ value }}}}</td></tr>{{% endfor %}}</table>
<p>{{{{ closing }}}}</p><p>{{{{ contact }}}}</p></body></html>"""
NAIVE_TEXT = """{{ creditor.name }}
{% for line in creditor.lines %}{{ line }}
{% endfor %}
{{ name }}
{% for line in lines %}{{ line }}
{% endfor %}
{{ on|day }}, {{ reference }}

{{ hello }}

{{ opening }}

{{ demand }} {{ total|money }} {{ deadline|day }}

{% for item in items %}{{ item.number }} {{ item.issue_date|day }} {{ item.due_date|day }} {{ item.late }}
  {{ item.amount|money }} {{ item.balance|money }}
{% endfor %}
{{ total_label }} {{ total|money }}
{% for label, value in account %}{{ label }} {{ value }}
{% endfor %}
{{ closing }}

{{ contact }}
"""
WORDING = {
    "hello": "Szanowni Państwo,",
    "opening": "Nawiązując do naszej wcześniejszej korespondencji, informujemy, że należność nie została uregulowana.",
    "demand": "Wzywamy Państwa do zapłaty łącznej kwoty w terminie do dnia:",
    "closing": "Jeżeli płatność została w międzyczasie dokonana, prosimy o potraktowanie pisma jako nieaktualnego.",
    "contact": "W razie pytań lub zastrzeżeń prosimy o kontakt z podaniem naszego znaku.",
    "total_label": "RAZEM DO ZAPŁATY",
}


def naive_letters(folder: Path) -> Result:
    """Reference for `letters`: sandboxed Jinja, Babel called for every value, EmailMessage; a much plainer letter."""
    from email.message import EmailMessage
    from email.policy import SMTP

    from babel.dates import format_date
    from babel.numbers import format_currency
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = runner(folder)
    proposal = made.plan(AS_OF, lean=True)
    items = {item.id: item for item in proposal.ledger.items}
    place = {"locale": "pl", "currency": "PLN"}
    environment = ImmutableSandboxedEnvironment(autoescape=True)
    environment.filters["day"] = lambda day: format_date(day, "short", locale=place["locale"])
    environment.filters["money"] = lambda x: format_currency(x, place["currency"], locale=place["locale"])
    html, text = environment.from_string(NAIVE), environment.from_string(NAIVE_TEXT)
    actions = proposal.plan.actions[:2000]
    size = 0
    gc.collect()
    start = time.perf_counter()
    for action in actions:
        customer = proposal.ledger.customers[action.customer]
        place.update(locale=customer.language, currency=action.lines[0].currency)
        rows = [items[line.item] for line in action.lines]
        account = made.creditor.account(action.lines[0].currency)
        values = {
            **WORDING,
            "language": customer.language,
            "creditor": {"name": made.creditor.name, "lines": [made.creditor.tax_id, made.creditor.email]},
            "name": customer.name,
            "lines": [*customer.address.lines, customer.address.postcode, customer.address.city],
            "on": AS_OF,
            "reference": action.key[:12],
            "total": sum(x.balance for x in rows),
            "deadline": action.deadline,
            "account": [("Nr rachunku", account.number), ("Odbiorca", made.creditor.name), ("Tytuł", rows[0].number)],
            "items": [
                {
                    "number": x.number,
                    "issue_date": x.issue_date,
                    "due_date": x.due_date,
                    "late": (AS_OF - x.due_date).days,
                    "amount": x.amount,
                    "balance": x.balance,
                }
                for x in rows
            ],
        }
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = (
            "a@exemplu.example",
            customer.emails[0],
            "Wezwanie do zapłaty",
        )
        message.set_content(text.render(values))
        message.add_alternative(html.render(values), subtype="html")
        size += len(message.as_bytes())
    return {"rows": len(actions), "seconds": time.perf_counter() - start, "bytes": size // max(len(actions), 1)}


def end_to_end(folder: Path) -> Result:
    """CSV to letters: planned, read again, written, recorded in a durable SQLite history before and after delivery to
    a transport that serialises every letter and throws it away."""
    from dunning_adapters.memory import MemoryTransport
    from dunning_adapters.message import serialise
    from dunning_adapters.ports import Receipt, Verdict
    from dunning_adapters.sql import SqlHistory

    at = datetime(2026, 11, 20, 9, tzinfo=UTC)

    class Sink(MemoryTransport):
        def deliver(self, document: Any) -> Receipt:
            serialise(document, domain="exemplu.example", at=at)
            return Receipt(document.letter, Verdict.ACCEPTED)

    made = Runner.of(load(folder / "dunning.toml"))
    (folder / "history.sqlite").unlink(missing_ok=True)
    made.history = history_at(folder / "history.sqlite")
    made.transport = Sink(idempotent=True)
    made.settings = made.settings.model_copy(update={"run": made.settings.run.model_copy(update={"batch": 1000})})
    run = made.send(made.plan(AS_OF, lean=True), today=AS_OF)
    assert isinstance(made.history, SqlHistory)
    return {"rows": sum(run.counts.values()), "letters": sum(x.end.value == "accepted" for x in run.deliveries)}


def history_at(path: Path) -> Any:
    from dunning_adapters.plugins import Plugins
    from dunning_adapters.settings import AdapterTable

    return Plugins(installed=False).build(
        "history", AdapterTable.model_validate({"adapter": "sql", "url": f"sqlite:///{path.resolve()}"}), path.parent
    )


MEASURES = {
    measure.__name__: measure
    for measure in (
        objects,
        plain_loop,
        polars_reference,
        polars_join,
        sieve_only,
        sieve_daily,
        letters,
        naive_letters,
        printed_html,
        printed_fast,
        end_to_end,
        *optima.MEASURES,
        *posting.MEASURES,
        *proof.MEASURES,
    )
}


def main(name: str, folder: str, *more: str) -> None:
    gc.collect()
    start = time.perf_counter()
    found = MEASURES[name](Path(folder), *more)
    found.setdefault("seconds", time.perf_counter() - start)
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
