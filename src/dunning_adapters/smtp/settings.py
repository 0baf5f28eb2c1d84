"""What a person writes about the mail server. A setting that would show a secret or a letter to others is refused."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from dunning_adapters.mailbox import address, domain_name
from dunning_adapters.smtp.return_path import checked
from dunning_core.errors import RenderError


class SmtpSettings(BaseModel):
    """`[transport]` with `adapter = "smtp"`. Times are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    allow_plain: bool = Field(default=False, description="let letters travel unencrypted to another machine")
    username: str = ""
    password: SecretStr | None = None
    password_env: str = Field(default="", description="environment variable that holds the password")
    domain: str = Field(description="our own domain: right side of Message-ID, and how we greet the server")
    ca_file: Path | None = Field(default=None, description="further certificate authority, PEM")
    timeout: float = Field(default=60, gt=0)
    final_timeout: float = Field(default=600, gt=0, description="for the reply to the final dot: RFC 5321 asks for 600")
    letters_per_connection: int = Field(default=100, ge=1)

    archive: str = Field(default="", description="an address of ours that gets every letter unseen, as its proof")
    archive_folder: Path | None = Field(default=None, description="maildir, mbox or folder where these copies arrive")
    return_path: str = Field(default="", description="where notices come back to, with {letter} and {mac}")
    return_path_secret_env: str = Field(default="", description="environment variable that holds its secret")
    return_path_secret_file: Path | None = Field(default=None, description="file that holds its secret")

    @field_validator("archive", "return_path")
    @classmethod
    def _real_address(cls, value: str, info: ValidationInfo) -> str:
        try:
            return value and (address(value) if info.field_name == "archive" else checked(value))
        except RenderError as error:
            raise ValueError(f"{error.what}; {error.mend}") from None

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        secrets = bool(self.return_path_secret_env) + (self.return_path_secret_file is not None)
        if secrets != bool(self.return_path):
            message = "return_path needs exactly one of return_path_secret_env and return_path_secret_file"
            raise ValueError(message)
        if self.archive_folder is not None and not self.archive:
            message = "archive_folder needs archive, whose mail it holds"
            raise ValueError(message)
        return self

    @field_validator("domain")
    @classmethod
    def _real_domain(cls, value: str) -> str:
        try:
            return domain_name(value)
        except RenderError as error:
            raise ValueError(error.what) from None

    @model_validator(mode="after")
    def _nothing_secret_in_clear(self) -> Self:
        if self.security == "none" and not (self.allow_plain or _is_loopback(self.host)):
            message = 'security = "none" is for this machine only: use starttls or tls, or set allow_plain = true'
            raise ValueError(message)
        secrets = (self.password is not None) + bool(self.password_env)
        if self.security == "none" and (self.username or secrets):
            message = "a login would travel in clear: use starttls or tls, or remove username and password"
            raise ValueError(message)
        if secrets != bool(self.username):
            message = "username needs exactly one of password and password_env, and they need a username"
            raise ValueError(message)
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
