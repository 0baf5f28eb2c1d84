"""Arming: the word of a person that this installation, and no copy of it, writes to real customers.

The word lies in a file outside the database and outside the folder of dunning.toml, so that neither takes it along when
it is copied. It names everything that a copy changes: host, machine, database, mail server, the path of dunning.toml.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from dunning_adapters.durable import write_durably
from dunning_adapters.safety import machine
from dunning_core.errors import ConfigError, DunningError

LONGEST: Final = timedelta(days=400)
"""For so long a person can speak at the most: a year, and time to notice that it is over."""
VARIABLE: Final = "DUNNING_ARMING_FILE"


@dataclass(frozen=True, slots=True)
class Installation:
    """What tells one installation from another. `history` is the identity of its database, `place` its address."""

    config: str
    host: str
    machine: str
    place: str
    history: str
    relay: str

    def differs(self, here: Installation) -> str:
        """In what `here` is not the installation that was armed; "" when it is."""
        if self.host != here.host:
            return f"it was armed on host {self.host}, this is {here.host}"
        if self.machine != here.machine:
            return f"it was armed on another machine that is called {self.host} as well"
        if self.config != here.config:
            return f"it was armed for {self.config}, this is {here.config}"
        if self.place != here.place:
            return f"it was armed with the history {self.place}, this is {here.place}"
        if self.history != here.history:
            return "the history is not the database that it was armed with"
        if self.relay != here.relay:
            return f"it was armed for {self.relay}, letters would go to {here.relay}"
        return ""


@dataclass(frozen=True, slots=True)
class Arming:
    """An installation that may write to customers up to and including `until`.

    `events` is the number of the newest event that its history is known to have held: a history that holds fewer has
    lost letters, and what was sent already would go out again.
    """

    installation: Installation
    until: date
    events: int = 0


class ArmingFile:
    """The file of one dunning.toml, and beside it the key that its seal is made with."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._key = path.with_name(path.name + ".key")

    @classmethod
    def of(cls, config: Path, given: Path | None, environment: Mapping[str, str] = os.environ) -> ArmingFile:
        """Where the settings say, or the environment (`DUNNING_ARMING_FILE`), or in the user's state directory."""
        named = environment.get(VARIABLE, "")
        if named:
            return cls(Path(named).absolute())
        if given is not None:
            return cls((config.parent / given).resolve())
        folder = re.sub(r"[^a-z0-9]+", "-", config.parent.name.lower()).strip("-")[:40] or "dunning"
        name = hashlib.sha256(str(config).encode()).hexdigest()[:16]
        return cls(machine.state_folder(environment) / f"{folder}-{name}.json")

    def misplaced(self, config: Path) -> str:
        """Why it does not protect where it lies; "" when it does."""
        if self.path.resolve().is_relative_to(config.resolve().parent):
            return f"the arming file {self.path} lies in the folder of dunning.toml and would be copied with it"
        return ""

    def read(self) -> Arming | None:
        """What was armed; None when nothing was. Raises ConfigError for a file that cannot be believed."""
        try:
            content = json.loads(self.path.read_bytes())
            key = self._key.read_bytes()
        except FileNotFoundError:
            if self.path.exists():
                raise self._unbelievable("its key is missing") from None
            return None
        except (OSError, ValueError):
            raise self._unbelievable("it cannot be read") from None
        try:
            seal = content.pop("seal")
            if not hmac.compare_digest(str(seal), _seal(content, key)):
                raise self._unbelievable("it was changed, or its key was")
            return Arming(
                Installation(**{field.name: str(content[field.name]) for field in fields(Installation)}),
                date.fromisoformat(content["until"]),
                int(content["events"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._unbelievable("it is no arming file") from None

    def write(self, arming: Arming) -> None:
        """Write it durably, for the owner alone. Raises ConfigError where that is impossible."""
        content = {**asdict(arming.installation), "until": arming.until.isoformat(), "events": arming.events}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._key.exists():
                write_durably(self._key.parent, [(self._key.name, secrets.token_bytes(32))])
            sealed = {**content, "seal": _seal(content, self._key.read_bytes())}
            write_durably(self.path.parent, [(self.path.name, json.dumps(sealed, indent=1).encode())])
        except OSError as error:
            what = f"the arming file cannot be written: {error.strerror or type(error).__name__}"
            raise ConfigError(what, where=str(self.path), mend="set safety.arming_file or " + VARIABLE) from None

    def remember(self, events: int) -> None:
        """Note how far the history has come, if it is armed and came further. Raises ConfigError."""
        arming = self.read()
        if arming is not None and events > arming.events:
            self.write(replace(arming, events=events))

    def remove(self) -> bool:
        """Take file and key away; whether there was a file. Raises ConfigError."""
        try:
            was = self.path.exists()
            self.path.unlink(missing_ok=True)
            self._key.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"it cannot be removed: {error.strerror}", where=str(self.path)) from None
        return was

    def why_not(self, here: Installation, today: date) -> str:
        """Why this installation may not write to customers today; "" when it may."""
        try:
            arming = self.read()
        except DunningError as error:
            return str(error)
        if arming is None:
            return "this installation is not armed"
        if different := arming.installation.differs(here):
            return different
        return "" if today <= arming.until else f"the arming ended on {arming.until}"

    def _unbelievable(self, what: str) -> ConfigError:
        return ConfigError(what, where=str(self.path), mend="dunning arm writes it anew")


def until(day: date, today: date) -> date:
    """The last day of an arming. Raises ConfigError for one that is over or too far away."""
    if not today <= day <= today + LONGEST:
        what = f"{day} is not between today and {today + LONGEST}"
        raise ConfigError(what, where="--until", mend=f"an arming ends after {LONGEST.days} days at the latest")
    return day


def _seal(content: Mapping[str, Any], key: bytes) -> str:
    return hmac.new(key, json.dumps(content, sort_keys=True).encode(), hashlib.sha256).hexdigest()
