"""The books of one ERP XT account: lists by number, with a token that is made anew when it ends.

Paths and fields are those of the help pages of Comarch ERP XT about its API, version 1.4.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from dunning_adapters.erpxt.settings import ErpXtSettings
from dunning_adapters.rest.api import Api, Refused, Row, record, rows
from dunning_adapters.rest.paging import ascending
from dunning_core.errors import SourceError

PAYMENTS = "/v1.4/paymentdetails"
CUSTOMERS = "/v1.2/customers"

_LIFE = 600  # seconds; the service says 10 minutes and need not repeat it
_SPARE = 30  # a token is renewed so long before its end, so that it does not end on the way


@dataclass
class Books:
    """Reads with the secret of the moment in which it is made. `clock` counts seconds."""

    api: Api
    settings: ErpXtSettings
    clock: Callable[[], float]
    _token: dict[str, str] = field(default_factory=dict, repr=False)
    _ends: float = 0

    def read(self, path: str, name: str) -> list[Row]:
        """All rows of a resource by their number, the field `name`.

        The service does not say how many there are, so the newest of them is asked for first and must be among them.
        Raises SourceError when it is not, or when the list is none.
        """
        where = f"{self.api.where}, {path}"
        newest = self._page(path, name, "desc", 0, 1)
        found = ascending(lambda last: self._page(path, name, "asc", last, self.settings.page), name, where)
        if newest and not any(row[name] == newest[0].get(name) for row in found):
            what = f"the newest row, {newest[0].get(name)}, is missing"
            raise SourceError(what, where=where, mend="run again; the service may have changed")
        return found

    def _page(self, path: str, name: str, way: str, last: int, size: int) -> list[Row]:
        query = {"$filter": f"{name} gt {last}", "$orderby": f"{name} {way}", "$top": size}
        token = self._authorised()
        try:
            found = self.api.get(path, token, **query)
        except Refused:  # it ended early: another program made a new one, or the clocks differ
            self._ends = 0
            found = self.api.get(path, self._authorised(), **query)
        return rows(found, self.api, path)

    def _authorised(self) -> dict[str, str]:
        if self.clock() >= self._ends:
            asked = self.clock()
            answer = record(self.api.form("/token", self._login(), grant_type="client_credentials"), self.api, "/token")
            token, life = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not token.isascii() or not token.isprintable():
                raise SourceError("/token gives no access token", where=self.api.where, mend="see source.url")
            self._token = {"Authorization": f"Bearer {token}"}
            self._ends = asked + (life if type(life) is int and life > 0 else _LIFE) - _SPARE
        return self._token

    def _login(self) -> dict[str, str]:
        pair = f"{self.settings.client_id}:{self.settings.secret()}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
