"""The page of a country says what its data say: every law, every rule, its basis and its mark."""

import re
from pathlib import Path

import pytest

from dunning_core.interest import Mark
from dunning_core.law import Statutes

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
STATUTES = Statutes.stock()
CODES = list(STATUTES.countries)


def page(code):
    return (REFERENCE / f"law-{code.lower()}.md").read_text("utf-8")


def marked(mark):
    return "C: verify" if mark is Mark.VERIFY else mark.value


def rows(code):
    return [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in page(code).splitlines()
        if line.startswith("| ") and not line.startswith("|---")
    ]


def stands(code, *cells):
    """Some row of a table of the page holds all these cells."""
    return any(set(cells) <= set(row) for row in rows(code))


@pytest.mark.parametrize("law", STATUTES.laws.values(), ids=list(STATUTES.laws))
def test_every_law_with_its_rates_basis_and_mark(law):
    debtors = ", ".join(law.debtors)
    code = law.country.code
    assert stands(code, f"`{law.name}`", f"`{law.table.id}`", law.title, debtors, law.basis, marked(law.mark))


@pytest.mark.parametrize("code", CODES)
def test_every_rule_with_its_basis_and_mark(code):
    country = STATUTES.country(code)
    for fact in (country.due, country.terms, *country.limitations.values(), *country.compensation):
        assert stands(code, fact.basis, marked(fact.mark)), fact
    for name, rule in country.limitations.items():
        ends = {"year_end": "31 December of that year", "same_day": "on the same day"}[rule.ends]
        letter = rule.letter_interrupts.replace("_", " ")
        assert stands(code, rule.title, f"`{name}`", str(rule.years), ends, letter)
    terms = country.terms
    assert stands(code, str(terms.days), str(terms.max_days), str(terms.public_days), terms.basis)
    for rule in country.compensation:
        assert stands(code, rule.source, rule.basis)
        assert all(f"{tier.euro} EUR" in page(code) for tier in rule.tiers)
    if country.allocation is not None:
        assert stands(code, ", then ".join(country.allocation.order), country.allocation.basis)


@pytest.mark.parametrize("code", CODES)
def test_a_page_tells_its_reader_whom_to_ask(code):
    text = page(code)
    assert "no legal advice" in text
    assert "(interest.md)" in text, "it says where the marks are explained, and how to set a fact right"
    assert re.search(r"^## Ask a lawyer\n\n- ", text, re.MULTILINE)
    for basis in {fact.basis for fact in from_memory(code)}:
        key = re.match(r"(?:art\.|arts\.|Ptk\.|Ley|Legea) ?[\w./:]+(?: \d+)?", basis)
        assert key, basis
        assert key[0] in text


def from_memory(code):
    country = STATUTES.country(code)
    facts = (country.due, country.allocation, *country.limitations.values(), *country.compensation)
    return [fact for fact in facts if fact is not None and fact.mark is Mark.VERIFY]


def test_a_wrong_row_is_seen():
    assert not stands("PL", "`pl-b2b`", "`PL_CIVIL_481`")
    assert len(from_memory("ES")) == 5
