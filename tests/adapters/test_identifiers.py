"""Control digits of IBANs and tax ids are looked at; what cannot be judged is left alone."""

import sys

import pytest

from dunning_adapters.identifiers import wrong_iban, wrong_tax_id


@pytest.fixture
def stdnum():
    return pytest.importorskip("stdnum")


@pytest.mark.parametrize(
    ("number", "wrong"),
    [
        ("RO49AAAA1B31007593840000", False),
        ("RO49 AAAA 1B31 0075 9384 0000", False),
        ("RO49AAAA1B31007593840001", True),
        ("PL61109010140000071219812874", False),
        ("61109010140000071219812874", False),  # a Polish number without its country
        ("", False),
        ("HU42117730161111101800000001", True),
    ],
)
def test_ibans(stdnum, number, wrong):
    assert wrong_iban(number) is wrong


@pytest.mark.parametrize(
    ("number", "country", "wrong"),
    [
        ("5260001246", "PL", False),
        ("PL 526-000-12-46", "PL", False),
        ("5260001247", "PL", True),
        ("RO91415273", "RO", False),
        ("91415273", "ro", False),
        ("RO91415274", "RO", True),
        ("B12345674", "ES", False),
        ("B12345675", "ES", True),
        ("12345678Z", "ES", False),
        ("HU12345676", "HU", False),
        ("12345676-2-42", "HU", False),
        ("12345677-2-42", "HU", True),
        (" ", "PL", False),
        ("1", "XX", False),
        ("1", "", False),
        ("1", "A1", False),
    ],
)
def test_tax_ids(stdnum, number, country, wrong):
    assert wrong_tax_id(number, country) is wrong


def test_without_the_extra_nothing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "stdnum", None)
    assert not wrong_iban("RO49AAAA1B31007593840001")
    assert not wrong_tax_id("5260001247", "PL")


def test_check_warns_of_what_cannot_be_right(stdnum, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from dunning_adapters.cli.app import dunning

    monkeypatch.chdir(tmp_path)
    (tmp_path / "dunning.toml").write_text(
        '[creditor]\nname = "Levente Kft."\ncountry = "HU"\nemail = "a@levente.example"\ntax_id = "12345677-2-42"\n'
        'accounts = [{ currency = "HUF", number = "HU42117730161111101800000001" }]\n'
        '[source]\nadapter = "files"\nitems = "items.csv"\ncustomers = "customers.csv"\n',
        "utf-8",
    )
    (tmp_path / "items.csv").write_text(
        "id,customer,number,due_date,currency,balance\n1,C1,1,2026-11-01,HUF,100\n2,C2,2,2026-11-01,HUF,100\n"
        "3,C3,3,2026-11-01,HUF,100\n",
        "utf-8",
    )
    (tmp_path / "customers.csv").write_text(
        "id,name,country,kind,email,tax_id\nC1,A,PL,business,a@a.example,5260001247\n"
        "C2,B,PL,consumer,b@b.example,5260001247\nC3,C,PL,business,c@c.example,5260001246\n",
        "utf-8",
    )
    said = CliRunner().invoke(dunning, ["check", "--as-of", "2026-11-21"]).stderr.splitlines()
    assert said == [
        "warning: creditor.accounts: 'HU42117730161111101800000001' is no IBAN: its control digits are wrong",
        "warning: creditor.tax_id: '12345677-2-42' cannot be one of HU",
        "warning: source: 1 customer has a tax id that cannot be right: C1 5260001247",
    ]
