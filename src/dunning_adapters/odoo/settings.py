"""What a person writes about his Odoo server."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from dunning_adapters.endpoint import Endpoint

FLAGGED = ("account.move.line", "account.move", "res.partner")
"""Models that may have fields which hold dunning back; the longest name first, because names begin alike."""


class OdooSettings(Endpoint):
    """`[source]` with `adapter = "odoo"`. The key is an API key or a password. Times are seconds."""

    database: str = Field(default="", description="needed up to Odoo 18, and where a server has several")
    login: str = Field(default="", description="needed up to Odoo 18; the key says it from 19 on")
    company: int | str | None = Field(default=None, description="id or name; needed if the user may see several")
    hold_fields: tuple[str, ...] = Field(default=(), description="fields that mean a dispute when they are set")
    notes: Literal["invoice", "customer", "none"] = "invoice"
    activity_level: int | None = Field(default=None, ge=1, description="from this level on, an activity is made")
    activity_days: int = Field(default=7, ge=0, le=365)
    page: int = Field(default=1000, ge=2, le=10_000)

    @field_validator("hold_fields")
    @classmethod
    def _fields_of_models(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name.startswith(tuple(f"{model}." for model in FLAGGED)):
                message = f"{name!r} must be a model and a field, like 'account.move.x_dispute'"
                raise ValueError(message)
        return value
