"""The books of one Billingo account: documents by payment status, payments of a document, partners.

Paths, parameters and fields are those of Billingo's OpenAPI document, version 3.0.15.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from dunning_adapters.billingo.settings import BillingoSettings
from dunning_adapters.rest.api import Api, Missing, Row, record, rows
from dunning_adapters.rest.cells import digits, text
from dunning_adapters.rest.paging import counted
from dunning_core.errors import ConfigError, SourceError

_FEW = 20
"""Up to so many partners are asked for one by one; for more the list is shorter."""


@dataclass
class Books:
    """Reads with the key of the moment in which it is made."""

    api: Api
    settings: BillingoSettings
    _secret: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._secret = {"X-API-KEY": self.settings.secret()}

    def check_company(self) -> None:
        """Raise ConfigError when the key is another company's."""
        wanted = self.settings.company
        if wanted:
            own = text(record(self.api.get("/organization", self._secret), self.api, "/organization"), "tax_code")
            if digits(own) != digits(wanted):
                what = f"the key belongs to the company with the tax number {own!r}"
                raise ConfigError(what, where="source.company", mend="take the key of the company that you mean")

    def documents(self, status: str) -> list[Row]:
        """All documents that the service counts to this payment status; what each of them says may be another."""
        return self._list("/documents", payment_status=status)

    def document(self, id_: int) -> Row | None:
        """One document, if it is still there."""
        try:
            return record(self.api.get(f"/documents/{id_}", self._secret), self.api, "/documents/{id}")
        except Missing:
            return None

    def number_of_documents(self, **status: str) -> int:
        """How many documents there are, as the service counts them."""
        return self._page("/documents", 1, 1, **status)[1]

    def payments(self, document: int) -> list[Row]:
        """The payments recorded on a document."""
        path = f"/documents/{document}/payments"
        return rows(self.api.get(path, self._secret), self.api, path)

    def partners(self, ids: Collection[int]) -> dict[int, Row]:
        """The partners of today, as far as they still exist."""
        if len(ids) > _FEW:
            return {row["id"]: row for row in self._list("/partners") if row["id"] in ids}
        found = {}
        for id_ in ids:
            try:
                found[id_] = record(self.api.get(f"/partners/{id_}", self._secret), self.api, "/partners/{id}")
            except Missing:
                continue
        return found

    def _list(self, path: str, **query: str) -> list[Row]:
        def ask(page: int) -> tuple[list[Row], int]:
            return self._page(path, page, self.settings.page, **query)

        return counted(ask, 1, "id", f"{self.api.where}, {path}")

    def _page(self, path: str, number: int, size: int, **query: str) -> tuple[list[Row], int]:
        """A page and the number of all rows. Raises SourceError for another page, or figures that do not fit."""
        found = record(self.api.get(path, self._secret, page=number, per_page=size, **query), self.api, path)
        try:
            total, last, per_page = (int(found[name]) for name in ("total", "last_page", "per_page"))
        except (KeyError, TypeError, ValueError):
            what = f"{path} does not say how many rows there are"
            raise SourceError(what, where=self.api.where, mend="the service may have changed") from None
        if found.get("current_page") != number or last != max(1, -(-total // max(1, per_page))):
            what = f"{path}: page {found.get('current_page')} of {last} with {per_page} of {total} rows each"
            raise SourceError(f"{what}, page {number} was asked for", where=self.api.where, mend="run again")
        return rows(found.get("data"), self.api, path), total
