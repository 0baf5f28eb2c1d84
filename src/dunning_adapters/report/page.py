"""The report as a web page, and as the body of a mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from dunning_adapters.report import figures
from dunning_adapters.report.figures import GONE_OUT, TROUBLES, Code, Money, Reason, Several, Table
from dunning_adapters.report.picture import bars, mail_table, svg
from dunning_adapters.report.summary import Comparison
from dunning_adapters.report.wording import Wording
from dunning_adapters.result import Run
from dunning_core.ledger import Person

_ON_PAGE, _IN_MAIL = 500, 40  # rows of one table


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a report is about, besides its run: whose customers, what changed, and what has to be said besides.

    `lost` says why there is no workbook, empty if there is one.
    """

    run: Run
    wording: Wording
    person: Person | None = None
    comparison: Comparison | None = None
    notes: tuple[str, ...] = ()
    lost: str = ""


def html(sheet: Sheet, *, mail: bool = False) -> str:
    """The report as HTML that needs no other file. For `mail` with a picture of table cells and fewer rows."""
    run, wording = sheet.run, sheet.wording
    labels = run.buckets.labels
    made, draw = bars(figures.buckets(run), labels, wording), mail_table if mail else svg
    most = _IN_MAIL if mail else _ON_PAGE
    return _template().render(
        w=wording,
        language=wording.language,
        heading=heading(sheet),
        person=wording.page("for_person", person=sheet.person.name or sheet.person.id) if sheet.person else "",
        times=wording.page("started", started=f"{run.started:%Y-%m-%d %H:%M}", finished=f"{run.finished:%H:%M}"),
        dry=run.dry,
        cards=list(_cards(sheet)),
        failures=_shown(sheet, figures.failures(run), most),
        picture=draw(made, labels, wording) if made else wording.page("nothing"),
        tables=[_shown(sheet, table, most) for table in _tables(sheet)],
        notes=[*_notes(sheet), *sheet.notes],
    )


def heading(sheet: Sheet) -> str:
    """Whose report of which day."""
    creditor = sheet.run.creditor
    day = sheet.wording.formats.day(sheet.run.as_of)
    return sheet.wording.page("of", creditor=creditor.name or creditor.id, date=day)


def title(sheet: Sheet, table: Table) -> str:
    """The heading of a table; that of the comparison names the day."""
    if sheet.comparison and table.name == "comparison":
        return sheet.wording.page("since", date=sheet.wording.formats.day(sheet.comparison.since))
    return sheet.wording.word("tables", table.name)


@cache
def _template() -> Template:
    text = files(__package__).joinpath("page.html.j2").read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        text
    )


def _cards(sheet: Sheet) -> Any:
    run, wording = sheet.run, sheet.wording
    trouble = figures.count(run, TROUBLES)
    asked = [wording.money(amount, currency) for currency, amount in figures.asked(run).items()]
    yield _card(wording.page("proposed" if run.dry else "sent"), [str(figures.count(run, GONE_OUT))])
    yield _card(wording.page("asked"), asked or ["–"])
    yield _card(wording.page("trouble"), [str(trouble)], alarm=bool(trouble))
    yield _card(wording.page("calls"), [str(len({row[0] for row in figures.call_list(run).rows}))])


def _card(label: str, lines: Sequence[str], *, alarm: bool = False) -> dict[str, Any]:
    return {"label": label, "lines": lines, "alarm": alarm}


def _tables(sheet: Sheet) -> list[Table]:
    run = sheet.run
    found = [figures.by_level(run), figures.by_bucket(run)]
    if sheet.comparison:
        found.append(figures_since(sheet.comparison))
    found += [figures.sent(run), figures.left_out(run), figures.call_list(run), figures.by_outcome(run)]
    return found + ([figures.problems(run)] if run.problems else [])


def figures_since(comparison: Comparison) -> Table:
    """What changed since the earlier run, a row per figure and currency."""
    columns = tuple(
        figures.Column(title, width)
        for title, width in (("figure", 28), ("currency", 6), ("then", 14), ("now", 14), ("change", 14), ("count", 8))
    )
    rows: list[tuple[figures.Cell, ...]] = []
    for name, pairs in (("open", comparison.open), ("overdue", comparison.overdue)):
        for code, (then, now) in pairs.items():
            money = (Money(amount, code) for amount in (then, now, now - then))
            rows.append((figures.Term("figures", name), code, *money, None))
    for name, counts in (("new", comparison.new), ("settled", comparison.settled)):
        for code, (number, amount) in counts.items():
            rows.append((figures.Term("figures", name), code, None, None, Money(amount, code), number))
    return Table("comparison", columns, tuple(rows))


def _notes(sheet: Sheet) -> Any:
    wording, comparison = sheet.wording, sheet.comparison
    yield wording.page("amounts_apart")
    if comparison is None:
        yield wording.page("no_earlier")
    elif comparison.unknown:
        yield wording.page("unknown", n=comparison.unknown)
    if sheet.lost:
        yield wording.page("no_workbook", why=sheet.lost)


def _shown(sheet: Sheet, table: Table, most: int) -> dict[str, Any]:
    wording, places = sheet.wording, [i for i, column in enumerate(table.columns) if column.on_page]
    left = len(table.rows) - most
    more = wording.page("more_lost" if sheet.lost else "more", n=left) if left > 0 else ""
    rows = [[_cell(row[i], wording) for i in places] for row in table.rows[:most]]
    kinds = [next((row[n]["kind"] for row in rows if row[n]["kind"]), "") for n in range(len(places))]
    titles = [wording.title(table.columns[i]) for i in places]
    columns = [{"title": title, "kind": kind} for title, kind in zip(titles, kinds, strict=True)]
    name = title(sheet, table)
    counted = len(table.rows) if table.name in ("failures", "left_out", "problems") else None
    return {"title": name, "columns": columns, "rows": rows, "more": more, "count": counted}


def _cell(cell: figures.Cell, wording: Wording) -> dict[str, Any]:
    """A cell's lines: `text` and, smaller, what a rule or a server said."""
    match cell:
        case Code(parts):
            last = len(parts) - 1
            lines = [{"text": f"{part}," if place < last else part, "said": ""} for place, part in enumerate(parts)]
        case Reason() | Several():
            reasons = cell.parts if isinstance(cell, Several) else (cell,)
            lines = [_reason(reason, wording) for reason in reasons]
        case _:
            lines = [{"text": wording.text(cell), "said": ""}]
    return {"lines": lines, "kind": _kind(cell)}


def _reason(reason: figures.Term | Reason, wording: Wording) -> dict[str, str]:
    if isinstance(reason, Reason):
        return {"text": wording.text(reason.word), "said": reason.text}
    return {"text": wording.text(reason), "said": ""}


def _kind(cell: figures.Cell) -> str:
    match cell:
        case Money() | int():
            return "number"
        case date():
            return "day"
        case Code():
            return "code"
        case str() if "@" in cell:
            return "mail"
    return ""
