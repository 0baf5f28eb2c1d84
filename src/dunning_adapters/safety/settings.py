"""`[safety]`: what keeps a mistake, a copy or a test system from writing to everybody."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from dunning_adapters.mailbox import read_address
from dunning_core.errors import RenderError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Percent = Annotated[int, Field(ge=1, le=100)]


def _address(text: str) -> str:
    if text:
        try:
            read_address(text)
        except RenderError as error:
            raise ValueError(error.what) from error
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        message = f"{text[:60]!r} is no time zone that this machine knows: write it like Europe/Bucharest"
        raise ValueError(message) from None
    return text


class WindowTable(BaseModel):
    """`[safety.window]`: when letters may leave, by the clock of the creditor. Days in `run.holidays` are closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: Annotated[str, AfterValidator(_zone)]
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"), min_length=1
    )
    opens: time = time(8)
    closes: time = time(18)
    """The first moment that is too late."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @model_validator(mode="after")
    def _it_opens_before_it_closes(self) -> Self:
        if self.opens.tzinfo or self.closes.tzinfo:
            message = "opens and closes are hours of the time zone named beside them: write them like 08:00:00"
            raise ValueError(message)
        if self.opens >= self.closes:
            message = "opens must be before closes"
            raise ValueError(message)
        return self


class SafetyTable(BaseModel):
    """`[safety]`. Caps are of one run unless they say otherwise; shares are in percent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    catch_all: Annotated[str, AfterValidator(_address)] = ""
    """Where every message goes while this installation is not armed. Empty: into `rehearsal_folder`."""
    rehearsal_folder: Path = Path("rehearsal")
    arming_file: Path | None = None
    """None: in the state directory of the user."""
    stop_file: Path = Path("STOP")
    """While it exists, nothing is sent."""
    messages_per_run: int = Field(default=500, ge=1)
    messages_per_day: int = Field(default=1000, ge=1)
    final_demands_per_run: int = Field(default=20, ge=1)
    customers_share: Percent = 25
    """Of the customers who owe something, how many may be written to."""
    amount_share: Percent = 40
    """Of what is open in a currency, how much may be asked for."""
    floor: int = Field(default=50, ge=0)
    """Up to so many messages the shares are not looked at: of few customers, two are a large share."""
    override_hours: int = Field(default=24, ge=1, le=168)
    ramp_per_day: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """How many of the items that were overdue at the beginning are let in on each day of sending; the last repeats."""
    window: WindowTable | None = None
