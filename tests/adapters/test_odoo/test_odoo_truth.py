"""What the source yields is what is truly open, in every company of both servers."""

from decimal import Decimal

import pytest

from dunning_core.ledger import Creditor

CREDITOR = Creditor("odoo", "Testowa Windykacja Sp. z o.o.", "PL")


def read(source, as_of, customers=None):
    ledgers = list(source.read(CREDITOR, as_of, customers))
    return {
        "items": {item.id: item for ledger in ledgers for item in ledger.items},
        "customers": {name: customer for ledger in ledgers for name, customer in ledger.customers.items()},
        "holds": {hold.item or hold.customer: hold for ledger in ledgers for hold in ledger.holds},
        "problems": [problem for ledger in ledgers for problem in ledger.problems],
        "ledgers": ledgers,
    }


@pytest.mark.parametrize("company", [2, 3, 4, 5])
@pytest.mark.parametrize("version", [16, 18])
def test_items_amounts_and_partners_are_the_truth(version, company, start, source_of, truth_of, as_of):
    source = source_of(start(version), company)
    found = read(source, as_of)
    truth = truth_of(version)
    expected = {
        f"{company}-{item['line_id']}": (
            Decimal(item["truly_open"]),
            item["currency"],
            f"{company}-{item['partner_id']}",
            item["number"],
            item.get("due_date", item["date"]),
        )
        for item in truth["items"][str(company)]
        if Decimal(item["truly_open"]) and item.get("partner_id")
    }
    expected |= {
        f"{company}-P{payment['id']}": (
            -Decimal(payment["unallocated"]),
            payment["currency"],
            f"{company}-{payment['partner_id']}",
            payment["name"],
            payment["date"],
        )
        for payment in truth["payments"]
        if payment["company_id"] == company and Decimal(payment["unallocated"])
    }
    assert {
        item.id: (item.balance, item.currency, item.customer, item.number, item.due_date.isoformat())
        for item in found["items"].values()
    } == expected
    assert {item.customer for item in found["items"].values()} == set(found["customers"])
    control = source.control()
    homeless = sum("partner_id" not in item for item in truth["items"][str(company)])
    assert (control.read, control.rejected, control.rows) == (len(expected), homeless, len(expected) + homeless)


@pytest.mark.parametrize("company", [2, 3, 4, 5])
@pytest.mark.parametrize("version", [16, 18])
def test_who_owes_is_who_odoo_says(version, company, start, source_of, truth_of, as_of):
    found = read(source_of(start(version), company), as_of)["customers"]
    for item in truth_of(version)["items"][str(company)]:
        customer = found.get(f"{company}-{item.get('partner_id')}")
        if customer is None:
            continue
        assert customer.name == item["partner_name"]
        assert customer.language == item["partner_lang"]
        contact = item.get("invoice_contact") or {}
        email = contact.get("email") or item.get("partner_email") or item["document_contact"].get("email")
        assert customer.emails == ((email,) if email else ())
