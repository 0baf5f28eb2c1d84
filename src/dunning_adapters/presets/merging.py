"""A preset's tables with somebody's own laid over them, part by part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_NAMED: Final = ("where", "unmatched")
"""Lists of conditions, which a preset names so that each can be replaced."""

_SETTING: Final = re.compile(r"\{(\w+)\}")


def merged(tables: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The preset's tables with one's own parts in their place.

    Relations are laid over each other name by name: a column, condition, join or hold of the same name replaces the
    preset's, a new name is added, and `false` takes it out. Anything else is replaced as a whole.
    """
    result = {**tables, **{name: value for name, value in own.items() if name not in tables}}
    for name in tables.keys() & own.keys():
        if name in {"holds", "payments"}:
            result[name] = _named(tables[name], own[name], _relation)
        else:
            result[name] = _relation(tables[name], own[name])
    return result


def listed(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Named parts as the lists that a mapping is made of."""
    result = {name: _listed(value) if name in {"items", "customers"} else value for name, value in tables.items()}
    for name in ("holds", "payments"):
        found = result.get(name, {})
        relations = found.values() if isinstance(found, Mapping) else found
        result[name] = [_listed(relation) for relation in relations if relation is not False]
    return result


def filled(value: Any, settings: Mapping[str, Any]) -> Any:
    """Names in braces replaced by what the settings say; a text that is nothing but one keeps the setting's type."""
    match value:
        case str():
            whole = _SETTING.fullmatch(value)
            if whole:
                return settings[whole[1]]
            return _SETTING.sub(lambda found: str(settings[found[1]]), value)
        case Mapping():
            return {name: filled(inner, settings) for name, inner in value.items()}
        case list():
            return [filled(inner, settings) for inner in value]
    return value


def _named(tables: Any, own: Any, lay: Any) -> Any:
    """Named things: those of the preset, one's own over them."""
    if not isinstance(own, Mapping):
        return own
    result = dict(tables)
    for name, value in own.items():
        both = isinstance(value, Mapping) and isinstance(result.get(name), Mapping)
        result[name] = lay(result[name], value) if both else value
    return result


def _relation(tables: Any, own: Any) -> Any:
    """A relation: its columns, joins, formulas and conditions are replaced one by one."""
    if not isinstance(own, Mapping):
        return own
    if own.get("query"):  # rows of one's own: nothing said of the preset's table holds for them
        tables = {name: value for name, value in tables.items() if name not in {"table", "schema", "joins"}}
    result = {**tables, **own}
    for part in ("columns", "joins", "compute", *_NAMED):
        if part in tables and part in own:
            result[part] = _named(tables[part], own[part], lambda _, mine: mine)
    return result


def _listed(relation: Any) -> Any:
    if not isinstance(relation, Mapping):
        return relation
    result = dict(relation)
    for part in ("columns", "joins", "compute"):
        if isinstance(result.get(part), Mapping):
            result[part] = {name: value for name, value in result[part].items() if value is not False}
    for part in _NAMED:
        if isinstance(result.get(part), Mapping):
            result[part] = [value for value in result[part].values() if value is not False]
    return result
