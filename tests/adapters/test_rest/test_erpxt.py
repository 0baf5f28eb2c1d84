"""Comarch ERP XT: a payment is asked for when its document says that nothing of it is paid."""

import json
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from dunning_adapters.erpxt import ADAPTERS, ErpXtSettings, ErpXtSource
from dunning_adapters.testing import SourceConformance
from dunning_adapters.wire import Wire
from dunning_core.errors import ConfigError, SourceError
from dunning_core.ledger import Creditor, CustomerKind, ItemKind

DAY = date(2026, 11, 21)
US = Creditor("us", "Żelazna Spółka z o.o.", "PL")
OWN = "6770065406"
CARDS = {
    1: ("Żółkiewski i Spółka Sp. z o.o.", "5252248481", "ksiegowosc@zolkiewski.example"),
    2: ("Łódzkie Zakłady Ćwiekowe S.A.", "7251801126", "faktury@cwieki.example, zarzad@cwieki.example"),
    3: ("Małgorzata Źdźbło", "", "m.zdzblo@poczta.example"),
}


def card(id_, **given):
    name, tax, mail = CARDS[id_]
    street = {"Street": "ul. Długa", "BuildingNumber": "7", "FlatNumber": "12", "PostalCode": "00-238"}
    address = {**street, "City": "Warszawa", "Id": 900 + id_}
    row = {"$id": "1", "Id": id_, "Name": name, "CountryCode": "", "CustomerTaxNumber": tax, "Mail": mail}
    row |= {"CustomerCode": f"K/{id_:06}", "PhoneNumber": "22 555 01 01", "CustomerType": int(bool(tax))}
    row |= {"RepresentativeFirstName": "Jan", "RepresentativeLastName": "Kowalski", "CustomerStatus": 0}
    return {**row, "Address": address, **given}


def invoice(id_, number, party=1, status=0, **given):
    row = {"$id": "1", "Id": id_, "Number": number, "PurchasingPartyId": party, "PaymentStatus": status, "Status": 1}
    return {**row, "IssueDate": "2026-10-01T00:00:00", "CurrencyCode": "PLN", **given}


def payment(id_, number, amount, party=1, **given):
    row = {
        "PaymentId": id_, "PaymentType": "INCOME", "DocumentNumber": number, "CorrectedDocumentId": None,
        "CreationDate": "2026-10-01T10:11:12", "IssueDate": "2026-10-01T00:00:00", "DueDate": "2026-10-15T00:00:00",
        "SenderTaxId": CARDS[party][1], "SenderName": CARDS[party][0], "RecipientTaxId": OWN, "Amount": amount,
        "VatAmount": 0.0, "SplitPayment": False, "Payable": True, "Currency": "PLN",
    }  # fmt: skip
    return {**row, **given}


def books(erpxt):
    erpxt.lists["/v1.2/customers"] = [card(id_) for id_ in CARDS]
    erpxt.lists["/v1.4/invoices"] = [
        invoice(11, "FS/1/10/2026"),
        invoice(12, "FS/2/10/2026", 1, 2),
        invoice(13, "FS/3/10/2026", 2, CurrencyCode="EUR"),
        invoice(14, "FS/4/10/2026", 3, 1),
        invoice(15, "FS/5/10/2026", 3),
    ]
    erpxt.lists["/v1.4/advanceinvoices"] = [invoice(16, "FZAL/1/10/2026", 2)]
    erpxt.lists["/v1.4/correctiveinvoices"] = [
        invoice(11, "FKS/1/11/2026", 1, CorrectedId=11, Status=1),
        invoice(18, "FKS/2/11/2026", 2, CorrectedId=99),
    ]
    erpxt.lists["/v1.4/paymentdetails"] = [
        payment(1, "FS/1/10/2026", 1234.56),
        payment(2, "FS/2/10/2026", 500),
        payment(3, "FS/3/10/2026", 980.0, 2, Currency="EUR"),
        payment(4, "FS/4/10/2026", 77, 3, Payable=False),
        payment(5, "FS/5/10/2026", 123.45, 3),
        payment(6, "FZAL/1/10/2026", 3000, 2, DueDate="2026-12-31"),
        payment(7, "FKS/1/11/2026", -234.56, 1, CorrectedDocumentId=11),
        payment(8, "FKS/2/11/2026", 100, 2, PaymentType="OUTCOME", RecipientTaxId=CARDS[2][1], SenderTaxId=OWN),
        payment(9, "FZ/77", 9999, 2, PaymentType="OUTCOME"),
        payment(10, "VAT-7/10/2026", 4321, 2, PaymentType="VAT"),
    ]
    return erpxt


@pytest.fixture
def source_of():
    def made(erpxt, **given):
        given = {"client_id": erpxt.client, "key": erpxt.secret, **given}
        settings = ErpXtSettings(url=erpxt.url, **given)
        wire = Wire("ERP XT", settings.url, 5, lambda pause: None, pauses=(1.0, 5.0))
        return ErpXtSource(settings, wire, erpxt.clock)

    return made


class TestKeepsWhatASourceMust(SourceConformance):
    @pytest.fixture(autouse=True)
    def _service(self, erpxt, source_of):
        self.erpxt, self.source_of = books(erpxt), source_of

    def make(self, tmp_path):
        return self.source_of(self.erpxt, page=3)


def test_what_is_open(erpxt, source_of, read, balances):
    source = source_of(books(erpxt), page=3)
    ledger = read(source)
    assert balances(ledger) == {
        "1": (Decimal("1234.56"), "PLN"),
        "3": (Decimal("980.00"), "EUR"),
        "5": (Decimal("123.45"), "PLN"),
        "6": (Decimal(3000), "PLN"),
        "7": (Decimal("-234.56"), "PLN"),
        "8": (Decimal(-100), "PLN"),
    }
    assert source.control().balances == {"EUR": Decimal(980), "PLN": Decimal("4023.45")}
    credit = next(item for item in ledger.items if item.id == "7")
    assert (credit.kind, credit.credit_for, credit.number) == (ItemKind.CREDIT_NOTE, "1", "FKS/1/11/2026")
    assert next(item for item in ledger.items if item.id == "8").credit_for == ""
    paged = [asked for asked in erpxt.asked if asked.path.endswith("paymentdetails")]
    assert len(paged) == 6, "the newest, four pages, and the empty one"


def test_how_much_of_a_partly_paid_invoice_is_open_is_not_said(erpxt, source_of, read):
    source = source_of(books(erpxt))
    ledger = read(source)
    (problem,) = ledger.problems
    assert str(problem).startswith(
        "FS/2/10/2026, payment 2: partly paid: ERP XT does not say how much is open: '500 PLN'"
    )
    assert source.control().rejected == 1


def test_customers_by_their_cards(erpxt, source_of, read):
    customers = read(source_of(books(erpxt))).customers
    first, second, third = (customers[name] for name in "123")
    assert (first.name, first.country, first.kind) == ("Żółkiewski i Spółka Sp. z o.o.", "PL", CustomerKind.BUSINESS)
    assert (first.address.lines, first.address.city) == (("ul. Długa 7/12",), "Warszawa")
    assert second.emails == ("faktury@cwieki.example", "zarzad@cwieki.example")
    assert (third.kind, third.contact) == (CustomerKind.CONSUMER, "Jan Kowalski")


def test_a_card_that_is_broken(erpxt, source_of, read):
    books(erpxt).lists["/v1.2/customers"][0] |= {"Address": "ul. Długa 7", "CustomerType": "firma"}
    ledger = read(source_of(erpxt))
    assert ledger.customers["1"].name == "Żółkiewski i Spółka Sp. z o.o."
    assert "customer 1: Address is no record" in str(ledger.problems[-1])
    erpxt.lists["/v1.2/customers"][0] |= {"Address": None}
    assert read(source_of(erpxt)).customers["1"].kind is CustomerKind.UNKNOWN


@pytest.mark.parametrize("party", [None, 0, 77])
def test_a_document_without_a_card_is_known_by_its_tax_number(erpxt, source_of, party, read):
    books(erpxt).lists["/v1.4/invoices"][0]["PurchasingPartyId"] = party
    erpxt.lists["/v1.4/paymentdetails"][0]["SenderTaxId"] = "PL 525-224-84-81"
    assert next(item for item in read(source_of(erpxt)).items if item.id == "1").customer == "1"


def test_two_cards_of_one_tax_number_are_nobody(erpxt, source_of, read, balances):
    books(erpxt).lists["/v1.4/invoices"][0]["PurchasingPartyId"] = 77
    erpxt.lists["/v1.2/customers"].append({**card(1), "Id": 5})
    ledger = read(source_of(erpxt))
    assert "1" not in balances(ledger)
    assert "several customers have its tax number" in str(ledger.problems[0])


ROW, DOCUMENT = "/v1.4/paymentdetails", "/v1.4/invoices"


@pytest.mark.parametrize(
    ("where", "given", "said"),
    [
        (ROW, {"PaymentType": "REFUND"}, "PaymentType is not known: 'REFUND'"),
        (ROW, {"Payable": "true"}, "Payable is neither true nor false"),
        (ROW, {"Payable": None}, "Payable is neither true nor false"),
        (ROW, {"DocumentNumber": "FS/404"}, "no document has its number: what is open is not known"),
        (ROW, {"Currency": "złoty"}, "Currency is no known currency: 'złoty'"),
        (ROW, {"Currency": "EUR"}, "the payment is in EUR, its document in another currency"),
        (ROW, {"Amount": "1 234,56"}, "Amount is no amount: '1 234,56'"),
        (ROW, {"Amount": 0}, "an invoice that asks for nothing"),
        (ROW, {"Amount": -5}, "an invoice that asks for nothing"),
        (ROW, {"DueDate": None}, "DueDate is no date"),
        (ROW, {"DueDate": "2026-10-14T22:00:00Z"}, "DueDate is no date"),
        (ROW, {"SenderTaxId": "1111111111"}, "the payment names another tax number than customer 1"),
        (DOCUMENT, {"PaymentStatus": 1}, "to be settled, but its document has another PaymentStatus: '1'"),
        (DOCUMENT, {"PaymentStatus": 7}, "another PaymentStatus: '7'"),
        (DOCUMENT, {"PaymentStatus": None}, "to be settled, but its document has another PaymentStatus"),
        (DOCUMENT, {"PaymentStatus": False}, "PaymentStatus is no text"),
        (DOCUMENT, {"Status": 0}, "the document stands in the buffer"),
        (DOCUMENT, {"Status": 9}, "the Status of its document is not known: '9'"),
        (DOCUMENT, {"PurchasingPartyId": "x"}, "PurchasingPartyId is no number of a record"),
        (DOCUMENT, {"Number": "FS/3/10/2026"}, "no document has its number"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_problem_and_never_dunned(erpxt, source_of, where, given, said, read, balances):
    books(erpxt).lists[where][0] |= given
    source = source_of(erpxt)
    ledger = read(source)
    assert "1" not in balances(ledger)
    assert any(said in str(problem) and "payment 1" in str(problem) for problem in ledger.problems)
    assert source.control().rows == source.control().read + source.control().rejected


def test_two_documents_of_one_number(erpxt, source_of, read):
    books(erpxt).lists["/v1.4/advanceinvoices"].append(invoice(19, "FS/1/10/2026", 2))
    assert "several documents have its number" in str(read(source_of(erpxt)).problems[0])


def test_nobody_fits(erpxt, source_of, read):
    books(erpxt).lists["/v1.2/customers"].pop(0)
    assert any(
        "no customer fits: nobody can be reminded" in str(problem) for problem in read(source_of(erpxt)).problems
    )


def test_documents_of_the_buffer_when_they_are_wanted(erpxt, source_of, read, balances):
    books(erpxt).lists[DOCUMENT][0]["Status"] = 0
    assert "1" in balances(read(source_of(erpxt, buffer=True)))


@pytest.mark.parametrize("given", [{"Amount": 234.56}, {"Amount": -1, "PaymentType": "OUTCOME"}])
def test_a_correction_that_may_add_or_take_off_holds_its_customer(erpxt, source_of, given, read, balances):
    books(erpxt).lists[ROW][6] |= {"RecipientTaxId": "", "SenderTaxId": "", **given}
    ledger = read(source_of(erpxt))
    assert "7" not in balances(ledger)
    assert [(hold.customer, hold.note) for hold in ledger.holds] == [
        ("1", "corrected by FKS/1/11/2026, whose amount is not certain")
    ]


def test_books_of_another_company(erpxt, source_of, read):
    assert read(source_of(books(erpxt), company="PL 677-006-54-06")).items
    with pytest.raises(ConfigError, match=r"^source.company: the books are of the company with the tax number '677"):
        read(source_of(erpxt, company="1111111111"))


# -- the token


def test_a_token_lasts_for_a_reading_and_no_longer_than_it_lives(erpxt, source_of, read):
    source = source_of(books(erpxt))
    read(source)
    assert len(erpxt.tokens) == 1

    def slow(asked):
        erpxt.now += 100

    erpxt.trouble.append(slow)
    assert read(source).items
    assert len(erpxt.tokens) > 2
    refused = [asked for asked in erpxt.asked if asked.headers.get("authorization") == "Bearer "]
    assert not refused


def test_a_token_that_ends_early_is_made_anew_in_the_midst_of_paging(erpxt, source_of, reply, read):
    books(erpxt).once("/paymentdetails", reply(401, {"Message": "denied"}), after=2)
    assert len(read(source_of(erpxt, page=2)).items) == 6
    assert len(erpxt.tokens) == 2


def test_a_token_that_is_never_accepted(erpxt, source_of, reply, read):
    books(erpxt).trouble.append(lambda asked: None if asked.path.endswith("/token") else reply(401, {"Message": "no"}))
    with pytest.raises(SourceError, match="the key is not accepted"):
        read(source_of(erpxt))
    assert len(erpxt.tokens) == 2


def test_a_wrong_secret_is_tried_once_and_not_shown(erpxt, source_of, read):
    with pytest.raises(SourceError, match=r"the client is not accepted: .*Public API") as caught:
        read(source_of(erpxt, key="wrong-secret"))
    assert "wrong-secret" not in str(caught.value)
    assert len(erpxt.asked) == 1


@pytest.mark.parametrize("answer", [{}, {"access_token": 7}, {"access_token": "a\r\nb"}, ["token"]])
def test_an_answer_that_is_no_token(erpxt, source_of, reply, answer, read):
    erpxt.once("/token", reply(json=answer))
    with pytest.raises(SourceError, match=r"/token (gives no access token|answers no record)"):
        read(source_of(erpxt))


def test_a_token_that_does_not_say_how_long_it_lives(erpxt, source_of, reply, read):
    books(erpxt).tokens["mine"] = 600
    erpxt.once("/token", reply(json={"access_token": "mine", "token_type": "bearer"}))
    assert read(source_of(erpxt)).items


def test_a_secret_is_taken_anew_for_each_reading(erpxt, source_of, monkeypatch, read):
    monkeypatch.setenv("XT_SECRET", erpxt.secret)
    source = source_of(books(erpxt), key=None, key_env="XT_SECRET")
    assert read(source).items
    erpxt.secret = erpxt.secret[::-1]
    erpxt.now += 1000
    monkeypatch.setenv("XT_SECRET", erpxt.secret)
    assert read(source).items


# -- a list that is none


def test_a_service_that_gives_fewer_rows_than_it_is_asked_for(erpxt, source_of, read):
    books(erpxt).most = 2
    assert len(read(source_of(erpxt, page=1000)).items) == 6


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([payment(3, "a", 1), payment(3, "b", 1)], "the row 3 comes after 3"),
        ([payment(5, "a", 1), payment(4, "b", 1)], "the row 4 comes after 5"),
        ([{"Amount": 1}], "PaymentId is no number of a record"),
        ({"PaymentId": 1}, "answers no list of records"),
        ([[1]], "answers no list of records"),
        ([], "the newest row, 10, is missing"),
    ],
)
def test_lists_that_are_none(erpxt, source_of, reply, answer, said, read):
    books(erpxt).once("/paymentdetails", reply(json=answer), after=1)
    with pytest.raises(SourceError, match=said):
        read(source_of(erpxt))


def test_pages_without_end(erpxt, source_of, reply, read):
    same = [payment(id_, "a", 1) for id_ in (1, 2)]
    books(erpxt).trouble.append(lambda asked: reply(json=same) if asked.path.endswith("paymentdetails") else None)
    with pytest.raises(SourceError, match="the row 1 comes after 2: it is not sorted and filtered as was asked"):
        read(source_of(erpxt))


def test_an_empty_account(erpxt, source_of, read):
    source = source_of(erpxt)
    assert not read(source).items
    assert source.control().rows == 0


def test_a_resource_that_is_not_there(erpxt, source_of, reply, read):
    erpxt.once("/invoices", reply(404, {"Message": "no"}))
    with pytest.raises(SourceError, match=r"there is no /v1.4/invoices"):
        read(source_of(erpxt))


@pytest.mark.parametrize(
    "given", [{"client_id": ""}, {"client_id": "a:b"}, {"documents": []}, {"country": "Polska"}, {"nip": "1"}]
)
def test_settings_that_cannot_be_meant(given):
    with pytest.raises(ValidationError):
        ErpXtSettings.model_validate({"key_env": "K", "client_id": "c", **given})


# -- the program


def test_check_aging_and_plan(erpxt, program, monkeypatch):
    erpxt.now = -1e9  # tokens of the real clock are not looked at
    run = program(books(erpxt), "erpxt", erpxt.secret, f'client_id = "{erpxt.client}"')
    checked = run("check")
    assert "0 errors" in checked.output, checked.output
    aged = run("aging", "--by", "currency", "--json", "-q")
    totals = {row["currency"]: Decimal(row["total"]) for row in json.loads(aged.stdout)["rows"]}
    assert totals == {"EUR": Decimal(980), "PLN": Decimal("4023.45")}
    plan = json.loads(run("plan", "--json", "-", "-q").stdout)["plan"]
    outcomes = {decision["item"]: decision["outcome"] for decision in plan["decisions"]}
    assert outcomes["5"] == "dun"
    assert "2" not in outcomes


def test_the_adapter_is_built_from_its_table(erpxt, tmp_path, read):
    (adapter,) = ADAPTERS
    settings = adapter.settings(url=books(erpxt).url, client_id=erpxt.client, key=erpxt.secret)
    assert len(read(adapter.build(settings, tmp_path)).items) == 6
