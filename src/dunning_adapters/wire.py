"""HTTP to one server: one connection kept alive, bounded in time and size, tried again only where nothing can happen
twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from dunning_core.errors import SourceError

_PAUSES: Final = (0.5, 2.0)  # seconds before the second and the third attempt
_BUSY: Final = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE: Final = 120  # a server that wants more rest than this is left for another run
_LARGEST_ANSWER: Final = 64 * 1024 * 1024
_PIECE: Final = 1024 * 1024


class Unanswered(SourceError):  # noqa: N818 - it says what is the case
    """A request that changes something may have been carried out: its answer never came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `kind` is the media type without its parameters, in lower case."""

    status: int
    body: bytes
    kind: str = ""
    retry_after: int = 0


class Wire:
    """Asks the server at `url`, called `name` in errors, and reads the whole answer. `pause` waits; tests replace it.

    `pauses` are the seconds before each further attempt; a server that is too busy may ask for longer ones. The
    certificate of an https:// server is verified. Redirections are not followed.
    """

    def __init__(
        self,
        name: str,
        url: str,
        timeout: float,
        pause: Callable[[float], None] = time.sleep,
        *,
        pauses: tuple[float, ...] = _PAUSES,
        largest: int = _LARGEST_ANSWER,
    ) -> None:
        parts = urlsplit(url)
        self.where = f"{name} at {parts.hostname}"
        self._base = parts.path
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._timeout, self._pause = str(parts.hostname), parts.port, timeout, pause
        self._pauses, self._largest = pauses, largest
        self._connection: HTTPConnection | None = None

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """The answer to a request that reads. Raises SourceError when none got through."""
        return self._reading("GET", path, b"", headers)

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, reads: bool) -> Answer:
        """The answer to a request with a body. One that only reads is tried again.

        Raises Unanswered when a request that changes something got no answer, SourceError when none got through.
        """
        if reads:
            return self._reading("POST", path, body, headers)
        self.close()  # a connection that went stale would leave it in doubt whether the request arrived
        return self._once("POST", path, body, headers, reads=False)

    def close(self) -> None:
        """Hang up; the next request calls again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _reading(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        for pause in self._pauses:
            try:
                answer = self._once(method, path, body, headers, reads=True)
            except SourceError:
                self._pause(pause)
                continue
            if answer.status not in _BUSY or answer.retry_after > _LONGEST_PAUSE:
                return answer
            self._pause(max(pause, answer.retry_after))
        return self._once(method, path, body, headers, reads=True)

    def _once(self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, reads: bool) -> Answer:
        connection = self._connected()
        try:
            connection.request(method, f"{self._base}{path}", body or None, headers)
            response = connection.getresponse()
            content = self._content(response)
        except (OSError, HTTPException) as error:
            self.close()
            what = f"no answer: {str(error) or type(error).__name__}"
            raise (SourceError if reads else Unanswered)(what, where=self.where, mend="see source.timeout") from None
        return Answer(response.status, content, _kind(response), _retry_after(response))

    def _content(self, response: HTTPResponse) -> bytes:
        """All of it: in pieces, because only then is an answer without end noticed before memory is full."""
        if response.length is not None and response.length <= self._largest:
            return response.read()  # complains when less comes than was announced
        content = bytearray()
        while piece := response.read(_PIECE):
            content += piece
            if len(content) > self._largest:
                message = f"it is longer than {self._largest} bytes"
                raise HTTPException(message)
        return bytes(content)

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


def _kind(response: HTTPResponse) -> str:
    return (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()


def _retry_after(response: HTTPResponse) -> int:
    """Seconds that the server wants to be left alone. The other spelling, a date, is not worth a clock."""
    said = response.getheader("Retry-After") or ""
    asked = response.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    return int(said) if asked and said.isascii() and said.isdecimal() and len(said) < len("1000000") else 0
