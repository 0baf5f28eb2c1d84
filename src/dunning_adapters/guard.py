"""What a run has to pass before its first letter: armed or not, the switch, the window, the baseline, caps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from dunning_adapters.baseline import REASON, Baseline
from dunning_adapters.mailbox import read_address
from dunning_adapters.memory import MemoryHistory
from dunning_adapters.ports import History, Transport
from dunning_adapters.proposal import Proposal
from dunning_adapters.safety import machine
from dunning_adapters.safety.arming import Arming, ArmingFile, Installation, until
from dunning_adapters.safety.caps import Cap, Load, Over, over
from dunning_adapters.safety.rehearsal import guarded, harmless
from dunning_adapters.safety.window import next_opening
from dunning_adapters.settings import Settings
from dunning_adapters.sql.safeguards import Safeguards
from dunning_adapters.sql.switch import stopped_by_file
from dunning_core.errors import ConfigError, DunningError, HistoryError, SafetyError, TransportError
from dunning_core.event import Event
from dunning_core.ledger import Ledger, OpenItem
from dunning_core.values import Problem, digest

_SECRET: Final = ("password", "secret", "token", "key")


@dataclass(slots=True)
class Guard:
    """The safeguards of one installation. `relay` is where letters go; `harmless` that they reach nobody.

    Whether a run rehearses is settled once, at its first letter: a run that began as a rehearsal stays one, and one
    that began armed ends when the arming does. Otherwise letters would be recorded that nobody got, or the other way
    round.
    """

    settings: Settings
    clock: Callable[[], datetime]
    relay: str
    harmless: bool
    safeguards: Safeguards | None = None
    _settled: str | None = None

    @classmethod
    def of(
        cls, settings: Settings, transport: Transport, history: History, own: BaseModel, clock: Callable[[], datetime]
    ) -> Guard:
        """The guard of what dunning.toml names; `own` are the settings of the transport. Opens nothing."""
        kept = getattr(history, "safeguards", None)
        safeguards = kept if isinstance(kept, Safeguards) else None
        return cls(settings, clock, relay(settings.transport.adapter, own), harmless(transport), safeguards)

    def around(self, transport: Transport) -> Transport:
        """The transport with the guard around it; a harmless one as it is."""
        if self.harmless:
            return transport
        table = self.settings.safety
        catch_all = read_address(table.catch_all) if table.catch_all else None
        return guarded(transport, self.standing, catch_all, self.settings.folder / table.rehearsal_folder)

    # -- arming

    @property
    def config(self) -> Path:
        """Where dunning.toml is."""
        return (self.settings.folder / self.settings.file).resolve()

    @property
    def file(self) -> ArmingFile:
        """Where the arming of this installation lies."""
        return ArmingFile.of(self.config, self.settings.safety.arming_file)

    def here(self) -> Installation:
        """This installation. Raises HistoryError for a history that does not answer or keeps no safeguards."""
        kept = self._kept()
        return Installation(
            str(self.config), machine.host(), machine.machine(), kept.place, kept.identity(), self.relay
        )

    def arm(self, last_day: date) -> Arming:
        """Let this installation write to customers. Raises ConfigError, HistoryError.

        What the history holds now is taken as all that there was.
        """
        if self.harmless:
            what = f"the transport {self.settings.transport.adapter!r} reaches no customer: there is nothing to arm"
            raise ConfigError(what, where="transport.adapter")
        if misplaced := self.file.misplaced(self.config):
            raise ConfigError(misplaced, where="safety.arming_file", mend="name a place outside of that folder")
        arming = Arming(self.here(), until(last_day, self._today()), self._kept().last_event())
        self.file.write(arming)
        return arming

    def standing(self) -> str:
        """Why letters must not reach customers; "" when they may.

        Raises HistoryError when the history lost what it is known to have held, TransportError when the arming ended
        during the run.
        """
        if self.harmless:
            return ""
        if self._settled:
            return self._settled
        why = self._why()
        if self._settled is None:
            self._settled = why
        elif why:
            raise TransportError(f"letters may not leave any more: {why}", where="safety", mend="see: dunning armed")
        return why

    def armed_until(self) -> date | None:
        """The last day of the arming; None where there is none. Raises ConfigError for a file that is no arming."""
        arming = self.file.read()
        return arming.until if arming else None

    @property
    def rehearses(self) -> bool:
        """Whether this run was found to be a rehearsal."""
        return bool(self._settled)

    def _why(self) -> str:
        if self.safeguards is None:
            return f"the history {self.settings.history.adapter!r} keeps no safeguards, so nothing can be armed with it"
        file, here = self.file, self.here()
        why = file.misplaced(self.config) or file.why_not(here, self._today())
        self._nothing_was_lost(file, here)
        return why

    def _nothing_was_lost(self, file: ArmingFile, here: Installation) -> None:
        """Raise HistoryError when the history of this very installation held more than it does now."""
        try:
            arming = file.read()
        except ConfigError:
            return  # it is no reason to send either
        if arming is None:
            return
        was = arming.installation
        if (was.host, was.machine, was.config) != (here.host, here.machine, here.config):
            return
        found = self._kept().last_event()
        if found < arming.events:
            state = "is empty" if not found else f"ends at event {found}"
            what = (
                f"it {state}, but event {arming.events} is known to have been in it: what was sent would go out again"
            )
            mend = "restore it; if it shall begin anew, say so by: dunning arm"
            raise HistoryError(what, where=f"history {here.place}", mend=mend)

    def remember(self) -> list[Problem]:
        """Note outside of the database how far its events go; a problem when that cannot be done."""
        try:
            self.file.remember(self._kept().last_event())
        except DunningError as error:
            return [Problem("safety", f"how far the history goes could not be noted: {error}")]
        return []

    def notice(self) -> str:
        """What the first line of a run says of where its letters go; "" when they go where they are meant to."""
        why = self.standing()
        if not why:
            return ""
        to = self.settings.safety.catch_all or self.settings.folder / self.settings.safety.rehearsal_folder
        return f"letters go to {to} and nothing is recorded, because {why} (see: dunning armed)"

    # -- the switch

    @property
    def stop_file(self) -> Path:
        """The file that stops by being there."""
        return self.settings.folder / self.settings.safety.stop_file

    def stopped(self) -> str:
        """Why nothing may be sent, in one line; "" when it may."""
        why = stopped_by_file(self.stop_file) or (self.safeguards.stopped() if self.safeguards else "")
        return f"sending is stopped: {why}" if why else ""

    # -- the baseline

    def vetoes(self, ledger: Ledger, as_of: date) -> dict[str, str]:
        """Adopted items that are not let in on that day."""
        baseline = self.baseline()
        if baseline is None or self.safeguards is None:
            return {}
        let_in = baseline.on_day(as_of, self.settings.safety.ramp_per_day).released
        if let_in >= baseline.adopted:
            return {}
        return dict.fromkeys(self.safeguards.kept_out(ledger.customers, let_in), REASON)

    def baseline(self) -> Baseline | None:
        """What was adopted; None where nothing was."""
        return self.safeguards.baseline() if self.safeguards else None

    def adopt(self, items: Iterable[OpenItem], on: date) -> Baseline:
        """Record what was overdue on the first day."""
        return self._kept().adopt(on, (item for item in items if item.due_date < on and item.balance > 0))

    def is_first_run(self) -> bool:
        """Whether customers would be written to for the first time: nothing was sent, and nothing was adopted."""
        if self.harmless or self.standing():
            return False
        kept = self._kept()
        return kept.baseline() is None and not kept.last_event()

    # -- before the first letter

    def admit(self, proposal: Proposal, channel: str) -> None:
        """Raise SafetyError for whatever holds all of these letters back; otherwise use up what lets them go."""
        if why := self.stopped():
            raise SafetyError(why, where="safety", mend="if all is well again: dunning go")
        if self.harmless:
            return
        rehearses = bool(self.standing())
        if not rehearses and (closed := self._closed()):
            raise SafetyError(closed, where="safety.window", mend="run again then")
        broken = self._over(proposal, channel)
        if broken and not self._overridden(broken):
            raise _too_much([each for each in broken if each.cap not in self._allowed()] or broken)
        if not rehearses and self.baseline() is not None:
            ramp = self.settings.safety.ramp_per_day
            self._kept().change(lambda baseline: baseline.on_day(proposal.plan.as_of, ramp))

    def may_queue(self, proposal: Proposal, channel: str) -> None:
        """Raise SafetyError when these letters must not be put into the outbox: it is for real letters only."""
        if why := self.standing():
            what = f"nothing is put into the outbox, because {why}"
            raise SafetyError(what, where="safety", mend="to rehearse: dunning run --send")
        if self.is_first_run():
            raise SafetyError("the first run sends nothing", where="safety", mend="see: dunning baseline")
        self.admit(proposal, channel)

    def may_work(self) -> None:
        """Raise SafetyError when letters must stay in the outbox at this moment. Caps were asked when they went in."""
        if why := self.stopped():
            raise SafetyError(why, where="safety", mend="if all is well again: dunning go")
        if self.harmless:
            return
        if why := self.standing():
            what = f"letters stay in the outbox, because {why}"
            raise SafetyError(what, where="safety", mend="to rehearse: dunning run --send")
        if closed := self._closed():
            raise SafetyError(closed, where="safety.window", mend="the letters wait")

    def foreseen(self, proposal: Proposal, channel: str) -> Iterator[Problem]:
        """What would hold these letters back if they were sent at this moment."""
        if why := self.stopped():
            yield Problem("safety", why, mend="if all is well again: dunning go")
        if self.harmless:
            return
        if closed := self._closed():
            yield Problem("safety.window", closed)
        if self.is_first_run():
            yield Problem("safety", FIRST, mend="to let them in afterwards: dunning baseline --release")
        broken = [each for each in self._over(proposal, channel) if each.cap not in self._allowed()]
        if broken:
            error = _too_much(broken)
            yield Problem(error.where, error.what, mend=error.mend)

    def allow(self, caps: Collection[str], because: str, by: str) -> None:
        """Let the next run over these caps, once and for the hours of `safety.override_hours`."""
        now, hours = self.clock(), self.settings.safety.override_hours
        for cap in caps:
            self._kept().allow(Cap(cap), because, by, now, now + timedelta(hours=hours))

    def _overridden(self, broken: Iterable[Over]) -> bool:
        """Whether somebody let the run over all of these caps; that is used up by it."""
        return self.safeguards is not None and self.safeguards.use({each.cap for each in broken}, self.clock())

    def _allowed(self) -> set[str]:
        return self.safeguards.allowed(self.clock()) if self.safeguards else set()

    def _over(self, proposal: Proposal, channel: str) -> list[Over]:
        actions = [action for action in proposal.plan.actions if action.channel == channel]
        since = self._local().replace(hour=0, minute=0, second=0, microsecond=0)
        before = self.safeguards.dispatched(since) if self.safeguards else 0
        load = Load.of(actions, proposal.aging, self.settings.policies.policies, before)
        return list(over(load, self.settings.safety))

    def _closed(self) -> str:
        window = self.settings.safety.window
        if window is None:
            return ""
        now = self.clock()
        opens = next_opening(window, now, self.settings.run.holidays)
        if opens == now:
            return ""
        return f"letters leave only in the window; it opens {f'on {opens:%Y-%m-%d at %H:%M %Z}' if opens else 'never'}"

    def _local(self) -> datetime:
        """The moment by the clock of the creditor, as far as his time zone is known."""
        window = self.settings.safety.window
        return self.clock().astimezone(None if window is None else window.zone)

    def _today(self) -> date:
        return self._local().date()

    def _kept(self) -> Safeguards:
        if self.safeguards is None:
            what = f"the history {self.settings.history.adapter!r} keeps no safeguards"
            raise HistoryError(what, where="history.adapter", mend='use adapter = "sql"')
        return self.safeguards


FIRST: Final = "the first run sends nothing: what is overdue today is taken as known"


def _too_much(broken: Iterable[Over]) -> SafetyError:
    """One line for all caps that a run would break."""
    found = list(broken)
    names = " ".join(f"--override {cap}" for cap in dict.fromkeys(each.cap for each in found))
    what = "; ".join(f"{each.cap}: {each.what}" for each in found)
    return SafetyError(f"{what}; nothing was sent", where="safety", mend=f"if it is meant: {names} --because TEXT")


def relay(adapter: str, own: BaseModel) -> str:
    """Where a transport hands letters over, as its settings say: `host` and `port`, or `url`.

    Of a transport that has neither, every setting that is no secret counts.
    """
    named = [str(getattr(own, name)) for name in ("host", "port", "url") if hasattr(own, name)]
    if not named:
        table: dict[str, Any] = own.model_dump(mode="json")
        public = {name: value for name, value in table.items() if not any(word in name for word in _SECRET)}
        named = [digest(sorted(public.items()))[:16]] if public else []
    return " ".join([adapter, ":".join(named)]).strip()


class Rehearsed:
    """A history as a rehearsal sees it: what happens in it is forgotten, what was there before is not."""

    def __init__(self, real: History) -> None:
        self._real, self._own = real, MemoryHistory()

    def append(self, events: Iterable[Event]) -> None:
        """Keep them until the end of the run."""
        self._own.append(events)

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        """What is recorded, and after it what this rehearsal did."""
        yield from self._real.events(customers)
        yield from self._own.events(customers)

    def customers(self) -> Iterator[str]:
        """Those of both, each once."""
        yield from sorted({*self._real.customers(), *self._own.customers()})
