"""`dunning doctor` on files, and on a source that knows nothing of being examined."""

import json
import sys

import pytest

from dunning_adapters.memory import MemoryHistory
from dunning_adapters.ports import Examinable

PRIVATE = ("Brașov", "Ibáñez", "tesatoria", "ceramicas", "Levente", "F-1001", "12300", "4500", "Kovács")


@pytest.fixture
def doctor(firm):
    def run(*options, code):
        out, data = firm.folder / "doctor.md", firm.folder / "doctor.json"
        ran = firm("doctor", "--out", str(out), "--json", str(data), *options, code=code)
        texts = [out.read_text("utf-8"), data.read_text("utf-8"), ran.stdout + ran.stderr]
        told = "".join(texts).replace(str(out), "")
        assert not [word for word in (*PRIVATE, str(firm.folder)) if word in told]
        return texts[0], json.loads(texts[1]), texts[2]

    return run


def test_files_are_examined(doctor):
    page, data, screen = doctor(code=1)
    assert "- items[0]: utf-8, delimiter ',', 9 rows, columns:" in page
    assert "- counted apart: 9 rows, 9 read, 0 not usable: agrees" in page
    assert "- **look** customers without any address: 1 (" in page
    assert [section["title"] for section in data["sections"]] == ["Files", "Open items", "Oddities", "Freshness"]
    assert "What to do next:" in screen


def test_a_file_that_is_not_there(doctor, firm):
    (firm.folder / "items.csv").unlink()
    page, data, screen = doctor(code=2)
    assert "**failed** items[0]" in page
    assert data["stopped"].startswith("FileNotFoundError") or data["stopped"].startswith("SourceError")
    assert "error: the examination stopped" in screen


def test_quiet_says_one_line_and_leaves_the_report(doctor):
    page, _, screen = doctor("--quiet", code=1)
    assert page.startswith("# Examination of source files\n")
    assert screen.startswith("look: ")
    assert screen.count("\n") == 1


def test_a_report_that_cannot_be_written_is_an_error(firm):
    ran = firm("doctor", "--out", firm.path("missing/doctor.md"), code=2)
    assert "cannot be written" in ran.stderr


OWN = """
from datetime import date
from decimal import Decimal
from pydantic import BaseModel
from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.ports import Control
from dunning_core.ledger import Customer, Ledger, OpenItem
from dunning_core.values import Problem


class Shop:
    can_recheck = False

    def read(self, creditor, as_of, customers=None):
        if {fails}:
            raise LookupError("Ibáñez did not pay 4500")
        items = (OpenItem("F-1001", "C1", date(2026, 1, 1), Decimal(4500), "EUR"),)
        problems = (Problem("C1", "Ibáñez pays late"), Problem("C1", "Kovács pays late"))
        yield Ledger(creditor, {{"C1": Customer("C1", "Ibáñez", emails=("x",))}}, items, problems=problems)

    def control(self):
        return Control({rows}, 1, 0, {{"EUR": Decimal(4500)}})

    def note(self, contacts):
        pass


class Nothing(BaseModel):
    pass


@hookimpl
def dunning_adapters():
    yield Adapter("source", "{name}", "a shop", Nothing, lambda settings, folder: Shop())
"""


@pytest.fixture
def shop(firm):
    def install(name, *, rows=1, fails=False):
        (firm.folder / f"{name}.py").write_text(OWN.format(name=name, rows=rows, fails=fails), "utf-8")
        creditor = (firm.folder / "dunning.toml").read_text("utf-8").split("[source]")[0]
        firm.settings(f'{creditor}[source]\nadapter = "{name}"\n[plugins]\nmodules = ["{name}"]\n')

    yield install
    sys.path.remove(str(firm.folder))


def test_a_source_of_somebody_else_is_read_once(doctor, shop):
    shop("doctored_shop")
    page, _, _ = doctor(code=1)
    assert "- counted apart: 1 row, 1 read, 0 not usable: agrees" in page
    assert "rows with a fault: 2" in page, "what it calls them may be data"
    assert "customers with an e-mail that cannot be one: 1 (" in page


def test_a_source_that_disagrees_with_itself(doctor, shop):
    shop("doctored_liar", rows=2)
    page, _, _ = doctor(code=1)
    assert "counts or sums differ" in page


def test_a_source_that_fails_tells_nothing(doctor, shop):
    shop("doctored_wreck", fails=True)
    _, data, _ = doctor(code=2)
    assert data["stopped"] == "LookupError: … did not …"


def test_only_sources_are_examinable():
    assert not isinstance(MemoryHistory(), Examinable)
