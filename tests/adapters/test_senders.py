"""Who signs, who receives copies, who gets the answers."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from dunning_adapters.senders import Senders, address
from dunning_core.action import Action, Line
from dunning_core.document import Document, Mailbox
from dunning_core.errors import RenderError
from dunning_core.ledger import Creditor, Customer, Ledger, Person

ANNA = Person("anna", "Anna Żak", "anna@firma.pl")
FIRMA = Creditor("FIRMA", "Firma, Synowie i Wspólnicy Sp. z o.o.", "PL", email="ksiegowosc@firma.pl")
CUSTOMER = Customer("K-17", "Kowalski", emails=("jan@kowalski.pl",), responsible=ANNA)
ACTION = Action("FIRMA", "K-17", "", "", 2, "demand", (Line("FV/1", "PLN", Decimal(10), 2),))
LETTER = Document(
    "ab12" * 16, "K-17", "pl", 2, "demand", "Wezwanie", "tekst", on=date(2026, 11, 20), to=(Mailbox("jan@kowalski.pl"),)
)
OURS = Mailbox("ksiegowosc@firma.pl", FIRMA.name)
HERS = Mailbox("anna@firma.pl", "Anna Żak")


def addressed(settings=None, *, creditor=FIRMA, customer=CUSTOMER, letter=LETTER, level=2):
    ledger = Ledger(creditor, {customer.id: customer})
    return address(letter, replace(ACTION, level=level), ledger, Senders.model_validate(settings or {}))


def test_the_creditor_signs_by_default():
    letter = addressed()
    assert letter == replace(LETTER, sender=OURS)


def test_the_responsible_person_signs_and_gets_the_answers():
    letter = addressed({"sender": "responsible"})
    assert (letter.sender, letter.reply_to, letter.copies) == (HERS, (), ())
    letter = addressed({"reply_to": "responsible", "copies": ["responsible"]})
    assert (letter.sender, letter.reply_to, letter.copies, letter.blind_copies) == (OURS, (HERS,), (HERS,), ())
    letter = addressed({"blind_copies": ["responsible", "Archiwum <archiwum@firma.pl>"]})
    assert letter.blind_copies == (HERS, Mailbox("archiwum@firma.pl", "Archiwum"))


@pytest.mark.parametrize("responsible", [None, Person("anna", "Anna"), Person("anna", "Anna", "  ")])
def test_where_nobody_is_responsible_the_creditor_is(responsible):
    settings = {"sender": "responsible", "reply_to": "responsible", "copies": ["responsible"]}
    letter = addressed(settings, customer=replace(CUSTOMER, responsible=responsible))
    assert (letter.sender, letter.reply_to, letter.copies) == (OURS, (), ())


def test_levels_differ():
    settings = {
        "copies": ["responsible"],
        "levels": {
            3: {
                "sender": "Dział prawny <prawny@firma.pl>",
                "reply_to": "creditor",
                "copies": ["zarzad@firma.pl"],
                "blind_copies": ["radca@kancelaria.pl"],
            },
            "1": {"sender": "responsible"},
        },
    }
    assert addressed(settings).sender == OURS
    assert addressed(settings, level=1).sender == HERS
    last = addressed(settings, level=3)
    assert last.sender == Mailbox("prawny@firma.pl", "Dział prawny")
    assert last.reply_to == (OURS,)
    assert last.copies == (HERS, Mailbox("zarzad@firma.pl"))
    assert last.blind_copies == (Mailbox("radca@kancelaria.pl"),)


def test_nobody_receives_a_letter_twice():
    settings = {
        "copies": ["responsible", "Anna <ANNA@firma.pl>", "jan@kowalski.pl", "biuro@firma.pl"],
        "blind_copies": ["anna@firma.pl", "jan@kowalski.pl", "biuro@firma.pl", "archiwum@firma.pl"],
    }
    letter = addressed(settings)
    assert letter.copies == (HERS, Mailbox("biuro@firma.pl"))
    assert letter.blind_copies == (Mailbox("archiwum@firma.pl"),)
    assert letter.to == LETTER.to


def test_answers_to_the_sender_need_no_header():
    assert addressed({"reply_to": "creditor"}).reply_to == ()


def test_the_names_of_the_books_win_over_names_in_addresses():
    creditor = replace(FIRMA, email="Stara nazwa <ksiegowosc@firma.pl>")
    assert addressed(creditor=creditor).sender == OURS
    assert addressed(creditor=replace(creditor, name="")).sender == Mailbox("ksiegowosc@firma.pl", "Stara nazwa")


def test_a_creditor_without_an_address_can_have_others_sign():
    creditor = replace(FIRMA, email="")
    assert addressed({"sender": "responsible"}, creditor=creditor).sender == HERS
    assert addressed({"sender": "a@firma.pl", "reply_to": "creditor"}, creditor=creditor).reply_to == ()
    with pytest.raises(RenderError, match="creditor FIRMA: has no e-mail address"):
        addressed(creditor=creditor)


@pytest.mark.parametrize(
    ("creditor", "person", "where"),
    [
        (replace(FIRMA, email="a@firma.pl; b@firma.pl"), ANNA, "creditor FIRMA"),
        (FIRMA, replace(ANNA, email="anna"), "person anna"),
        (FIRMA, replace(ANNA, email="anna@firma.pl\nBcc: x@y.pl"), "person anna"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(creditor, person, where):
    with pytest.raises(RenderError) as caught:
        addressed({"copies": ["responsible"]}, creditor=creditor, customer=replace(CUSTOMER, responsible=person))
    assert caught.value.where == where


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "anna"},
        {"reply_to": "a@b.pl, c@d.pl"},
        {"copies": ["responsible", "nobody"]},
        {"copies": "responsible"},
        {"levels": {"last": {}}},
        {"levels": {3: {"sender": ""}}},
        {"from": "creditor"},
    ],
)
def test_settings_are_checked_when_they_are_read(wrong):
    with pytest.raises(ValidationError):
        Senders.model_validate(wrong)


def test_a_wrong_party_says_what_may_stand_there():
    with pytest.raises(ValidationError, match="write creditor, responsible or an e-mail address"):
        Senders.model_validate({"sender": "anna"})
