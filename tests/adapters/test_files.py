"""The files source end to end on small, realistic exports."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from dunning_adapters.files import FilesSettings, FilesSource
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
