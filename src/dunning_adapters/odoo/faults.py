"""What a server refuses, in one line. A fault is known by its name: its text is translated, or another brand's."""

from __future__ import annotations

from typing import Final

from dunning_core.errors import SourceError


class MissingRight(SourceError):  # noqa: N818 - it says what is the case
    """The user may not do this."""


READING: Final = "the accounting right 'Show Accounting Features - Readonly', or any right of Invoicing"
CONTACTS: Final = "the right 'Contact Creation'"
INVOICING: Final = "the right 'Invoicing' (called 'Billing' in older versions)"

_RIGHTS: Final = {
    ("res.partner", "message_post"): CONTACTS,
    ("mail.activity", "load"): f"{INVOICING} for activities on invoices",
}
_KEY: Final = frozenset({"odoo.exceptions.AccessDenied", "werkzeug.exceptions.Unauthorized"})
_RIGHT: Final = frozenset({"odoo.exceptions.AccessError", "werkzeug.exceptions.Forbidden"})
_SHAPE: Final = frozenset({"builtins.ValueError", "builtins.KeyError", "builtins.TypeError", "builtins.AssertionError"})


def refused_key(where: str) -> SourceError:
    """The server knows no such login with this key."""
    mend = "keys expire and are revoked: make a new one under Preferences, Account Security"
    return SourceError("the server does not accept the login or its API key", where=where, mend=mend)


def missing_right(where: str, model: str, method: str) -> MissingRight:
    """Names the right that such a call needs."""
    right = _RIGHTS.get((model, method), READING if model.startswith("account.") else f"access to {model}")
    return MissingRight(f"the user may not call {method} on {model}", where=where, mend=f"give him {right}")


def fault(name: str, text: str, *, where: str, model: str = "", method: str = "", database: str = "") -> SourceError:
    """The fault that the server calls `name`; `text` is what it says of it, of which the first line is shown."""
    said = next(iter(text.splitlines()), "")[:200]
    call = f"{model}.{method}" if model else method
    if name in _KEY:
        return refused_key(where)
    if name in _RIGHT:
        return missing_right(where, model, method)
    if name == "psycopg2.OperationalError":
        return SourceError(f"the server cannot open the database {database!r}", where=where, mend="see source.database")
    if name == "odoo.exceptions.MissingError":
        return SourceError(f"{call}: the record is gone", where=where)
    if name in _SHAPE:
        mend = "a field or parameter that this version of Odoo does not know"
        return SourceError(f"{call} is refused ({name}): {said}", where=where, mend=mend)
    return SourceError(f"{call} fails ({name}): {said}", where=where)
