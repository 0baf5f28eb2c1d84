"""How the pages are built: `nox -s docs`."""

import tomllib
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

_project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = _project["name"]
author = _project["authors"][0]["name"]
release = version = _project["version"]
project_copyright = f"2026 {author}"

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"dunning {release}"
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Pygments knows no CSV; the pages show some."""
    app.add_lexer("csv", TextLexer)
