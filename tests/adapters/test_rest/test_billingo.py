"""Billingo: what is open is gross less payments; whatever is not certain asks for nothing."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from dunning_adapters.billingo import ADAPTERS, BillingoSettings, BillingoSource
from dunning_adapters.result import End
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_adapters.testing import SourceConformance
from dunning_adapters.wire import Wire
from dunning_core.errors import ConfigError, SourceError
from dunning_core.ledger import Creditor, CustomerKind, ItemKind

DAY = date(2026, 11, 21)
US = Creditor("us", "Levente Szerszám Kft.", "HU")
PARTNERS = {
    1: ("Győri Öntöde Zrt.", ["szamlak@ontode.example; penzugy@ontode.example"], "HAS_TAX_NUMBER"),
    2: ("Őszi Szőlő Bt.", ["iroda@szolo.example"], "HAS_TAX_NUMBER"),
    3: ("Łódzkie Zakłady Żelazne Sp. z o.o.", ["faktury@zaklady.example"], "FOREIGN"),
    4: ("Szűcs Ünige", [], "NO_TAX_NUMBER"),
}


def partner(id_, **given):
    name, emails, tax_type = PARTNERS[id_]
    address = {"country_code": "PL" if id_ == 3 else "HU", "post_code": "9021", "city": "Győr", "address": "Fő tér 1."}
    more = {"taxcode": f"1234567{id_}-2-08", "phone": "+36 1 555 0101", "tax_type": tax_type}
    return {"id": id_, "name": name, "address": address, "emails": emails, **more, **given}


def document(id_, gross, partner_=1, status="expired", **given):
    row = {
        "id": id_, "invoice_number": f"2026-{id_:06}", "type": "invoice", "cancelled": False, "block_id": 7,
        "payment_status": status, "payment_method": "wire_transfer", "gross_total": gross, "currency": "HUF",
        "conversion_rate": 1, "invoice_date": "2026-10-01", "fulfillment_date": "2026-10-01", "due_date": "2026-10-09",
        "paid_date": None, "document_partner": partner(partner_), "language": "hu", "related_documents": [],
        "settings": {"without_financial_fulfillment": False, "round": "one"},
    }  # fmt: skip
    return {**row, **given}


def payment(price, day="2026-10-20"):
    return {"date": day, "price": price, "payment_method": "wire_transfer", "voucher_number": "", "conversion_rate": 1}


def books(billingo):
    """Three pages of one document each and more: part payments, currencies, a storno, a correction, drafts."""
    billingo.partners = [partner(id_) for id_ in (1, 2, 3)]  # the fourth was deleted since
    billingo.documents = [
        document(101, 254000, 1),
        document(102, 127000.0, 1, "partially_paid"),
        document(103, 1250.55, 3, "outstanding", currency="EUR", due_date="2026-12-15"),
        document(104, 38100, 2, "outstanding"),
        document(105, 19050, 4, "expired", type="advance"),
        document(106, -12700, 1, "outstanding", type="modification", related_documents=[{"id": 101}]),
        document(107, 63500, 2, "outstanding", cancelled=True),
        document(108, -63500, 2, "outstanding", type="cancellation", related_documents=[{"id": 107}]),
        document(109, 50000, 2, "paid", paid_date="2026-10-05"),
        document(110, 50000, 2, "none", type="proforma"),
        document(111, 9000, 1, "outstanding", type="draft"),
        document(112, 7000, 1, "outstanding", settings={"without_financial_fulfillment": True}),
    ]
    billingo.payments = {102: [payment(27000), payment(0.5), payment(9999.5)], 103: [payment(250.55)]}
    return billingo


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def source_of(pauses):
    def made(billingo, **given):
        settings = BillingoSettings(url=billingo.url, key=given.pop("key", billingo.key), **given)
        return BillingoSource(settings, Wire("Billingo", settings.url, 5, pauses.append, pauses=(1.0, 5.0)))

    return made


class TestKeepsWhatASourceMust(SourceConformance):
    @pytest.fixture(autouse=True)
    def _service(self, billingo, source_of):
        self.billingo, self.source_of = books(billingo), source_of

    def make(self, tmp_path):
        return self.source_of(self.billingo, page=2)


class TestKeepsItWhenThingsAreBad(TestKeepsWhatASourceMust):
    @pytest.fixture(autouse=True)
    def _bad(self, _service):
        self.billingo.documents += [
            document(201, 100, 1, currency="LEJ"),
            document(202, "sok", 2),
            document(203, 5000, 2, type="modification", related_documents=[{"id": 104}]),
        ]


def test_what_is_open_is_gross_less_payments(billingo, source_of, read, balances):
    source = source_of(books(billingo), page=2)
    ledger = read(source)
    assert balances(ledger) == {
        "101": (Decimal(254000), "HUF"),
        "102": (Decimal(90000), "HUF"),
        "103": (Decimal("1000.00"), "EUR"),
        "104": (Decimal(38100), "HUF"),
        "105": (Decimal(19050), "HUF"),
        "106": (Decimal(-12700), "HUF"),
    }
    assert source.control().balances == {"EUR": Decimal("1000.00"), "HUF": Decimal(388450)}
    assert not ledger.problems
    credit = next(item for item in ledger.items if item.id == "106")
    assert (credit.kind, credit.credit_for, credit.number) == (ItemKind.CREDIT_NOTE, "101", "2026-000106")
    assert next(item for item in ledger.items if item.id == "103").due_date == date(2026, 12, 15)
    pages = [asked for asked in billingo.asked if asked.query.get("payment_status") == "outstanding"]
    assert len(pages) >= 4, "three pages and the count"


def test_partners_are_those_of_today(billingo, source_of, read):
    books(billingo).partners[0]["emails"] = ["uj.cim@ontode.example"]
    ledger = read(source_of(billingo))
    ontode, lodz, deleted = (ledger.customers[name] for name in ("1", "3", "4"))
    assert ontode.name == "Győri Öntöde Zrt."
    assert ontode.emails == ("uj.cim@ontode.example",)
    assert (ontode.kind, ontode.language, ontode.tax_id) == (CustomerKind.BUSINESS, "hu", "12345671-2-08")
    assert (ontode.address.lines, ontode.address.postcode) == (("Fő tér 1.",), "9021")
    assert (lodz.country, lodz.kind) == ("PL", CustomerKind.UNKNOWN)
    assert (deleted.name, deleted.kind, deleted.emails) == ("Szűcs Ünige", CustomerKind.CONSUMER, ())


def test_many_partners_are_listed(billingo, source_of, read):
    billingo.documents = [document(id_, 1000, 1) for id_ in range(1, 31)]
    for row in billingo.documents:
        row["document_partner"] = {**partner(1), "id": 500 + row["id"], "emails": ["old@example.com"]}
    billingo.partners = [{**partner(1), "id": 500 + id_, "emails": ["new@example.com"]} for id_ in range(1, 200)]
    ledger = read(source_of(billingo))
    assert {customer.emails for customer in ledger.customers.values()} == {("new@example.com",)}
    assert not [asked for asked in billingo.asked if asked.path.startswith("/v3/partners/")]


def test_a_partner_whose_record_is_broken_is_known_by_his_name(billingo, source_of, read):
    books(billingo).partners[0]["emails"] = "a@ontode.example"
    ledger = read(source_of(billingo))
    assert (ledger.customers["1"].name, ledger.customers["1"].emails) == ("Győri Öntöde Zrt.", ())
    assert [str(problem) for problem in ledger.problems] == [
        "partner 1: emails is no list of addresses: 'a@ontode.example' (correct it in Billingo)"
    ]


def test_payments_of_partly_paid_documents_only(billingo, source_of, read, balances):
    ledger = read(source_of(books(billingo), payments="partial"))
    assert balances(ledger)["102"] == (Decimal(90000), "HUF")
    assert [asked.path for asked in billingo.asked if "payments" in asked.path] == [
        "/v3/documents/102/payments", "/v3/documents/107/payments",
    ]  # fmt: skip


def test_what_was_paid_of_a_cancelled_invoice_is_a_credit(billingo, source_of, read, balances):
    books(billingo).payments[107] = [payment(13500)]
    assert balances(read(source_of(billingo)))["108"] == (Decimal(-13500), "HUF")


@pytest.mark.parametrize(
    ("ancestor", "credit"),
    [
        ({"status": "paid"}, -63500),
        ({"status": "paid", "cancelled": False}, -63500),
        ({"status": "none"}, None),
        (None, -63500),
    ],
)
def test_a_cancellation_of_what_is_not_open(billingo, source_of, ancestor, credit, read, balances):
    books(billingo)
    billingo.documents = [row for row in billingo.documents if row["id"] != 107]
    if ancestor:
        billingo.documents.append(document(107, 63500, 2, **{"cancelled": True, **ancestor}))
    assert balances(read(source_of(billingo))).get("108") == (None if credit is None else (Decimal(credit), "HUF"))


def test_a_cancellation_that_names_nothing_takes_off_all_of_it(billingo, source_of, read, balances):
    books(billingo).documents[7]["related_documents"] = None
    assert balances(read(source_of(billingo)))["108"] == (Decimal(-63500), "HUF")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"currency": "LEJ"}, "currency is no known currency: 'LEJ'"),
        ({"gross_total": "sok"}, "gross_total is no amount"),
        ({"gross_total": None}, "gross_total is no amount"),
        ({"gross_total": 1e300}, "gross_total is no amount"),
        ({"gross_total": True}, "gross_total is no amount"),
        ({"due_date": None}, "due_date is no date"),
        ({"due_date": "2026-02-30"}, "due_date is no date: '2026-02-30'"),
        ({"due_date": "2026-11-29T23:00:00Z"}, "due_date is no date"),
        ({"type": "self_billed"}, "type is no known type of document: 'self_billed'"),
        ({"type": ["invoice"]}, "type is no text"),
        ({"cancelled": None}, "cancelled is neither true nor false"),
        ({"document_partner": None}, "no partner stands on it"),
        ({"document_partner": "Őszi"}, "document_partner is no record"),
        ({"payment_status": "partially_paid"}, "partly paid, but no payment stands on it"),
        ({"type": "modification"}, "a modification that asks for more"),
        ({"type": "cancellation"}, "a cancellation that asks for money"),
        ({"gross_total": 0}, "expired, but its payments leave 0 open"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_problem_and_never_dunned(billingo, source_of, given, said, read, balances):
    books(billingo).documents.append(document(301, 4242, 1, **given))
    source = source_of(billingo)
    ledger = read(source)
    assert "301" not in balances(ledger)
    (problem,) = ledger.problems
    assert said in str(problem)
    assert "document 301" in str(problem)
    assert (source.control().rows, source.control().read, source.control().rejected) == (7, 6, 1)


@pytest.mark.parametrize("paid", [[254000], [300000], [254000.01]])
def test_payments_that_cover_what_counts_as_open(billingo, source_of, paid, read, balances):
    books(billingo).payments[101] = [payment(price) for price in paid]
    ledger = read(source_of(billingo))
    assert "101" not in balances(ledger)
    assert "expired, but its payments leave" in str(ledger.problems[0])


def test_a_cancellation_of_less_than_was_open(billingo, source_of, read):
    books(billingo).documents[7]["gross_total"] = -1000
    assert "cancellation of less" in str(read(source_of(billingo)).problems[0])


def test_what_is_modified_upwards_is_held(billingo, source_of, read):
    books(billingo).documents += [
        document(401, 5000, 2, type="modification", related_documents=[{"id": 104}]),
        document(402, 5000, 3, type="modification", related_documents=[]),
    ]
    ledger = read(source_of(billingo))
    assert {(hold.item, hold.customer) for hold in ledger.holds} == {("104", ""), ("", "3")}
    assert len(ledger.problems) == 2


def test_a_payment_status_that_nobody_knows_is_said(billingo, source_of, read, balances):
    books(billingo).documents += [document(501, 100, 1, "in_collection"), document(502, 100, 1, "in_collection")]
    source = source_of(billingo)
    ledger = read(source)
    assert "documents are in no list: drafts perhaps, or of a payment status that is not known: '2'" in str(
        ledger.problems[0]
    )
    assert not {"501", "502"} & set(balances(ledger))
    assert source.control().rows == 6


def test_what_is_overdue_may_be_outstanding_too(billingo, source_of, reply, read, balances):
    """Whether the list of what is outstanding leaves out what is overdue is not documented."""
    expected = balances(read(source_of(books(billingo))))

    def both(asked):
        if asked.query.get("payment_status") == "outstanding":
            rows = [row for row in billingo.documents if row["payment_status"] in {"outstanding", "expired"}]
            figures = {"total": len(rows), "per_page": 100, "current_page": 1, "last_page": 1}
            return reply(json={"data": rows, **figures})
        return None

    billingo.trouble.append(both)
    ledger = read(source_of(billingo))
    assert balances(ledger) == expected
    assert not ledger.problems


def test_a_status_that_is_in_a_list_and_yet_not_known(billingo, source_of, reply, read, balances):
    row = document(601, 4242, 1, "in_collection")
    figures = {"total": 1, "per_page": 100, "current_page": 1, "last_page": 1}
    books(billingo).documents.append(row)
    billingo.once("/documents", reply(json={"data": [row], **figures}), after=1)
    ledger = read(source_of(billingo))
    assert "601" not in balances(ledger)
    assert "payment_status is not known: 'in_collection'" in str(ledger.problems[0])


# -- a list that is none


def lying(reply, **figures):
    def trouble(asked):
        if asked.query.get("payment_status") == "expired" and asked.query["per_page"] != "1":
            body = {"data": [document(101, 1), document(105, 1)], "total": 2, "per_page": 2}
            return reply(json={**body, "current_page": int(asked.query["page"]), "last_page": 1, **figures})
        return None

    return trouble


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"total": 3, "last_page": 2}, "comes twice"),
        ({"total": 1}, "1 rows announced, 2 found"),
        ({"total": None}, "does not say how many rows"),
        ({"last_page": 9}, "page 1 of 9"),
        ({"current_page": 2}, "page 2 of 1"),
        ({"data": {"1": {}}}, "answers no list of records"),
        ({"data": [{"id": "x", "payment_status": "expired"}]}, "id is no number of a record"),
        ({"data": [], "total": 5, "last_page": 3}, "5 rows announced, 0 found"),
        ({"data": [document(1, 1, 1, "paid"), document(2, 1)]}, "document 1 is 'paid', but 'expired' was asked for"),
    ],
)
def test_totals_that_lie_and_pages_without_end(billingo, source_of, reply, figures, said, read):
    books(billingo).trouble.append(lying(reply, **figures))
    with pytest.raises(SourceError, match=said):
        read(source_of(billingo))


def test_a_list_that_shrinks_while_it_is_paged(billingo, source_of, read):
    def trouble(asked):
        if asked.query.get("page") == "2":
            billingo.documents = [row for row in billingo.documents if row["id"] != 104]

    books(billingo).trouble.append(trouble)
    with pytest.raises(SourceError, match=r"announced, and then|comes twice"):
        read(source_of(billingo, page=2))


def test_a_document_that_changes_between_two_lists(billingo, source_of, read):
    def trouble(asked):
        if asked.query.get("payment_status") == "expired":
            billingo.documents[3]["payment_status"] = "expired"

    books(billingo).trouble.append(trouble)
    with pytest.raises(SourceError, match="document 104 changes while it is read"):
        read(source_of(billingo))


def test_a_document_that_is_written_meanwhile(billingo, source_of, read):
    def trouble(asked):
        if asked.query.get("payment_status") == "none":
            billingo.documents.append(document(900, 1, 1, "paid"))

    books(billingo).trouble.append(trouble)
    with pytest.raises(SourceError, match="documents were written while it was read"):
        read(source_of(billingo))


def test_a_document_that_is_paid_after_it_was_read(billingo, source_of, read):
    def trouble(asked):
        if asked.query.get("payment_status") == "paid":
            billingo.documents[3]["payment_status"] = "paid"

    books(billingo).trouble.append(trouble)
    with pytest.raises(SourceError, match="documents were written while it was read"):
        read(source_of(billingo))


# -- the service


def test_a_wrong_key_is_said_and_not_shown(billingo, source_of, read):
    with pytest.raises(
        SourceError, match=r"^Billingo at 127.0.0.1: the key is not accepted: .*app.billingo.hu"
    ) as caught:
        read(source_of(billingo, key="another-key-secret"))
    assert "another-key-secret" not in str(caught.value)


def test_missing_rights(billingo, source_of, reply, read):
    billingo.once("/documents", reply(403, {"error": {"message": "Subscription"}}))
    with pytest.raises(SourceError, match=r"the key may not read /documents: .*subscription allows the API"):
        read(source_of(billingo))


def test_the_books_of_another_company(billingo, source_of, read):
    assert read(source_of(books(billingo), company="23456789-2-41")).items
    with pytest.raises(ConfigError, match=r"^source.company: the key belongs to .*'23456789-2-41'"):
        read(source_of(billingo, company="99999999-2-41"))


def test_limits_are_kept_and_faults_outlasted(billingo, source_of, reply, pauses, read):
    books(billingo)
    billingo.once("/documents", reply(429, {"error": {"message": "slow"}}, headers={"Retry-After": "7"}), after=2)
    billingo.once("/payments", reply(0), after=1)
    billingo.once("/payments", reply(503, {}), after=3)
    assert len(read(source_of(billingo, page=2)).items) == 6
    assert pauses == [7, 1.0, 1.0]


def test_a_key_is_taken_anew_for_each_reading(billingo, monkeypatch, read):
    monkeypatch.setenv("BILLINGO_KEY", books(billingo).key)
    source = BillingoSource(BillingoSettings(url=billingo.url, key_env="BILLINGO_KEY"))
    assert read(source).items
    billingo.key = "rotated-key-9876543210"
    monkeypatch.setenv("BILLINGO_KEY", billingo.key)
    assert read(source).items
    monkeypatch.delenv("BILLINGO_KEY")
    with pytest.raises(ConfigError, match="environment variable BILLINGO_KEY: it is not set"):
        read(source)


def test_some_customers_cost_their_own_payments_only(billingo, source_of, read, balances):
    ledger = read(source_of(books(billingo)), ["3"])
    assert balances(ledger) == {"103": (Decimal("1000.00"), "EUR")}
    assert set(ledger.customers) == {"3"}
    assert [asked.path for asked in billingo.asked if "payments" in asked.path] == ["/v3/documents/103/payments"]


@pytest.mark.parametrize("given", [{"page": 101}, {"payments": "none"}, {"compny": "x"}, {"url": "http://billingo.hu"}])
def test_settings_that_cannot_be_meant(given):
    with pytest.raises(ValidationError):
        BillingoSettings.model_validate({"key_env": "K", **given})


# -- the program


def test_check_aging_and_plan(billingo, program):
    run = program(books(billingo), "billingo", billingo.key, 'company = "23456789-2-41"')
    checked = run("check")
    assert "0 errors" in checked.output, checked.output
    aged = run("aging", "--by", "currency", "--json", "-q")
    totals = {row["currency"]: Decimal(row["total"]) for row in json.loads(aged.stdout)["rows"]}
    assert totals == {"EUR": Decimal(1000), "HUF": Decimal(388450)}
    plan = json.loads(run("plan", "--json", "-", "-q").stdout)["plan"]
    outcomes = {decision["item"]: decision["outcome"] for decision in plan["decisions"]}
    assert outcomes["101"] == "dun"
    assert outcomes["103"] != "dun", "not due yet"


def test_what_is_paid_between_plan_and_letter_gets_no_letter(billingo, program, tmp_path):
    program(books(billingo), "billingo", billingo.key)
    runner = Runner.of(load(tmp_path / "dunning.toml"))
    runner.clock = lambda: datetime(2026, 11, 21, 12, tzinfo=UTC)
    proposal = runner.plan(DAY)
    assert {action.customer for action in proposal.plan.actions} == {"1", "2"}
    billingo.documents[3] |= {"payment_status": "paid", "paid_date": "2026-11-21"}
    run = runner.send(proposal, today=DAY)
    assert {delivery.customer.id: delivery.end for delivery in run.deliveries} == {
        "1": End.ACCEPTED,
        "2": End.OVERTAKEN,
    }
    (text,) = (delivery.document.text for delivery in run.deliveries if delivery.document)
    assert "2026-000102" in text
    assert "90" in text


def test_the_adapter_is_built_from_its_table(billingo, tmp_path, read):
    (adapter,) = ADAPTERS
    source = adapter.build(adapter.settings(url=books(billingo).url, key=billingo.key), tmp_path)
    assert len(read(source).items) == 6
