"""Whether the facts are whole and new enough to write to customers on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, NamedTuple, Self

from dunning_adapters.ports import Dated, History, Source, Transport
from dunning_adapters.promises import promised
from dunning_adapters.proposal import Proposal
from dunning_adapters.reading import Count, doubts
from dunning_adapters.result import Delivery, End
from dunning_adapters.safety.caps import Cap
from dunning_adapters.safety.rehearsal import harmless
from dunning_adapters.settings import Settings
from dunning_adapters.sql.readings import Kept, Readings
from dunning_adapters.sql.safeguards import Safeguards
from dunning_core.errors import SafetyError, SourceError
from dunning_core.ledger import Ledger
from dunning_core.values import Problem

_HOUR: Final = 3600
_MEANING: Final = "the source may have been cut off, or lost a part"


class Question(NamedTuple):
    """Something that a person has to answer before letters may leave: which override answers it, and what it is."""

    cap: Cap
    what: str


@dataclass(slots=True)
class Freshness:
    """What one run asks of its facts. It asks nothing of a run that reaches no customer.

    `payments_up_to` is the day up to which a person says that the bank is posted, `by` who says so.
    """

    settings: Settings
    source: Source
    readings: Readings | None
    safeguards: Safeguards | None
    harmless: bool
    clock: Callable[[], datetime]
    payments_up_to: date | None = None
    by: str = ""

    @classmethod
    def of(
        cls,
        settings: Settings,
        source: Source,
        history: History,
        transport: Transport,
        clock: Callable[[], datetime],
    ) -> Self:
        """That of a run with these ports. A history that keeps no readings leaves nothing to compare with."""
        readings, safeguards = getattr(history, "readings", None), getattr(history, "safeguards", None)
        return cls(
            settings,
            source,
            readings if isinstance(readings, Readings) else None,
            safeguards if isinstance(safeguards, Safeguards) else None,
            harmless(transport),
            clock,
        )

    def count(self, on: date) -> Count:
        """What counts a full reading, so that it can be compared with the last one."""
        last = self._last()
        return Count(on, last.reading.on if last else None)

    # -- before the first letter

    def admit(self, proposal: Proposal, day: date) -> None:
        """Raise SafetyError when the facts are too old, or leave a question that nobody has answered."""
        if self.harmless:
            return
        self.current()
        if asked := self._unanswered(proposal, day):
            raise _asking(asked)

    def foreseen(self, proposal: Proposal, day: date) -> Iterator[Problem]:
        """What `admit` would say."""
        try:
            self.admit(proposal, day)
        except SafetyError as error:
            yield Problem(error.where, error.what, mend=error.mend)

    def settle(self, proposal: Proposal, day: date) -> list[Problem]:
        """Keep the reading for the next run to compare with, and use up the answers that let this one go.

        Gives these answers, for the report. Raises SafetyError when another run has used them first. Call it only in
        a run that writes to customers: whatever a rehearsal keeps would make a later check pass.
        """
        if self.harmless or self.readings is None:
            return []
        at = self.clock()
        asked = list(self._questions(proposal, day))
        answers = {each.cap: self.safeguards.answer(each.cap, at) if self.safeguards else ("", "") for each in asked}
        if asked and not (self.safeguards and self.safeguards.use(answers, at)):
            raise _asking(asked)
        confirmed = (self.by, f"payments up to {self.payments_up_to}") if self.payments_up_to else ("", "")
        by, because = next(iter(answers.values()), confirmed)
        if proposal.reading is not None:
            self.readings.keep(self.settings.source_name, Kept(day, proposal.reading), at, by, because)
        said = {cap: f"accepted by {by}: {because}" for cap, (by, because) in answers.items()}
        return [Problem("source", f"{each.what}; {said[each.cap]}") for each in asked]

    def _unanswered(self, proposal: Proposal, day: date) -> list[Question]:
        asked = list(self._questions(proposal, day))
        allowed = self.safeguards.allowed(self.clock()) if asked and self.safeguards else set[str]()
        return asked if any(each.cap not in allowed for each in asked) else []

    def _questions(self, proposal: Proposal, day: date) -> Iterator[Question]:
        last, run = self._last(), self.settings.run
        if last is None:
            return
        days = (day - last.day).days
        if not 0 <= days <= run.max_days_between:
            distance = f"{days} days after" if days > 0 else f"{-days} days before"
            yield Question(Cap.MAX_DAYS_BETWEEN, f"{day} is {distance} {last.day}, the day of the last run")
        if proposal.reading is not None:
            found = doubts(last.reading, proposal.reading, run.max_drop, run.drop_floor)
            yield from (Question(Cap.MAX_DROP, what) for what in found)

    def _last(self) -> Kept | None:
        return self.readings.last(self.settings.source_name) if self.readings else None

    # -- what cannot be read again

    def current(self) -> None:
        """Raise SafetyError when what the source reads was written too long ago, as far as it can tell."""
        if self.harmless or self.source.can_recheck or not isinstance(self.source, Dated):
            return
        with promised(SourceError, "source"):
            written = self.source.as_of()
        most = self.settings.run.file_max_age_hours
        age = (self.clock() - written).total_seconds() if written else 0
        if written is not None and age > most * _HOUR:
            what = f"it was written at {written:%Y-%m-%d %H:%M %Z}, {int(age / _HOUR)} hours ago; {most} are allowed"
            raise SafetyError(what, where="source", mend="export it again, or set run.file_max_age_hours")

    def refuse_older(self, ledger: Ledger, as_of: date) -> None:
        """Raise SourceError when the newest payment in the books is older than `run.payments_max_age_days`."""
        most, newest = self.settings.run.payments_max_age_days, ledger.payments_as_of
        if most is not None and (newest is None or (as_of - newest).days > most):
            known = f"the newest payment is of {newest}" if newest else "the source does not say how new payments are"
            what = f"{known}; run.payments_max_age_days is {most}"
            raise SourceError(what, where="source", mend="post the bank statements, then run again")

    def ready(self, proposal: Proposal) -> tuple[list[Delivery], Proposal]:
        """Letters that wait for somebody, and the proposal without them."""
        waiting = self.waiting(proposal)
        held = [
            Delivery(case.action, case.customer, End.WAITING, text=waiting[case.action.key])
            for case in (proposal.cases if waiting else ())
            if case.action.key in waiting
        ]
        actions = tuple(action for action in proposal.plan.actions if action.key not in waiting)
        return held, replace(proposal, plan=replace(proposal.plan, actions=actions))

    def waiting(self, proposal: Proposal) -> dict[str, str]:
        """Letters, by their keys, that have to wait for somebody to say up to which day the bank is posted, and why.

        A source that is read again just before sending shows who has paid meanwhile; a file does not.
        """
        if self.harmless or self.source.can_recheck:
            return {}
        run, as_of = self.settings.run, proposal.plan.as_of
        posted = [self.payments_up_to, proposal.reading.posted if proposal.reading else None]
        newest = max((day for day in posted if day is not None), default=None)
        if newest is not None and (as_of - newest).days <= run.payments_known_days:
            return {}
        known = f"payments are known up to {newest} only" if newest else "nobody knows how new its payments are"
        why = f"{known}, and it cannot be read again; if the bank is posted: --payments-up-to DATE"
        return {action.key: why for action in proposal.plan.actions if action.level > run.unconfirmed_level}


def _asking(asked: list[Question]) -> SafetyError:
    """One line for everything that is asked."""
    names = " ".join(f"--override {cap}" for cap in dict.fromkeys(each.cap for each in asked))
    what = "; ".join(each.what for each in asked)
    meaning = f"; {_MEANING}" if any(each.cap is Cap.MAX_DROP for each in asked) else "; is the clock right?"
    mend = f"nothing was sent; look, and if it is right: {names} --because TEXT"
    return SafetyError(what + meaning, where="source", mend=mend)
