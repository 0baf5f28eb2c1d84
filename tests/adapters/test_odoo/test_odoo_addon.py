"""The example module for Odoo, on a stand-in for the little of Odoo's ORM that it uses."""

import ast
import csv
import importlib
import re
import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

MODULE = Path(__file__).resolve().parents[3] / "examples" / "odoo_addon" / "dunning_reminders"
TODAY = date(2026, 11, 21)


class Refused(Exception):  # noqa: N818 - stands for UserError
    pass


class Records:
    """A model that keeps what is created, and finds all of it."""

    def __init__(self, *rows):
        self.rows, self.asked = list(rows), []

    def search(self, domain):
        self.asked.append(domain)
        return Records(*self.rows)

    def mapped(self, name):
        return [getattr(row, name) for row in self.rows]

    def create(self, values):
        self.rows.append(SimpleNamespace(id=len(self.rows) + 1, **values))
        return self.rows[-1]

    def sudo(self):
        return self

    def __iter__(self):
        return iter(self.rows)


class Environment(dict):
    company = None
    cr = SimpleNamespace(savepoint=nullcontext)
    known = None

    def ref(self, name, **named):
        return self.known


@pytest.fixture
def addon(monkeypatch):
    """The module as Odoo would import it."""
    odoo, exceptions = ModuleType("odoo"), ModuleType("odoo.exceptions")
    odoo._ = lambda text, *given: text % given
    odoo.models = SimpleNamespace(Model=object, TransientModel=object)
    odoo.api = SimpleNamespace(model=lambda method: method, depends=lambda *names: lambda method: method)

    class Field:
        def __init__(self, *given, **named):
            self.named = named

        context_today = staticmethod(lambda record: TODAY)

    names = ("Many2one", "Date", "Char", "Integer", "Text", "Boolean", "Selection")
    odoo.fields = SimpleNamespace(**dict.fromkeys(names, Field))
    exceptions.UserError = Refused
    monkeypatch.setitem(sys.modules, "odoo", odoo)
    monkeypatch.setitem(sys.modules, "odoo.exceptions", exceptions)
    monkeypatch.syspath_prepend(MODULE.parent)
    yield importlib.import_module("dunning_reminders")
    for name in [name for name in sys.modules if name.startswith("dunning_reminders")]:
        del sys.modules[name]


def record(**fields):
    """A record: what it was not given is empty, as in Odoo."""

    class Record(SimpleNamespace):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return False

    return Record(**fields)


EUR, PL = record(name="EUR"), record(code="PL")
BANK = record(currency_id=False, acc_number="PL27 1140 2004 0000 3002 0135 5387", bank_name="mBank")
COMPANY = record(
    id=2, name="Testowa Windykacja Sp. z o.o.", country_id=PL, currency_id=EUR, email="ar@pl.example",
    street="Prosta 1", partner_id=record(lang="pl_PL", bank_ids=[BANK], email_formatted='"Testowa" <ar@pl.example>'),
)  # fmt: skip


def partner(id_=12, **given):
    found = record(
        id=id_, name="Żółw Sp. z o.o.", lang="pl_PL", country_id=PL, is_company=True, email="biuro@k001.pl.example",
        street="Test 1", zip="00-001", city="Testowo", vat="PL5260001370", child_ids=[], **given,
    )  # fmt: skip
    found.commercial_partner_id = found
    return found


def line(id_=3, residual=6704.97, journal="sale", due=date(2026, 10, 16), who=None, **move):
    document = {"name": "INV/2026/00001", "move_type": "out_invoice", "payment_state": "not_paid"}
    document |= {"invoice_date": date(2026, 9, 16), **move}
    return record(
        id=id_, move_id=record(**document), partner_id=who or partner(), date=date(2026, 9, 16), date_maturity=due,
        amount_residual_currency=residual, amount_currency=residual, currency_id=EUR, journal_id=record(type=journal),
    )  # fmt: skip


@pytest.fixture
def events(addon):
    """A model `dunning.event` with its environment."""

    class Kept(addon.models.dunning_event.DunningEvent, Records):
        def with_company(self, company):
            return self

    kept = Kept()
    kept.env = Environment(
        {"account.move.line": Records(line()), "mail.mail": Records(), "res.company": Records(COMPANY)}
    )
    kept.env["dunning.event"] = kept
    return kept


def test_a_reminder_is_queued_and_recorded_once(events):
    assert events.remind(COMPANY, TODAY) == 1
    assert events.remind(COMPANY, TODAY) == 0
    (mail,) = events.env["mail.mail"]
    assert (mail.email_to, mail.email_from) == ("biuro@k001.pl.example", '"Testowa" <ar@pl.example>')
    assert (mail.model, mail.res_id) == ("res.partner", 12)
    assert "INV/2026/00001" in mail.body_html
    assert "PL27 1140 2004 0000 3002 0135 5387" in mail.body_html
    (event,) = events
    assert (event.company_id, event.partner_id, event.kind, event.attempt) == (2, 12, "dispatched", 1)
    assert event.subject == mail.subject
    assert events.env["account.move.line"].asked[0][0] == ("company_id", "=", 2)


def test_an_item_that_is_gone_begins_the_ladder_anew_without_a_letter(events):
    events.remind(COMPANY, TODAY)
    events.env["account.move.line"].rows.clear()
    assert events.remind(COMPANY, TODAY) == 0
    assert {event.key for event in events.rows[1:]} <= {False}


def test_the_cron_job_works_for_the_companies_that_want_it(events):
    events.cron_remind()
    assert len(events.env["mail.mail"].rows) == 1
    assert events.env["res.company"].asked == [[("dunning_active", "=", True)]]


def test_a_company_that_fails_does_not_stop_the_others(events, caplog):
    events.env["res.company"].rows.insert(0, record(name="Broken", id=3))  # without a partner it has no accounts
    events.cron_remind()
    assert "No payment reminders of Broken today" in caplog.text
    assert len(events.env["mail.mail"].rows) == 1


def test_events_can_neither_be_changed_nor_deleted(events):
    with pytest.raises(Refused, match="cannot be changed"):
        events.write({"on": TODAY})
    with pytest.raises(Refused, match="cannot be deleted"):
        events.unlink()


@pytest.mark.parametrize(("fields", "calls"), [({"numbercall"}, -1), (set(), None)])
def test_the_cron_job_is_made_once_in_every_version(events, fields, calls):
    jobs = Records()
    jobs._fields = fields
    models = SimpleNamespace(_get_id=lambda name: 77)
    events._name = "dunning.event"
    events.env |= {"ir.cron": jobs, "ir.model": models, "ir.model.data": Records()}
    events.ensure_cron()
    (job,) = jobs
    assert getattr(job, "numbercall", None) == calls
    assert (job.model_id, job.code) == (77, "model.cron_remind()")
    assert events.env["ir.model.data"].rows[0].name == "cron"
    events.env.known = job
    events.ensure_cron()
    assert len(jobs.rows) == 1


def test_the_wizard_shows_before_it_sends(addon, events):
    held = line(4, payment_state="blocked", name="INV/2026/00002")
    events.env["account.move.line"].rows.append(held)

    class Run(addon.models.dunning_run.DunningRun, list):
        env = events.env
        company_id, today, preview = COMPANY, TODAY, None

        def ensure_one(self):
            pass

    run = Run()
    run.append(run)
    run._compute_preview()
    assert run.preview.splitlines()[:2] == [
        "1 letters", "Żółw Sp. z o.o.: notice, 6704.97 EUR, biuro@k001.pl.example",
    ]  # fmt: skip
    assert "4: held; " in run.preview
    assert not events.rows
    assert run.action_send() == {"type": "ir.actions.act_window_close"}
    assert len(events.env["mail.mail"].rows) == 1
    run.company_id = False
    run._compute_preview()
    assert run.preview == ""


@pytest.mark.parametrize(
    ("given", "note"),
    [
        (line(payment_state="blocked"), "the invoice is blocked"),
        (line(payment_state="in_payment"), "a payment is under way that the residual does not show yet"),
        (line(move_type="entry", journal="bank"), "money paid out that is matched with nothing"),
    ],
)
def test_what_is_held_back(addon, given, note):
    (hold,) = addon.ledger.as_ledger(COMPANY, [given], []).holds
    assert (hold.item, hold.note) == ("3", note)


def test_the_flag_of_older_versions_holds_back(addon):
    marked = line()
    marked.blocked = True
    assert [hold.note for hold in addon.ledger.holds(marked)] == ["no follow-up"]
    assert not list(addon.ledger.holds(line()))


def test_credits_count_and_amounts_are_exact(addon):
    credit = line(5, -0.1 - 0.2, move_type="out_refund", name="RINV/2026/00001", due=False)
    paid = line(6, -50.0, move_type="entry", journal="bank")
    opening = line(7, 12.0, move_type="entry", ref="not shown")
    items = addon.ledger.as_ledger(COMPANY, [line(), credit, paid, opening], []).items
    assert [str(item.balance) for item in items] == ["6704.97", "-0.30", "-50.00", "12.00"]
    assert [item.kind for item in items] == ["invoice", "credit_note", "payment", "debit_note"]
    assert items[1].due_date == date(2026, 9, 16)


def test_the_contact_for_invoices_is_written_to(addon):
    contact = record(type="invoice", email="faktury@k001.pl.example", name="Księgowość")
    customer = addon.ledger.as_customer(_with_children(partner(), [contact]))
    assert (customer.emails, customer.contact) == (("faktury@k001.pl.example",), "Księgowość")
    assert addon.ledger.as_customer(_with_children(partner(), [record(type="invoice")])).contact == ""


def _with_children(found, children):
    found.child_ids = children
    return found


def test_events_come_back_as_they_were(addon, events):
    events.remind(COMPANY, TODAY)
    (text,) = events.mapped("data")
    (event,) = addon.ledger.as_ledger(COMPANY, [], [text]).events
    assert addon.ledger.written(event) == text


# -- what only Odoo reads


def test_the_manifest_names_every_file_once():
    manifest = ast.literal_eval((MODULE / "__manifest__.py").read_text("utf-8"))
    files = {path.relative_to(MODULE).as_posix() for path in MODULE.rglob("*") if path.suffix in {".xml", ".csv"}}
    assert len(manifest["data"]) == len(files)
    assert set(manifest["data"]) == files
    assert manifest["data"][0].endswith("access.csv"), "rights first"


def test_xml_names_what_is_there(addon):
    declared = {addon.models.dunning_event.DunningEvent._name, addon.models.dunning_run.DunningRun._name}
    ids = set()
    for path in sorted(MODULE.rglob("*.xml")):
        root = ET.parse(path).getroot()  # noqa: S314 - our own files
        for node in root.iter():
            if node.tag in {"record", "menuitem"}:
                ids.add(node.get("id"))
            if node.tag == "function":
                assert hasattr(addon.models.dunning_event.DunningEvent, node.get("name"))
            if node.tag == "button" and node.get("type") == "object":
                assert hasattr(addon.models.dunning_run.DunningRun, node.get("name"))
            if node.tag == "field" and node.get("name") in {"res_model", "model"} and node.text.startswith("dunning"):
                assert node.text in declared
    assert len(ids) == 5
    menu = (MODULE / "views" / "dunning_run_views.xml").read_text("utf-8")
    assert 'action="dunning_run_action"' in menu


def test_fields_on_views_are_fields_of_models(addon):
    fields = {**vars(addon.models.dunning_run.DunningRun), **vars(addon.models.res_company.ResCompany)}
    for name in ("dunning_run_views.xml", "res_company_views.xml"):
        views = ET.parse(MODULE / "views" / name).getroot()  # noqa: S314 - our own files
        shown = {
            node.get("name")
            for arch in views.iter("field")
            if arch.get("name") == "arch"
            for node in arch.iter("field")
        }
        assert shown - {"arch", "currency_id"} <= set(fields)


def test_rights_name_models_and_groups(addon):
    rows = list(csv.DictReader((MODULE / "security" / "ir.model.access.csv").read_text("utf-8").splitlines()))
    assert {row["model_id:id"] for row in rows} == {"model_dunning_event", "model_dunning_run"}
    events = [row for row in rows if row["model_id:id"] == "model_dunning_event"]
    assert {(row["perm_write"], row["perm_unlink"]) for row in events} == {("0", "0")}


@pytest.mark.parametrize("word", ["<tree", "<list", "attrs=", "numbercall", "kanban-box"])
def test_nothing_is_used_that_one_of_the_versions_does_not_know(word):
    assert not [path.name for path in MODULE.rglob("*.xml") if word in path.read_text("utf-8")]


def test_only_the_core_is_imported():
    imports = {
        found
        for path in MODULE.rglob("*.py")
        for found in re.findall(r"^(?:from|import) (\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert imports - sys.stdlib_module_names == {"pydantic", "dunning_core", "odoo"}
