"""Every file of the corpus says what is wrong with it in one line, and never yields fewer rows in silence."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dunning_adapters.files import FilesSettings, FilesSource
from dunning_core.errors import DunningError
from dunning_core.ledger import Creditor

FOLDER = Path(__file__).parents[1] / "data" / "files" / "broken"
CASES: list[dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))["case"]


def read(case: dict[str, Any]) -> tuple[list[str], FilesSource]:
    source = FilesSource(FilesSettings(**{"items": case["file"], **case["settings"]}), FOLDER)
    ledgers = list(source.read(Creditor("me", "Sprzedawca Sp. z o.o.", "PL"), date(2026, 11, 20)))
    return [str(problem) for ledger in ledgers for problem in ledger.problems], source


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] == "error"], ids=lambda case: case["file"])
def test_a_file_of_wrong_shape_is_an_error(case: dict[str, Any]) -> None:
    with pytest.raises(DunningError) as error:
        read(case)
    assert str(error.value) == case["says"]
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] == "problem"], ids=lambda case: case["file"])
def test_a_bad_row_is_a_problem_and_is_counted(case: dict[str, Any]) -> None:
    problems, source = read(case)
    control = source.control()
    assert problems[0] == case["says"]
    assert control.rejected == len(problems)
    assert control.rows == control.read + control.rejected


def test_the_corpus_is_whole() -> None:
    on_disk = {path.name for path in FOLDER.iterdir()} - {"expected.toml", "changed_columns_b.csv"}
    assert on_disk == {case["file"] for case in CASES}
    assert len(CASES) >= 80
