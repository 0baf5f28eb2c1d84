"""Every name that a person may write or meet stands on its page of the reference, as code, with its true default."""

import enum
import inspect
import re
import types
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sqlalchemy import create_engine
from sqlalchemy import inspect as inspect_database

from dunning_adapters import ports, presets, result, senders, settings
from dunning_adapters.cli.app import dunning
from dunning_adapters.contacts import HEADER
from dunning_adapters.files import FilesSource
from dunning_adapters.files.mapping import AddressField, Column, CustomerField, ItemField, Mapping
from dunning_adapters.files.settings import FilesSettings
from dunning_adapters.journal import Journal
from dunning_adapters.plan_file.readback import TICKED, UNTICKED
from dunning_adapters.plan_file.rows import CLAIMED, LETTERS, OTHERS, REMAINING
from dunning_adapters.plugins import Plugins
from dunning_adapters.safety.caps import Cap
from dunning_adapters.safety.settings import SafetyTable, WindowTable
from dunning_adapters.sql import readings, safety_tables, schema
from dunning_adapters.sql.contacts import ContactTable
from dunning_core import errors, filters, ledger, policy, sandbox
from dunning_core.decision import Decision, Outcome
from dunning_core.document import Document
from dunning_core.event import Event, EventKind
from dunning_core.render import BLOCKS, NAMES, Templates
from dunning_core.testing import scenarios
from dunning_core.values import Problem

DOCS = Path(__file__).resolve().parents[2] / "docs"


def page(name):
    return (DOCS / name).read_text("utf-8")


def code(text):
    """Everything between backticks, split into words: `Hold(reason, item)` names Hold, reason and item."""
    return {word for span in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"[\w@]+", span)}


def section(name, title):
    """The lines from a heading to the next one of the same or a higher level."""
    _, _, rest = page(name).partition(f"\n{title}\n")
    assert rest, f"{name} has no heading {title!r}"
    level = len(title) - len(title.lstrip("#"))
    return re.split(rf"^#{{1,{level}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def names(thing):
    """The names that must stand on a page: fields of a model or value, members of an enumeration."""
    if issubclass(thing, enum.Enum):
        return {member.value for member in thing}
    if issubclass(thing, BaseModel):
        return {field.alias or name for name, field in thing.model_fields.items()}
    return set(thing.__dataclass_fields__)


def reachable(annotation):
    """Every pydantic model inside an annotation, and inside the fields of those, each once."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = (found for field in annotation.model_fields.values() for found in reachable(field.annotation))
        return list(dict.fromkeys((annotation, *inner)))
    return list(dict.fromkeys(found for part in get_args(annotation) for found in reachable(part)))


EXPECTED = [
    ("reference/policy.md", "## The policy", policy.Policy),
    ("reference/policy.md", "## A level", policy.Level),
    ("reference/policy.md", "## A wait", policy.Wait),
    ("reference/policy.md", "## A wait", policy.Anchor),
    ("reference/policy.md", "## A quiet period", policy.QuietPeriod),
    ("reference/settings.md", "## `[creditor]`", ledger.Creditor),
    ("reference/settings.md", "## `[creditor]`", ledger.Account),
    ("reference/settings.md", "## `[run]`", settings.RunTable),
    ("reference/settings.md", "## `[templates]`", settings.TemplatesTable),
    ("reference/settings.md", "## `[senders]`", senders.Senders),
    ("reference/settings.md", "## `[senders]`", senders.LevelSenders),
    ("reference/settings.md", "## `[pdf]`", settings.PdfTable),
    ("reference/settings.md", "## `[attachments]`", settings.AttachmentsTable),
    ("reference/settings.md", "## `[report]`", settings.ReportTable),
    ("reference/settings.md", "## `[journal]`", settings.JournalTable),
    ("reference/settings.md", "## `[aging]`", settings.AgingTable),
    ("reference/settings.md", "## `[law]`", settings.LawTable),
    ("reference/settings.md", "## `[plugins]`", settings.PluginsTable),
    ("reference/settings.md", "## `[safety]`", SafetyTable),
    ("reference/settings.md", "## `[safety]`", WindowTable),
    ("reference/settings.md", "## `[bounces]`", settings.BouncesTable),
    ("reference/settings.md", "## `[approval]`", settings.ApprovalTable),
    ("reference/settings.md", "## `[source]`, `[history]`, `[transport]`", settings.AdapterTable),
    ("reference/settings.md", "### A mapping", Mapping),
    ("reference/settings.md", "### A mapping", Column),
    *(
        ("reference/settings.md", f"## {adapter.port.title()} `{adapter.name}`", model)
        for adapter in Plugins(installed=False).adapters()
        for model in reachable(adapter.settings)
        if model.model_fields
    ),
    ("reference/outcomes.md", "# Outcomes", Outcome),
    ("reference/outcomes.md", "## A decision", Decision),
    ("reference/events.md", "# Events", EventKind),
    ("reference/events.md", "## An event", Event),
    ("reference/errors.md", "## Problems", Problem),
    ("reference/errors.md", "## Ends of a letter", result.End),
    ("reference/ports.md", "## `Source`", ports.Control),
    ("reference/ports.md", "## `Source`", ports.Contact),
    ("reference/ports.md", "## `Transport`", ports.Verdict),
    ("reference/ports.md", "## `Transport`", ports.Receipt),
    ("reference/letters.md", "## A document", Document),
    ("reference/scenarios.md", "## File", scenarios.ScenarioFile),
    ("reference/scenarios.md", "## Scenario", scenarios.Scenario),
    ("reference/scenarios.md", "## Item", scenarios.Item),
    ("reference/scenarios.md", "## Run", scenarios.Run),
    ("reference/scenarios.md", "## Run", scenarios.OperatorSends),
    ("reference/scenarios.md", "## Expect", scenarios.Expect),
]


@pytest.mark.parametrize(("file", "title", "thing"), EXPECTED, ids=lambda each: getattr(each, "__name__", str(each)))
def test_every_name_stands_in_its_section(file, title, thing):
    text = page(file) if title.startswith("# ") else section(file, title)
    assert names(thing) - code(text) == set()


def rows(file, title):
    """First cell -> second cells of the tables of a section, for each name in backticks of the first cell."""
    found = {}
    for line in section(file, title).splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        for name in re.findall(r"`(\w+)`", cells[0]) if line.startswith("| `") else ():
            found.setdefault(name, []).append(cells[1].replace('"', ""))
    return found


def written(value):
    """A default as the pages write it, without quotes; None where words describe it."""
    match value:
        case enum.Enum():
            return f"`{value.value}`"
        case bool():
            return f"`{str(value).lower()}`"
        case int():
            return f"`{value}`"
        case float() | Decimal():
            return f"`{value:g}`"
        case str() | Path() if str(value):
            return f"`{value}`"
    return None


MODELS = [entry for entry in EXPECTED if issubclass(entry[2], BaseModel)]


@pytest.mark.parametrize(("file", "title", "model"), MODELS, ids=lambda each: getattr(each, "__name__", str(each)))
def test_defaults_are_the_true_ones(file, title, model):
    table = rows(file, title)
    for name, field in model.model_fields.items():
        cells, expected = table.get(field.alias or name, []), written(field.default)
        if cells and field.default is not PydanticUndefined:
            assert set(cells) != {"*required*"}, name
        if cells and expected is not None:
            assert any(expected in cell for cell in cells), f"{name}: {cells}, not {expected}"


def test_most_defaults_are_compared():
    compared = [
        name
        for file, title, model in MODELS
        for name, field in model.model_fields.items()
        if name in rows(file, title) and written(field.default) is not None
    ]
    assert len(compared) > 40


@pytest.mark.parametrize("field", [name for name in settings.Settings.model_fields if name not in {"folder", "file"}])
def test_every_table_of_the_settings_has_its_place(field):
    assert f"`[{'policies.NAME' if field == 'policies' else field}]`" in page("reference/settings.md")


@pytest.mark.parametrize("fields", [ItemField, CustomerField, AddressField], ids=["items", "customers", "addresses"])
def test_fields_of_a_mapping_of_files(fields):
    assert set(fields.__args__) - code(section("how-to/map-columns.md", "## Fields")) == set()


def literals(annotation):
    """Every text that a Literal inside an annotation allows."""
    if get_origin(annotation) is Literal:
        return {value for value in get_args(annotation) if isinstance(value, str)}
    return set().union(*(literals(inner) for inner in get_args(annotation)))


# The words of a mapping are fields of items and customers, which have a test of their own.
CHOICES = [entry for entry in MODELS if entry[2] not in {Mapping, Column}]


@pytest.mark.parametrize(("file", "title", "model"), CHOICES, ids=lambda each: getattr(each, "__name__", str(each)))
def test_every_choice_stands_in_its_section(file, title, model):
    spans = re.findall(r"`([^`\n]+)`", section(file, title))
    for name, field in model.model_fields.items():
        assert literals(field.annotation) <= {span.strip('"') for span in spans}, name


def test_every_preset():
    assert set(policy.PRESETS) <= code(section("reference/policy.md", "## Presets"))
    assert set(policy.PRESETS) <= code(section("how-to/choose-a-policy.md", "## Presets"))


def test_every_preset_of_an_erp():
    assert set(presets.names()) <= named("reference/settings.md", "## Source `sql`")


def test_every_cap_and_every_command():
    assert {cap.value for cap in Cap} <= named("reference/cli.md", "## run")
    assert {cap.value for cap in Cap} <= named("how-to/go-live.md", "## 4. Know the caps")
    for command in dunning.commands:
        assert re.search(rf"^## {command}\b", page("reference/cli.md"), re.MULTILINE), command


def test_every_error():
    classes = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)}
    assert classes <= code(section("reference/errors.md", "## Errors"))


def test_every_variable_and_block_of_a_letter():
    assert set(NAMES) <= code(section("reference/letters.md", "## Variables"))
    assert set(BLOCKS) <= code(section("reference/letters.md", "## Blocks of a wording"))
    shown = code(section("reference/letters.md", "## Files"))
    assert {name.partition("/")[2].removesuffix(".j2") for name in Templates.stock().texts if "/" in name} - {
        "words.toml"
    } <= shown


def test_every_filter_of_a_template():
    known = {*sandbox.FILTERS, *sandbox.TESTS, *sandbox.LOOP, *filters.VALUES, *filters.ALIGNING}
    assert known <= code(section("reference/letters.md", "## Filters"))
    assert {*sandbox.FILTERS, *filters.VALUES} <= code(
        section("how-to/write-your-own-wording.md", "## What a template may use")
    )


def named(file, title):
    """Everything between backticks in a section, as it stands."""
    return set(re.findall(r"`([^`\n]+)`", section(file, title)))


def test_every_column_of_a_workbook():
    assert {LETTERS, OTHERS, *CLAIMED, *REMAINING} <= named("reference/files.md", "## A saved plan, workbook")
    assert TICKED | UNTICKED - {""} <= named("reference/files.md", "## A saved plan, workbook")


def test_every_column_of_a_contact_log(tmp_path):
    FilesSource(FilesSettings(items=tmp_path / "items.csv", contact_log=tmp_path / "log.csv"), tmp_path).note([])
    appended = (tmp_path / "log.csv").read_text("utf-8").strip().split(",")
    with closing_engine() as engine:
        ContactTable(engine, "log").add([ports.Contact("C", date.min, "", 0, (), (), "", (), "", "", "k.1")])
        columns = {column["name"] for column in inspect_database(engine).get_columns("log")}
    assert {*HEADER, *appended, *columns} <= named("reference/files.md", "## The contact log")


def test_every_table_of_the_history():
    metadata = (schema.METADATA, safety_tables.METADATA, readings.METADATA)
    for table in (table for each in metadata for table in each.sorted_tables):
        assert {table.name, *table.columns.keys()} <= named("reference/files.md", "## The history")


@contextmanager
def closing_engine():
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


def test_every_built_in_adapter():
    built_in = {adapter.name for adapter in Plugins(installed=False).adapters()}
    assert built_in <= named("reference/ports.md", "## Built in")


def test_every_method_of_a_port():
    optional = (ports.Dated, ports.Examinable, ports.Marking, ports.Archiving, ports.Returning)
    for port in (ports.Source, ports.History, Journal, ports.Transport, *optional):
        members = {name for name in (*vars(port), *port.__annotations__) if not name.startswith("_")}
        assert members <= code(section("reference/ports.md", f"## `{port.__name__}`"))


LIBRARY = (
    "ledger", "policy", "plan", "decision", "action", "render", "document", "event", "history", "aging", "dates",
    "values", "table", "rules", "prose", "numerals", "payment_code", "interest", "compensation", "exchange",
    "limitation", "allocation", "law", "law.country",
)  # fmt: skip


@pytest.mark.parametrize("module", LIBRARY)
def test_every_public_name_of_the_library(module):
    found = import_module(f"dunning_core.{module}")
    text = page("reference/library.md")
    known = code(text)
    for name, each in vars(found).items():
        if name.startswith("_") or getattr(each, "__module__", None) != found.__name__:
            continue
        assert name in known, f"dunning_core.{module}.{name}"
        signature = re.search(rf"`{name}\(([^`]*)\)`", text)
        if signature and isinstance(each, types.FunctionType):
            assert re.findall(r"\w+", signature[1]) == list(inspect.signature(each).parameters), name
