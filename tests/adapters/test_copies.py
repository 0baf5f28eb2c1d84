"""Copies of invoices: looked up among the names that lie there, and nothing that could be somebody else's."""

import os
from datetime import date
from decimal import Decimal

import pytest

from dunning_adapters.copies import Copies, checked
from dunning_core.errors import ConfigError, RenderError
from dunning_core.ledger import OpenItem

PDF = b"%PDF-1.7 "


def item(number, customer="C-1", name=None):
    return OpenItem(name or number, customer, date(2026, 1, 1), Decimal(1), "EUR", number=number)


@pytest.fixture
def folder(tmp_path):
    """A folder with copies of some invoices."""
    made = tmp_path / "copies"
    made.mkdir()
    for name in ("F-1.pdf", "FV_12_2026.pdf", "Łódź 7.PDF"):
        (made / name).write_bytes(PDF + name.encode())
    return made


@pytest.mark.parametrize(
    ("number", "file"),
    [("F-1", "F-1.pdf"), ("f-1", "F-1.pdf"), ("FV/12/2026", "FV_12_2026.pdf"), ("Łódź 7", "Łódź 7.PDF")],
)
def test_a_copy_is_found_by_the_number_of_its_invoice(folder, number, file):
    copy = Copies(folder).of(item(number))
    assert (copy.name, copy.media_type, copy.content) == (file, "application/pdf", PDF + file.encode())


def test_where_there_is_none_there_is_none(folder):
    assert Copies(folder).of(item("F-2")) is None


@pytest.mark.parametrize(
    "number",
    ["../secret", "..\\secret", "/etc/passwd", "F-1.pdf\x00", "", ".", "..", "%2e%2e/secret", "{customer}",
     "copies/F-1",
     "\ud800", "F-1\n", "ﬁ" * 300],
    ids=ascii,
)  # fmt: skip
def test_a_number_never_becomes_a_path(folder, number, monkeypatch):
    (folder.parent / "secret.pdf").write_bytes(PDF)
    opened = []
    monkeypatch.setattr("pathlib.Path.open", lambda path, *_: opened.append(path))
    assert Copies(folder).of(item(number, name="F-2")) is None
    assert opened == []


def test_links_and_folders_are_no_copies(folder):
    (folder.parent / "secret.pdf").write_bytes(PDF)
    (folder / "F-9.pdf").symlink_to(folder.parent / "secret.pdf")
    (folder / "F-8.pdf").mkdir()
    copies = Copies(folder)
    assert copies.of(item("F-9")) is None
    assert copies.of(item("F-8")) is None


def test_what_may_be_somebody_elses_is_refused(folder):
    copies = Copies(folder)
    assert copies.of(item("FV/12/2026")) == copies.of(item("FV/12/2026"))
    with pytest.raises(RenderError, match="fits an invoice of customer C-1 too"):
        copies.of(item("FV_12/2026", "C-2"))
    (folder / "fv_12 2026.pdf").write_bytes(PDF)
    with pytest.raises(RenderError, match="fit as well"):
        Copies(folder).of(item("FV/12/2026"))


def test_the_customer_may_be_in_the_name(folder):
    (folder / "C-1_F-1.pdf").write_bytes(PDF)
    copies = Copies(folder, "{customer}_{number}.pdf")
    assert copies.of(item("F-1")).name == "C-1_F-1.pdf"
    assert copies.of(item("F-1", "C-2")) is None
    assert copies.of(item("{customer}", "{number}")) is None


def test_what_is_no_pdf_or_too_large_is_refused(folder):
    (folder / "F-3.pdf").write_bytes(b"MZ")
    with pytest.raises(RenderError, match="is no PDF"):
        Copies(folder).of(item("F-3"))
    with pytest.raises(RenderError, match="larger than"):
        Copies(folder, most_bytes=10).of(item("F-1"))


def test_a_copy_that_vanished_is_told(folder):
    copies = Copies(folder)
    assert copies.of(item("F-2")) is None
    (folder / "F-1.pdf").unlink()
    with pytest.raises(RenderError, match="No such file"):
        copies.of(item("F-1"))


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        Copies(tmp_path / "absent").of(item("F-1"))


def test_a_folder_is_looked_through_once(folder, monkeypatch):
    looked, real = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looked.append(path) or real(path))
    copies = Copies(folder)
    for number in ("F-1", "F-2", "F-3"):
        copies.of(item(number))
    assert len(looked) == 1


@pytest.mark.parametrize(
    "pattern", ["", "x.pdf", "{customer}.pdf", "{number}{other}", "{number!r}.pdf", "{number}{number}"]
)
def test_a_pattern_must_tell_invoices_apart(pattern):
    with pytest.raises(ValueError, match="write it like"):
        checked(pattern)
    assert checked("{customer} {number}.pdf")
