"""A plan that came back from a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dunning_core.plan import Plan


@dataclass(frozen=True, slots=True)
class Edited:
    """The plan as it was proposed, and what the person wants otherwise.

    `unticked` are the item ids that are not to be asked for. `levels` holds only the items that are still ticked and
    whose level was changed: item id -> level name of the item's policy.
    """

    plan: Plan
    unticked: frozenset[str] = frozenset()
    levels: Mapping[str, str] = field(default_factory=dict)
