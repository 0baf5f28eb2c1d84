"""What is wrong with something that a person wrote, in words for that person: one complaint, one line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

KINDS = {
    "string": "text", "int": "a whole number", "float": "a number", "decimal": "a number", "finite": "a number",
    "bool": "true or false", "date": "a date such as 2026-12-24", "datetime": "a date such as 2026-12-24",
    "list": "a list", "tuple": "a list", "set": "a list", "frozen": "a list", "iterable": "a list",
    "dict": "a table", "mapping": "a table", "model": "a table", "dataclass": "a table", "path": "text",
}  # fmt: skip
"""What is wanted, by the first word of an error's type (`int_parsing`, `tuple_type`); bounds have their own words."""

BOUNDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "must have at least {min_length} entries, not {actual_length}",
    "too_long": "must have at most {max_length} entries, not {actual_length}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
}
_LONGEST = 40  # characters of a value that are shown
_FEW = 5  # names that are all shown rather than guessed among: who writes iban does not mean bank


@dataclass(frozen=True, slots=True)
class Complaint:
    """The field as it is written (`levels[0].when[1].days`), what is wrong with it, and how to mend it if that is
    known."""

    path: str
    what: str
    mend: str = ""


def read_toml(text: str) -> dict[str, Any]:
    """What a TOML text says. Raises ValueError, whose one line names line and column where that is possible."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # it shows a table's name as Python's tuple of its parts
        message = re.sub(r"\('[^()]*\)", lambda parts: f"[{'.'.join(_quoted(parts[0]))}]", str(error))
    except RecursionError:
        message = "lists or tables stand too deep inside each other"
    except ValueError:  # Python refuses to read a number of thousands of digits
        message = "a number is too long"
    raise ValueError(message)


def complaints(error: ValidationError, given: object, model: object = None) -> list[Complaint]:
    """What is wrong with `given`, a field at a time; `model` is what it was validated by, for the names it knows.

    Where several kinds of value may stand, the one that was meant is judged: the one that fits furthest.
    """
    # A name that nobody knows is often the misspelt one of a field that is then missing.
    faults = sorted(error.errors(include_url=False), key=lambda fault: fault["type"] == "missing")
    left = [(_path(fault["loc"], given, fault["type"]), fault) for fault in faults]
    found = []
    while left:
        first = left[0][0]
        path = max((path for path, _ in left if path[: len(first)] == first), key=len)
        here = [fault for where, fault in left if where == path]
        meant = [fault for fault in here if _wanted(fault) is None] or here
        found.append(_said(path, meant, _names(model, path[:-1])))
        # What is said of a list around it only follows from it.
        left = [(at, fault) for at, fault in left if at[: len(first)] != first and path[: len(at)] != at]
    return found


Path = tuple[int | str, ...]


def _path(steps: Sequence[int | str], given: Any, kind: str) -> Path:
    """The steps that lead through what was written, without the names that pydantic gives to kinds of value."""
    path: list[int | str] = []
    for step in steps:
        listed = isinstance(given, (list, tuple)) and isinstance(step, int) and step < len(given)
        if listed or (isinstance(given, Mapping) and step in given):
            given = given[step]
        elif kind != "missing" or step is not steps[-1]:
            continue
        path.append(step)
    return tuple(path)


def _spelled(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _said(path: Path, faults: Sequence[Any], known: Sequence[str]) -> Complaint:
    fault, field = faults[0], _spelled(path)
    kind, value = fault["type"], fault["input"]
    if kind == "missing":
        return Complaint(field, "is missing")
    if kind == "extra_forbidden" or (kind == "literal_error" and fault["loc"][-1] == "[key]"):
        names = known if kind == "extra_forbidden" else _quoted(fault["ctx"]["expected"])
        return Complaint(field, "there is no such field", choice(str(path[-1]), names))
    if kind in BOUNDS:
        bounds = fault["ctx"]
        shown = "" if "actual_length" in bounds else _not(value)
        empty = bounds.get("min_length") == 1
        return Complaint(field, "must not be empty" if empty else BOUNDS[kind].format(**bounds) + shown)
    kinds = list(dict.fromkeys(noun for other in faults if (noun := _wanted(other)) is not None))
    if kinds:
        return _of_another_kind(field, kinds, value)
    return _in_own_words(field, fault["msg"].removeprefix("Value error, "), value, known)


def _of_another_kind(field: str, wanted: Sequence[str], value: object) -> Complaint:
    what = f"must be {' or '.join(wanted)}"
    if wanted == ["text"]:  # what stands in the place of a text may be a secret
        number = isinstance(value, (int, float, date)) and not isinstance(value, bool)
        return Complaint(field, what, "put it in quotes" if number else "")
    near = difflib.get_close_matches(value, _quoted(what), 1) if isinstance(value, str) else []
    return Complaint(field, what + _not(value), f"did you mean {near[0]!r}?" if near else "")


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _in_own_words(field: str, what: str, value: object, known: Sequence[str]) -> Complaint:
    """A check of ours. One that concerns a whole table begins with the name of the field at fault."""
    named, parted, rest = what.partition(": ")
    if parted and isinstance(value, Mapping) and re.split(r"[.\[]", named)[0] in known:
        return Complaint(f"{field}.{named}".removeprefix("."), rest)
    return Complaint(field, what)


def _wanted(fault: Any) -> str | None:
    """The kind of value that is wanted, if the value is of another; None for what is wrong in another way."""
    kind = fault["type"]
    if kind in {"literal_error", "enum"}:
        return str(fault["ctx"]["expected"])
    return None if kind in BOUNDS else KINDS.get(kind.split("_")[0])


def _not(value: object) -> str:
    """The value at fault, as far as it can be shown in a few characters."""
    match value:
        case bool():
            shown = str(value).lower()
        case str():
            shown = repr(value if len(value) <= _LONGEST else value[:_LONGEST] + "…")
        case int() | float() | Decimal() | date():
            shown = str(value)
        case Mapping():
            shown = "a table"
        case list() | tuple():
            shown = "a list"
        case _:
            return ""
    return f", not {shown}"


def choice(name: str, known: Sequence[str]) -> str:
    """What to write instead of a name that nobody knows: the one most like it, or one of a few."""
    near = difflib.get_close_matches(name, known, 1) if len(known) > _FEW else []
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(known)}" if known else ""


def _names(model: object, path: Path) -> list[str]:
    """The fields that stand beside the one at fault."""
    models = list(_models(model))
    for step in path:
        if isinstance(step, str) and (fields := [m.model_fields[step] for m in models if step in m.model_fields]):
            models = [inner for field in fields for inner in _models(field.annotation)]
    return list(models[0].model_fields) if models else []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
