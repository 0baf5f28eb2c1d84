"""The template of a plugin, as its author uses it: copied away, built, installed beside dunning, tested, planned with.

The environment is new and offline: wheels are built by the backend that is here, what they depend on is lent from here.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
[creditor]
name = "Acme Kft."
country = "HU"
email = "shop@acme.example"
accounts = [{ currency = "EUR", number = "HU93116000060000000012345676" }]

[source]
adapter = "acme"
path = "tests/orders.jsonl"
"""


def run(*command, cwd, code=0):
    """What a command prints, without anything of this process in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV", "PIP_"))}
    done = subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=cwd,
        env={**kept, "PYTHONUTF8": "1", "COLUMNS": "120"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module", autouse=True)
def _tools():
    missing = [name for name in ("hatchling", "ensurepip", "click", "rich") if find_spec(name) is None]
    if missing:
        reason = f"a plugin cannot be built and installed without {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def author(tmp_path_factory):
    """The folder of the plugin's author, and the programs of an environment with plugin and dunning."""
    folder = tmp_path_factory.mktemp("author")
    plugin = folder / "plugin"
    shutil.copytree(
        ROOT / "examples" / "plugin_template", plugin, ignore=shutil.ignore_patterns("__pycache__", "ruff.toml")
    )
    (plugin / "dunning.toml").write_text(SETTINGS, "utf-8")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    for project in (plugin, ROOT):
        run(sys.executable, "-c", build, str(folder / "wheels"), cwd=project)
    wheels = sorted((folder / "wheels").glob("*.whl"))
    assert [wheel.name.partition("-")[0] for wheel in wheels] == ["dunning", "dunning_acme"]
    run(sys.executable, "-m", "venv", str(folder / "env"), cwd=folder)
    programs = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    run(programs / "python", "-m", "pip", "install", "--no-index", "--no-deps", *wheels, cwd=folder)
    site = run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(site) / "lent.pth").write_text("\n".join(sorted(lent)), "utf-8")
    return plugin, programs


def test_its_own_tests_pass_where_it_is_installed(author):
    plugin, programs = author
    said = run(programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=plugin)
    assert " passed" in said
    assert "failed" not in said
    where = run(
        programs / "python", "-c", "import dunning_acme, dunning_core; print(dunning_acme, dunning_core)", cwd=plugin
    )
    assert where.count(str(programs.parent)) == 2, "both are the installed ones"


def test_dunning_finds_it_by_its_entry_point(author):
    plugin, programs = author
    assert "open orders of an Acme shop" in run(programs / "dunning", "adapters", cwd=plugin)


def test_dunning_plans_with_it(author):
    plugin, programs = author
    said = run(programs / "dunning", "plan", "--as-of", "2026-11-20", cwd=plugin, code=1)
    assert "Galeria Bukowa s.c." in said
    assert "Casa Olmo, S.L." in said
    assert "1 290.00 EUR" in said, "without the trial order"
    assert "vetoed" in said
    assert "look: orders.jsonl, line 5: the order cannot be used" in said
