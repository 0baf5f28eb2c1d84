"""What a file looks like, for a person who is about to write its mapping. A guess here is shown, never used."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dunning_adapters.files.cells import DateColumn, NumberColumn, date_parser, number_parser
from dunning_adapters.files.encoding import LOCALES, detect
from dunning_adapters.files.mapping import DATES, NUMBERS, Mapping, bind, missing_item_fields, ready
from dunning_adapters.files.text import open_text
from dunning_adapters.files.vectors import identifier
from dunning_adapters.files.words import ITEM_KINDS, NO, YES, fold
from dunning_adapters.files.workbook import SUFFIXES, open_sheet
from dunning_core.errors import SourceError
from dunning_core.values import known_currencies

_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """One column: `kind` is date, number, currency, yes/no, document kind, text or empty; `format` how it is written
    (dmy, decimal ','); `example` its first filled cell; `undecided` why the format stays open."""

    header: str
    kind: str
    format: str = ""
    example: str = ""
    undecided: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file shows. `mapping` names the ready mapping that fits best, empty if none does; `proposal` is a table
    for dunning.toml, ready to be pasted; `undecided` lists what a person has to say."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[ColumnSeen, ...]
    rows: int
    mapping: str
    proposal: str
    undecided: tuple[str, ...]


def inspect(path: Path, locale: str | None = None) -> Inspection:
    """Look at a CSV file or the first filled sheet of a workbook. Raises SourceError if it cannot be read at all."""
    undecided: list[str] = []
    if path.suffix.lower() in SUFFIXES:
        sheet = open_sheet(path, None)
        encoding, delimiter, header, batches = "", "", sheet.header, sheet.batches()
    else:
        encoding = _encoding(path, locale, undecided)
        table = open_text(path, encoding=encoding, final_newline=False, delimiter=_delimiter(path, encoding))
        encoding, delimiter, header, batches = table.encoding, table.delimiter, table.header, table.batches()
    sample: list[list[str]] = [[] for _ in header]
    rows = 0
    for batch in batches:
        rows += len(batch.lines)
        for kept, column in zip(sample, batch.columns, strict=True):
            kept.extend(column[: max(0, _SAMPLE - len(kept))])
    columns = tuple(_seen(name.strip(), cells) for name, cells in zip(header, sample, strict=True))
    undecided += [f"column {column.header}: {column.undecided}" for column in columns if column.undecided]
    name, mapping = _best(header)
    proposal, missing = _proposal(path, header, columns, name, mapping, encoding)
    return Inspection(path, encoding, delimiter, header, columns, rows, name, proposal, (*undecided, *missing))


def _encoding(path: Path, locale: str | None, undecided: list[str]) -> str:
    """The encoding, or the likeliest one together with the reason why it is not certain."""
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    try:
        return detect(path, locale=locale)
    except SourceError as error:
        refused = error
    for guess in LOCALES:
        try:
            found = detect(path, locale=guess)
        except SourceError:
            continue
        undecided.append(f"encoding: {found} if the text is {guess}; say so with `locale` or `encoding`")
        return found
    raise refused


def _delimiter(path: Path, encoding: str) -> str | None:
    """The delimiter that cuts most of the first lines into the same number of cells, at least two."""
    with path.open(encoding=encoding, newline="") as file:
        lines = [line for _, line in zip(range(50), file, strict=False)]
    best: tuple[int, int, str | None] = (0, 0, None)
    for delimiter in (";", "\t", "|", ","):
        try:
            widths = Counter(map(len, csv.reader(lines, delimiter=delimiter)))
        except csv.Error:
            continue
        (width, count), *_ = widths.most_common(1) or [(1, 0)]
        if width > 1 and (count, width) > best[:2]:
            best = count, width, delimiter
    return best[2]


def _seen(header: str, cells: Sequence[str]) -> ColumnSeen:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return ColumnSeen(header, "empty")
    example = filled[0]
    words = {fold(cell) for cell in filled}
    if all(cell in known_currencies() for cell in set(filled)):
        return ColumnSeen(header, "currency", example=example)
    if words <= (YES | NO):
        return ColumnSeen(header, "yes/no", example=example)
    if words <= ITEM_KINDS.keys():
        return ColumnSeen(header, "document kind", example=example)
    if _all(date_parser("dmy"), filled) or _all(date_parser("mdy"), filled):
        return _decided(header, "date", example, DateColumn("", None), filled)
    if _all(number_parser(","), filled) or _all(number_parser("."), filled):
        return _decided(header, "number", example, NumberColumn("", None), filled)
    try:
        identifier(filled)
    except ValueError as error:
        return ColumnSeen(header, "text", example=example, undecided=str(error))
    return ColumnSeen(header, "text", example=example)


def _decided(
    header: str, kind: str, example: str, column: DateColumn | NumberColumn, filled: Sequence[str]
) -> ColumnSeen:
    column.see(filled)
    try:
        if isinstance(column, DateColumn):
            return ColumnSeen(header, kind, column.order() if column.votes else "ymd", example)
        return ColumnSeen(header, kind, f"decimal {column.separator()!r}", example)
    except SourceError as error:
        return ColumnSeen(header, kind, "", example, f"{error.what} ({error.mend})")


def _all(parse: object, cells: Sequence[str]) -> bool:
    assert callable(parse)  # noqa: S101 - a parser
    try:
        for cell in cells:
            parse(cell)
    except ValueError:
        return False
    return True


def _best(header: Sequence[str]) -> tuple[str, Mapping]:
    """The ready mapping that finds most item and customer fields, and whether it finds all it needs."""
    known = ready()

    def score(name: str) -> int:
        return max(len(_found(known[name], header)[0]), len(_found(known[name], header)[1]))

    best = max(known, key=score)
    found, customers = _found(known[best], header)
    complete = not missing_item_fields(found) or {"id", "name"} <= customers.keys()
    return (best if complete else ""), known[best]


def _found(mapping: Mapping, header: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Our fields and the headers that the mapping has for them, for items and for customers."""
    try:
        items, customers = bind(mapping.items, header, ""), bind(mapping.customers, header, "")
    except SourceError:
        return {}, {}
    return (
        {name: found.header for name, found in items.items() if found.index is not None or found.constant},
        {name: found.header for name, found in customers.items() if found.index is not None},
    )


def _proposal(
    path: Path, header: Sequence[str], columns: Sequence[ColumnSeen], name: str, mapping: Mapping, encoding: str
) -> tuple[str, list[str]]:
    """TOML for dunning.toml, and the fields for which no column was found."""
    items, customers = _found(mapping, header)
    is_customers = len(customers) > len(items) and bool(missing_item_fields(items))
    lines = ["[source]", 'adapter = "files"', f"{'customers' if is_customers else 'items'} = {_quoted(path.name)}"]
    if encoding not in ("", "utf-8", "utf-8-sig", "utf-16"):
        lines.append(f"encoding = {_quoted(encoding)}")
    for setting, kind in (("date_format", "date"), ("decimal", "number")):
        if any(column.kind == kind and column.undecided for column in columns):
            lines.append(f"# {setting} = ...  # the file leaves it open")
    if name:
        return "\n".join([*lines, f"mapping = {_quoted(name)}", ""]), []
    lines += ["", "[source.mapping.items]"]
    taken = set(items.values())
    lines += [f"{field} = {_quoted(column)}" for field, column in items.items() if column in map(str.strip, header)]
    missing = missing_item_fields(items)
    for field in missing:
        rest = [column.header for column in columns if column.header not in taken and _suits(field, column)]
        lines.append(f"# {field.split()[0]} = {_quoted(rest[0]) if rest else '...'}  # no column was recognised")
    if customers:
        lines += ["", "[source.mapping.customers]"]
        lines += [f"{field} = {_quoted(column)}" for field, column in customers.items() if column not in taken]
    return "\n".join([*lines, ""]), [f"no column was recognised for: {field}" for field in missing]


def _suits(field: str, column: ColumnSeen) -> bool:
    name = field.split(maxsplit=1)[0]
    if name in DATES:
        return column.kind == "date"
    if name in NUMBERS:
        return column.kind == "number"
    return column.kind == ("currency" if name == "currency" else "text")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
