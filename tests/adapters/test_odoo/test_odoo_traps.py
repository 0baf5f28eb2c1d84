"""What a live Odoo is easily misread on, one case each."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dunning_adapters.odoo.books import Line, Payment
from dunning_adapters.odoo.cover import cover
from dunning_core.errors import ConfigError, SourceError
from dunning_core.ledger import Creditor, CustomerKind, HoldReason, ItemKind
from dunning_core.values import Problem

CREDITOR = Creditor("odoo", "Testowa Windykacja Sp. z o.o.", "PL")
TODAY = date(2026, 11, 21)


class Found:
    """Everything a reading yields, by id."""

    def __init__(self, source, customers=None):
        ledgers = list(source.read(CREDITOR, TODAY, customers))
        self.items = {item.id: item for ledger in ledgers for item in ledger.items}
        self.customers = {name: customer for ledger in ledgers for name, customer in ledger.customers.items()}
        self.holds = {hold.item or hold.customer: hold for ledger in ledgers for hold in ledger.holds}
        self.problems = [problem for ledger in ledgers for problem in ledger.problems]
        self.payments_as_of = {ledger.payments_as_of for ledger in ledgers}

    def problem(self, text) -> Problem:
        (found,) = [problem for problem in self.problems if text in str(problem)]
        return found

    def balance(self, item):
        return self.items[item].balance


@pytest.fixture
def read(odoo_18, source_of):
    return lambda company=2, **given: Found(source_of(odoo_18, company, **given))


@pytest.fixture
def line_of(odoo_18):
    return lambda id_: odoo_18.tables["account.move.line"][id_]


def test_a_payment_in_process_over_the_whole_invoice_leaves_nothing(read):
    assert "2-121" not in read().items


def test_a_part_payment_in_process_is_deducted_and_the_rest_is_dunned(read):
    found = read()
    assert found.balance("2-90") == Decimal("630.06")
    assert "2-90" not in found.holds
    assert read(3).balance("3-247") == Decimal("1051.87")


def test_two_payments_in_process_on_one_invoice(read):
    assert read(4).balance("4-406") == Decimal("800.90")


def test_a_payment_over_an_invoice_in_instalments_takes_the_oldest_first(read):
    found = read(5)
    assert "5-462" not in found.items
    assert found.balance("5-463") == Decimal("663.72")
    assert found.balance("5-464") == Decimal("663.93")
    assert not {"5-463", "5-464"} & set(found.holds)


def test_one_payment_for_two_invoices_in_full_leaves_nothing(read):
    found = read()
    assert not {"2-74", "2-80", "2-81"} & set(found.items)


def test_one_payment_for_part_of_two_invoices_is_an_estimate_held_and_said(read):
    found = read(3)
    assert found.balance("3-307") == Decimal("653.34")
    assert found.holds["3-307"].reason == HoldReason.MANUAL
    assert "3-310" not in found.items
    assert str(found.problem("PAY00006")) == (
        "INV/2026/00032, customer 3-50: how PAY00006 is shared out among its invoices is an estimate, the oldest "
        "first: '653.34 EUR' (only a person can tell: match it in Odoo, or write by hand)"
    )


def test_a_payment_in_another_currency_is_converted_at_the_rate_of_its_day(read, odoo_18):
    assert "2-176" not in read().items
    asked = [named for model, _, _, named in odoo_18.log if model == "res.currency" and "date" in named["context"]]
    assert {named["context"]["date"] for named in asked} == {"2026-11-19"}


def test_what_a_foreign_payment_leaves_open_is_an_estimate(read, odoo_18):
    odoo_18.tables["account.payment"][92]["amount"] = 3434.22
    found = read()
    assert found.balance("2-176") == Decimal("795.93")
    assert found.holds["2-176"].note == "PAY00007 is in another currency: what is left open is an estimate"


def test_a_payment_marked_as_paid_is_deducted_while_its_invoice_waits_for_the_bank(read):
    assert "2-127" not in read().items


def test_a_payment_marked_as_paid_is_not_deducted_twice(read):
    assert read().balance("2-93") == Decimal("1938.73")
    assert read(4).balance("4-364") == Decimal("377278.00")


@pytest.mark.parametrize("line", ["3-269", "3-228"])
def test_a_payment_that_came_to_nothing_takes_nothing(read, line, line_of):
    found = read(3)
    residual = line_of(int(line[2:]))["amount_residual_currency"]
    assert found.balance(line) == Decimal(repr(residual))


def test_a_bank_entry_of_nearly_the_same_amount_is_held_and_said(read):
    found = read(5)
    assert found.balance("5-447") == Decimal("438.62")
    assert found.holds["5-447"].note == "PAY00014 may be the money that was matched with the invoice already"
    assert found.problem("PAY00014").value == "438.62 RON"


def test_a_payment_on_account_without_entry_is_a_credit(read):
    item = read().items["2-P98"]
    assert (item.balance, item.kind, item.customer) == (Decimal("-222.22"), ItemKind.PAYMENT, "2-15")


def test_what_was_paid_too_much_is_a_credit(read, odoo_18):
    odoo_18.tables["account.payment"][86]["amount"] = 8000.0
    assert read().balance("2-P86") == Decimal("-228.35")


def test_a_payment_whose_invoices_are_settled_is_said(read, odoo_18):
    odoo_18.tables["account.payment"][86]["invoice_ids"] = [26]
    assert "its invoices are settled" in str(read().problem("PAY00001"))


def test_a_payment_of_nobody_is_said(read, odoo_18):
    odoo_18.tables["account.payment"][98]["partner_id"] = False
    found = read()
    assert "a payment of nobody: '222.22 PLN'" in str(found.problem("PAY00013"))
    assert "2-P98" not in found.items


def test_money_paid_back_without_entry_is_said_and_asks_nobody(read, odoo_18):
    odoo_18.tables["account.payment"][98]["payment_type"] = "outbound"
    found = read()
    assert "money paid back" in str(found.problem("PAY00013"))
    assert "2-P98" not in found.items


def test_money_paid_back_without_entry_uses_up_its_credit_note(read, odoo_18):
    odoo_18.tables["account.payment"][98].update(payment_type="outbound", invoice_ids=[245], amount=50.0)
    assert read().balance("2-690") == Decimal("-36.78")


def test_money_paid_out_that_is_matched_with_nothing_is_held_and_said(read):
    found = read()
    assert found.items["2-556"].kind == ItemKind.DEBIT_NOTE
    assert found.holds["2-556"].note == "money paid out that is matched with nothing: no invoice asks for it"
    assert found.problem("PBNK1/2026/00024").value == "33.00 PLN"


def test_an_opening_balance_is_owed(read):
    found = read()
    assert found.items["2-759"].kind == ItemKind.DEBIT_NOTE
    assert "2-759" not in found.holds


def test_without_a_due_date_the_date_stands_in(read):
    assert read().items["2-761"].due_date == date(2026, 1, 31)


def test_credits_and_money_on_account_are_negative(read):
    found = read()
    assert (found.balance("2-690"), found.items["2-690"].kind) == (Decimal("-86.78"), ItemKind.CREDIT_NOTE)
    assert (found.balance("2-552"), found.items["2-552"].kind) == (Decimal("-177.70"), ItemKind.PAYMENT)


def test_a_credit_note_left_open_names_its_invoice(start, source_of):
    odoo = start(16)
    odoo.tables["account.move"][251]["reversed_entry_id"] = 1
    found = Found(source_of(odoo))
    assert found.items["2-846"].credit_for == "2-4"
    assert found.items["2-850"].credit_for == ""


def test_an_item_that_nobody_owes_is_said(read, odoo_18, source_of):
    found = read()
    assert "no partner stands on it" in str(found.problem("MISC/2026/01/0003"))
    assert "2-763" not in found.items
    source = source_of(odoo_18)
    list(source.read(CREDITOR, TODAY))
    assert source.control().rejected == 1


def test_an_archived_partner_still_owes(read):
    found = read()
    assert found.customers["2-28"].name == "Iskra Sp. z o.o."
    assert [item for item in found.items.values() if item.customer == "2-28"]


def test_the_same_number_in_two_companies_is_two_items(odoo_18, source_of):
    both = [Found(source_of(odoo_18, company)).items for company in (2, 3)]
    numbers = [{item.number for item in items.values()} for items in both]
    assert numbers[0] & numbers[1]
    assert not both[0].keys() & both[1].keys()


def test_an_invoice_blocked_in_18_is_held(read, odoo_18):
    (move,) = [row["id"] for row in odoo_18.tables["account.move"].values() if row["payment_state"] == "blocked"
               and row["company_id"] == 2]  # fmt: skip
    found = read()
    lines = [f"2-{row['id']}" for row in odoo_18.tables["account.move.line"].values() if row["move_id"] == move]
    assert {found.holds[line].note for line in lines} == {"the invoice is blocked in Odoo"}


def test_an_item_marked_in_16_is_held_also_after_a_part_payment(start, source_of):
    found = Found(source_of(start(16)))
    assert {item for item, hold in found.holds.items() if "blocked" in hold.note} == {"2-32", "2-33", "2-53"}


def test_no_follow_up_of_the_enterprise_app_is_a_hold(read, odoo_18, line_of):
    odoo_18.fields["account.move.line"].add("no_followup")
    odoo_18.definitions["account.move.line"]["no_followup"] = {"type": "boolean"}
    line_of(3)["no_followup"] = True
    assert read().holds["2-3"].note == "marked in Odoo: no_followup"


@pytest.mark.parametrize(
    ("model", "row", "held"), [("account.move.line", 3, "2-3"), ("account.move", 1, "2-3"), ("res.partner", 12, "2-12")]
)
def test_fields_of_the_settings_are_disputes(read, odoo_18, model, row, held):
    odoo_18.fields[model].add("x_dispute")
    odoo_18.definitions[model]["x_dispute"] = {"type": "char"}
    odoo_18.tables[model][row]["x_dispute"] = "wrong price"
    hold = read(hold_fields=(f"{model}.x_dispute",)).holds[held]
    assert (hold.reason, hold.note) == (HoldReason.DISPUTE, "marked in Odoo: x_dispute")


def test_a_field_of_the_settings_that_is_not_there_is_said(read):
    with pytest.raises(ConfigError, match=r"^source.hold_fields: there is no field x_gone on account.move$"):
        read(hold_fields=("account.move.x_gone",))


def test_a_field_that_is_gone_is_named(read, odoo_18):
    del odoo_18.definitions["account.move"]["payment_state"]
    message = r"Odoo at 127.0.0.1, version 18: there is no field payment_state on account.move \(is the app"
    with pytest.raises(SourceError, match=message):
        read()


def test_the_invoice_contact_is_written_to_and_a_contact_for_reminders_before_him(read, odoo_18):
    found = read()
    assert found.customers["2-76"].emails == ("faktury@k035.hu.example",)
    assert (found.customers["2-76"].contact, found.customers["2-76"].language) == ("AP dept", "hu_HU")
    partners = odoo_18.tables["res.partner"]
    partners[9001] = {**partners[77], "id": 9001, "type": "followup", "email": "felszolitas@k035.hu.example"}
    odoo_18.definitions["res.partner"]["type"]["selection"].append(["followup", "Follow-up Address"])
    assert read().customers["2-76"].emails == ("felszolitas@k035.hu.example",)


def test_of_two_invoice_contacts_the_one_on_the_newest_invoice_is_written_to(read, odoo_18):
    partners = odoo_18.tables["res.partner"]
    partners[9001] = {**partners[77], "id": 9001, "email": "uj@k035.hu.example"}
    assert read().customers["2-76"].emails == ("faktury@k035.hu.example",)
    lines = odoo_18.tables["account.move.line"].values()
    newest = max(row["move_id"] for row in lines if row["partner_id"] == 76 and row["company_id"] == 2)
    odoo_18.tables["account.move"][newest]["partner_id"] = 9001
    assert read().customers["2-76"].emails == ("uj@k035.hu.example",)


def test_an_archived_contact_is_not_written_to(read, odoo_18):
    odoo_18.tables["res.partner"][77].update(active=False, email="dawny@k035.hu.example")
    odoo_18.tables["res.partner"][76]["email"] = "biuro@k035.hu.example; ksiegowosc@k035.hu.example"
    assert read().customers["2-76"].emails == ("biuro@k035.hu.example", "ksiegowosc@k035.hu.example")


def test_who_only_stands_on_the_invoice_is_written_to_last(read, odoo_18):
    odoo_18.tables["res.partner"][77]["type"] = "other"
    assert read().customers["2-76"].emails == ("faktury@k035.hu.example",)


def test_a_customer_with_all_that_odoo_knows(read, odoo_18):
    odoo_18.tables["res.partner"][12].update(
        phone="+48 22 1", mobile="+48 600", street2="lok. 4", company_registry="KRS 1"
    )
    customer = read().customers["2-12"]
    assert (customer.country, customer.tax_id, customer.kind) == ("PL", "PL5260001370", CustomerKind.BUSINESS)
    assert customer.phones == ("+48 600", "+48 22 1")
    assert (customer.address.lines, customer.address.postcode) == (("Test 1", "lok. 4"), "00-001")
    assert (customer.address.city, customer.address.country, customer.registration) == ("Testowo", "PL", "KRS 1")
    assert customer.responsible.name == "Administrator"


def test_a_person_is_a_consumer(read, odoo_18):
    odoo_18.tables["res.partner"][12].update(is_company=False, vat=False)
    assert read().customers["2-12"].kind == CustomerKind.CONSUMER


def test_who_sells_to_a_customer_answers_for_him(read, odoo_18):
    odoo_18.tables["res.users"][7]["email"] = "anna@example.com"
    odoo_18.tables["res.partner"][12]["user_id"] = 7
    person = read().customers["2-12"].responsible
    assert (person.id, person.name, person.email) == ("7", "dunning_invoicing", "anna@example.com")


def test_without_the_right_to_read_users_they_have_only_their_ids(read, odoo_18):
    def refuse(model, method, arguments, named):
        if model == "res.users" and arguments[1] == ["name", "email"]:
            raise odoo_18.refused("odoo.exceptions.AccessError", "no")

    odoo_18.trouble.append(refuse)
    person = read().customers["2-12"].responsible
    assert (person.id, person.name) == ("2", "")


def test_countries_are_looked_up_where_partners_have_no_code(read, odoo_18):
    del odoo_18.definitions["res.partner"]["country_code"]
    odoo_18.tables["res.country"] = {178: {"id": 178, "code": "PL"}}
    assert read().customers["2-12"].country == "PL"


def test_the_newest_payment_tells_how_fresh_the_books_are(read, odoo_18):
    assert read().payments_as_of == {date(2026, 11, 19)}
    for payment in odoo_18.tables["account.payment"].values():
        payment["date"] = "2026-11-22"
    assert read().payments_as_of == {date(2026, 11, 19)}  # of the journal; what is dated later tells nothing


def test_before_18_nobody_asks_for_payments_without_entry(start, source_of):
    odoo = start(16)
    list(source_of(odoo).read(CREDITOR, TODAY))
    assert not [call for call in odoo.log if call[0] == "account.payment" and call[1] != "fields_get"]


def test_before_16_accounts_have_an_older_kind(start, source_of):
    odoo = start(16)
    lines = odoo.tables["account.move.line"].values()
    odoo.fields["account.move.line"].add("account_internal_type")
    odoo.definitions["account.move.line"]["account_internal_type"] = {"type": "selection"}
    del odoo.definitions["account.move.line"]["account_type"]
    for line in lines:
        line["account_internal_type"] = "receivable"
        del line["account_type"]
    assert Found(source_of(odoo)).items


def test_a_currency_without_a_code_is_a_problem(odoo_18, source_of):
    odoo_18.tables["res.currency"][11]["name"] = "Ft"
    source = source_of(odoo_18)
    found = Found(source)
    assert "an unknown currency: 'Ft'" in str(found.problem("INV/2026/00060"))
    assert source.control().rejected == 6
    assert not source.control().balances["Ft"]


def test_entries_that_vanish_while_they_are_read_stop_the_reading(read, odoo_18):
    del odoo_18.tables["account.move"][1]
    with pytest.raises(SourceError, match="entries vanished while they were read"):
        read()


def test_pages_that_do_not_end_are_noticed(read, odoo_18):
    first = odoo_18.search_read
    odoo_18.search_read = lambda user, model, domain, fields, **named: first(
        user, model, [leaf for leaf in domain if leaf[:2] != ["id", ">"]], fields, **named
    )
    with pytest.raises(SourceError, match=r"account.move.line: the pages do not end"):
        read()


# -- placing payments, without a server

PAID = Payment(1, "P", Decimal(100), 17, TODAY, 5, outbound=False, state="in_process", invoices=(7, 8))
OPEN = Line(70, 7, 5, 1, TODAY, 17, Decimal(60), Decimal(60))
MOVES = {id_: {"amount_total": Decimal(60), "amount_residual": Decimal(60)} for id_ in (7, 8)}


def test_a_payment_over_invoices_in_several_currencies_is_not_placed():
    lines = [OPEN, replace(OPEN, id=80, move=8, currency=125)]
    found = cover([PAID], lines, MOVES, lambda payment, currency: payment.amount)
    assert not found.deducted
    assert set(found.doubts) == {7, 8}


def test_a_payment_of_which_one_invoice_is_settled_already_is_not_placed():
    found = cover([PAID], [OPEN], MOVES, lambda payment, currency: payment.amount)
    assert (found.deducted, found.left) == ({}, [])
    assert found.doubts == {7: "P also pays invoices that are settled: how much of it is for this one is not known"}


def test_what_is_left_of_a_foreign_payment_is_no_credit():
    paid = replace(PAID, currency=125, invoices=(7,))
    found = cover([paid], [OPEN], MOVES, lambda payment, currency: Decimal(61))
    assert found.deducted == {70: 60}
    assert not found.left
    assert set(found.estimates) == {7}


def test_a_doubt_takes_back_what_was_placed_before():
    lines = [OPEN, replace(OPEN, id=80, move=8)]
    before = replace(PAID, invoices=(7,), amount=Decimal(10), on=date(2026, 11, 1))
    moves = {7: MOVES[7], 8: {"amount_total": Decimal(60), "amount_residual": Decimal(20)}}
    found = cover([PAID, before], lines, moves, lambda payment, currency: payment.amount)
    assert (found.deducted, set(found.doubts)) == ({}, {7, 8})
