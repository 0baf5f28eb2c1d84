"""Plugins of others come in by name or by being installed, and one that is wrong is named in one line."""

import sys
from datetime import date
from decimal import Decimal
from importlib import invalidate_caches

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import make_url

from dunning_adapters import cli
from dunning_adapters.files import FilesSettings, FilesSource
from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.memory import MemorySource
from dunning_adapters.plan_file.readback import read_xlsx
from dunning_adapters.plugins import BUILT_IN, Plugins
from dunning_adapters.settings import AdapterTable
from dunning_adapters.sheets import workbook
from dunning_adapters.sieve import number_of_row
from dunning_adapters.sql.engine import engine_for
from dunning_core.action import Action
from dunning_core.errors import ConfigError, DunningError, MissingExtra, RenderError, SourceError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Creditor, Customer, Hold, Ledger, OpenItem

DAY = date(2026, 11, 20)
LEDGER = Ledger(
    Creditor("abm", "Atelier Brașov", "RO"),
    {"A": Customer("A", "Țesătoria"), "B": Customer("B", "Łódź")},
    tuple(OpenItem(f"{name}/1", name, DAY, Decimal(1), "RON") for name in ("A", "B", "C")),
)
ACTION = Action("abm", "A", "A", "p", 1, "notice", ())

PIGEON = """
from pydantic import BaseModel
from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.memory import MemoryTransport

class PigeonSettings(BaseModel):
    loft: str

class Pigeons(MemoryTransport):
    def __init__(self, loft):
        super().__init__()
        self.loft = loft

@hookimpl
def dunning_adapters():
    yield Adapter("transport", "{name}", "letters by carrier pigeon", PigeonSettings, lambda s, f: Pigeons(s.loft))
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of somebody else's, which can be imported during the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written = []

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        invalidate_caches()
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


@pytest.fixture
def installed(tmp_path, module):
    """Installs a module as a distribution with an entry point."""

    def install(point, name, text):
        module(name, text)
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[dunning]\n{point} = {name}\n")
        invalidate_caches()

    return install


def fault(*modules, **options):
    with pytest.raises(ConfigError) as caught:
        Plugins(modules, **{"installed": False} | options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def of(*plugins):
    """The built-in plugins and these objects."""
    found = Plugins(installed=False)
    for plugin in plugins:
        found.manager.register(plugin, type(plugin).__name__.lower())
    return found


def test_the_built_in_adapters_come_the_same_way():
    found = {(adapter.port, adapter.name) for adapter in Plugins(installed=False).adapters()}
    assert found >= {
        ("source", "files"), ("source", "sql"), ("history", "sql"), ("history", "memory"), ("transport", "folder"),
        ("transport", "smtp"), ("transport", "memory"),
    }  # fmt: skip
    assert ("source", "memory") not in found, "a ledger in memory cannot come from a settings file"
    assert set(BUILT_IN) >= {"files", "folder", "memory", "smtp", "sql"}


def test_a_plugin_by_the_name_of_its_module(module, tmp_path):
    plugins = Plugins([module("pigeons", PIGEON.format(name="pigeon"))], installed=False)
    built = plugins.build("transport", AdapterTable(adapter="pigeon", loft="north"), tmp_path)
    assert built.loft == "north"
    assert ("transport", "pigeon") in {(adapter.port, adapter.name) for adapter in plugins.adapters()}


def test_an_installed_plugin_is_found_and_can_be_blocked(installed):
    installed("pigeon_post", "pigeons_inc", PIGEON.format(name="pigeon"))
    assert "pigeon" in {adapter.name for adapter in Plugins().adapters()}
    assert "pigeon" not in {adapter.name for adapter in Plugins(blocked=["pigeon_post"]).adapters()}
    assert "pigeon" not in {adapter.name for adapter in Plugins(installed=False).adapters()}


def test_an_installed_plugin_that_cannot_be_loaded_is_named_and_can_be_blocked(installed):
    installed("first", "pigeons_inc", PIGEON.format(name="pigeon"))
    installed("second", "broken_inc", 'raise RuntimeError("no\\nlicence")\n')
    assert fault(installed=True) == (
        "installed plugin second: cannot be loaded: RuntimeError: no licence "
        "(repair or uninstall it, or name it in plugins.blocked)"
    )
    assert "pigeon" in {adapter.name for adapter in Plugins(blocked=["second"]).adapters()}


def test_a_built_in_adapter_can_be_blocked():
    every = {(one.port, one.name) for one in Plugins(installed=False).adapters()}
    left = {(one.port, one.name) for one in Plugins(installed=False, blocked=["smtp"]).adapters()}
    assert every - left == {("transport", "smtp")}


def test_a_module_that_fails_is_named(module):
    assert fault(module("shaky", "import no_such_module_at_all")) == (
        "plugin shaky: cannot be loaded: ModuleNotFoundError: No module named 'no_such_module_at_all'"
    )
    assert fault("never_written") == (
        "plugin never_written: cannot be loaded: ModuleNotFoundError: No module named 'never_written'"
    )
    assert fault(module("typo", "def x(:\n")).startswith("plugin typo: cannot be loaded: SyntaxError: ")


def test_a_module_is_named_once(module):
    name = module("pigeons", PIGEON.format(name="pigeon"))
    assert fault(name, name) == "plugins.modules: pigeons is named twice (keep one of them)"
    assert "memory is named twice" in fault("memory")


def test_a_hook_that_does_not_exist_is_refused(module):
    text = "from dunning_adapters.hookspecs import hookimpl\n@hookimpl\ndef dunning_veto(item):\n    return None\n"
    said = fault(module("misspelt", text))
    assert said.startswith("plugins: unknown hook 'dunning_veto'")
    assert said.endswith("(see the list of hooks in the reference)")


def test_a_parameter_that_the_hook_does_not_have_is_refused(module):
    text = (
        "from dunning_adapters.hookspecs import hookimpl\n@hookimpl\ndef dunning_eligible(invoice):\n    return None\n"
    )
    said = fault(module("misspelt", text))
    assert said.startswith("plugin misspelt: cannot be loaded: PluginValidationError: ")
    assert "invoice" in said


def test_two_adapters_of_one_name_are_refused(module, tmp_path):
    names = [module("one", PIGEON.format(name="folder"))]
    assert fault(*names) == (
        "plugins: two plugins bring a transport named 'folder' (block one of them in plugins.blocked)"
    )
    plugins = Plugins(names, installed=False, blocked=["folder"])
    assert plugins.build("transport", AdapterTable(adapter="folder", loft="x"), tmp_path).loft == "x"


def test_a_plugin_that_cannot_say_its_adapters_is_named(module):
    text = "from dunning_adapters.hookspecs import hookimpl\n@hookimpl\ndef dunning_adapters():\n    return 1 / 0\n"
    assert fault(module("zero", text)) == "plugin zero: dunning_adapters failed: ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("port", "given", "said"),
    [
        ("transport", {"adapter": "fodler"},
         "transport.adapter: there is no transport named 'fodler' (did you mean 'folder'?)"),
        ("history", {"adapter": "xyz"}, "history.adapter: there is no history named 'xyz' (there are memory, sql)"),
        ("source", {"adapter": "sqll"}, "source.adapter: there is no source named 'sqll' (did you mean 'sql'?)"),
        ("transport", {"adapter": "smtp", "host": "mx.example"}, "transport.domain: is missing"),
        ("transport", {"adapter": "folder", "pth": "x"},
         "transport.pth: there is no such field (there are path, channel, domain)"),
        ("history", {"adapter": "sql", "url": 5}, "history.url: must be text (put it in quotes)"),
    ],
)  # fmt: skip
def test_a_table_that_its_adapter_cannot_use(port, given, said, tmp_path):
    with pytest.raises(ConfigError) as caught:
        Plugins(installed=False).build(port, AdapterTable.model_validate(given), tmp_path)
    assert str(caught.value) == said


def test_building_gets_validated_settings_and_the_folder(tmp_path):
    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True)
        depth: int

    class Mine:
        @hookimpl
        def dunning_adapters(self):
            return [Adapter("source", "mine", "", Settings, lambda settings, folder: built(settings.depth, folder))]

    def built(*given):
        source.given = given
        return source

    source = MemorySource()
    plugins = of(Mine())
    plugins._adapters = plugins._collect()
    assert plugins.build("source", AdapterTable(adapter="mine", depth="4"), tmp_path) is source
    assert source.given == (4, tmp_path)


# -- every hook


class Court:
    """Answers every hook; `broken` makes it fail."""

    broken = False

    def _check(self):
        if self.broken:
            message = "the court's\nserver is down"
            raise OSError(message)

    @hookimpl
    def dunning_adapters(self):
        return []

    @hookimpl
    def dunning_holds(self, ledger, as_of):
        self._check()
        yield from (Hold(customer=name, since=as_of) for name in ledger.customers if name == "A")

    @hookimpl
    def dunning_eligible(self, item, customer):
        self._check()
        return f"{customer.name} pays {item.id} through the court" if customer.id == "B" else None

    @hookimpl
    def dunning_variables(self, action, ledger):
        self._check()
        return {"portal": f"https://pay.example/{action.customer}", "customers": len(ledger.customers)}

    @hookimpl
    def dunning_recorded(self, events):
        self._check()
        self.told = events


class Other:
    """Needs few parameters."""

    @hookimpl
    def dunning_holds(self):
        return [Hold(item="B/1")]

    @hookimpl
    def dunning_eligible(self, customer):
        return "another reason" if customer.id == "B" else ""

    @hookimpl
    def dunning_variables(self):
        return {"phone": "+40 268 000 000"}

    @hookimpl
    def dunning_recorded(self):
        self.called = True


class Silent:
    """Knows nothing today."""

    @hookimpl
    def dunning_holds(self):
        return None

    @hookimpl
    def dunning_variables(self):
        return None


def test_answers_of_all_plugins_are_taken():
    court, other = Court(), Other()
    plugins = of(court, other, Silent())
    assert plugins.holds(LEDGER, DAY) == (Hold(item="B/1"), Hold(customer="A", since=DAY))
    assert plugins.vetoes(LEDGER) == {"B/1": "another reason"}
    assert of(court).vetoes(LEDGER) == {"B/1": "Łódź pays B/1 through the court"}
    assert plugins.variables(ACTION, LEDGER) == {
        "phone": "+40 268 000 000", "portal": "https://pay.example/A", "customers": 2,
    }  # fmt: skip
    event = Event(EventKind.ACCEPTED, DAY, "A")
    assert plugins.recorded((event,)) == []
    assert (court.told, other.called) == ((event,), True)


def test_without_plugins_nothing_is_known():
    plugins = Plugins(installed=False)
    assert (plugins.holds(LEDGER, DAY), plugins.vetoes(LEDGER), plugins.variables(ACTION, LEDGER)) == ((), {}, {})
    assert plugins.recorded(()) == []


def test_two_plugins_may_not_give_one_variable():
    class Twin(Other):
        pass

    with pytest.raises(RenderError, match=r"^dunning_variables: two plugins give the variable 'phone'$"):
        of(Other(), Twin()).variables(ACTION, LEDGER)


@pytest.mark.parametrize(
    ("hook", "ask", "kind"),
    [
        ("dunning_holds", lambda plugins: plugins.holds(LEDGER, DAY), SourceError),
        ("dunning_eligible", lambda plugins: plugins.vetoes(LEDGER), SourceError),
        ("dunning_variables", lambda plugins: plugins.variables(ACTION, LEDGER), RenderError),
    ],
)
def test_a_plugin_that_fails_is_named(hook, ask, kind):
    court = Court()
    court.broken = True
    with pytest.raises(kind) as caught:
        ask(of(court, Other()))
    assert str(caught.value) == f"plugin court: {hook} failed: OSError: the court's server is down"


def test_an_observer_that_fails_is_a_problem_and_the_others_are_told():
    court, other = Court(), Other()
    court.broken = True
    (problem,) = of(court, other).recorded((Event(EventKind.ACCEPTED, DAY, "A"),))
    assert str(problem) == "plugin court: dunning_recorded failed: OSError: the court's server is down"
    assert other.called


# -- extras that are not there


@pytest.fixture
def without(monkeypatch):
    """Makes modules impossible to import."""

    def block(*names):
        for name in [loaded for loaded in sys.modules if loaded.split(".")[0] in names]:
            monkeypatch.delitem(sys.modules, name)
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return block


def _sheet(tmp_path):
    path = tmp_path / "items.xlsx"
    path.write_bytes(b"PK")
    return path


def _written(path):
    with workbook(path / "x.xlsx", "writing a workbook"):
        pass


@pytest.mark.parametrize(
    ("module", "extra", "use"),
    [
        ("python_calamine", "excel", lambda path: list(
            FilesSource(FilesSettings(items=_sheet(path).name), path).read(LEDGER.creditor, DAY))),
        ("python_calamine", "excel", lambda path: read_xlsx(_sheet(path))),
        ("xlsxwriter", "excel", _written),
        ("polars", "fast", lambda path: number_of_row(None)),
        ("psycopg", "postgres", lambda path: engine_for(make_url("postgresql+psycopg://x/y"), "the history")),
        ("pymysql", "mysql", lambda path: engine_for(make_url("mysql+pymysql://x/y"), "the source")),
        ("pymysql", "mysql", lambda path: engine_for(make_url("mariadb+pymysql://x/y"), "the source")),
    ],
)  # fmt: skip
def test_an_extra_that_is_missing_names_its_pip_line(module, extra, use, without, tmp_path):
    without(module)
    with pytest.raises(MissingExtra) as caught:
        use(tmp_path)
    assert str(caught.value).endswith(f"which is not installed (pip install 'dunning[{extra}]')")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, DunningError)


@pytest.mark.parametrize("module", ["click", "rich"])
def test_the_command_line_without_its_extra(module, without, capsys, monkeypatch):
    without(module)
    for name in [loaded for loaded in sys.modules if loaded.startswith("dunning_adapters.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        f"error: the command line needs {module}, which is not installed (pip install 'dunning[cli]')\n"
    )
