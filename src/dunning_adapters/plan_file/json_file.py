"""A plan as JSON: the same plan gives the same bytes, every value comes back exactly, and a changed file is noticed.

The seal is a checksum over everything in the file. It finds accidents and careless edits; it is no signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dunning_core.complaints import complaints
from dunning_core.errors import PlanError
from dunning_core.plan import Plan

FORMAT = "dunning-plan/1"
_PLAN = TypeAdapter(Plan)


def to_json(plan: Plan) -> str:
    """The plan as text: canonical JSON with one action, decision, event or problem per line, to be compared by eye."""
    data = _PLAN.dump_python(plan, mode="json")
    head = {"format": FORMAT, "digest": plan.digest, "seal": seal(data)}
    return _compact(head)[:-1] + ',"plan":{\n' + ",\n".join(_members(data)) + "\n}}\n"


def from_json(text: str, where: str = "plan") -> Plan:
    """The plan that `to_json` wrote. Raises PlanError for any other text, also for one that was changed since."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(f"not JSON: {error}", where=where, mend="make a new plan") from None
    if not isinstance(found, dict) or "format" not in found:
        raise PlanError("not a plan", where=where, mend="give a file that `dunning plan --json` wrote")
    if found["format"] != FORMAT:
        what = f"format {found['format']!r} is not {FORMAT!r}"
        raise PlanError(what, where=where, mend="make a new plan with this version")
    data = found.get("plan")
    if found.get("seal") != seal(data):
        mend = "make a new plan; to choose rows and levels, edit its workbook"
        raise PlanError("the plan was changed after it was written", where=where, mend=mend)
    plan = _validated(data, where)
    if plan.digest != found.get("digest"):
        raise PlanError("the digest is that of another plan", where=where, mend="make a new plan")
    return plan


def write_json(plan: Plan, path: Path) -> None:
    """Save the plan. Raises PlanError when the file cannot be written."""
    try:
        path.write_text(to_json(plan), encoding="utf-8", newline="\n")
    except OSError as error:
        raise PlanError(f"cannot be written: {error.strerror}", where=str(path)) from error


def read_json(path: Path) -> Plan:
    """Read a saved plan. Raises PlanError for a file that is missing, broken, changed or no plan."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise PlanError(f"not UTF-8 at byte {error.start}", where=path.name, mend="make a new plan") from error
    return from_json(text, path.name)


def seal(data: object) -> str:
    """Hex SHA-256 over plain data, whatever the order of its keys."""
    return hashlib.sha256(_compact(data).encode("utf-8", "surrogatepass")).hexdigest()


def _compact(data: object) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _members(data: dict[str, Any]) -> Iterator[str]:
    """The members of the plan's object; those that are lists with a line for each row."""
    for name, value in data.items():
        if isinstance(value, list) and value:
            yield f'"{name}":[\n' + ",\n".join(map(_compact, value)) + "\n]"
        else:
            yield f'"{name}":{_compact(value)}'


def _validated(data: object, where: str) -> Plan:
    try:
        return _PLAN.validate_python(data)
    except ValidationError as error:
        found = complaints(error, data)[0]
        raise PlanError(f"{found.path or 'plan'}: {found.what}", where=where, mend="make a new plan") from None
