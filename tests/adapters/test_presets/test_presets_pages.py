"""Every preset is one whole: it says what it rests on, has a page that says the same, and rows that are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping, names, preset

ROOT = Path(__file__).resolve().parents[3]


def page(name):
    return " ".join((ROOT / "docs" / "how-to" / f"erp-{name}.md").read_text("utf-8").split())


def tables(value):
    """Every table that a preset reads."""
    if isinstance(value, dict):
        found = {value["table"]} if isinstance(value.get("table"), str) else set()
        found |= set(re.findall(r"\bFROM (\w+)", value["query"])) if isinstance(value.get("query"), str) else set()
        return found.union(*map(tables, value.values()))
    return set().union(*map(tables, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", names())
def test_the_page_says_what_the_preset_rests_on(name):
    for notes in preset(name).notes.values():
        for note in notes:
            assert note in page(name)


@pytest.mark.parametrize("name", names())
def test_the_page_grants_all_tables_and_no_more(name):
    granted = set(re.findall(r"GRANT SELECT ON (?:DATABASE\.|\w+\.(?=\w))?`?(.+?)`? TO", page(name)))
    settings = preset(name).settings
    assert granted == {
        re.sub(r"\{(\w+)\}", lambda found: settings[found[1]], one) for one in tables(preset(name).tables)
    }
    assert not re.search(r"GRANT (?!SELECT)|\bALL PRIVILEGES\b", page(name))


@pytest.mark.parametrize("name", names())
def test_the_page_explains_every_setting(name):
    for setting in preset(name).settings:
        assert f"| `{setting}` |" in page(name)


@pytest.mark.parametrize("name", names())
def test_what_was_not_run_on_the_real_thing_is_said(name):
    assert f"Nothing of this was run on {preset(name).unseen}." in page(name)
    assert preset(name).remarks()[0].endswith(f"nothing of it was run on {preset(name).unseen}")


@pytest.mark.parametrize("name", names())
def test_doubtful_notes_are_to_be_verified(name):
    notes = preset(name).notes
    remarks = "\n".join(preset(name).remarks())
    assert notes["D"]
    assert all(note in remarks for grade in "CD" for note in notes.get(grade, ()))
    assert not any(note in remarks for grade in "AB" for note in notes.get(grade, ()))


@pytest.mark.parametrize("name", names())
def test_it_is_a_mapping_without_further_settings(name):
    assert mapping(name).items.columns.id.column
    assert (ROOT / "tests" / "data" / "presets" / f"{name}.sql").exists()


def test_nobody_writes_into_an_erp():
    for name in names():
        text = (ROOT / "src" / "dunning_adapters" / "presets" / f"{name}.toml").read_text("utf-8")
        assert not re.search(r"\b(insert|update|delete|merge)\s+(into|from|\w+\s+set)\b", text, re.IGNORECASE)
