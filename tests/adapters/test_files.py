"""The files source end to end on small, realistic exports."""

from __future__ import annotations

import csv
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dunning_adapters.files import ADAPTERS, FilesSettings, FilesSource, load_mapping, ready
from dunning_adapters.files.spill import Spill
from dunning_adapters.ports import Contact, Source
from dunning_adapters.testing import SourceConformance
from dunning_core.errors import ConfigError, SourceError
from dunning_core.ledger import Creditor, Hold, HoldReason, Ledger

CREDITOR = Creditor("me", "Furnizor SRL", "RO")
DAY = date(2026, 11, 20)
SAGA = {
    "items": {
        "number": "Nr document",
        "customer": "Cod client",
        "issue_date": "Data emiterii",
        "due_date": ["Data scadenței", "Scadența"],
        "currency": "Moneda",
        "amount": "Valoare",
        "balance": "Rest de plată",
    },
    "customers": {"id": "Cod", "name": "Denumire", "email": "E-mail", "country": "Țara", "blocked": "Blocat"},
}


def load(folder: Path, **settings: Any) -> tuple[list[Ledger], FilesSource]:
    source = FilesSource(FilesSettings(**settings), folder)
    return list(source.read(CREDITOR, DAY)), source


def test_a_romanian_export_in_cp1250_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_bytes(
        "Nr document;Cod client;Data emiterii;Data scadenţei;Moneda;Valoare;Rest de plată\r\n"
        "F1;C1;01.02.2026;01.03.2026;lei;1.234,56 lei;1.000,00\r\n"
        "F2;C2;01.02.2026;31.03.2026;RON;100,00;-100,00\r\n".encode("cp1250")
    )
    (tmp_path / "clienti.csv").write_bytes(
        "Cod;Denumire;E-mail;Ţara;Blocat\r\nC1;Şantierul Naval Brăila SRL;a@s.ro, b@s.ro;România;da\r\n"
        "C2;Pâine şi Ţuică SA;;RO;nu\r\n".encode("cp1250")
    )
    ledgers, source = load(tmp_path, items="items.csv", customers="clienti.csv", mapping=SAGA, locale="ro")
    (ledger,) = ledgers
    first, second = ledger.items
    assert (first.number, first.amount, first.balance) == ("F1", Decimal("1234.56"), Decimal("1000.00"))
    assert (first.issue_date, first.due_date, first.currency) == (date(2026, 2, 1), date(2026, 3, 1), "RON")
    assert second.balance == Decimal("-100.00")
    assert ledger.customers["C1"].name == "Şantierul Naval Brăila SRL"
    assert ledger.customers["C1"].emails == ("a@s.ro", "b@s.ro")
    assert ledger.customers["C1"].country == "RO"
    assert ledger.holds == (Hold(HoldReason.MANUAL, customer="C1", note="blocked in clienti.csv"),)
    assert ledger.problems == ()
    control = source.control()
    assert (control.rows, control.read, control.rejected) == (2, 2, 0)
    assert control.balances == {"RON": Decimal("900.00")}


ITEMS = (
    "id,customer,number,kind,issue_date,due_date,currency,amount,balance,credit_for,reference,policy,disputed,"
    "promise_until\n"
)
CUSTOMERS = (
    "id,name,country,language,kind,tax_id,registration,street,postcode,city,contact,email,phone,group,policy,blocked,"
    "responsible,responsible_email\n"
)


def canonical(folder: Path, items: str, customers: str = "") -> dict[str, Any]:
    (folder / "items.csv").write_text(ITEMS + items, "utf-8")
    (folder / "customers.csv").write_text(CUSTOMERS + customers, "utf-8")
    return {"items": "items.csv", "customers": "customers.csv"}


def test_the_canonical_format_holds_every_field(tmp_path: Path) -> None:
    settings = canonical(
        tmp_path,
        "i1,C1,F/1,invoice,2026-01-01,2026-01-31,HUF,100000.00,40000.00,,PO-7,hu-strict,yes,2026-12-01\n"
        "i2,C1,F/2,credit_note,2026-01-01,2026-01-31,HUF,-5000.00,-5000.00,i1,,,no,\n",
        "C1,Győri Űrhajó Kft.,HU,hu,business,HU12345676,08-09-000001,Fő utca 1.,9021,Győr,Nagy Ágnes,"
        '"penzugy@urhajo.example; agnes@urhajo.example",+36 96 111 222,vip,hu-soft,no,Szabó Éva,eva@szallito.example\n',
    )
    (ledger,), _ = load(tmp_path, **settings)
    first, second = ledger.items
    assert (first.id, first.number, first.kind, first.reference, first.policy) == (
        "i1",
        "F/1",
        "invoice",
        "PO-7",
        "hu-strict",
    )
    assert (first.amount, first.balance) == (Decimal(100000), Decimal(40000))
    assert (second.kind, second.balance, second.credit_for) == ("credit_note", Decimal(-5000), "i1")
    assert set(ledger.holds) == {
        Hold(HoldReason.DISPUTE, item="i1"),
        Hold(HoldReason.PROMISE, item="i1", until=date(2026, 12, 1)),
    }
    customer = ledger.customers["C1"]
    assert (customer.country, customer.language, customer.kind) == ("HU", "hu", "business")
    assert (customer.tax_id, customer.registration, customer.contact) == ("HU12345676", "08-09-000001", "Nagy Ágnes")
    assert (customer.address.lines, customer.address.postcode, customer.address.city) == (
        ("Fő utca 1.",),
        "9021",
        "Győr",
    )
    assert customer.emails == ("penzugy@urhajo.example", "agnes@urhajo.example")
    assert (customer.phones, customer.group, customer.policy) == (("+36 96 111 222",), "vip", "hu-soft")
    assert customer.responsible is not None
    assert (customer.responsible.name, customer.responsible.email) == ("Szabó Éva", "eva@szallito.example")
    assert ledger.problems == ()


def test_an_unknown_customer_becomes_a_stub_and_a_problem(tmp_path: Path) -> None:
    settings = canonical(tmp_path, "i1,C9,F1,,,2026-01-31,EUR,,1.00,,,,,\n", "C1,Alfa,ES,,,,,,,,,,,,,,,\n")
    (ledger,), _ = load(tmp_path, **settings)
    assert ledger.customers["C9"].name == "C9"
    assert set(ledger.customers) == {"C1", "C9"}
    (problem,) = ledger.problems
    assert (problem.value, problem.what) == ("C9", "an item's customer is not among them")


def test_settled_items_are_items(tmp_path: Path) -> None:
    settings = canonical(tmp_path, "i1,C1,F1,,,2026-01-31,EUR,,0.00,,,,,\n", "C1,Alfa,ES,,,,,,,,,,,,,,,\n")
    (ledger,), source = load(tmp_path, **settings)
    assert ledger.items[0].balance == 0
    assert source.control().read == 1


def test_bad_cells_of_a_customer_are_reported_and_left_empty(tmp_path: Path) -> None:
    settings = canonical(
        tmp_path,
        "",
        "C1,Alfa,Atlantida,xx1,alien,,,,,,,not-mail; Jan <jan@firma.pl>,,,,poate,,\n"
        ",Ohne,,,,,,,,,,,,,,,,\nC1,Beta,,,,,,,,,,,,,,,,\n",
    )
    (ledger,), _ = load(tmp_path, **settings)
    assert [problem.what for problem in ledger.problems] == [
        "unknown country",
        "not a language code",
        "unknown kind of customer",
        "unknown word for yes or no",
        "not an e-mail address",
        "a customer without id",
        "this customer once more; the first row is used",
    ]
    assert ledger.customers["C1"].emails == ("jan@firma.pl",)
    assert ledger.customers["C1"].name == "Alfa"


def test_customers_may_stand_in_the_rows_of_the_items(tmp_path: Path) -> None:
    (tmp_path / "fisa.csv").write_text(
        "Cod client;Denumire;E-mail;Nr. document;Tip document;Data document;Scadența;Rest de plată\n"
        "1;Țuțu & Fiii SRL;office@tutu.ro;F1;Factură;01.02.2026;03.03.2026;1.234,56\n"
        "1;Țuțu & Fiii SRL;office@tutu.ro;F2;Factură;01.02.2026;31.03.2026;10,00\n"
        "2;Brăila Metal SA;;F3;Notă de debit;01.02.2026;31.03.2026;7,00\n",
        "utf-8",
    )
    (ledger,), _ = load(tmp_path, items="fisa.csv", mapping="ro_fisa_clienti")
    assert {name: customer.name for name, customer in ledger.customers.items()} == {
        "1": "Țuțu & Fiii SRL",
        "2": "Brăila Metal SA",
    }
    assert ledger.customers["1"].emails == ("office@tutu.ro",)
    assert [(item.id, item.currency) for item in ledger.items][:1] == [("F1/2026-03-03", "RON")]
    assert ledger.items[2].kind == "debit_note"
    assert ledger.problems == ()


def test_rows_that_disagree_about_a_customer_are_reported(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(
        "Customer No,Name,Document No,Due Date,Currency,Balance\n"
        "1,Alfa,F1,2026-01-31,EUR,1.00\n1,Beta,F2,2026-01-31,EUR,1.00\n",
        "utf-8",
    )
    (ledger,), _ = load(tmp_path, items="items.csv", mapping="generic")
    assert ledger.customers["1"].name == "Alfa"
    assert [problem.where for problem in ledger.problems] == ["items.csv, line 3"]


def test_an_address_book_brings_emails_by_id_or_tax_id(tmp_path: Path) -> None:
    settings = canonical(
        tmp_path,
        "",
        "C1,Alfa,ES,,,ESB0000018A,,,,,,old@alfa.es,,,,,,\nC2,Beta,ES,,,,,,,,,,,,,,,\nC3,Gama,ES,,,,,,,,,,,,,,,\n",
    )
    (tmp_path / "crm.csv").write_text(
        "customer;tax_id;contact;email;phone\n;B-0000018-A;Núria Puig;nuria@alfa.es,OLD@alfa.es;\n"
        "C2;;;beta@beta.es;600\nC2;;;pagos@beta.es;\n",
        "utf-8",
    )
    (ledger,), _ = load(tmp_path, **settings, addresses="crm.csv")
    assert ledger.customers["C1"].emails == ("old@alfa.es", "nuria@alfa.es")
    assert ledger.customers["C1"].contact == "Núria Puig"
    assert ledger.customers["C2"].emails == ("beta@beta.es", "pagos@beta.es")
    assert ledger.customers["C3"].emails == ()


def test_credit_notes_that_are_positive_in_the_file_become_negative(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        "Kod kontrahenta;Numer dokumentu;Typ dokumentu;Termin płatności;Kwota;Zapłacono\n"
        "K1;FV/1/2026;Faktura VAT;31.01.2026;1 230,00 zł;230,00 zł\n"
        "K1;KFS/2/2026;Korekta;31.01.2026;100,00 zł;0,00 zł\n",
        "utf-8",
    )
    mapping = load_mapping("pl_rozrachunki", tmp_path).model_copy(update={"credit_sign": "positive"})
    (ledger,), source = load(tmp_path, items="r.csv", mapping=mapping)
    assert [(item.balance, item.amount) for item in ledger.items] == [
        (Decimal("1000.00"), Decimal("1230.00")),
        (Decimal("-100.00"), Decimal("-100.00")),
    ]
    assert source.control().balances == {"PLN": Decimal("900.00")}


def test_values_constants_and_payers(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(
        "nr,client,platitor,scadenta,sold,stare,motiv,pana\nF1,A,B,2026-01-31,1.00,L,insolvență,\nF2,A,,2026-01-31,2.00,,,2026-12-24\n",
        "utf-8",
    )
    mapping = {
        "items": {
            "number": "nr",
            "customer": "client",
            "payer": "platitor",
            "due_date": "scadenta",
            "balance": "sold",
            "currency": {"constant": "EUR"},
            "disputed": {"columns": "stare", "values": {"L": "yes"}},
            "hold_reason": "motiv",
            "hold_until": "pana",
        }
    }
    (ledger,), _ = load(tmp_path, items="x.csv", mapping=mapping)
    assert [(item.customer, item.currency) for item in ledger.items] == [("B", "EUR"), ("A", "EUR")]
    assert set(ledger.holds) == {
        Hold(HoldReason.DISPUTE, item="F1"),
        Hold(HoldReason.INSOLVENCY, item="F1"),
        Hold(HoldReason.MANUAL, item="F2", until=date(2026, 12, 24)),
    }


def test_a_mapping_from_a_file_and_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('[items]\ncustomer = "c"\n', "utf-8")
    assert load_mapping("ours.toml", tmp_path).items["customer"].columns == ("c",)
    for text, what in (("[items", "not TOML"), ('[items]\nsum = "x"\n', "items.sum"), ("", "items: is missing")):
        path.write_text(text, "utf-8")
        with pytest.raises(ConfigError, match=what):
            load_mapping("ours.toml", tmp_path)
    with pytest.raises(ConfigError, match="cannot read the mapping"):
        load_mapping("none.toml", tmp_path)
    for name in ("none", "../dunning", ""):
        with pytest.raises(ConfigError, match="one of: dunning, es_vencimientos"):
            load_mapping(name, tmp_path)


def test_every_ready_mapping_reads_its_own_headers(tmp_path: Path) -> None:
    for name, mapping in ready().items():
        needed = {field: column.columns[0] for field, column in mapping.items.items() if column.columns}
        cells = {"due_date": "2026-01-31", "currency": "EUR", "issue_date": "2026-01-01", "kind": "", "customer": "C1"}
        row = [
            cells.get(field, "") if field not in ("number", "id", "balance", "amount", "paid") else "1"
            for field in needed
        ]
        (tmp_path / "items.csv").write_text(";".join(needed.values()) + "\n" + ";".join(row) + "\n", "utf-8")
        (ledger,), _ = load(tmp_path, items="items.csv", mapping=name)
        assert [item.balance for item in ledger.items] == [1], (name, ledger.problems)


def test_reading_narrowed_to_some_customers_leaves_the_control_alone(tmp_path: Path) -> None:
    body = "".join(f"i{n},C{n % 3},F{n},,,2026-01-31,EUR,,1.00,,,,,\n" for n in range(9))
    settings = canonical(tmp_path, body, "".join(f"C{n},Alfa {n},ES{',' * 15}\n" for n in range(3)))
    source = FilesSource(FilesSettings(**settings), tmp_path)
    with pytest.raises(SourceError, match="nothing was read"):
        source.control()
    (ledger,) = source.read(CREDITOR, DAY, ["C1"])
    assert set(ledger.customers) == {"C1"}
    assert len(ledger.items) == 3
    with pytest.raises(SourceError, match="nothing was read"):
        source.control()


def test_a_large_file_comes_in_pieces_of_whole_customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"i{n},C{n * 7 % 400},F{n},,2026-01-01,2026-01-31,EUR,1.00,1.00,,,,0,\n" for n in range(6000)]
    rows[5000] = rows[17]  # the same row again
    rows[5001] = rows[18].replace("C126", "C399")  # the same id for another customer, in another piece
    names = "".join(f"C{n},Áéíóú {n},ES{',' * 15}\n" for n in range(400))
    settings = canonical(tmp_path, "".join(rows), names)
    (whole,), plain = load(tmp_path, **settings)
    monkeypatch.setattr("dunning_adapters.files.source._SMALL", 1000)
    monkeypatch.setattr("dunning_adapters.files.source._PIECE", 20_000)
    monkeypatch.setattr("dunning_adapters.files.spill._HELD", 700)
    monkeypatch.setattr("dunning_adapters.files.spill._HASHES", 50)
    pieces, cut = load(tmp_path, **settings)
    assert len(pieces) > 5
    seen: set[str] = set()
    for piece in pieces:
        assert {item.customer for item in piece.items} <= set(piece.customers)
        assert not seen & set(piece.customers)
        seen |= set(piece.customers)
    assert {item.id: item for piece in pieces for item in piece.items} == {item.id: item for item in whole.items}
    assert {str(problem) for piece in pieces for problem in piece.problems} == set(map(str, whole.problems))
    assert len(whole.problems) == 3
    assert cut.control() == plain.control()
    assert (cut.control().read, cut.control().rejected) == (5997, 3)


def test_several_files_of_one_shape_are_one_ledger(tmp_path: Path) -> None:
    canonical(tmp_path, "i1,C1,F1,,,2026-01-31,EUR,,1.00,,,,,\n", "C1,Alfa,ES,,,,,,,,,,,,,,,\n")
    (tmp_path / "more.csv").write_text(ITEMS + "i2,C1,F2,,,2026-31-01,EUR,,1.00,,,,,\n", "utf-8")
    (ledger,), source = load(tmp_path, items=["items.csv", "more.csv"], customers="customers.csv")
    assert [item.id for item in ledger.items] == ["i1"]
    assert str(ledger.problems[0]) == "more.csv, line 2, column due_date: no such day: '2026-31-01'"
    assert source.control().rows == 2


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = canonical(tmp_path, "i1,C1,F1,,,2026-01-31,EUR,,1.00,,,,,\n")
    add = Spill.add

    def meanwhile(self: Spill, customers: Any, columns: Any) -> None:
        os.utime(tmp_path / "items.csv", (0, 0))
        add(self, customers, columns)

    monkeypatch.setattr(Spill, "add", meanwhile)
    with pytest.raises(SourceError, match="changed while it was read"):
        load(tmp_path, **settings)


def test_the_contact_log_is_appended_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    contact = Contact(
        "C1",
        DAY,
        "Notificare",
        1,
        (("RON", Decimal("12.50")),),
        ("F1", "F2"),
        "email",
        ("a@x.ro",),
        "=1+1",
        "Bună ziua\n",
        "k.1",
    )
    source = FilesSource(FilesSettings(items="items.csv", contact_log="log.csv"), tmp_path)
    source.note([contact])
    source.note([contact])
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 3
    assert rows[1] == [
        "2026-11-20",
        "C1",
        "Notificare",
        "1",
        "12.5 RON",
        "F1; F2",
        "email",
        "a@x.ro",
        "'=1+1",
        "Bună ziua\n",
        "k.1",
    ]
    FilesSource(FilesSettings(items="items.csv"), tmp_path / "nowhere").note([contact])


def test_settings_forbid_what_they_do_not_know(tmp_path: Path) -> None:
    for wrong in ({"item": "x"}, {"items": "x", "date_format": "d-q"}, {"items": "x", "locale": "de"}):
        with pytest.raises(ValidationError):
            FilesSettings(**wrong)
    assert FilesSettings(items="x", date_format="YYYY-MM-DD").date_format == "ymd"
    (adapter,) = ADAPTERS
    assert isinstance(adapter.build(adapter.settings(items="x"), tmp_path), Source)
    with pytest.raises(SourceError, match="no such file"):
        load(tmp_path, items="none.csv")


class TestConformance(SourceConformance):
    def make(self, tmp_path: Path) -> Source:
        settings = canonical(
            tmp_path,
            "i1,C1,F1,,,2026-01-31,EUR,,1.00,,,,yes,\ni2,C2,F2,,,2026-01-31,RON,,-2.00,,,,,2026-03-05\ni3,C9,F3,,,2026-02-30,EUR,,1.00,,,,,\n",
            "C1,Alfa,ES,,,,,,,,,,,,,,,\nC2,Țuțu SRL,RO,,,,,,,,,,,,,yes,,\n",
        )
        return FilesSource(FilesSettings(**settings, contact_log="log.csv"), tmp_path)
