"""Every preset's books examined as on site: nothing is missing, every check can be made, and nobody's data is told."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from dunning_adapters.examination import Scope
from dunning_adapters.presets import mapping, names, preset
from dunning_adapters.sql import SqlSource
from dunning_core.ledger import Creditor

SCRIPTS = Path(__file__).resolve().parents[2] / "data" / "presets"
SCHEMAS = {"dolibarr": "", "erpnext": "", "saga-c": "", "comarch-optima": "CDN", "comarch-xl": "CDN"}
SERVERS = {"MariaDB": "mariadb", "SQL Server": "postgres", "Firebird": "firebird"}
KINDS = [(name, kind) for name in names() for kind in ("sqlite", SERVERS[preset(name).database])]
KINDS = [pair for pair in KINDS if pair != ("erpnext", "sqlite")]  # SQLite cannot name a type of its tables
pytestmark = [
    pytest.mark.filterwarnings("ignore:Cursor disposed without prior close:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]  # Firebird's driver, when SQLAlchemy lets go of a cursor


@pytest.fixture(params=KINDS, ids="-".join)
def sections(request, library):
    name, kind = request.param
    engine = library(name, kind, SCHEMAS.get(name, "dbo"))
    source = SqlSource(engine, mapping(name))
    return name, list(source.examine(Creditor("C", "C", "PL"), Scope(date(2026, 3, 2), salt="s")))


def test_a_preset_finds_all_that_it_needs(sections):
    _, found = sections
    lines = [line for section in found for line in section.lines]
    assert not [line for line in lines if line.state == "failed" or "missing" in line.found]
    assert [section.title for section in found] == [
        "Connection", "Rights", "Tables and columns", "Rows", "Open items", "Oddities", "Freshness",
    ]  # fmt: skip
    assert any(line.what == "items" and " row" in line.found for line in lines)
    assert any("agrees" in line.found for line in lines)


def test_what_a_map_takes_for_something_else_is_told(library):
    source = SqlSource(library("subiekt-gt", "sqlite", "dbo"), mapping("subiekt-gt"))
    sections = source.examine(Creditor("C", "C", "PL"), Scope(date(2026, 3, 2)))
    found = {line.what: line for section in sections for line in section.lines}
    assert found["customers.kind: taken for 'unknown'"].found == "1 (1 row)"
    assert found["customers.kind: taken for 'unknown'"].state == "fine"


def test_nothing_of_the_books_is_told(sections):
    """Values of the script with a space, an @ or many digits in them belong to somebody."""
    name, found = sections
    told = str(found)
    values = set(re.findall(r"'((?:[^']|'')*)'", (SCRIPTS / f"{name}.sql").read_text("utf-8")))
    ours = str(preset(name).tables)
    private = [
        value for value in values if value not in ours and len(value) >= 5 and re.search(r"@|\d{5}|\w \w", value)
    ]
    assert len(private) > 5
    assert not [value for value in private if value in told]
