"""What an examination finds: errors that will stop letters, warnings that somebody should know of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from dunning_core.errors import DunningError


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the list."""

    kind: Literal["error", "warning"]
    text: str


@dataclass(slots=True)
class Findings:
    """Everything that was found, and what was seen to be in order, each once and in the order of the looking."""

    found: dict[Finding, None] = field(default_factory=dict)
    fine: list[str] = field(default_factory=list)

    def error(self, text: str) -> None:
        """Something that will fail."""
        self.found[Finding("error", text)] = None

    def warning(self, text: str) -> None:
        """Something that will work, but perhaps not as somebody thinks."""
        self.found[Finding("warning", text)] = None

    def good(self, text: str) -> None:
        """Something that is in order."""
        self.fine.append(text)

    def number(self, kind: Literal["error", "warning"]) -> int:
        """How many of a kind there are."""
        return sum(finding.kind == kind for finding in self.found)

    @contextmanager
    def trying(self, where: str = "") -> Iterator[None]:
        """Make an error that is raised inside a finding, and go on after the block."""
        try:
            yield
        except DunningError as error:
            self.error(f"{where}: {error}" if where else str(error))
