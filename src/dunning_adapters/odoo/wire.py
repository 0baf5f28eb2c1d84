"""HTTP to one server: one connection kept alive, bounded in time, tried again only where nothing can happen twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from dunning_adapters.odoo.faults import Unanswered
from dunning_core.errors import SourceError

_PAUSES: Final = (0.5, 2.0)  # seconds before the second and the third attempt
_BUSY: Final = frozenset({429, 502, 503, 504})


class Wire:
    """Posts to the server at `url` and reads the whole answer. `pause` waits; tests replace it."""

    def __init__(self, url: str, timeout: float, pause: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        self.where = f"Odoo at {parts.hostname}"
        self._base = parts.path
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._timeout, self._pause = str(parts.hostname), parts.port, timeout, pause
        self._connection: HTTPConnection | None = None

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, reads: bool) -> tuple[int, bytes]:
        """Status and body of the answer. A request that only reads is tried three times.

        Raises Unanswered when a request that changes something got no answer, SourceError when none got through.
        """
        if not reads:
            self.close()  # a connection that went stale would leave it in doubt whether the request arrived
            return self._once(path, body, headers, reads=False)
        for pause in _PAUSES:
            try:
                status, answer = self._once(path, body, headers, reads=True)
            except SourceError:
                self._pause(pause)
                continue
            if status not in _BUSY:
                return status, answer
            self._pause(pause)
        return self._once(path, body, headers, reads=True)

    def close(self) -> None:
        """Hang up; the next request calls again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _once(self, path: str, body: bytes, headers: Mapping[str, str], *, reads: bool) -> tuple[int, bytes]:
        connection = self._connected()
        try:
            connection.request("POST", f"{self._base}{path}", body, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            self.close()
            what = f"no answer: {str(error) or type(error).__name__}"
            raise (SourceError if reads else Unanswered)(what, where=self.where, mend="see source.timeout") from None

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            connection = self._kind(self._host, self._port, timeout=self._timeout)
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                raise SourceError(f"no connection: {error}", where=self.where, mend="see source.url") from None
            self._connection = connection
        return self._connection
