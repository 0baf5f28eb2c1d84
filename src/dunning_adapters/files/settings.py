"""The table of dunning.toml that sets up the files source."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from dunning_adapters.files.mapping import DateOrder, Locale, Mapping


def _several(value: object) -> object:
    return (value,) if isinstance(value, str | Path) else value


class FilesSettings(BaseModel):
    """Where the files are and what cannot be seen in them. A setting here wins over the same one of the mapping.

    `items` is a file or several of one shape; `customers` a second file, or `customers_sheet` of the same workbook;
    `addresses` an address book with e-mails by customer id or tax id. `mapping` names a ready mapping, a TOML file,
    or is a table. `locale` chooses the code page, and the decimal sign and date order where the values leave them
    open. `expect_rows` and `expect_total` (per currency) are control totals: a difference stops the run.
    `final_newline = false` accepts a last line without line end, which otherwise means that a file was cut off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Annotated[tuple[Path, ...], BeforeValidator(_several)]
    customers: Path | None = None
    addresses: Path | None = None
    sheet: str | None = None
    customers_sheet: str | None = None
    addresses_sheet: str | None = None
    mapping: str | Mapping = "dunning"
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] | None = None
    date_format: DateOrder | None = None
    locale: Locale | None = None
    final_newline: bool = True
    expect_rows: int | None = None
    expect_total: dict[str, Decimal] | None = None
    contact_log: Path | None = None
