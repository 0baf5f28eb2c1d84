"""A hook that nobody described or tried does not exist."""

import inspect
import re
from pathlib import Path

import pytest

from dunning_adapters import hookspecs

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "hooks.md").read_text("utf-8")
TESTS = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "tests" / "adapters").rglob("*.py")))
IMPLEMENTED = set(re.findall(r"def (dunning_\w+)\(", TESTS))
HOOKS = {
    name: list(inspect.signature(function).parameters)
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction)
    if hasattr(function, "dunning_spec")
}


def test_the_hooks_are_found():
    assert {"dunning_adapters", "dunning_recorded"} <= set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_its_section_with_its_parameters(hook):
    assert f"\n## `{hook}({', '.join(HOOKS[hook])})`\n" in PAGE


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_docstring(hook):
    assert inspect.getdoc(getattr(hookspecs, hook))


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_implemented_in_a_test_of_the_adapters(hook):
    assert hook in IMPLEMENTED


def test_the_page_has_no_section_for_a_hook_that_is_gone():
    assert set(re.findall(r"^## `(\w+)\(", PAGE, re.MULTILINE)) == set(HOOKS)
