"""What an adapter promised and does not keep: an exception of its own or a value of another type becomes one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from dunning_core.errors import DunningError

UNPROMISED: Final = (Exception, SystemExit)
"""What adapters and plugins may raise against their promise. `SystemExit` is among it: a run that a plugin ends with
exit code 0 looks to cron like a night on which nobody had to be reminded."""

REPAIR: Final = "that is a fault of the adapter: prove it with the conformance class of its port"
LONGEST: Final = 300
"""Characters of somebody else's message that are shown."""
DISGUISED: Final = frozenset({bool, datetime})
"""Types that pass for an int or a date, and cannot be calculated with as one."""


def told(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST]}"


@contextmanager
def promised(fault: type[DunningError], where: str) -> Iterator[None]:
    """Raise a `fault` of `where` for an exception that nobody promised; errors of this library pass as they are."""
    try:
        yield
    except DunningError:
        raise
    except UNPROMISED as error:
        raise fault(f"it failed with {told(error)}", where=where, mend=REPAIR) from error


class Shape:
    """The types that the fields of a plain dataclass are declared to have.

    Rows come by the million, so every combination of types is compared with the declaration only once.
    """

    def __init__(self, kind: type, fault: type[DunningError], where: str) -> None:
        self.kind, self.fault, self.where = kind, fault, where
        hints = get_type_hints(kind)
        self._declared = {field.name: _types(hints[field.name]) for field in fields(kind)}
        self._types = attrgetter(*(f"{name}.__class__" for name in self._declared))
        self._sound: set[tuple[type, ...]] = set()

    def check(self, value: Any) -> None:
        """Raise the fault for a value of another type, or with a field of another type."""
        if not isinstance(value, self.kind):
            what = f"it gave {_named(type(value))} in the place of {_named(self.kind)}"
            raise self.fault(what, where=self.where, mend=REPAIR)
        found: tuple[type, ...] = self._types(value)
        if found in self._sound:
            return
        for (name, declared), given in zip(self._declared.items(), found, strict=True):
            if not issubclass(given, declared) or (given in DISGUISED and given not in declared):
                wanted = " or ".join(sorted(one.__name__ for one in declared))
                about = getattr(value, "id", "")
                who = f"{self.kind.__name__} {about!r}" if about else _named(self.kind)
                raise self.fault(f"{name} of {who} is {given.__name__}, not {wanted}", where=self.where, mend=REPAIR)
        self._sound.add(found)


def _types(hint: Any) -> tuple[type, ...]:
    """The classes that an annotation allows, without what stands in brackets."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return tuple(one for part in get_args(hint) for one in _types(part))
    return (NoneType,) if hint is None else (origin or hint,)


def _named(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'AEIOUaeiou' else 'a'} {kind.__name__}"
