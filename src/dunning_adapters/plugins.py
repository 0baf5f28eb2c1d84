"""Finds adapters and hooks: the built-in ones by import path, those of others by entry point or module name."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Literal

import pluggy
from pydantic import BaseModel, ValidationError

from dunning_adapters import hookspecs
from dunning_adapters.hookspecs import Adapter
from dunning_adapters.ports import History, Source, Transport
from dunning_adapters.promises import UNPROMISED, promised, told
from dunning_adapters.settings import AdapterTable, PluginsTable, explained
from dunning_core.action import Action
from dunning_core.errors import ConfigError, DunningError, RenderError, SourceError
from dunning_core.event import Event
from dunning_core.ledger import Hold, Ledger
from dunning_core.values import Problem

ENTRY_POINTS = "dunning"
BUILT_IN = ("memory", "files", "sql", "presets", "odoo", "erpxt", "billingo", "minicrm", "smtp", "folder", "letter")

Port = Literal["source", "history", "transport"]
PORTS: Final[Mapping[str, type]] = {"source": Source, "history": History, "transport": Transport}

ANSWERS: Final[Mapping[str, type]] = {
    "dunning_adapters": Adapter, "dunning_holds": Hold, "dunning_eligible": str, "dunning_variables": Mapping,
}  # fmt: skip
LISTS: Final = frozenset({"dunning_adapters", "dunning_holds"})
"""Hooks whose answer is any number of such values."""


class Plugins:
    """All plugins of an installation, checked: an unknown hook or a second adapter of the same name is refused."""

    @classmethod
    def of(cls, table: PluginsTable, folder: Path) -> Plugins:
        """The plugins that `[plugins]` asks for; its modules may stand beside the settings, in `folder`."""
        if table.modules and str(folder) not in sys.path:
            sys.path.append(str(folder))  # last, so that nothing there stands in for an installed module
        return cls(table.modules, blocked=table.blocked)

    def __init__(self, modules: Iterable[str] = (), *, blocked: Iterable[str] = (), installed: bool = True) -> None:
        """Load the built-in plugins, those installed (unless `installed` is false) and `modules`.

        Raises ConfigError naming the plugin that cannot be loaded.
        """
        self.manager = pluggy.PluginManager("dunning")
        self.manager.add_hookspecs(hookspecs)
        for name in blocked:
            self.manager.set_blocked(name)
        for name in BUILT_IN:
            self.manager.register(import_module(f"dunning_adapters.{name}"), name)
        for name in modules:
            self._load(name)
        if installed:
            self._load_installed()
        try:
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise ConfigError(str(error), where="plugins", mend="see the list of hooks in the reference") from None
        self._adapters = self._collect()

    def _load(self, name: str) -> None:
        if self.manager.has_plugin(name):
            raise ConfigError(f"{name} is named twice", where="plugins.modules", mend="keep one of them")
        try:
            self.manager.register(import_module(name), name)
        except UNPROMISED as error:
            raise ConfigError(f"cannot be loaded: {told(error)}", where=f"plugin {name}") from error

    def _load_installed(self) -> None:
        for name in sorted(entry_points(group=ENTRY_POINTS).names):
            try:
                self.manager.load_setuptools_entrypoints(ENTRY_POINTS, name)
            except UNPROMISED as error:
                where, mend = f"installed plugin {name}", "repair or uninstall it, or name it in plugins.blocked"
                raise ConfigError(f"cannot be loaded: {told(error)}", where=where, mend=mend) from error

    def _collect(self) -> dict[tuple[str, str], Adapter]:
        found: dict[tuple[str, str], Adapter] = {}
        for answer in self._answers("dunning_adapters", ConfigError):
            for adapter in answer:
                if found.setdefault((adapter.port, adapter.name), adapter) is not adapter:
                    what = f"two plugins bring a {adapter.port} named {adapter.name!r}"
                    raise ConfigError(what, where="plugins", mend="block one of them in plugins.blocked")
        return found

    def adapters(self) -> list[Adapter]:
        """Every adapter, by port and name."""
        return [self._adapters[key] for key in sorted(self._adapters)]

    def chosen(self, port: Port, table: AdapterTable) -> tuple[Adapter, BaseModel]:
        """The adapter that a table of dunning.toml asks for, and its settings. Raises ConfigError naming the field."""
        adapter = self._adapters.get((port, table.adapter))
        if adapter is None:
            names = [name for kind, name in sorted(self._adapters) if kind == port]
            near = difflib.get_close_matches(table.adapter, names, 1)
            mend = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise ConfigError(f"there is no {port} named {table.adapter!r}", where=f"{port}.adapter", mend=mend)
        try:
            return adapter, adapter.settings.model_validate(table.own)
        except ValidationError as error:
            raise explained(error, table.own, adapter.settings, table=port)[0] from None

    def build(self, port: Port, table: AdapterTable, folder: Path) -> Any:
        """The port that a table of dunning.toml asks for. Raises ConfigError naming the field."""
        adapter, settings = self.chosen(port, table)
        with promised(ConfigError, f"{port} {adapter.name}"):
            made = adapter.build(settings, folder)
            complete = isinstance(made, PORTS[port])
        if not complete:
            what = f"{type(made).__name__} is no {port}: a member of the protocol is missing"
            raise ConfigError(what, where=f"{port} {adapter.name}", mend="see the ports in the reference")
        return made

    def holds(self, ledger: Ledger, as_of: date) -> tuple[Hold, ...]:
        """Holds that plugins know of. Raises SourceError for a plugin that fails: its holds must not be missed."""
        answers = self._answers("dunning_holds", SourceError, ledger=ledger, as_of=as_of)
        return tuple(hold for answer in answers for hold in answer)

    def vetoes(self, ledger: Ledger) -> dict[str, str]:
        """Item id -> the first reason why a plugin does not want it dunned. Raises SourceError as `holds`."""
        if not self.manager.hook.dunning_eligible.get_hookimpls():
            return {}
        found = {}
        for item in ledger.items:
            customer = ledger.customers.get(item.customer)
            if customer is not None:
                reasons = self._answers("dunning_eligible", SourceError, item=item, customer=customer)
                reason = next(filter(None, reasons), "")
                if reason:
                    found[item.id] = reason
        return found

    def variables(self, action: Action, ledger: Ledger) -> Mapping[str, object]:
        """Further values for the templates. Raises RenderError for a plugin that fails, or a name given by two."""
        values: dict[str, object] = {}
        for answer in self._answers("dunning_variables", RenderError, action=action, ledger=ledger):
            for name, value in answer.items():
                if name in values:
                    raise RenderError(f"two plugins give the variable {name!r}", where="dunning_variables")
                values[name] = value
        return values

    def _answers(self, hook: str, fault: type[DunningError], **given: object) -> Iterator[Any]:
        """What the plugins answer, the last one loaded first. Raises a `fault` that names the plugin which fails."""
        for asked in reversed(getattr(self.manager.hook, hook).get_hookimpls()):
            try:
                answer = asked.function(*(given[name] for name in asked.argnames))
                if answer is not None:
                    answer = _expected(hook, answer)
            except UNPROMISED as error:
                raise fault(f"{hook} failed: {told(error)}", where=f"plugin {asked.plugin_name}") from error
            if answer is not None:
                yield answer

    def recorded(self, events: tuple[Event, ...]) -> list[Problem]:
        """Tell observers what was recorded. What one raises is a problem to report: the letters are out already."""
        problems = []
        for implementation in self.manager.hook.dunning_recorded.get_hookimpls():
            try:
                implementation.function(*[events][: len(implementation.argnames)])
            except UNPROMISED as error:  # an observer must not change what happened
                problems.append(
                    Problem(f"plugin {implementation.plugin_name}", f"dunning_recorded failed: {told(error)}")
                )
        return problems


def _expected(hook: str, answer: Any) -> Any:
    """The answer to a hook, a generator's as a tuple. Raises TypeError or ValueError for what answers nothing."""
    each = tuple(answer) if hook in LISTS else (answer,)
    for one in each:
        if not isinstance(one, ANSWERS[hook]):
            message = f"it gave {type(one).__name__}, not {ANSWERS[hook].__name__}"
            raise TypeError(message)
        if isinstance(one, Hold) and bool(one.item) == bool(one.customer):
            message = "a hold must name either an item or a customer"
            raise ValueError(message)
        if isinstance(one, Adapter) and one.port not in PORTS:
            message = f"there is no port {one.port!r} (ports are {', '.join(PORTS)})"
            raise ValueError(message)
    return each if hook in LISTS else answer
