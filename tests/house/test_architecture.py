"""The style of the house, held by tests where neither ruff nor import-linter can see it."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
MODULES = sorted(SRC.rglob("*.py"))
CORE = sorted((SRC / "dunning_core").rglob("*.py"))
REQUIRED = {"babel", "dateutil", "jinja2", "pluggy", "pydantic", "sqlalchemy"}
OWN_EXTRA = {  # what needs an extra as a whole may ask for it at the top
    "dunning_adapters/cli": {"click", "rich"},
    "dunning_adapters/testing": {"hypothesis", "pytest"},
    "dunning_core/testing": {"hypothesis", "pytest"},
}
OTHERS_WORDS = {"dunning_adapters/sql/engine.py"}  # SQLAlchemy calls it so
IMPURE_CALLS = {"open", "input", "print", "breakpoint", "today", "now", "utcnow", "getenv"}
GENERATED = {".git", ".nox", "_build", "mutants", "out", "dist", "__pycache__"}


def name(path):
    return path.relative_to(SRC).as_posix()


def tree(path):
    return ast.parse(path.read_text("utf-8"), str(path))


def top_level_imports(module):
    """Modules imported when this one is: not those inside functions or `if TYPE_CHECKING:`."""
    for node in module.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def impure_calls(module):
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called in IMPURE_CALLS:
                yield f"line {node.lineno}: {called}()"


def written_files():
    """Every text file that a person wrote."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part not in {".ci", ".gitignore"} for part in parts)
        if path.is_file() and not hidden and not GENERATED.intersection(parts):
            try:
                yield path, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue  # a workbook, a picture, a ledger in an old code page


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_says_what_it_is(path):
    said = ast.get_docstring(tree(path))
    assert said
    assert said.split("\n\n")[0].endswith((".", ":")), "it begins with a sentence"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_named_after_what_it_knows(path):
    vague = re.search(r"util|helper|common|manager|engine|service|misc", path.stem)
    assert not vague or name(path) in OTHERS_WORDS


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_extras_are_imported_where_they_are_used(path):
    own = next((extra for module, extra in OWN_EXTRA.items() if name(path).startswith(module)), set())
    allowed = sys.stdlib_module_names | REQUIRED | {"dunning_core", "dunning_adapters"} | own
    assert set(top_level_imports(tree(path))) <= allowed


@pytest.mark.parametrize("path", CORE, ids=name)
def test_the_core_asks_nobody(path):
    assert not list(impure_calls(tree(path)))


def test_impure_calls_are_seen():
    seen = list(impure_calls(ast.parse("from datetime import date\nx = date.today()\nopen('f')\n")))
    assert seen == ["line 2: today()", "line 3: open()"]


def test_no_module_is_too_long_to_read():
    long = {name(path): lines for path in MODULES if (lines := len(path.read_text("utf-8").splitlines())) > 500}
    assert not long


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("/" + r"(?:work|tmp|home|root|Users)/", "the path of one machine"),
        (r"\b(?:TO" + "DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b", "unfinished work"),
        (r"#\s*noqa(?!: [A-Z]+\d+(?:, ?[A-Z]+\d+)*\s+-\s)", "a silenced rule without its name and a reason"),
        (r"#\s*pragma: no cover(?!\s+-\s)", "a line not covered without a reason"),
    ],
)
def test_no_file_holds(pattern, why):
    found = [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
        for path, text in written_files()
        if path != Path(__file__).resolve()
        for match in re.finditer(pattern, text)
    ]
    assert not found, why


def unexplained(settings):
    """Lines of ruff's ignore lists that do not say why."""
    lists = re.findall(r'^(?:ignore|"[^"]+") = \[(.*?)^\]', settings, re.MULTILINE | re.DOTALL)
    assert lists
    return [line for text in lists for line in text.splitlines() if line.strip() and not re.search(r'",\s+# \w', line)]


def test_every_rule_that_is_left_out_has_its_reason():
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert not unexplained(settings[settings.index("[tool.ruff.lint]") : settings.index("[tool.importlinter]")])


def test_a_rule_left_out_without_a_reason_is_seen():
    assert unexplained('ignore = [\n    "D100", # why\n    "D101",\n]\n') == ['    "D101",']
