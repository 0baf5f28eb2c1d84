"""`dunning interest`: what a late payment costs, day by day, and where each rate stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from dunning_adapters.cli.letters import count
from dunning_adapters.cli.screen import Column, say, show, warn
from dunning_adapters.cli.screen import amount as written
from dunning_adapters.cli.session import day
from dunning_adapters.exchange import exchange
from dunning_adapters.public_holidays import with_holidays
from dunning_adapters.statutes import statutes
from dunning_core.interest import Claim, Mark, Segment
from dunning_core.law import Statutes
from dunning_core.law.country import Law
from dunning_core.ledger import CustomerKind

FILE = click.Path(dir_okay=False, path_type=Path)
DEBTORS = [kind.value for kind in CustomerKind if kind is not CustomerKind.UNKNOWN]


def number(context: click.Context, option: click.Parameter, value: str | None) -> Decimal | None:  # noqa: ARG001 - click's shape
    """The amount or percentage that an option names."""
    return None if value is None else _decimal(value)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        message = f"{text!r} is no number; write it like 12400.00"
        raise click.BadParameter(message) from None


def payments(
    context: click.Context, option: click.Parameter, value: tuple[tuple[str, str], ...]
) -> tuple[tuple[date, Decimal], ...]:
    """Days and amounts of part payments."""
    dated = ((day(context, option, on), _decimal(amount)) for on, amount in value)
    return tuple((on, amount) for on, amount in dated if on)


@dataclass(frozen=True)
class Question:
    """What is asked: the options of the command."""

    law: str
    amount: Decimal
    due: date
    as_of: date
    currency: str
    debtor: str
    percent: Decimal | None
    demanded: date | None
    paid: Sequence[tuple[date, Decimal]]

    def chosen(self, known: Statutes) -> Law:
        """The law, with the rate of a contract if there is one."""
        law = known.law(self.law)
        return law if self.percent is None else law.agreed(self.percent)

    def interest(self, law: Law) -> Claim:
        """The claim. Where a demand is needed and none is named, the due date stands in for it, and that is said."""
        return law.interest(
            self.amount,
            self.money(law),
            self.due,
            self.as_of,
            debtor=self.kind(law),
            payments=self.paid,
            demanded=self.demanded or self.due,
        )

    def compensation(self, law: Law, files: Sequence[Path]) -> Claim | None:
        """The compensation for an invoice of that amount, demanded on the day."""
        rates, debtor = exchange(files) if files else None, self.kind(law)
        return law.compensation(self.amount, self.money(law), self.due, self.as_of, debtor=debtor, exchange=rates)

    def money(self, law: Law) -> str:
        """The currency of the debt."""
        return self.currency or (law.currencies or (law.country.currency,))[0]

    def kind(self, law: Law) -> CustomerKind:
        """The kind of the debtor; who names a law without it means those that the law is made for."""
        return CustomerKind(self.debtor) if self.debtor else law.debtors[0]


@click.command()
@click.option("--list", "as_list", is_flag=True, help="List the laws that can be named, with their rates.")
@click.option("--law", metavar="NAME", default="", help="The law, such as pl-b2b.")
@click.option("--amount", metavar="SUM", callback=number, help="What is owed.")
@click.option("--currency", metavar="CODE", default="", help="Its currency; that of the law unless told otherwise.")
@click.option("--due", metavar="DATE", callback=day, help="The due date as it was agreed.")
@click.option("--as-of", metavar="DATE", callback=day, help="The day of payment, or until which it is counted.")
@click.option(
    "--paid", metavar="DATE AMOUNT", type=(str, str), multiple=True, callback=payments, help="A part payment."
)
@click.option(
    "--percent", metavar="RATE", callback=number, help="The rate of a contract, instead of the statutory one."
)
@click.option("--demanded", metavar="DATE", callback=day, help="When payment was demanded, where the law wants that.")
@click.option(
    "--debtor", type=click.Choice(DEBTORS), default=None, help="Refuse the law if it is not for such debtors."
)
@click.option("--compensation", is_flag=True, help="Show the compensation for recovery costs as well.")
@click.option("--exchange", "files", type=FILE, multiple=True, help="A file of exchange rates.")
@click.option("--statutes", "file", type=FILE, help="A file with rates of yours.")
@click.option("--holidays", "more", is_flag=True, help="Years without holidays here: ask the package holidays.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def interest(as_list: bool, as_json: bool, more: bool, file: Path | None, **options: Any) -> None:  # noqa: FBT001 - click calls it by names
    """Work out the interest on a late payment.

    Days, rates, where they stand, and the sum.

    Rates, holidays and rules are data with a source and a mark each; C means that a fact is to be verified.
    """
    known = statutes(file)
    if as_list:
        _list(known, as_json=as_json)
        return
    files, compensated = options.pop("files"), options.pop("compensation")
    missing = [name for name in ("law", "amount", "due", "as_of") if options[name] in {None, ""}]
    if missing:
        message = "say " + ", ".join(f"--{name.replace('_', '-')}" for name in missing) + ", or --list"
        raise click.UsageError(message)
    if more:
        known = with_holidays(known, options["due"].year, options["due"].year + 1)
    question = Question(**{**options, "debtor": options["debtor"] or ""})
    law = question.chosen(known)
    claim = question.interest(law)
    extra = question.compensation(law, files) if compensated or files else None
    (_print if as_json else _tell)(question, law, claim, extra)
    for note in _notes(question, law, claim, extra):
        warn(note, "verify")


def _notes(question: Question, law: Law, claim: Claim, extra: Claim | None) -> list[str]:
    notes = [*claim.notes, *(extra.notes if extra else ())]
    if law.demand_needed and question.demanded is None:
        notes.append("interest runs only from the day after a demand: the due date stands in for it (say --demanded)")
    return list(dict.fromkeys(notes))


def _list(known: Statutes, *, as_json: bool) -> None:
    laws = known.laws.values()
    if as_json:
        rows = [
            {"law": law.name, "rate_id": law.table.id, "country": law.country.code, "title": law.title,
             "debtors": list(law.debtors), "currencies": list(law.currencies), "compensation": law.compensated,
             "since": str(law.table.since), "until": str(law.table.until), "basis": law.basis, "mark": law.mark}
            for law in laws
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    columns: list[Column] = ["Law", "Rates", "Mark", ("For", "lines"), ("Known until", "right")]
    show(columns, [(law.name, law.table.id, _marked(law.mark), law.title, law.table.until) for law in laws])


def _print(question: Question, law: Law, claim: Claim, extra: Claim | None) -> None:
    shares = zip(claim.segments, claim.shares, strict=True)
    answer = {
        "law": law.name,
        "rate_id": law.table.id,
        "amount": str(question.amount),
        "currency": claim.currency,
        "due": str(question.due),
        "effective_due": str(law.country.effective_due(question.due)),
        "as_of": str(question.as_of),
        "days": claim.days,
        "segments": [
            {"from": str(one.since), "to": str(one.until), "days": one.days, "percent": str(one.percent),
             "principal": str(one.principal), "amount": str(share), "source": one.source, "mark": one.mark}
            for one, share in shares
        ],
        "total": str(claim.amount),
        "basis": claim.basis,
        "mark": claim.mark,
        "notes": _notes(question, law, claim, extra),
    }  # fmt: skip
    if extra:
        fixed = {"amount": str(extra.amount), "currency": extra.currency, "basis": extra.basis, "mark": extra.mark}
        answer["compensation"] = {**fixed, "sources": list(extra.sources)}
    click.echo(json.dumps(answer, ensure_ascii=False, indent=1))


def _tell(question: Question, law: Law, claim: Claim, extra: Claim | None) -> None:
    due = law.country.effective_due(question.due)
    moved = f", which is due on {due} by {law.country.due.basis}" if due != question.due else ""
    money = claim.currency
    say(f"{written(question.amount, money)} {money} due on {question.due}{moved}; {law.name}, rates {law.table.id}")
    figures: list[Column] = [(title, "right") for title in ("Days", "On", "%", money)]
    shares = zip(claim.segments, claim.shares, strict=True)
    show(["From", "To", *figures, "Mark", ("Source", "lines")], [_row(one, share, money) for one, share in shares])
    say(f"Total {_paid(claim.amount)} {money} for {count(claim.days, 'day')}, by {_because(claim)}.")
    if extra:
        say(f"Compensation {_paid(extra.amount)} {extra.currency}, by {_because(extra)}: {'; '.join(extra.sources)}.")


def _row(one: Segment, share: Decimal, money: str) -> tuple[object, ...]:
    on = written(one.principal, money)
    return one.since, one.until, one.days, on, one.percent, _paid(share), _marked(one.mark), one.source


def _because(claim: Claim) -> str:
    return f"{claim.basis} ({_marked(claim.mark)})"


def _marked(mark: Mark) -> str:
    """A mark as people read it: what is from memory says what to do about it."""
    return f"{mark}, verify" if mark is Mark.VERIFY else str(mark)


def _paid(value: Decimal) -> str:
    """An amount in the digits in which it is paid, with spaces between thousands."""
    return f"{value:,f}".replace(",", " ")
