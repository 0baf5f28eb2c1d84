"""What an ERP's tables mean, declared: one TOML file each, shipped with the package."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dunning_adapters.sql.fields import Constant
from dunning_core.complaints import choice

Grade = Literal["A", "B", "C", "D"]
"""How sure a statement is: A the vendor's own SQL and real schemas, B several sources or a real schema, C one source,
D a conclusion."""

CERTAIN: tuple[Grade, ...] = ("A", "B")


class Preset(BaseModel):
    """One ERP. `settings` are the names that stand in braces in the tables, with what they are unless somebody says
    otherwise; `unseen` is what it was never run on, `notes` what the tables rest on, by grade."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    database: str
    unseen: str
    settings: dict[str, Constant] = Field(default_factory=dict)
    notes: dict[Grade, tuple[str, ...]] = Field(default_factory=dict)
    tables: dict[str, Any]

    def remarks(self) -> list[str]:
        """What to verify on site before the first letter."""
        found = [f"source: preset {self.name} ({self.title}); nothing of it was run on {self.unseen}"]
        doubtful = [(grade, note) for grade, notes in sorted(self.notes.items()) for note in notes]
        found += [f"to verify (confidence {grade}): {note}" for grade, note in doubtful if grade not in CERTAIN]
        return found


@cache
def names() -> tuple[str, ...]:
    """The names of all presets, in alphabetical order."""
    found = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def preset(name: str) -> Preset:
    """A preset by its name. Raises ValueError with the names that there are."""
    if name not in names():
        message = f"preset: there is no preset {name!r} ({choice(name, names())})"
        raise ValueError(message)
    found = tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
    own = {key: found.pop(key) for key in ("title", "database", "unseen", "settings", "notes") if key in found}
    return Preset(name=name, tables=found, **own)
