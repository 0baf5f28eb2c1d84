# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2024.10.9"]
# ///
"""Everything that can be checked or shown, each in an environment of its own.

`python3 noxfile.py -s demo` needs Python and pip only: without nox it makes an environment for nox and starts itself
again in there. `nox -s demo` and `uv run noxfile.py -s demo` do the same with a nox that is there already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def bring_nox() -> None:
    """Start this file again under a Python that has nox; never returns.

    A distribution's Python may refuse to install packages (PEP 668) and may lack ensurepip. So the environment is made
    without pip, and the pip of the Python that runs now installs into it.
    """
    home = ROOT / ".venv-nox"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = home / "ready"  # written last: a broken download does not leave half an environment behind
    if not ready.exists():
        print(f"nox is not installed; bringing it into {home.name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", home], check=True)
        pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "nox>=2024.10.9"], check=True)
        ready.touch()
    again = subprocess.run([python, __file__, *sys.argv[1:]], check=False)
    sys.exit(again.returncode)


try:
    import nox
except ModuleNotFoundError:
    if __name__ != "__main__":
        raise
    bring_nox()

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
ALL_EXTRAS = f".[{','.join(EXTRAS)}]"
CHECKS = ["lint", "types", "contracts", "core_alone", "host_pins", "docs", "simulate", "tests"]

COMPATIBLE = ["--ignore=tests/core/test_against_reference.py", "--hypothesis-profile=compat", "-n", "2", "--quiet"]
"""Of the core's tests on other versions: few examples, the session `tests` tries the properties themselves."""

nox.needs_version = ">=2024.10.9"
nox.options.sessions = CHECKS
nox.options.default_venv_backend = "virtualenv"  # comes with nox and, unlike venv, does without ensurepip
nox.options.reuse_existing_virtualenvs = True


def group(*names: str) -> tuple[str, ...]:
    """The requirements of dependency groups of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, *names)


def requirements_of_core() -> list[str]:
    """The four libraries that dunning_core stands on, with their lower bounds."""
    own = ("pydantic", "jinja2", "babel", "python-dateutil")
    return [line for line in PROJECT["project"]["dependencies"] if line.startswith(own)]


@nox.session
def demo(session: nox.Session) -> None:
    """Letters, a plan, a report and a workbook in out/, from made-up ledgers; nothing leaves the machine."""
    session.install(".[cli,excel]")
    session.run("dunning", "demo", "--out", "out", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests. Every branch of the core is covered, and nine tenths of the adapters."""
    session.install("--editable", ALL_EXTRAS, *group("test"))
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-n", "2", "--dist", "worksteal", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    if session.posargs:  # a part of the tests covers a part of the code
        session.run("coverage", "report")
        return
    session.run("coverage", "report", "--include=src/dunning_core/*", "--fail-under=100")
    session.run("coverage", "report", "--include=src/dunning_adapters/*", "--fail-under=90")


@nox.session(name="tests-all", python=["3.11", "3.12", "3.13", "3.14"])
def tests_all(session: nox.Session) -> None:
    """All tests on every supported Python that this machine has."""
    session.install(ALL_EXTRAS, *group("test"))
    session.run("pytest", *session.posargs)


@nox.session(reuse_venv=False)
def core_alone(session: nox.Session) -> None:
    """The core as an ERP add-on imports it: with its own four libraries and nothing else."""
    session.install(*requirements_of_core())
    session.install("--no-deps", ".")
    session.run("python", "tests/house/import_core.py")
    # pytest itself stands on pluggy, so it comes only after the imports were seen to do without.
    session.install(*EXTRAS["testing"], "pytest-xdist")
    session.run("pytest", "tests/core", *COMPATIBLE, *session.posargs)


@nox.session
@nox.parametrize(
    "pins",
    [
        nox.param(("babel==2.10.3", "jinja2==3.1.2", "markupsafe==2.1.5", "python-dateutil==2.8.2"), id="oldest"),
        nox.param(("python-dateutil>=4,<5",), id="dateutil4"),
    ],
)
def host_pins(session: nox.Session, pins: tuple[str, ...]) -> None:
    """The core with the versions that ERP hosts pin."""
    session.install(".[testing]", "pytest-xdist", *pins)
    session.run("pytest", "tests/core", *COMPATIBLE, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: all rules but those that pyproject.toml gives a reason to leave out, and one format."""
    session.install(*group("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    session.install(ALL_EXTRAS, *group("types"))
    session.run("mypy", *session.posargs)


@nox.session
def contracts(session: nox.Session) -> None:
    """Import-linter: every module has its floor, the core is pure, adapters do not know each other."""
    session.install("--editable", ALL_EXTRAS, *group("contracts"))
    session.run("lint-imports", "--no-cache", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages without a warning. Their code blocks are run by the tests."""
    session.install(ALL_EXTRAS, *group("docs"))
    session.run("sphinx-build", "-W", "--keep-going", "--quiet", "-b", "html", "docs", "docs/_build/html")


@nox.session
def examples(session: nox.Session) -> None:
    """Run the numbered scripts; each prints what examples/expected says."""
    session.install(ALL_EXTRAS)
    session.run("pytest", "tests/house/test_examples.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Items per second, letters per second and peak memory, each beside a reference measured in the same run."""
    session.install(ALL_EXTRAS)
    session.run("python", "bench/run.py", *session.posargs)


@nox.session
def crash(session: nox.Session) -> None:
    """Workers killed by SIGKILL at every point, on three engines: no letter twice, none lost. Also `-- nightly`."""
    session.install(ALL_EXTRAS, *group("test"))
    session.run("python", "crash/run.py", *session.posargs)


@nox.session
def simulate(session: nox.Session) -> None:
    """Delivery in the small: all that can happen, by three drivers, and beside production. Also `-- nightly`."""
    session.install("--editable", ALL_EXTRAS)
    session.run("python", "-m", "simulate", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Mutation tests of the modules that decide; the survivors are listed, then counted."""
    session.install("--editable", ALL_EXTRAS, *group("mutants"))
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")
    session.run("mutmut", "export-cicd-stats", silent=True)
    print((ROOT / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    nox.main()
