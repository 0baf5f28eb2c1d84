"""Errors that a bookkeeper can act on: what is wrong, where, and how to mend it, in one line."""

from __future__ import annotations


class DunningError(Exception):
    """Base of every error that this library raises on purpose.

    `where` names the file, field or record, `what` the fault, `mend` the way out. `str()` joins them into one line.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = (" ".join(part.split()) for part in (what, where, mend))
        super().__init__(what, where, mend)

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        return f"{line} ({self.mend})" if self.mend else line


class ConfigError(DunningError):
    """The settings cannot be used."""


class PolicyError(DunningError):
    """A policy is not lawful or cannot work; `where` names the field."""


class LawError(DunningError):
    """A statute has no answer: the kind of debtor is not known, a day lies beyond the table, a fact is missing.

    Nothing is claimed then: a figure that nobody may ask for is worse than none.
    """


class TemplateError(DunningError):
    """A template is missing, broken or forbidden; `where` names file and line."""


class RenderError(DunningError):
    """One letter cannot be written; the others can."""


class SourceError(DunningError):
    """A source cannot be read, or what it gave cannot be trusted. Nothing was decided."""


class HistoryError(DunningError):
    """What happened cannot be read or recorded. Nothing may be sent."""


class AlreadyRecorded(HistoryError):  # noqa: N818 - it says what is the case, as FileExistsError does
    """The same letter is already in the history; sending it would be sending it twice."""


class TransportError(DunningError):
    """A transport cannot work at all (settings, connection, login). Nothing left."""


class SafetyError(DunningError):
    """A safeguard holds sending back: stopped, outside the window, over a cap. Nothing was sent."""


class PlanError(DunningError):
    """A plan file cannot be carried out as it stands."""


class MissingExtra(DunningError):  # noqa: N818 - it names a situation, as ModuleNotFoundError does not
    """An optional dependency is not installed."""

    def __init__(self, module: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {module}, which is not installed", mend=f"pip install 'dunning[{extra}]'")
