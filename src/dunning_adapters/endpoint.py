"""Where a server is and the key to it, as a person writes them: the key stays in the environment and is never shown."""

from __future__ import annotations

import ipaddress
import os
import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from dunning_core.errors import ConfigError


class Endpoint(BaseModel):
    """The part of `[source]` that every server needs. Times are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="where the server answers: https://erp.example.com")
    key: SecretStr | None = None
    key_env: str = Field(default="", description="environment variable that holds the key")
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
            message = "must hold no login and nothing after the address: use key_env"
            raise ValueError(message)
        return value.rstrip("/")

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

    def secret(self) -> str:
        """The key, read anew at each call, so that one that was replaced is taken up. Raises ConfigError."""
        key = self.key.get_secret_value() if self.key else os.environ.get(self.key_env, "")
        where = "source.key" if self.key else f"environment variable {self.key_env}"
        if not key:
            raise ConfigError("it is not set and shall hold the API key", where=where)
        if re.search(r"[^!-~]", key):  # what cannot travel would be shown by the complaint about it
            raise ConfigError("it holds a space or a letter that no key has", where=where, mend="copy the key again")
        return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
