"""What `inspect` says of a file, and that its proposal works when it is pasted."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from dunning_adapters.files import FilesSettings, FilesSource, inspect
from dunning_core.errors import SourceError
from dunning_core.ledger import Creditor


def test_a_known_export_gets_its_ready_mapping(tmp_path: Path) -> None:
    path = tmp_path / "rozrachunki.csv"
    path.write_bytes(
        "Kod kontrahenta;Numer dokumentu;Typ;Termin płatności;Waluta;Pozostaje;Sporne\r\n"
        "K1;FV/1;Faktura VAT;31.01.2026;PLN;1 234,50 zł;nie\r\nK2;KFS/2;Korekta;01.02.2026;PLN;-7,00 zł;tak\r\n".encode(
            "cp1250"
        )
    )
    seen = inspect(path, locale="pl")
    assert (seen.encoding, seen.delimiter, seen.rows, seen.mapping) == ("cp1250", ";", 2, "pl_rozrachunki")
    assert [(column.kind, column.format) for column in seen.columns] == [
        ("text", ""), ("text", ""), ("document kind", ""), ("date", "dmy"), ("currency", ""), ("number", "decimal ','"),
        ("yes/no", ""),
    ]  # fmt: skip
    assert seen.undecided == ()
    table = tomllib.loads(seen.proposal)["source"]
    assert table.pop("adapter") == "files"
    source = FilesSource(FilesSettings(**table), tmp_path)
    (ledger,) = source.read(Creditor("me", "Sprzedawca", "PL"), date(2026, 11, 20))
    assert len(ledger.items) == 2


def test_what_stays_open_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("Cliente,Ref,F. vto,Saldo,Vacío\nMuñoz,1,01/02/2026,1.234,\n".encode("cp1252"))
    seen = inspect(path)
    text = "\n".join(seen.undecided)
    assert "encoding: " in text
    assert "column F. vto: '01/02/2026' may be day or month first" in text
    assert "column Saldo: '1.234' may be thousands or decimals" in text
    assert "no column was recognised for: due_date" in text
    assert seen.mapping == ""
    assert '# due_date = "F. vto"' in seen.proposal
    assert "# date_format = ..." in seen.proposal
    tomllib.loads(seen.proposal)


def test_a_customers_file_is_told_from_items(tmp_path: Path) -> None:
    path = tmp_path / "clientes.csv"
    path.write_text("Código;Nombre;NIF;E-mail\n1;Íñigo S.L.;B1;a@b.es\n", "utf-8")
    seen = inspect(path)
    assert 'customers = "clientes.csv"' in seen.proposal
    assert seen.mapping == "es_vencimientos"


def test_what_cannot_be_read_at_all(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        inspect(tmp_path / "none.csv")
    (tmp_path / "nul.csv").write_bytes(b"a;b\n\x00;1\n")
    with pytest.raises(SourceError, match="NUL byte"):
        inspect(tmp_path / "nul.csv")


def test_lost_digits_are_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id;name\n1.23E+15;Alfa\n", "utf-8")
    assert any("lost digits" in line for line in inspect(path).undecided)
