"""Which column of a file holds which of our fields: declared, never guessed. Ready mappings lie beside this module."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from dunning_adapters.files.words import fold
from dunning_core.complaints import complaints, read_toml
from dunning_core.errors import ConfigError, SourceError

Locale = Literal["ro", "es", "pl", "hu", "en"]
Decimal = Literal[".", ","]
ItemField = Literal[
    "id", "customer", "payer", "number", "kind", "issue_date", "due_date", "currency", "amount", "paid", "balance",
    "credit_for", "reference", "policy", "disputed", "promise_until", "hold_reason", "hold_until", "hold_note",
]  # fmt: skip
CustomerField = Literal[
    "id", "name", "country", "language", "kind", "tax_id", "registration", "street", "postcode", "city", "region",
    "contact", "email", "phone", "group", "policy", "blocked", "hold_reason", "hold_until",
    "responsible", "responsible_email",
]  # fmt: skip
AddressField = Literal["id", "tax_id", "contact", "email", "phone"]
NUMBERS = ("amount", "paid", "balance")
DATES = ("issue_date", "due_date", "promise_until", "hold_until")


class Column(BaseModel):
    """Where one field comes from: the first of `columns` that the header has, else `constant`, else the fields of
    the same row named in `join`, joined by a slash. `values` translates cells (compared without case and diacritics).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[str, ...] = ()
    constant: str | None = None
    join: tuple[ItemField, ...] = ()
    values: dict[str, str] = {}


def _shorthand(value: object) -> object:
    """A header or a list of alternative headers stands for a column."""
    if isinstance(value, str):
        return {"columns": (value,)}
    if isinstance(value, dict) and isinstance(value.get("columns"), str):
        return {**value, "columns": (value["columns"],)}
    return {"columns": tuple(value)} if isinstance(value, list | tuple) else value


_Column = Annotated[Column, BeforeValidator(_shorthand)]


def _order(value: str) -> str:
    """`dd.mm.yyyy` and the like -> `dmy`."""
    letters = "".join(dict.fromkeys(re.sub(r"[^dmy]", "", value.lower())))
    if letters not in ("dmy", "mdy", "ymd"):
        message = "write it like dd.mm.yyyy, mm/dd/yyyy or yyyy-mm-dd"
        raise ValueError(message)
    return letters


DateOrder = Annotated[str, AfterValidator(_order)]


class Mapping(BaseModel):
    """A way of reading one kind of export.

    `credit_sign`: "signed" takes balances of credit notes and payments as they stand, "positive" makes them negative;
    unset, a credit note with a positive balance is a problem.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    summary: str = ""
    locale: Locale | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Decimal | None = None
    date_format: DateOrder | None = None
    credit_sign: Literal["signed", "positive"] | None = None
    items: dict[ItemField, _Column]
    customers: dict[CustomerField, _Column] = {}
    addresses: dict[AddressField, _Column] = {}


@dataclass(frozen=True, slots=True)
class Bound:
    """One field found in one header; `index` None: the constant or the join stands for it."""

    header: str
    index: int | None
    constant: str | None = None
    join: tuple[str, ...] = ()
    values: MappingOf[str, str] | None = None


def bind(columns: MappingOf[Any, Column], header: Sequence[str], where: str) -> dict[str, Bound]:
    """Every field of `columns` that this header has. Raises SourceError when a header that counts stands twice."""
    folded = [fold(cell) for cell in header]
    found: dict[str, Bound] = {}
    for field, column in columns.items():
        wanted = next((name for name in map(fold, column.columns) if name in folded), None)
        if wanted is not None:
            if folded.count(wanted) > 1:
                mend = "rename one of them"
                raise SourceError(f"two columns are called {header[folded.index(wanted)]!r}", where=where, mend=mend)
            index = folded.index(wanted)
            values = {fold(key): value for key, value in column.values.items()}
            found[field] = Bound(header[index].strip(), index, column.constant, values=values or None)
        elif column.constant is not None or column.join:
            found[field] = Bound(field, None, column.constant, column.join)
    return found


def missing_item_fields(found: Collection[str]) -> list[str]:
    """What an items file still needs."""
    missing = [field for field in ("customer", "due_date", "currency") if field not in found]
    if "balance" not in found and not {"amount", "paid"} <= set(found):
        missing.append("balance (or amount and paid)")
    if not {"id", "number"} & set(found):
        missing.append("number (or id)")
    return missing


def ready() -> dict[str, Mapping]:
    """The ready mappings by name."""
    folder = package_files(__package__) / "mappings"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {name: _ready(name) for name in names}


def load_mapping(wanted: str | Mapping, folder: Path) -> Mapping:
    """A mapping given inline, by the name of a ready one, or by the path of a TOML file. Raises ConfigError."""
    if isinstance(wanted, Mapping):
        return wanted
    if not wanted.endswith(".toml"):
        return _ready(wanted)
    path = folder / wanted
    try:
        return parse_mapping(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the mapping: {error}", where=str(path)) from None


def parse_mapping(text: str, where: str) -> Mapping:
    """A mapping from TOML text. Raises ConfigError naming the field."""
    try:
        given = read_toml(text)
    except ValueError as error:
        raise ConfigError(f"not TOML: {error}", where=where) from None
    try:
        return Mapping.model_validate(given)
    except ValidationError as error:
        found = complaints(error, given, Mapping)[0]
        raise ConfigError(found.what, where=": ".join(filter(None, (where, found.path))), mend=found.mend) from None


@cache
def _ready(name: str) -> Mapping:
    folder = package_files(__package__) / "mappings"
    path = folder / f"{name}.toml"
    if not name.replace("_", "").isalnum() or not path.is_file():
        known = ", ".join(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))
        mend = f"one of: {known}; or the path of a .toml file"
        raise ConfigError(f"no ready mapping {name!r}", where="mapping", mend=mend)
    return parse_mapping(path.read_text("utf-8"), path.name)
