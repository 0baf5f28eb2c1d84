"""What a person writes about his Odoo server. The key stays in the environment and is never shown."""

from __future__ import annotations

import ipaddress
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

FLAGGED = ("account.move.line", "account.move", "res.partner")
"""Models that may have fields which hold dunning back; the longest name first, because names begin alike."""


class OdooSettings(BaseModel):
    """`[source]` with `adapter = "odoo"`. Times are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="where the server answers: https://erp.example.com")
    database: str = Field(default="", description="needed up to Odoo 18, and where a server has several")
    login: str = Field(default="", description="needed up to Odoo 18; the key says it from 19 on")
    key: SecretStr | None = None
    key_env: str = Field(default="", description="environment variable that holds the API key or password")
    company: int | str | None = Field(default=None, description="id or name; needed if the user may see several")
    hold_fields: tuple[str, ...] = Field(default=(), description="fields that mean a dispute when they are set")
    notes: Literal["invoice", "customer", "none"] = "invoice"
    activity_level: int | None = Field(default=None, ge=1, description="from this level on, an activity is made")
    activity_days: int = Field(default=7, ge=0, le=365)
    page: int = Field(default=1000, ge=2, le=10_000)
    timeout: float = Field(default=60, gt=0)
    allow_plain: bool = Field(default=False, description="let the key travel unencrypted to another machine")

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = "must begin with https:// and name a host"
            raise ValueError(message)
        if parts.username or parts.password or parts.query:
            message = "must hold no login and nothing after the address: use login and key_env"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("hold_fields")
    @classmethod
    def _fields_of_models(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name.startswith(tuple(f"{model}." for model in FLAGGED)):
                message = f"{name!r} must be a model and a field, like 'account.move.x_dispute'"
                raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _secrets_are_kept(self) -> Self:
        if (self.key is None) == (not self.key_env):
            message = "give either `key_env` or `key`"
            raise ValueError(message)
        parts = urlsplit(self.url)
        if parts.scheme == "http" and not (self.allow_plain or _is_loopback(str(parts.hostname))):
            message = "the key would travel in clear: write https://, or set allow_plain = true"
            raise ValueError(message)
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
