"""MiniCRM: unpaid invoices of the list, with the contacts of their cards."""

import json
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from dunning_adapters.minicrm import ADAPTERS, MiniCrmSettings, MiniCrmSource
from dunning_adapters.testing import SourceConformance
from dunning_adapters.wire import Wire
from dunning_core.errors import SourceError
from dunning_core.ledger import Creditor, CustomerKind, HoldReason, ItemKind

DAY = date(2026, 11, 21)
US = Creditor("us", "Levente Szerszám Kft.", "HU")


def invoice(id_, amount, card=901, **given):
    row = {
        "Id": str(id_), "ProjectId": str(card), "StornedId": "", "Number": f"2026-E/{id_:05}", "Type": "Invoice",
        "Issued": "2026-10-01", "Performance": "2026-10-01", "Prompt": "2026-10-09", "Paid": "", "CurrencyCode": "HUF",
        "AmountNet": "0.0000", "AmountVat": "0.0000", "Amount": amount, "Status": "Kiállítva", "StatusGroup": "Open",
        "DocumentUrl": "https://r3.minicrm.hu/x/Download/S3/?t=doc",
    }  # fmt: skip
    return {**row, **given}


def contact(id_, business=None, **given):
    row = {"Id": id_, "Type": "Person", "FirstName": "Ünige", "LastName": "Szűcs", "Email": "", "Phone": ""}
    return {**row, "Deleted": 0, "VatNumber": "", "BusinessId": business or "", "Tags": [], **given}


def business(id_, name, **given):
    row = {"Id": id_, "Type": "Business", "Name": name, "Email": "", "Phone": "+36 1 555 0101", "VatNumber": ""}
    return {**row, "RegistrationNumber": "01-09-123456", "Tags": [], **given}


def books(minicrm):
    minicrm.size = 3
    minicrm.invoices = [
        invoice(145, "254000.0000"),
        invoice(144, "1250.5500", 902, CurrencyCode="EUR", Prompt="2026-12-15"),
        invoice(143, "38100.0000", 903, Paid="0000-00-00"),
        invoice(142, "5000.0000", 901, Paid="2026-11-02"),
        invoice(141, "9000.0000", 902, Type="Proforma"),
        invoice(140, "-12700.0000", 901),
        invoice(139, "63500.0000", 902),
        invoice(138, "63500.0000", 902, StornedId="139", Paid="2026-11-01"),
        invoice(137, "127000.0000", 904),
    ]
    minicrm.cards = {
        901: {"Id": 901, "Name": "Öntöde", "ContactId": 11, "Float1910": "", "Enum1907": "", "Yes5": 0},
        902: {"Id": 902, "Name": "Szőlő", "ContactId": 12, "Float1910": "0.00", "Enum1907": "Nem", "Yes5": 0},
        903: {"Id": 903, "Name": "Ünige", "ContactId": 13, "Float1910": "8100", "Enum1907": "Vitatott", "Yes5": 1},
        904: {"Id": 904, "Name": "Öntöde 2", "ContactId": 14, "Float1910": None, "Enum1907": "", "Yes5": 0},
    }
    minicrm.contacts = {
        11: contact(11, 21, Email="szamlak@ontode.example"),
        12: contact(12, 22),
        13: contact(13, Email="unige@posta.example", Phone="+36 30 555 0102"),
        14: contact(14, 21, Email="masik@ontode.example"),
        21: business(21, "Győri Öntöde Zrt.", Email="info@ontode.example", VatNumber="12345678-2-08"),
        22: business(22, "Őszi Szőlő Bt.", Email="iroda@szolo.example; penzugy@szolo.example"),
    }
    stands = {"Name": "Győri Öntöde Zártkörűen Működő Rt.", "CountryId": "36", "PostalCode": "9021", "City": "Győr"}
    minicrm.details = {145: {"Id": "145", "Customer": {**stands, "Address": "Fő tér 1.", "VatNumber": "12345678-2-08"}}}
    minicrm.details[144] = {"Id": "144", "Customer": None}
    return minicrm


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def source_of(pauses):
    def made(minicrm, **given):
        given = {"system_id": minicrm.system, "key": minicrm.key, **given}
        settings = MiniCrmSettings(url=minicrm.url, **given)
        return MiniCrmSource(settings, Wire("MiniCRM", settings.url, 5, pauses.append, pauses=(1.0, 5.0)))

    return made


class TestKeepsWhatASourceMust(SourceConformance):
    @pytest.fixture(autouse=True)
    def _service(self, minicrm, source_of):
        self.minicrm, self.source_of = books(minicrm), source_of

    def make(self, tmp_path):
        return self.source_of(self.minicrm, paid_field="Float1910", hold_fields=("Enum1907", "Yes5"))


def test_what_is_open(minicrm, source_of, read, balances):
    source = source_of(books(minicrm))
    ledger = read(source)
    assert balances(ledger) == {
        "145": (Decimal(254000), "HUF"),
        "144": (Decimal("1250.55"), "EUR"),
        "143": (Decimal(38100), "HUF"),
        "140": (Decimal(-12700), "HUF"),
        "137": (Decimal(127000), "HUF"),
    }
    assert source.control().balances == {"EUR": Decimal("1250.55"), "HUF": Decimal(406400)}
    assert not ledger.problems
    assert ledger.payments_as_of == date(2026, 11, 2)
    assert next(item for item in ledger.items if item.id == "140").kind is ItemKind.CREDIT_NOTE
    assert [asked.query for asked in minicrm.asked if asked.path == "/Api/Invoice/List"] == [
        {"Page": "0"}, {"Page": "1"}, {"Page": "2"},
    ]  # fmt: skip


def test_each_card_and_contact_is_asked_for_once(minicrm, source_of, read):
    read(source_of(books(minicrm)))
    counted = [asked.path for asked in minicrm.asked if "R3" in asked.path]
    assert len(counted) == len(set(counted)) == 10


def test_customers_are_businesses_reached_through_their_contacts(minicrm, source_of, read):
    customers = read(source_of(books(minicrm))).customers
    assert set(customers) == {"21", "22", "13"}
    ontode, szolo, unige = customers["21"], customers["22"], customers["13"]
    assert ontode.name == "Győri Öntöde Zártkörűen Működő Rt."
    assert ontode.emails == ("szamlak@ontode.example", "info@ontode.example")
    assert (ontode.tax_id, ontode.kind, ontode.contact) == ("12345678-2-08", CustomerKind.BUSINESS, "Szűcs Ünige")
    assert (ontode.address.lines, ontode.address.city, ontode.country) == (("Fő tér 1.",), "Győr", "HU")
    assert (szolo.name, szolo.emails) == ("Őszi Szőlő Bt.", ("iroda@szolo.example", "penzugy@szolo.example"))
    assert (unige.name, unige.kind, unige.phones) == ("Szűcs Ünige", CustomerKind.UNKNOWN, ("+36 30 555 0102",))
    assert unige.contact == ""


def test_fields_of_this_installation(minicrm, source_of, read, balances):
    books(minicrm).contacts[11]["String77"] = "kintlevoseg@ontode.example"
    for id_ in (12, 13, 14, 21, 22):
        minicrm.contacts[id_]["String77"] = None
    given = {"paid_field": "Float1910", "hold_fields": ("Enum1907", "Yes5"), "email_fields": ("String77", "Email")}
    ledger = read(source_of(minicrm, **given))
    assert balances(ledger)["143"] == (Decimal(30000), "HUF")
    assert {(hold.item, hold.reason, hold.note) for hold in ledger.holds} == {
        ("143", HoldReason.DISPUTE, "set in MiniCRM: Enum1907"),
        ("143", HoldReason.DISPUTE, "set in MiniCRM: Yes5"),
    }
    assert ledger.customers["21"].emails[0] == "kintlevoseg@ontode.example"


def test_a_record_of_a_contact_that_is_broken(minicrm, source_of, read):
    books(minicrm).contacts[21]["Email"] = ["info@ontode.example"]
    minicrm.contacts[12]["VatNumber"] = 12345678
    ledger = read(source_of(minicrm))
    assert (ledger.customers["21"].name, ledger.customers["21"].emails) == ("Győri Öntöde Zrt.", ())
    assert "contact 21: Email is no text" in str(ledger.problems[0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Type": "Receipt"}, "Type is no known type of invoice: 'Receipt'"),
        ({"CurrencyCode": "Ft"}, "CurrencyCode is no known currency: 'Ft'"),
        ({"Amount": "1 000,00"}, "Amount is no amount: '1 000,00'"),
        ({"Amount": "0.0000"}, "an invoice that asks for nothing"),
        ({"Amount": None}, "Amount is no amount"),
        ({"Prompt": "0000-00-00"}, "Prompt is no date"),
        ({"Prompt": "2026.10.09."}, "Prompt is no date: '2026.10.09.'"),
        ({"Paid": "tegnap"}, "Paid is no date: 'tegnap'"),
        ({"StornedId": "x"}, "StornedId is no number of a record"),
        ({"ProjectId": ""}, "ProjectId is no number of a record"),
        ({"ProjectId": "999"}, "its card is gone: nobody can be reminded: '999'"),
        ({"Number": ["a"]}, "Number is no text"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_problem_and_never_dunned(minicrm, source_of, given, said, read, balances):
    books(minicrm).invoices[0] |= given
    source = source_of(minicrm)
    ledger = read(source)
    assert "145" not in balances(ledger)
    (problem,) = ledger.problems
    assert said in str(problem)
    assert "invoice 145" in str(problem)
    assert (source.control().rows, source.control().read, source.control().rejected) == (5, 4, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda crm: crm.cards[901].update(ContactId=None), "ContactId is no number of a record"),
        (lambda crm: crm.contacts.pop(11), "the contact of its card is gone"),
        (lambda crm: crm.cards[901].pop("Float1910"), "its card has no field Float1910 (see source.paid_field)"),
        (lambda crm: crm.cards[901].pop("Enum1907"), "its card has no field Enum1907 (see source.hold_fields)"),
        (lambda crm: crm.cards[901].update(Float1910="254000"), "not paid, but Float1910 says 254000"),
        (lambda crm: crm.cards[901].update(Float1910="300000"), "not paid, but Float1910 says 300000"),
        (lambda crm: crm.cards[901].update(Float1910="-1"), "not paid, but Float1910 says -1"),
        (lambda crm: crm.cards[901].update(Float1910="fele"), "Float1910 is no amount: 'fele'"),
    ],
)
def test_cards_that_cannot_be_used(minicrm, source_of, change, said, read, balances):
    change(books(minicrm))
    ledger = read(source_of(minicrm, paid_field="Float1910", hold_fields=("Enum1907",)))
    assert "145" not in balances(ledger)
    assert any(said in str(problem) for problem in ledger.problems)


def test_a_business_that_is_gone_is_stood_for_by_its_contact(minicrm, source_of, read):
    books(minicrm).contacts.pop(22)
    assert read(source_of(minicrm)).customers["12"].name == "Szűcs Ünige"


@pytest.mark.parametrize("names", ["the invoice", "its storno"])
def test_an_invoice_and_its_storno_ask_for_nothing_whichever_names_the_other(minicrm, source_of, names, read, balances):
    books(minicrm)
    first, second = (6, 7) if names == "the invoice" else (7, 6)
    minicrm.invoices[first]["StornedId"] = ""
    minicrm.invoices[second] |= {"StornedId": minicrm.invoices[first]["Id"], "Paid": ""}
    minicrm.invoices[first]["Paid"] = ""
    assert not {"138", "139"} & set(balances(read(source_of(minicrm))))


def test_some_customers_cost_their_own_cards_only(minicrm, source_of, read, balances):
    source = source_of(books(minicrm))
    read(source)
    minicrm.asked.clear()
    ledger = read(source, ["13", "nobody"])
    assert balances(ledger) == {"143": (Decimal(38100), "HUF")}
    assert {asked.path for asked in minicrm.asked if "R3" in asked.path} == {
        "/Api/R3/Project/903", "/Api/R3/Contact/13",
    }  # fmt: skip


# -- a list that is none


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"Count": 2, "Results": {"1": invoice(1, "1"), "2": invoice(1, "1")}}, "the row 1 comes twice"),
        ({"Count": 1, "Results": [invoice(1, "1"), invoice(2, "1")]}, "1 rows announced, 2 found"),
        ({"Count": 5, "Results": []}, "5 rows announced, 0 found"),
        ({"Count": "5", "Results": []}, "does not say how many rows"),
        ({"Results": []}, "does not say how many rows"),
        ({"Count": 1, "Results": "none"}, "answers no list of records"),
        ({"Count": 1, "Results": [{"Id": ""}]}, "Id is no number of a record"),
        ([], "answers no record"),
    ],
)
def test_totals_that_lie_and_shapes_that_changed(minicrm, source_of, reply, answer, said, read):
    minicrm.trouble.append(lambda asked: reply(json=answer))
    with pytest.raises(SourceError, match=said):
        read(source_of(minicrm))


@pytest.mark.parametrize("change", ["one is modified", "one is deleted", "pages without end"])
def test_a_list_that_changes_while_it_is_read(minicrm, source_of, change, read):
    def trouble(asked):
        if asked.query.get("Page") == "1":
            match change:
                case "one is modified":
                    minicrm.invoices.insert(0, minicrm.invoices.pop())
                case "one is deleted":
                    minicrm.invoices.pop(0)
                case "pages without end":
                    minicrm.invoices = minicrm.invoices[:3] * 3

    books(minicrm).trouble.append(trouble)
    with pytest.raises(SourceError, match=r"comes twice|announced, and then"):
        read(source_of(minicrm))


def test_an_empty_system(minicrm, source_of, read):
    source = source_of(minicrm)
    assert not read(source).items
    assert source.control().rows == 0


# -- the service


def test_a_minute_of_too_many_requests_is_outlasted(minicrm, source_of, reply, pauses, read):
    books(minicrm).once("/R3/Project/902", reply(429, {"Message": "Too Many Requests"}))
    minicrm.once("/R3/Contact/12", reply(429, {"Message": "Too Many Requests"}, headers={"Retry-After": "30"}))
    assert len(read(source_of(minicrm)).items) == 5
    assert pauses == [1.0, 30]


def test_a_wrong_key(minicrm, source_of, read):
    with pytest.raises(
        SourceError, match=r"^MiniCRM at 127.0.0.1: the key is not accepted: .*source.system_id"
    ) as caught:
        read(source_of(minicrm, key="hidden-key"))
    assert "hidden-key" not in str(caught.value)


@pytest.mark.parametrize("given", [{"system_id": "x"}, {"system_id": ""}, {"receivable": []}, {"email_fields": []}])
def test_settings_that_cannot_be_meant(given):
    with pytest.raises(ValidationError):
        MiniCrmSettings.model_validate({"key_env": "K", "system_id": "1", **given})


# -- the program


def test_check_aging_and_plan(minicrm, program):
    run = program(books(minicrm), "minicrm", minicrm.key, f'system_id = "{minicrm.system}"\nhold_fields = ["Yes5"]')
    checked = run("check")
    assert "0 errors" in checked.output, checked.output
    aged = run("aging", "--by", "currency", "--json", "-q")
    totals = {row["currency"]: Decimal(row["total"]) for row in json.loads(aged.stdout)["rows"]}
    assert totals == {"EUR": Decimal("1250.55"), "HUF": Decimal(406400)}
    plan = json.loads(run("plan", "--json", "-", "-q").stdout)["plan"]
    outcomes = {decision["item"]: decision["outcome"] for decision in plan["decisions"]}
    assert (outcomes["145"], outcomes["143"]) == ("dun", "held")


def test_the_adapter_is_built_from_its_table(minicrm, tmp_path, read):
    (adapter,) = ADAPTERS
    settings = adapter.settings(url=books(minicrm).url, system_id=minicrm.system, key=minicrm.key)
    assert len(read(adapter.build(settings, tmp_path)).items) == 5
