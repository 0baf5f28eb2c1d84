"""The files source: open items, customers and an address book out of CSV files and workbooks."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any

from dunning_adapters.examination import Line, Scope, Section, counted, said
from dunning_adapters.files.customers import AddressBook, CustomerReader, Folk
from dunning_adapters.files.gather import Gathered, Hints, Table, gather
from dunning_adapters.files.inspection import inspect
from dunning_adapters.files.items import Built, ItemReader, item_vectors
from dunning_adapters.files.mapping import Column, bind, load_mapping, missing_item_fields
from dunning_adapters.files.settings import FilesSettings
from dunning_adapters.files.spill import Columns, Repeats, Spill
from dunning_adapters.files.text import open_text
from dunning_adapters.files.workbook import SUFFIXES, open_sheet
from dunning_adapters.ports import Contact, Control
from dunning_adapters.survey import surveyed
from dunning_core.errors import ConfigError, DunningError, SourceError
from dunning_core.ledger import Creditor, Customer, Ledger
from dunning_core.values import Problem, plain, total

_SMALL = 4 << 20  # bytes up to which a file is worked through in one piece
_PIECE = 1 << 18
_CUSTOMER = attrgetter("customer")
_OWN = "customer."  # fields of a customer that stand in the rows of the items file


class FilesSource:
    """Reads files anew at every `read`. Relative paths start from `folder`."""

    can_recheck = False

    def __init__(self, settings: FilesSettings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._mapping = load_mapping(settings.mapping, folder)
        self._control: Control | None = None

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:  # noqa: ARG002 - a file holds what is open, whatever the day
        """Ledgers of whole customers, a piece of the file at a time. Raises SourceError for a file of wrong shape."""
        keep = None if customers is None else frozenset(customers)
        paths = [self._folder / path for path in self._settings.items]
        pieces = _pieces(paths)
        with Spill(pieces) as items_spill, Spill(pieces) as customers_spill:
            repeats = Repeats()
            items = self._gather_items(paths, items_spill, keep, repeats)
            self._expect_rows(items.rows)
            found = repeats.found()
            reader = ItemReader(
                items.bound,
                items.fields,
                item_vectors(items.bound, items.columns),
                items.origin,
                self._mapping.credit_sign,
                found,
            )
            folk = self._folk(items, customers_spill, keep)
            tally = _Tally()
            for piece in range(pieces):
                columns = items_spill.columns(piece)
                built = reader.build(columns)
                tally.add(built)
                ledger = _ledger(creditor, built, folk(piece, columns))
                if ledger.items or ledger.customers or ledger.problems or pieces == 1:
                    yield ledger
        if keep is None:
            self._control = Control(items.rows, tally.read, tally.rejected, tally.balances)
            self._expect_total(tally.balances)

    def as_of(self) -> datetime | None:
        """When the oldest of the files with items was written. Raises SourceError for a file that is not there."""
        try:
            oldest = min((self._folder / path).stat().st_mtime for path in self._settings.items)
        except OSError as error:
            raise SourceError(error.strerror or str(error), where=str(self._settings.items[0])) from None
        return datetime.fromtimestamp(oldest, UTC)

    def examine(self, creditor: Creditor, scope: Scope) -> Iterator[Section]:
        """The shape of each file, without its name and its headings, and what a reading shows. Raises as `read`."""
        given = self._settings
        files = {f"items[{number}]": path for number, path in enumerate(given.items)}
        files |= {name: path for name in ("customers", "addresses") if (path := getattr(given, name)) is not None}
        shapes = [_shape(name, self._folder / path, given.locale) for name, path in files.items()]
        yield Section("Files", tuple(shapes))
        yield from surveyed(self.read(creditor, scope.as_of), self.control, scope, trusted=True)

    def control(self) -> Control:
        """Rows found, read and rejected, and balances per currency, of the last full read."""
        if self._control is None:
            raise SourceError("nothing was read to the end yet", where="files")
        return self._control

    def note(self, contacts: Iterable[Contact]) -> None:
        """Append to the CSV file `contact_log`, if there is one in the settings. Raises SourceError if it cannot."""
        if self._settings.contact_log is None:
            return
        path = self._folder / self._settings.contact_log
        fresh = not path.exists()
        try:
            with path.open("a", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                if fresh:
                    writer.writerow(_LOG)
                writer.writerows(map(_log_row, contacts))
        except OSError as error:
            raise SourceError(error.strerror or str(error), where=str(path), mend="close it elsewhere") from None

    def forget(self, customer: str) -> int:
        """Write the CSV file `contact_log` anew without the rows about a customer. Raises SourceError if it cannot."""
        path = self._folder / (self._settings.contact_log or "")
        if self._settings.contact_log is None or not path.exists():
            return 0
        place, part = _LOG.index("customer"), path.with_name(path.name + ".part")
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))
            kept = [row for row in rows if row[place : place + 1] != [_harmless(customer)]]
            with part.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(kept)
            part.replace(path)
        except OSError as error:
            raise SourceError(error.strerror or str(error), where=str(path), mend="close it elsewhere") from None
        return len(rows) - len(kept)

    def _hints(self) -> Hints:
        given, mapping = self._settings, self._mapping
        return Hints(
            given.encoding or mapping.encoding,
            given.delimiter or mapping.delimiter,
            given.decimal or mapping.decimal,
            given.date_format or mapping.date_format,
            given.locale or mapping.locale,
            given.final_newline,
        )

    def _gather_items(
        self, paths: Sequence[Path], spill: Spill, keep: Collection[str] | None, repeats: Repeats
    ) -> Gathered:
        columns = {str(name): column for name, column in self._mapping.items.items()}
        tables = [self._table(path, self._settings.sheet, columns, missing_item_fields) for path in paths]
        bound = bind(columns, tables[0].header, tables[0].name)
        if not self._has_customers():
            taken = {found.index for found in bound.values()}
            own = bind(self._mapping.customers, tables[0].header, tables[0].name)
            names = [name for name, found in own.items() if name != "id" and found.index not in taken]
            columns |= {_OWN + name: self._mapping.customers[name] for name in names}  # type: ignore[index]
        joined = bound["id"].join or ("id",) if "id" in bound else ("number",)
        learnt = (repeats, [name for name in joined if name in bound and bound[name].index is not None])
        return gather(tables, columns, self._hints(), spill, key=("payer", "customer"), keep=keep, repeats=learnt)

    def _has_customers(self) -> bool:
        return bool(self._settings.customers or self._settings.customers_sheet)

    def _folk(self, items: Gathered, spill: Spill, keep: Collection[str] | None) -> Callable[[int, Columns], Folk]:
        """What finds the customers of a piece: in their own file, or in the rows of the items."""
        book, problems = self._book()
        reader, own = _own_reader(items), not self._has_customers()
        if not own:
            given, sheet = self._settings.customers or self._settings.items[0], self._settings.customers_sheet
            table = self._table(self._folder / given, sheet, self._mapping.customers, _missing("id"))
            found = gather([table], self._mapping.customers, self._hints(), spill, key=("id",), keep=keep)
            dates = {name: column for name, column in found.columns.items() if name == "hold_until"}
            reader = CustomerReader(found.bound, found.fields, found.origin, dates)  # type: ignore[arg-type]

        def folk(piece: int, columns: Columns) -> Folk:
            if own:
                ready = reader.build(_own_rows(items, columns), once=False)
            else:
                ready = reader.build(zip(*spill.columns(piece), strict=True))
            if book:
                ready.customers = {name: book.complete(customer) for name, customer in ready.customers.items()}
            if piece == 0:
                ready.problems += problems
            return ready

        return folk

    def _book(self) -> tuple[AddressBook, list[Problem]]:
        book, given, sheet = AddressBook(), self._settings.addresses, self._settings.addresses_sheet
        if not (given or sheet):
            return book, []
        columns = self._mapping.addresses
        table = self._table(self._folder / (given or self._settings.items[0]), sheet, columns, _missing("email"))
        with Spill() as spill:
            found = gather([table], columns, self._hints(), spill, key=())
            if not {"id", "tax_id"} & found.bound.keys():
                raise SourceError("no column with customer id or tax id", where=table.name, mend="see `addresses`")
            reader = CustomerReader(found.bound, found.fields, found.origin)
            return book, reader.entries(zip(*spill.columns(0), strict=True), book)

    def _table(
        self,
        path: Path,
        sheet: str | None,
        columns: MappingOf[Any, Column],
        missing: Callable[[Collection[str]], list[str]],
    ) -> Table:
        hints = self._hints()

        def lacking(header: Sequence[str]) -> list[str]:
            return missing(bind(columns, header, path.name))

        if path.suffix.lower() in SUFFIXES:
            return open_sheet(path, sheet, missing=lacking)
        if sheet is not None:
            raise ConfigError(f"{path.name} is no workbook, so it has no sheet {sheet!r}", where="files")
        return open_text(
            path,
            missing=lacking,
            encoding=hints.encoding,
            delimiter=hints.delimiter,
            locale=hints.locale,
            final_newline=hints.final_newline,
        )

    def _expect_rows(self, rows: int) -> None:
        wanted = self._settings.expect_rows
        if wanted is not None and wanted != rows:
            raise SourceError(f"{rows} rows where {wanted} were expected", where=str(self._settings.items[0]))

    def _expect_total(self, balances: MappingOf[str, Decimal]) -> None:
        wanted = self._settings.expect_total
        if wanted is None:
            return
        for code in sorted(wanted.keys() | balances.keys()):
            found, due = balances.get(code, Decimal(0)), wanted.get(code, Decimal(0))
            if found != due:
                what = f"balances add up to {plain(found)} {code} where {plain(due)} was expected"
                raise SourceError(what, where=str(self._settings.items[0]))


class _Tally:
    """Counts for the control totals."""

    def __init__(self) -> None:
        self.read = self.rejected = 0
        self.balances: dict[str, Decimal] = {}

    def add(self, built: Built) -> None:
        self.read += len(built.items)
        self.rejected += built.rejected
        self.balances = total([*self.balances.items(), *built.balances.items()])


def _ledger(creditor: Creditor, built: Built, folk: Folk) -> Ledger:
    """The ledger of some customers; one who has items but is not known gets a stub, so that his items are decided."""
    problems = built.problems + folk.problems
    for name in dict.fromkeys(map(_CUSTOMER, built.items)):
        if name not in folk.customers:
            folk.customers[name] = Customer(name, name)
            problems.append(Problem("customers", "an item's customer is not among them", name, "add the customer"))
    return Ledger(
        creditor, folk.customers, tuple(built.items), tuple(built.holds + folk.holds), problems=tuple(problems)
    )


def _shape(name: str, path: Path, locale: str | None) -> Line:
    """A file's kind and size. Its headings are not told: without a heading they are somebody's data."""
    try:
        seen = inspect(path, locale)
    except DunningError as error:
        return Line(name, f"could not be looked at: {said(error)}", "failed")
    form = f"{seen.encoding}, delimiter {seen.delimiter!r}" if seen.encoding else "workbook"
    kinds = Counter(column.kind for column in seen.columns)
    columns = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    writes = os.access(path, os.W_OK)
    found = f"{form}, {counted(seen.rows, 'row')}, columns: {columns}; {'may' if writes else 'may not'} be written"
    return Line(name, found)


def _pieces(paths: Sequence[Path]) -> int:
    size = sum(path.stat().st_size for path in paths if path.is_file() and path.suffix.lower() not in SUFFIXES)
    return 1 if size <= _SMALL else min(size // _PIECE, 4096)


def _missing(name: str) -> Callable[[Collection[str]], list[str]]:
    return lambda found: [] if name in found else [name]


def _own_reader(items: Gathered) -> CustomerReader:
    fields = [name for name in items.fields if name.startswith(_OWN)]
    bound = {name.removeprefix(_OWN): found for name, found in items.bound.items() if name.startswith(_OWN)}
    bound["id"] = items.bound["customer"]
    return CustomerReader(bound, ("id", *(name.removeprefix(_OWN) for name in fields)), items.origin)


def _own_rows(items: Gathered, columns: Columns) -> Iterator[Sequence[str]]:
    """The customer cells of item rows, each different set once, with the line where it stands first."""
    names = ["customer", *(name for name in items.fields if name.startswith(_OWN))]
    picked = [columns[items.fields.index(name)] for name in names]
    if len(picked) == 1:
        return ((name, "1") for name in dict.fromkeys(picked[0]) if name.strip())
    lines = dict(zip(zip(*(column[::-1] for column in picked), strict=True), columns[-1][::-1], strict=True))
    return ((*cells, line) for cells, line in reversed(lines.items()) if cells[0].strip())


_LOG = (
    "on", "customer", "document", "level", "totals", "items", "channel", "recipients", "subject", "text", "letter",
)  # fmt: skip


def _log_row(contact: Contact) -> Sequence[str]:
    totals = "; ".join(f"{plain(amount)} {code}" for code, amount in contact.totals)
    cells = (
        contact.on.isoformat(), contact.customer, contact.document, str(contact.level), totals,
        "; ".join(contact.items), contact.channel, "; ".join(contact.recipients), contact.subject, contact.text,
        contact.letter,
    )  # fmt: skip
    return [_harmless(cell) for cell in cells]


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula, as text."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
