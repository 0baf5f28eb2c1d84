"""Which fields this server has. Asked first, so that a field that is gone is named instead of refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dunning_adapters.odoo.client import Client
from dunning_core.errors import ConfigError, SourceError

LINE: Final = (
    "move_id", "partner_id", "journal_id", "date", "date_maturity", "currency_id", "amount_currency",
    "amount_residual_currency",
)  # fmt: skip
MOVE: Final = (
    "name", "move_type", "payment_state", "invoice_date", "date", "partner_id", "invoice_user_id", "reversed_entry_id",
    "payment_reference", "ref", "amount_total", "amount_residual",
)  # fmt: skip
PARTNER: Final = (
    "name", "is_company", "active", "email", "phone", "lang", "vat", "street", "street2", "zip", "city", "country_id",
    "commercial_partner_id", "type",
)  # fmt: skip
PAYMENT: Final = ("name", "amount", "currency_id", "date", "partner_id", "payment_type", "invoice_ids", "state")

_OPTIONAL: Final = {
    "account.move.line": ("account_type", "account_internal_type", "blocked", "no_followup"),
    "res.partner": ("country_code", "mobile", "company_registry", "user_id"),
    "account.payment": ("state", "invoice_ids", "move_id", "partner_type"),
}
_REQUIRED: Final = {
    "account.move.line": (*LINE, "reconciled", "parent_state", "company_id"),
    "account.move": MOVE,
    "res.partner": PARTNER,
}
FLAGS: Final = ("blocked", "no_followup")
"""Fields of a journal item by which Odoo itself says: no reminders. Which of them exist depends on version and apps."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What there is to read, by model. `holds` are fields that hold dunning back, with those of the settings."""

    line: tuple[str, ...]
    move: tuple[str, ...]
    partner: tuple[str, ...]
    receivable: list[str]
    payments_without_entry: bool
    contact_types: tuple[str, ...]
    flags: tuple[str, ...]
    disputes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def probe(client: Client, hold_fields: Sequence[str] = ()) -> Fields:
    """Ask for the fields. Raises SourceError naming one that is gone, ConfigError for one of the settings."""
    disputes: dict[str, tuple[str, ...]] = {}
    known = {}
    for model in ("account.move.line", "account.move", "res.partner", "account.payment"):
        own = [name.rpartition(".")[2] for name in hold_fields if name.rpartition(".")[0] == model]
        known[model] = _fields_of(client, model, own)
        disputes[model] = tuple(own)
    line, partner, payment = known["account.move.line"], known["res.partner"], known["account.payment"]
    flags = tuple(name for name in FLAGS if name in line)
    states = {value for value, _ in payment.get("state", {}).get("selection") or ()}
    types = {value for value, _ in partner["type"].get("selection") or ()}
    return Fields(
        line=("id", *LINE, *flags, *disputes["account.move.line"]),
        move=("id", *MOVE, *disputes["account.move"]),
        partner=("id", *PARTNER, *_present(partner, "res.partner"), *disputes["res.partner"]),
        receivable=["account_type", "=", "asset_receivable"]
        if "account_type" in line
        else ["account_internal_type", "=", "receivable"],
        payments_without_entry="in_process" in states and "invoice_ids" in payment,
        contact_types=tuple(name for name in ("followup", "invoice") if name in types),
        flags=flags,
        disputes=disputes,
    )


def _fields_of(client: Client, model: str, own: Sequence[str]) -> dict[str, dict[str, Any]]:
    names = list(dict.fromkeys((*_REQUIRED.get(model, ()), *_OPTIONAL.get(model, ()), *own)))
    named = {"allfields": names, "attributes": ["type", "selection"]}
    found: dict[str, dict[str, Any]] = client.execute(model, "fields_get", [], named)
    where = f"{client.where}, version {client.version}"
    for name in _REQUIRED.get(model, ()):
        if name not in found:
            raise SourceError(
                f"there is no field {name} on {model}", where=where, mend="is the app Invoicing installed?"
            )
    for name in own:
        if name not in found:
            raise ConfigError(f"there is no field {name} on {model}", where="source.hold_fields")
    return found


def _present(found: dict[str, dict[str, Any]], model: str) -> list[str]:
    return [name for name in _OPTIONAL[model] if name in found]
