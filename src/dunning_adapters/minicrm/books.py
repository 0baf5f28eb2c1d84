"""The books of one MiniCRM system: the list of issued invoices, an invoice, its card, and its contacts.

Paths and fields are those of MiniCRM's manual of integrations. Each record is asked for once in a reading, because
only sixty cards and contacts may be asked for in a minute.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

from dunning_adapters.minicrm.settings import MiniCrmSettings
from dunning_adapters.rest.api import Api, Missing, Row, record, rows
from dunning_adapters.rest.paging import counted
from dunning_core.errors import SourceError

_LIST = "/Api/Invoice/List"


@dataclass
class Books:
    """Reads with the key of the moment in which it is made."""

    api: Api
    settings: MiniCrmSettings
    _secret: dict[str, str] = field(init=False, repr=False)
    _known: dict[str, Row | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pair = f"{self.settings.system_id}:{self.settings.secret()}"
        self._secret = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    def invoices(self) -> list[Row]:
        """Every issued invoice. Raises SourceError when the list changes while it is read."""
        return counted(self._page, 0, "Id", f"{self.api.where}, {_LIST}")

    def invoice(self, id_: int) -> Row | None:
        """One invoice with its customer as he stands on it, if it is there."""
        return self._one(f"/Api/Invoice/{id_}")

    def card(self, id_: int) -> Row | None:
        """The card that an invoice stands on."""
        return self._one(f"/Api/R3/Project/{id_}")

    def contact(self, id_: int) -> Row | None:
        """A person or a business."""
        return self._one(f"/Api/R3/Contact/{id_}")

    def _page(self, number: int) -> tuple[list[Row], int]:
        found = record(self.api.get(_LIST, self._secret, Page=number), self.api, _LIST)
        total, results = found.get("Count"), found.get("Results")
        if type(total) is not int or total < 0:
            what = f"{_LIST} does not say how many rows there are"
            raise SourceError(what, where=self.api.where, mend="the service may have changed")
        # A table by number, and an empty list where there is none.
        return rows(list(results.values()) if isinstance(results, dict) else results, self.api, _LIST), total

    def _one(self, path: str) -> Row | None:
        if path not in self._known:
            try:
                self._known[path] = record(self.api.get(path, self._secret), self.api, path)
            except Missing:
                self._known[path] = None
        return self._known[path]
