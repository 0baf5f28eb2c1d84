"""Four eyes: which letters somebody has to approve, and whether an approval holds for what is about to leave.

An approval is an event. It names the letter, its attempt, and the seal of every word that was approved, so it holds for
that one letter as it stands, once. Whatever changes after it voids it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from dunning_adapters.safety.caps import is_final
from dunning_core.action import Action
from dunning_core.document import Document
from dunning_core.errors import PlanError
from dunning_core.event import Event, EventKind
from dunning_core.plan import approval
from dunning_core.policy import Policy
from dunning_core.values import Problem, digest, known_currencies

WAITS: Final = "waits for approval: dunning approve"


def _currency(code: str) -> str:
    if code not in known_currencies():
        message = f"{code!r} is no ISO 4217 currency"
        raise ValueError(message)
    return code


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Currency = Annotated[str, AfterValidator(_currency)]
Limit = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class ApprovalTable(BaseModel):
    """`[approval]`: letters that a second person has to approve. Empty: none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    levels: Literal["final"] | tuple[Name, ...] = ()
    """Levels by their names, or the highest one of each policy."""
    above: dict[Currency, Limit] = {}
    """Letters that ask for more than this in a currency."""
    approvers: tuple[Name, ...] = ()
    """Who may approve."""

    @model_validator(mode="after")
    def _somebody_may(self) -> Self:
        if (self.levels or self.above) and not self.approvers:
            message = "approvers must name who may approve, or nothing would ever leave"
            raise ValueError(message)
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """The levels that it names."""
        return () if self.levels == "final" else self.levels


def seal(action: Action, document: Document) -> str:
    """Digest of what is approved: the planned letter, and every word and file of it with all its recipients."""
    files = [(one.name, one.media_type, hashlib.sha256(one.content).hexdigest()) for one in document.attachments]
    return digest(approval(action), asdict(replace(document, attachments=())), files)


@dataclass(frozen=True, slots=True)
class Request:
    """A letter that wants to leave. `events` are those of its customer, `operator` is who lets it go."""

    action: Action
    document: Document
    on: date
    events: Sequence[Event]
    operator: str = ""

    @property
    def about(self) -> list[Event]:
        """What was said about the letter, whatever its attempt. Without a name in `by` it was this program."""
        kinds = (EventKind.APPROVED, EventKind.DECLINED)
        return [event for event in self.events if event.kind in kinds and event.key == self.document.key]

    @property
    def seal(self) -> str:
        """What an approval has to name."""
        return seal(self.action, self.document)

    def event(self, kind: EventKind, because: str, at: datetime, *, by: str = "", text: str = "") -> Event:
        """What happens with this attempt of the letter."""
        letter = self.action.dispatched(self.on, attempt=self.document.attempt)
        return replace(letter.answered(kind, self.on, because, at, by=by), text=text)


@dataclass(frozen=True, slots=True)
class Approvals:
    """The rule of one installation."""

    table: ApprovalTable
    policies: Mapping[str, Policy]

    def needed(self, action: Action) -> bool:
        """Whether somebody has to approve this letter."""
        levels, above = self.table.levels, self.table.above
        by_level = is_final(action, self.policies) if levels == "final" else action.level_name in levels
        if by_level or not above:
            return by_level
        return any(code in above and amount > above[code] for code, amount in action.totals.items())

    def may(self, action: Action, operator: str = "") -> tuple[str, ...]:
        """Who may approve this letter: nobody approves what he chose, or what he lets go himself."""
        return tuple(name for name in self.table.approvers if name not in {action.by, operator})

    def missing(self, request: Request) -> str:
        """Why a letter must not leave; "" when it needs no approval, or has one that holds.

        Of what was said about this letter, an approval holds until somebody declines after it.
        """
        if not self.needed(request.action):
            return ""
        holds, why = False, WAITS
        for event in request.about:
            if event.kind is EventKind.APPROVED:
                fault = self._fault(event, request)
                holds, why = holds or not fault, fault or why
            elif event.by and event.attempt == request.document.attempt:
                holds, why = False, f"{event.by} declined it: {event.because}"
        return "" if holds else why

    def _fault(self, given: Event, request: Request) -> str:
        """Why an approval does not hold."""
        if given.attempt != request.document.attempt:
            return f"the approval of {given.by} was for attempt {given.attempt}"
        if given.text != request.seal:
            return f"the letter is not the one that {given.by} approved"
        return self._bar(given.by, request)

    def _bar(self, name: str, request: Request) -> str:
        """Why this person cannot approve this letter; "" when he can."""
        if name not in self.table.approvers:
            return f"{name} is not one of approval.approvers"
        if name not in self.may(request.action, request.operator):
            return f"{name} chose it or lets it go, and cannot approve it as well"
        return ""

    def void(self, request: Request, at: datetime) -> tuple[Event, ...]:
        """What to record of a letter that must not leave: of its approvals that do not hold, why, each once."""
        given = [event for event in request.about if event.kind is EventKind.APPROVED]
        said = {(event.attempt, event.because) for event in request.about if event.kind is EventKind.DECLINED}
        faults = {fault for event in given if (fault := self._fault(event, request))}
        new = sorted(fault for fault in faults if (request.document.attempt, fault) not in said)
        return tuple(request.event(EventKind.DECLINED, fault, at) for fault in new)

    def approve(self, request: Request, by: str, because: str, at: datetime) -> Event:
        """The approval of a letter; of somebody's own the event that it was declined. Raises PlanError for a name that
        may approve nothing."""
        if by not in self.table.approvers:
            mend = f"approval.approvers are {', '.join(self.table.approvers) or 'empty'}"
            raise PlanError(f"{by} may not approve letters", where="--by", mend=mend)
        if bar := self._bar(by, request):
            return request.event(EventKind.DECLINED, bar, at)
        return request.event(EventKind.APPROVED, because, at, by=by, text=request.seal)


def voided(events: Iterable[Event]) -> list[Problem]:
    """Somebody has to look: what he approved did not leave. Told when it is recorded, so once."""
    found = [event for event in events if event.kind is EventKind.DECLINED and not event.by]
    return [Problem(f"letter {one.key[:32]}.{one.attempt}", one.because, mend="see: dunning approve") for one in found]


NONE_NEEDED: Final = Approvals(ApprovalTable(), {})
