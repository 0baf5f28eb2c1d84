"""On the command line a plugin that breaks its promise is one line and exit code 2, whatever it does."""

import sys
from importlib import invalidate_caches

import pytest

MODULE = """
import sys
from pydantic import BaseModel
from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.memory import MemorySource

class Settings(BaseModel):
    pass

class Source(MemorySource):
    def read(self, creditor, as_of, customers=None):
        {read}

def build(settings, folder):
    {build}

@hookimpl
def dunning_adapters():
    yield Adapter("source", "hostile", "", Settings, build)
"""


@pytest.fixture
def hostile(firm, monkeypatch):
    """Makes the firm read from a plugin that does this."""

    def write(read="return iter(())", build="return Source()"):
        (firm.folder / "hostile_shop.py").write_text(MODULE.format(read=read, build=build), "utf-8")
        text = (firm.folder / "dunning.toml").read_text("utf-8").partition("[source]")[0]
        firm.settings(text + '[source]\nadapter = "hostile"\n[plugins]\nmodules = ["hostile_shop"]\n')
        invalidate_caches()
        return firm

    monkeypatch.setattr(sys, "path", [*sys.path])
    yield write
    sys.modules.pop("hostile_shop", None)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"read": "sys.exit(0)"}, "error: source: it failed with SystemExit: 0"),
        ({"read": "yield None"}, "error: source: it gave a NoneType in the place of a Ledger"),
        ({"read": "raise OSError('\\x1b[2J')"}, "error: source: it failed with OSError: \ufffd[2J"),
        ({"build": "return None"}, "error: source hostile: NoneType is no source"),
        ({"build": "sys.exit(0)"}, "error: source hostile: it failed with SystemExit: 0"),
    ],
)
@pytest.mark.parametrize("command", [("plan",), ("run", "--send"), ("aging",)])
def test_a_plugin_that_breaks_its_promise_is_one_line(hostile, command, fault, said):
    result = hostile(**fault)(*command, code=2)
    assert result.stderr.startswith(said)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
