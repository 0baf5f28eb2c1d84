"""The calculator says what it counted, at which rates, and where these stand."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

VECTORS = Path(__file__).resolve().parents[2] / "core" / "data" / "interest.csv"
ROWS = list(csv.DictReader(VECTORS.read_text("utf-8").splitlines()))
OF_MAY = ("interest", "--law", "pl-b2b", "--amount", "12400.00", "--currency", "PLN", "--due", "2026-04-24", "--as-of", "2026-06-07")  # fmt: skip # noqa: E501 - one command
NEXT = """
[PL.rates.PL_B2B_COMMERCIAL]
until = 2027-06-30
rates = [{ since = 2027-01-01, percent = "13.25", mark = "A", source = "M.P. 2027 poz. 1" }]
"""
EXCHANGE = "date,currency,rate,source\n2026-03-31,PLN,4.2567,NBP A\n"


def asked(firm, *options):
    return json.loads(firm(*options, "--json").stdout)


@pytest.mark.parametrize("row", ROWS, ids=[row["rate_id"] for row in ROWS])
def test_worked_examples(firm, row):
    (law,) = [one["law"] for one in asked(firm, "interest", "--list") if one["rate_id"] == row["rate_id"]]
    said = asked(
        firm, "interest", "--law", law, "--amount", row["amount"], "--currency", row["currency"],
        "--due", row["due"], "--as-of", row["as_of"],
    )  # fmt: skip
    assert (said["total"], said["days"]) == (row["total"], int(row["days"]))
    assert "; ".join(f"{one['percent']} x {one['days']}" for one in said["segments"]) == row["segments"]
    assert sum(Decimal(one["amount"]) for one in said["segments"]) == Decimal(said["total"])
    assert all(one["source"] and one["mark"] for one in said["segments"])


def test_json_says_everything(firm):
    said = asked(firm, *OF_MAY)
    (segment,) = said.pop("segments")
    assert {name: segment[name] for name in ("from", "to", "days", "percent", "principal", "amount", "mark")} == {
        "from": "2026-04-25", "to": "2026-06-07", "days": 44, "percent": "14.00", "principal": "12400.00",
        "amount": "209.27", "mark": "B",
    }  # fmt: skip
    notes = said.pop("notes")
    assert len(notes) == 1
    assert said == {
        "law": "pl-b2b", "rate_id": "PL_B2B_COMMERCIAL", "amount": "12400.00", "currency": "PLN", "due": "2026-04-24",
        "effective_due": "2026-04-24", "as_of": "2026-06-07", "days": 44, "total": "209.27",
        "basis": "ustawa z 8.03.2013 art. 4 pkt 3, 7, 8, 11b", "mark": "B",
    }  # fmt: skip


def test_a_person_reads_a_table(firm):
    said = firm(*OF_MAY)
    lines = said.stdout.splitlines()
    assert lines[0] == "12 400.00 PLN due on 2026-04-24; pl-b2b, rates PL_B2B_COMMERCIAL"
    assert "2026-04-25  2026-06-07    44  12 400.00  14.00  209.27  B" in lines[3]
    assert lines[-1] == "Total 209.27 PLN for 44 days, by ustawa z 8.03.2013 art. 4 pkt 3, 7, 8, 11b (B)."
    assert said.stderr.startswith("verify: a debtor that is a public healthcare entity owes 2 points less")


def test_a_due_date_on_a_day_off_moves_and_that_is_said(firm):
    said = firm("interest", "--law", "pl-b2b", "--amount", "1000", "--due", "2026-05-01", "--as-of", "2026-05-05")
    assert said.stdout.startswith("1 000.00 PLN due on 2026-05-01, which is due on 2026-05-04 by art. 115 KC; pl-b2b")
    assert "for 1 day, by" in said.stdout
    assert "how a due date on a day off moves is from memory: art. 115 KC" in said.stderr
    assert asked(firm, *OF_MAY[:3], "--amount", "1", "--due", "2026-05-01", "--as-of", "2026-05-05")[
        "effective_due"
    ] == "2026-05-04"  # fmt: skip


def test_facts_from_memory_are_shown_as_to_verify(firm):
    said = firm("interest", "--law", "es-b2c", "--amount", "100", "--due", "2026-08-14", "--as-of", "2026-10-15")
    assert "C, verify" in said.stdout
    assert said.stderr.splitlines()[-1] == (
        "verify: interest runs only from the day after a demand: the due date stands in for it (say --demanded)"
    )
    demanded = firm("interest", "--law", "es-b2c", "--amount", "100", "--due", "2026-08-14", "--as-of", "2026-10-15", "--demanded", "2026-09-01")  # fmt: skip # noqa: E501 - one command
    assert "for 44 days" in demanded.stdout
    assert "--demanded" not in demanded.stderr


def test_holidays_of_other_years_come_from_the_package(firm):
    pytest.importorskip("holidays")
    old = ("interest", "--law", "hu-b2b", "--amount", "1000", "--due", "2023-12-25", "--as-of", "2024-01-05")
    assert "public holidays of 2023 are not known" in firm(*old).stderr
    said = firm(*old, "--holidays")
    assert said.stdout.startswith("1 000 HUF due on 2023-12-25, which is due on 2023-12-27")
    assert "not known" not in said.stderr


def test_forints_have_no_decimals(firm):
    said = firm("interest", "--law", "hu-b2b", "--amount", "1000000", "--due", "2023-12-15", "--as-of", "2024-08-10")
    assert "Total 119 548 HUF for 239 days, by Ptk. 6:155 (1) (D)." in said.stdout


def test_part_payments_and_the_rate_of_a_contract(firm):
    said = asked(
        firm, "interest", "--law", "es-b2b", "--amount", "3650", "--due", "2026-08-14", "--as-of", "2026-09-30",
        "--percent", "10", "--paid", "2026-08-24", "1650", "--paid", "2026-09-10", "2000",
    )  # fmt: skip
    assert [(one["days"], one["principal"], one["amount"]) for one in said["segments"]] == [
        (10, "3650", "10.00"), (17, "2000", "9.32"),
    ]  # fmt: skip
    assert (said["total"], said["basis"], said["mark"]) == ("19.32", "contract, 10 % a year", "A")


def test_compensation_needs_its_exchange_rate(firm):
    (firm.folder / "nbp.csv").write_text(EXCHANGE, "utf-8")
    said = firm(*OF_MAY, "--exchange", firm.path("nbp.csv"))
    assert "Compensation 297.97 PLN, by ustawa z 8.03.2013 art. 10 ust. 1 (B): kancelaria-radcy.com;" in said.stdout
    assert asked(firm, *OF_MAY, "--exchange", firm.path("nbp.csv"))["compensation"]["amount"] == "297.97"
    refused = firm(*OF_MAY, "--compensation", code=2)
    assert "error: exchange rates: the exchange rate EUR/PLN of 2026-03-31 is needed" in refused.stderr
    civil = firm("interest", "--law", "pl-civil", *OF_MAY[3:], "--compensation")
    assert "Compensation" not in civil.stdout


def test_a_file_of_rates_goes_on_top(firm):
    (firm.folder / "mine.toml").write_text(NEXT, "utf-8")
    later = ("interest", "--law", "pl-b2b", "--amount", "1000", "--due", "2026-12-30", "--as-of", "2027-01-02")
    assert "no rate is known for 2027-01-01" in firm(*later, code=2).stderr
    said = asked(firm, *later, "--statutes", firm.path("mine.toml"))
    assert [(one["percent"], one["days"]) for one in said["segments"]] == [("13.75", 1), ("13.25", 2)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "none.toml: cannot be read: No such file or directory"),
        (b"\xff", "none.toml: byte 0 is not UTF-8 (save it as UTF-8)"),
        (b"[DE]", "none.toml: there is no country 'DE'"),
    ],
)
def test_a_file_of_rates_that_cannot_be_used(firm, content, message):
    if content is not None:
        (firm.folder / "none.toml").write_bytes(content)
    said = firm("interest", "--list", "--statutes", firm.path("none.toml"), code=2)
    assert message in said.stderr


def test_the_list_names_every_law_with_its_rates(firm):
    lines = firm("interest", "--list").stdout.splitlines()
    assert any(line.split()[:3] == ["pl-b2b", "PL_B2B_COMMERCIAL", "B"] for line in lines)
    assert any(line.split()[:4] == ["es-b2c", "ES_B2C_INTERES_LEGAL", "C,", "verify"] for line in lines)
    (b2b,) = [one for one in asked(firm, "interest", "--list") if one["law"] == "hu-b2b"]
    assert b2b == {
        "law": "hu-b2b", "rate_id": "HU_B2B_PTK_6_155", "country": "HU", "compensation": True, "mark": "A",
        "title": "contracts between businesses, and with contracting authorities",
        "debtors": ["business", "public_body"],
        "currencies": ["HUF"], "since": "2013-01-01", "until": "2026-12-31", "basis": "Ptk. 6:155 (1)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--law": "pl"}, "error: there is no law 'pl' (laws are pl-b2b,"),
        ({"--amount": "much"}, "'much' is no number"),
        ({"--amount": "0"}, "error: amount: interest runs on positive amounts, not on 0"),
        ({"--amount": "NaN"}, "error: amount: interest runs on positive amounts, not on NaN"),
        ({"--due": "24.04.2026"}, "'24.04.2026' is no date"),
        (
            {"--debtor": "consumer"},
            "error: pl-b2b: it holds for debtors of the kind business, public_body, not for consumer",
        ),
        ({"--debtor": "unknown"}, "'unknown' is not one of"),
        ({"--as-of": "2027-01-01"}, "no rate is known for 2027-01-01"),
        ({"--law": "hu-b2b"}, "error: hu-b2b: its rate holds for debts in HUF, not in PLN"),
        ({"--percent": "-3"}, "no percentage: -3"),
    ],
)
def test_what_cannot_be_counted_is_one_clear_line(firm, changed, message):
    given = dict(zip(OF_MAY[1::2], OF_MAY[2::2], strict=True)) | changed
    said = firm("interest", *(part for pair in given.items() for part in pair), code=2)
    assert message in said.stderr
    assert said.stdout == ""


def test_what_is_missing_is_named(firm):
    assert "say --amount, --as-of, or --list" in firm(
        "interest", "--law", "pl-b2b", "--due", "2026-04-24", code=2
    ).stderr  # fmt: skip


def test_check_warns_before_rates_end_where_statutes_matter(firm):
    quiet = firm("check", as_of="2026-11-21")
    assert "law:" not in quiet.stderr
    settings = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(settings + "[law]\n")
    said = firm("check", as_of="2026-11-21").stderr.splitlines()
    assert "warning: law: HU_B2B_PTK_6_155 ends on 2026-12-31: add what was published since to law.statutes" in said
    assert not any("PL_B2B" in line for line in said)
    assert "warning: law: HU_B2B_PTK_6_155 ended on 2026-12-31" in firm("check", as_of="2027-01-01").stderr
    assert "law:" not in firm("check", as_of="2026-10-31").stderr


def test_check_reads_the_file_of_rates(firm):
    settings = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(settings + '[law]\nstatutes = "mine.toml"\n')
    assert "mine.toml: cannot be read" in firm("check", code=1).stderr
    (firm.folder / "mine.toml").write_text("[HU.rates.HU_B2B_PTK_6_155]\nuntil = 2027-06-30\n", "utf-8")
    said = firm("check").stderr
    assert "HU_B2B_PTK_6_155" not in said
    assert "HU_NONBIZ_PTK_6_48 ends on 2026-12-31" in said


def test_check_says_that_a_country_has_no_statutes_here(firm):
    settings = (firm.folder / "dunning.toml").read_text("utf-8").replace('country = "HU"', 'country = "DE"')
    firm.settings(settings + "[law]\n")
    assert "error: law: the statutes of DE are not known" in firm("check", code=1).stderr
