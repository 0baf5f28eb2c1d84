"""Calls of Odoo's models: by `/jsonrpc` up to version 18, by `/json/2` from 19 on; the caller sees no difference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from dunning_adapters.odoo.faults import fault, refused_key
from dunning_adapters.odoo.settings import OdooSettings
from dunning_adapters.wire import Unanswered, Wire
from dunning_core.errors import ConfigError, SourceError

Row = dict[str, Any]
Domain = list[Any]

_READS: Final = frozenset(
    {"search", "read", "search_read", "search_count", "fields_get", "context_get", "read_group", "formatted_read_group"}
)
_BARE_ROWS: Final = 18  # search_read took no `load` on journal items in 16; nobody looked in 17
JSON_2: Final = 19  # first version with `/json/2`
_POSITIONS: Final = {
    "search": ("domain",),
    "search_read": ("domain", "fields"),
    "search_count": ("domain",),
    "read": ("fields",),
    "load": ("fields", "data"),
}
"""Names of positional arguments: `/json/2` knows only names, and the older way has other names in other versions."""
_ON_RECORDS: Final = frozenset({"read", "message_post"})
_CHUNK: Final = 500


class Client:
    """One user's view of one database. Nothing is called before `open`."""

    def __init__(self, settings: OdooSettings, wire: Wire | None = None) -> None:
        self._settings = settings
        self.wire = wire or Wire("Odoo", settings.url, settings.timeout)
        self.where = self.wire.where
        self.version = 0
        self.uid = 0
        self.context: dict[str, object] = {}
        self._key = ""
        self._number = 0

    def __repr__(self) -> str:
        return f"Client({self.where}, version {self.version}, user {self.uid})"

    def open(self) -> None:
        """Find out the version and log in. Raises ConfigError for a key that is not set, SourceError."""
        given = self._settings
        self._key = given.secret()
        self.version = self._server_version()
        if self.version >= JSON_2:
            self.uid = self.execute("res.users", "context_get", [])["uid"]
            return
        for name in ("database", "login"):
            if not getattr(given, name):
                raise ConfigError(f"Odoo {self.version} needs it", where=f"source.{name}")
        uid = self._rpc("common", "authenticate", [given.database, given.login, self._key, {}])
        if not uid:
            raise refused_key(self.where)
        self.uid = uid

    def execute(self, model: str, method: str, arguments: list[Any], named: Mapping[str, Any] | None = None) -> Any:
        """What the method returns; amounts are Decimal. `arguments` of a method on records begin with their ids.

        Raises MissingRight, Unanswered, SourceError.
        """
        named = dict(named or {})
        if self.version >= JSON_2:
            return self._json_2(model, method, arguments, named)
        login = [self._settings.database, self.uid, self._key]
        return self._rpc("object", "execute_kw", [*login, model, method, arguments, named], model, method)

    def rows(self, model: str, domain: Domain, fields: Sequence[str], **limits: Any) -> list[Row]:
        """Rows by `order` (ids first to last unless said otherwise); references are plain ids."""
        limits = {"order": "id", **limits, "context": self.context}
        if self.version >= _BARE_ROWS:
            return self.execute(model, "search_read", [domain, list(fields)], {**limits, "load": None})  # type: ignore[no-any-return]
        ids = self.execute(model, "search", [domain], limits)
        return list(self.read(model, ids, fields))

    def pages(self, model: str, domain: Domain, fields: Sequence[str]) -> Iterator[Row]:
        """All rows by id, a page at a time: what is added or settled meanwhile shifts nothing."""
        last, size = 0, self._settings.page
        while True:
            page = self.rows(model, [*domain, ["id", ">", last]], fields, limit=size)
            yield from page
            if len(page) < size:
                return
            if page[-1]["id"] <= last:
                raise SourceError(f"{model}: the pages do not end", where=self.where)
            last = page[-1]["id"]

    def read(self, model: str, ids: Iterable[int], fields: Sequence[str], **context: Any) -> Iterator[Row]:
        """Rows of these records as far as they exist; references are plain ids."""
        wanted = list(ids)
        for start in range(0, len(wanted), _CHUNK):
            named = {"load": None, "context": {**self.context, **context}}
            yield from self.execute(model, "read", [wanted[start : start + _CHUNK], list(fields)], named)

    def _server_version(self) -> int:
        try:
            found = self._rpc("common", "version", [])["server_version_info"][0]
        except _NoPage:  # a server that has left the older way behind
            found = self._posted("/web/webclient/version_info", {"jsonrpc": "2.0", "method": "call", "params": {}}, {})
            found = found["result"]["server_version_info"][0]
        return int(str(found).rpartition("~")[2].split(".")[0])  # "saas~17" is 17

    def _rpc(self, service: str, method: str, arguments: list[Any], model: str = "", call: str = "") -> Any:
        self._number += 1
        params = {"service": service, "method": method, "args": arguments}
        request = {"jsonrpc": "2.0", "method": "call", "params": params, "id": self._number}
        call = call or method
        answer = self._posted("/jsonrpc", request, {}, reads=not model or call in _READS)
        if isinstance(answer, dict) and "error" in answer:
            raise self._fault(answer["error"].get("data") or answer["error"], model, call)
        if not isinstance(answer, dict) or "result" not in answer:
            raise SourceError("this is no answer of Odoo", where=self.where, mend="see source.url")
        return answer["result"]

    def _json_2(self, model: str, method: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        if method in _ON_RECORDS:
            named["ids"], *arguments = arguments
        named |= zip(_POSITIONS.get(method, ()), arguments, strict=True)
        headers = {"Authorization": f"bearer {self._key}"}
        if self._settings.database:
            headers["X-Odoo-Database"] = self._settings.database
        return self._posted(f"/json/2/{model}/{method}", named, headers, model, method, reads=method in _READS)

    def _posted(
        self,
        path: str,
        request: object,
        headers: dict[str, str],
        model: str = "",
        method: str = "",
        *,
        reads: bool = True,
    ) -> Any:
        headers = {"Content-Type": "application/json", **headers}
        answered = self.wire.post(path, json.dumps(request).encode(), headers, reads=reads)
        status, body = answered.status, answered.body
        try:
            answer = json.loads(body, parse_float=Decimal)
        except ValueError:
            answer = None
        if status == HTTPStatus.OK and answer is not None:
            return answer
        if isinstance(answer, dict) and "name" in answer:
            raise self._fault(answer, model, method)
        if status == HTTPStatus.NOT_FOUND:
            raise _NoPage("nothing of Odoo is found there", where=self.where, mend="see source.url")
        said = " ".join(body[:100].decode(errors="replace").split())
        # A gateway that gave up waiting does not know what the server behind it did.
        kind = SourceError if reads or status < HTTPStatus.INTERNAL_SERVER_ERROR else Unanswered
        raise kind(f"HTTP {status}: {self._without_key(said)}", where=self.where, mend="see source.url")

    def _fault(self, data: Mapping[str, Any], model: str, method: str) -> SourceError:
        text = self._without_key(str(data.get("message", "")))
        database = self._settings.database
        return fault(str(data.get("name", "")), text, where=self.where, model=model, method=method, database=database)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


class _NoPage(SourceError):  # noqa: N818 - it says what is the case
    """HTTP 404."""
