"""What customers were told is written back once, quietly, and with the rights that are there."""

from datetime import date
from decimal import Decimal

import pytest

from dunning_adapters.ports import Contact
from dunning_core.errors import SourceError

TOLD = Contact(
    customer="2-12",
    on=date(2026, 11, 21),
    document="notice",
    level=2,
    totals=(("PLN", Decimal("6704.97")),),
    items=("2-3", "2-4"),  # the same invoice in 18 and in 16
    channel="email",
    recipients=("biuro@k001.pl.example",),
    subject="Przypomnienie <ż> & więcej",
    text="Szanowni Państwo,\nprosimy o 6704,97 zł <b>nie</b> & już.",
    letter="a1b2c3.1",
)
ID = "<dunning.a1b2c3_1_account_move_1@dunning.invalid>"


def test_a_note_is_internal_and_shows_the_letter_as_it_is(odoo, source_of):
    source_of(odoo).note([TOLD])
    (note,) = odoo.notes
    assert (note["model"], note["res_id"], note["message_id"], note["subject"]) == (
        "account.move", 1, ID, TOLD.subject,
    )  # fmt: skip
    assert (note["subtype_xmlid"], note["message_type"]) == ("mail.mt_note", "comment")
    assert note["body"] == (
        "<p>notice (2), 2026-11-21, email: biuro@k001.pl.example; 6704.97 PLN</p>"
        "<p>Szanowni Państwo,<br>prosimy o 6704,97 zł &lt;b&gt;nie&lt;/b&gt; &amp; już.</p>"
    )
    assert ("body_is_html" in note) == (odoo.version >= 17)
    assert note["context"]["mail_create_nosubscribe"] is True
    assert note["context"]["allowed_company_ids"] == [2]


def test_a_repeat_finds_what_is_there(odoo, source_of):
    source = source_of(odoo)
    source.note([TOLD])
    source.note([TOLD])
    source_of(odoo, user=7).note([TOLD])
    assert len(odoo.notes) == 1


def test_a_letter_over_two_invoices_is_noted_on_both_and_once_for_two_instalments(odoo_18, source_of):
    items = ("2-3", "2-67", "2-68", "3-203", "2-P98", "foreign", "2-999999")
    source_of(odoo_18).note([Contact(**{**_fields(TOLD), "items": items})])
    assert [note["res_id"] for note in odoo_18.notes] == [1, 21]


def _fields(contact):
    return {name: getattr(contact, name) for name in contact.__dataclass_fields__}


def test_a_note_that_got_no_answer_is_searched_for(odoo, source_of, dropped):
    post = odoo.message_post

    def cut(*arguments, **named):
        post(*arguments, **named)
        raise dropped

    odoo.message_post = cut
    source_of(odoo).note([TOLD])
    assert len(odoo.notes) == 1


def test_a_note_that_got_no_answer_and_is_not_there_is_said_and_not_repeated(odoo, source_of, dropped):
    posts = []

    def cut(*arguments, **named):
        posts.append(arguments)
        raise dropped

    odoo.message_post = cut
    with pytest.raises(SourceError, match=r"1 of 1 notes or activities failed; the first: no answer"):
        source_of(odoo).note([TOLD])
    assert len(posts) == 1


def test_a_note_on_the_customer_needs_a_right_that_is_named(odoo, source_of):
    with pytest.raises(SourceError, match=r"1 of 1 .* on res.partner \(give him the right 'Contact Creation'\)"):
        source_of(odoo, notes="customer").note([TOLD])
    odoo.users[6][3].add("contacts")
    source_of(odoo, notes="customer").note([TOLD, Contact(**{**_fields(TOLD), "customer": "of another source"})])
    assert [(note["model"], note["res_id"]) for note in odoo.notes] == [("res.partner", 12)]


def test_no_notes_are_wanted(odoo, source_of):
    source_of(odoo, notes="none").note([TOLD])
    source_of(odoo).note([])
    assert not odoo.log


def test_an_activity_for_whoever_answers_for_the_invoice(odoo_18, source_of):
    source_of(odoo_18, user=7, activity_level=2).note([TOLD])
    (activity,) = odoo_18.tables["mail.activity"].values()
    assert activity["id"] == 41
    assert activity["xmlid"] == "dunning.activity_a1b2c3_1_account_move_1"
    assert (activity["res_model_id/id"], activity["res_id"]) == ("account.model_account_move", "1")
    assert (activity["user_id/.id"], activity["date_deadline"]) == ("2", "2026-11-28")
    assert activity["context"]["mail_activity_quick_update"] is True
    assert len(odoo_18.notes) == 1


def test_below_its_level_or_without_anybody_there_is_no_activity(odoo_18, source_of):
    source_of(odoo_18, user=7, activity_level=3).note([TOLD])
    odoo_18.tables["account.move"][1]["invoice_user_id"] = False
    source_of(odoo_18, user=7, activity_level=1).note([Contact(**{**_fields(TOLD), "letter": "other.1"})])
    assert not odoo_18.tables["mail.activity"]


def test_an_activity_that_is_done_is_not_made_again(odoo_18, source_of):
    source = source_of(odoo_18, user=7, activity_level=1)
    source.note([TOLD])
    odoo_18.tables["mail.activity"].clear()  # done: Odoo deletes it
    source.note([TOLD])
    assert not odoo_18.tables["mail.activity"]


def test_an_activity_interrupted_before_its_note_is_made_once(odoo_18, source_of):
    source = source_of(odoo_18, user=7, activity_level=1)
    source.note([TOLD])
    odoo_18.tables["mail.message"].clear()
    source.note([TOLD])
    assert len(odoo_18.tables["mail.activity"]) == 1


def test_without_the_right_to_activities_the_note_is_written_and_the_right_named(odoo, source_of):
    with pytest.raises(SourceError, match=r"no activity is made: You are not allowed .* the right 'Invoicing'"):
        source_of(odoo, activity_level=1).note([TOLD])
    assert len(odoo.notes) == 1


def test_a_contact_of_the_last_day_of_all(odoo_18, source_of):
    source_of(odoo_18, user=7, activity_level=1).note([Contact(**{**_fields(TOLD), "on": date.max})])
    (activity,) = odoo_18.tables["mail.activity"].values()
    assert activity["date_deadline"] == "9999-12-31"
