"""Every example is short, runs anywhere, and prints what is written beside it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
LONGEST = 60


def expected(script):
    return EXAMPLES / "expected" / f"{script.name[:2]}.txt"


def run(script, folder):
    """What the script prints when it is started in an empty folder. Its own folder is shown as `examples`."""
    ran = subprocess.run(  # noqa: S603 - the examples are ours
        [sys.executable, "-W", "error", script],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.replace(str(EXAMPLES), "examples")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_prints_what_it_promises(script, tmp_path):
    assert run(script, tmp_path) == expected(script).read_text("utf-8")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_is_read_in_one_look(script):
    lines = script.read_text("utf-8").splitlines()
    assert len(lines) <= LONGEST
    assert lines[0].startswith('"""'), "it says first what it shows"


def test_examples_are_numbered_and_each_number_has_its_output():
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+", script.stem) for script in SCRIPTS)
    assert sorted(expected(script) for script in SCRIPTS) == sorted((EXAMPLES / "expected").glob("*.txt"))


def test_a_failing_example_is_seen(tmp_path):
    script = tmp_path / "00_wrong.py"
    script.write_text("import dunning_core\nraise SystemExit('no')\n", "utf-8")
    with pytest.raises(AssertionError, match="no"):
        run(script, tmp_path)
