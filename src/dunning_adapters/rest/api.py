"""JSON from one server: every answer that is not what was asked for ends in one line that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from dunning_adapters.wire import Answer, Wire
from dunning_core.errors import SourceError

Row = dict[str, Any]

PAUSES: Final = (1.0, 5.0, 20.0, 60.0)
"""Seconds before each further attempt: together more than the minute for which services count requests."""


class Refused(SourceError):  # noqa: N818 - it says what is the case
    """HTTP 401: the key is not, or no longer, accepted."""


class Missing(SourceError):  # noqa: N818 - it says what is the case
    """HTTP 404: there is no such record or resource."""


@dataclass(frozen=True, slots=True)
class Api:
    """Reads JSON with `wire`. `key` says where a person finds the key, `rights` what he must allow it."""

    wire: Wire
    key: str
    rights: str

    @property
    def where(self) -> str:
        """Which server, for errors."""
        return self.wire.where

    def get(self, path: str, secret: Mapping[str, str], **query: object) -> Any:
        """The JSON at `path`, amounts as Decimal; None where the server says that there is nothing (HTTP 204).

        `secret` are the headers that hold the key; what the server echoes of them is not shown. Raises Refused,
        Missing, SourceError.
        """
        asked = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        return self._json(self.wire.get(asked, {"Accept": "application/json", **secret}), path, secret)

    def form(self, path: str, secret: Mapping[str, str], **fields: str) -> Any:
        """The JSON that answers a form whose sending changes nothing, as `get` gives it."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **secret}
        return self._json(self.wire.post(path, urlencode(fields).encode(), headers, reads=True), path, secret)

    def _json(self, answer: Answer, path: str, secret: Mapping[str, str]) -> Any:
        if answer.status == HTTPStatus.NO_CONTENT:
            return None
        if answer.status != HTTPStatus.OK:
            raise self._fault(answer, path, secret)
        if answer.kind and not answer.kind.endswith("json"):
            what = f"{path} answers {answer.kind} in the place of JSON: {_said(answer, secret)}"
            raise SourceError(what, where=self.where, mend="see source.url")
        try:
            return json.loads(answer.body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            what = f"{path} answers no JSON: {error}"
            raise SourceError(what, where=self.where, mend="run again; see source.url") from None

    def _fault(self, answer: Answer, path: str, secret: Mapping[str, str]) -> SourceError:
        said = _said(answer, secret)
        if answer.status == HTTPStatus.BAD_REQUEST and b"invalid_client" in answer.body:  # RFC 6749, 5.2
            return Refused(f"the client is not accepted: {said}", where=self.where, mend=self.key)
        match answer.status:
            case HTTPStatus.UNAUTHORIZED:
                return Refused(f"the key is not accepted: {said}", where=self.where, mend=self.key)
            case HTTPStatus.FORBIDDEN:
                return SourceError(f"the key may not read {path}: {said}", where=self.where, mend=self.rights)
            case HTTPStatus.NOT_FOUND:
                return Missing(f"there is no {path}", where=self.where, mend="see source.url")
            case HTTPStatus.TOO_MANY_REQUESTS:
                rest = f", and none before {answer.retry_after} seconds are over" if answer.retry_after else ""
                return SourceError(f"no more requests are allowed{rest}", where=self.where, mend="run again later")
        mend = "run again later" if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "see source.url"
        return SourceError(f"{path}: HTTP {answer.status}: {said}", where=self.where, mend=mend)


def _said(answer: Answer, secret: Mapping[str, str]) -> str:
    """The beginning of what the server says, without the key."""
    text = " ".join(answer.body[:2000].decode(errors="replace").split())
    for value in secret.values():
        text = text.replace(value, "***").replace(value.rpartition(" ")[2], "***")
    return text[:100]


def _no_number(name: str) -> None:
    message = f"{name} is no amount"
    raise ValueError(message)


def rows(found: object, api: Api, path: str) -> list[Row]:
    """A list of records, or nothing where the server says that there is none. Raises SourceError for another shape."""
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise SourceError(f"{path} answers no list of records", where=api.where, mend="the service may have changed")
    return found


def record(found: object, api: Api, path: str) -> Row:
    """One record. Raises SourceError for another shape."""
    if not isinstance(found, dict):
        raise SourceError(f"{path} answers no record", where=api.where, mend="the service may have changed")
    return found
