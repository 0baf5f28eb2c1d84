"""ERPs by declaration: the source `sql` with a preset to start from, every part of which can be replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import Field, model_validator

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.presets.merging import filled, listed, merged
from dunning_adapters.presets.preset import Preset, names, preset
from dunning_adapters.sql import Mapping as SqlMapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.sql.fields import Constant
from dunning_adapters.sql.mapping import SourceSettings
from dunning_adapters.sql.source import from_settings
from dunning_core.complaints import choice

__all__ = ["ADAPTERS", "Preset", "PresetSettings", "mapping", "names", "preset"]


class PresetSettings(SourceSettings):
    """The table `[source]` of dunning.toml: a mapping, or a `preset` with its `settings` and one's own parts over
    it."""

    preset: str = ""
    settings: dict[str, Constant] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_the_preset(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and isinstance(given.get("preset"), str) and given["preset"]:
            return _expanded(given)
        if isinstance(given, Mapping) and "settings" in given:
            message = "settings: belong to a `preset`"
            raise ValueError(message)
        return given


def mapping(name: str, settings: Mapping[str, Any] | None = None, **own: Any) -> SqlMapping:
    """A preset as a mapping, for those who bring an Engine; `own` are parts laid over it, `false` takes one out.

    Raises ValueError for a name or a setting that there is not.
    """
    table = _expanded({"preset": name, "settings": dict(settings or {}), **own})
    return SqlMapping.model_validate({name: table[name] for name in table if name not in {"preset", "settings"}})


def _expanded(given: Mapping[str, Any]) -> dict[str, Any]:
    found = preset(given["preset"])
    settings = given.get("settings", {})
    for name in settings if isinstance(settings, Mapping) else ():
        if name not in found.settings:
            message = f"settings.{name}: there is no such setting ({choice(name, list(found.settings))})"
            raise ValueError(message)
    own = {name: value for name, value in given.items() if name not in {"preset", "settings"}}
    tables = listed(merged(filled(found.tables, {**found.settings, **settings}), own))
    return {"preset": given["preset"], "settings": settings, **tables}


def _build(settings: PresetSettings, folder: Path) -> SqlSource:
    remarks = preset(settings.preset).remarks() if settings.preset else ()
    return from_settings(settings, folder, remarks)


ADAPTERS: Final = (
    Adapter(
        "source",
        "sql",
        "Tables, views or queries of any database that SQLAlchemy knows, by a mapping or a preset; read-only",
        PresetSettings,
        _build,
    ),
)


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The source `sql`."""
    return ADAPTERS
