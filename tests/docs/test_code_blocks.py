"""What the pages show is true: every block of code on them is run, or at least read by what it is meant for.

A page is one story in one empty folder: its blocks run in order, Python blocks share their names.

    ```python      is executed
    ```pycon       is executed, and must answer what the page says
    ```console     lines that begin with `$ dunning` are run; where the page shows what they print, they must
                   print it (`...` stands for anything); other commands are for the reader alone
    ```toml, json  must parse

A comment on the line before the fence says more: `<!-- file: NAME -->` writes the block into the story's folder,
`<!-- exit: N -->` expects that exit code, `<!-- not run: REASON -->` leaves the block to the reader.
"""

import doctest
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"(?:^[ ]*<!--\s*(?P<mark>file|exit|not run):\s*(?P<value>\S[^\n]*?)\s*-->[ ]*\n)?"
    r"^(?P<indent>[ ]*)(?P<ticks>`{3,})(?P<language>[^\n`]*)\n(?P<code>.*?)^(?P=indent)(?P=ticks)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
SHOWN = {"text", "csv", "html", "jinja", "sql", "ini"}
LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass
class Block:
    language: str
    code: str
    line: int
    marks: dict[str, str] = field(default_factory=dict)


def blocks(text):
    found = []
    for match in FENCE.finditer(text):
        language = match["language"].strip()
        if language.startswith("{"):  # a directive, which Sphinx reads
            continue
        marks = {match["mark"]: match["value"]} if match["mark"] else {}
        line = text.count("\n", 0, match.start("code")) + 1
        found.append(Block(language, dedent(match["code"]), line, marks))
    return found


class Story:
    """One page's blocks, run in order in one folder."""

    def __init__(self, page, folder):
        self.page, self.folder = page, folder
        self.names = {"__name__": "__page__"}

    def play(self, block):
        if name := block.marks.get("file"):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.code, encoding="utf-8")
        if "not run" in block.marks or block.language in SHOWN:
            return
        if "file" in block.marks and block.language == "python":
            compile(block.code, block.marks["file"], "exec")
            return
        player = {
            "python": self.python,
            "pycon": self.pycon,
            "console": self.console,
            "toml": lambda block: tomllib.loads(block.code),
            "json": lambda block: json.loads(block.code),
        }.get(block.language)
        assert player, f"{self.page}:{block.line}: nobody knows how to check a block of {block.language!r}"
        player(block)

    def python(self, block):
        source = "\n" * (block.line - 1) + block.code  # so that a traceback names the page's own line
        exec(compile(source, str(self.page), "exec", dont_inherit=True), self.names)  # noqa: S102 - its purpose

    def pycon(self, block):
        test = doctest.DocTestParser().get_doctest(block.code, self.names, "block", str(self.page), block.line - 1)
        said = []
        result = doctest.DocTestRunner(optionflags=LENIENT).run(test, out=said.append, clear_globs=False)
        self.names.update(test.globs)
        assert not result.failed, "".join(said)

    def console(self, block):
        for command, shown in commands(block.code):
            ran = dunning(command, self.folder)
            at = f"{self.page}:{block.line}: $ {command}\n{ran.stdout}{ran.stderr}"
            assert ran.returncode == int(block.marks.get("exit", "0")), at
            said = ran.stdout + ran.stderr
            assert not shown or doctest.OutputChecker().check_output(shown, said, LENIENT), at


def commands(code):
    """Each `$ dunning ...` line and what the page shows beneath it."""
    for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, _, shown = part.replace("\\\n", " ").partition("\n")
        if command.split()[0] == "dunning":
            yield command, shown


def dunning(command, folder):
    arguments = shlex.split(command)[1:]
    return subprocess.run(  # noqa: S603 - the pages are ours
        [sys.executable, "-c", "from dunning_adapters.cli import main; main()", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"},
    )


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page.read_text("utf-8"))], ids=lambda page: str(page.relative_to(ROOT))
)
def test_what_a_page_shows_is_true(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    story = Story(page, tmp_path)
    for block in blocks(page.read_text("utf-8")):
        story.play(block)


def test_no_fence_on_any_page_is_overlooked():
    for page in PAGES:
        lines = page.read_text("utf-8").splitlines()
        fences = [number for number, line in enumerate(lines, 1) if re.match(r"\s*(```|~~~)", line)]
        read = len(FENCE.findall(page.read_text("utf-8")))
        assert len(fences) == 2 * read, f"{page}: fences on lines {fences}, {read} blocks read"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```python\nassert 1 == 2\n```\n", AssertionError),
        ("```python\nx = 1\n```\n\n- a list:\n\n  ```python\n  raise KeyError(x)\n  ```\n", KeyError),
        ("```pycon\n>>> 1 + 1\n3\n```\n", AssertionError),
        ("```toml\na = \n```\n", tomllib.TOMLDecodeError),
        ("<!-- file: a.toml -->\n```toml\na = \n```\n", tomllib.TOMLDecodeError),
        ("<!-- file: own.py -->\n```python\nclass :\n```\n", SyntaxError),
        ("```json\n{\n```\n", json.JSONDecodeError),
        ("```console\n$ dunning no-such-command\n```\n", AssertionError),
        ("```pyhton\n1\n```\n", AssertionError),
        ("```\n1\n```\n", AssertionError),
    ],
)
def test_a_page_that_is_wrong_is_caught(text, error, tmp_path):
    *before, wrong = blocks(text)
    story = Story("page.md", tmp_path)
    for block in before:
        story.play(block)
    with pytest.raises(error):
        story.play(wrong)


def test_a_page_may_bring_its_own_files(tmp_path):
    (block,) = blocks("<!-- file: ledgers/item.csv -->\n```csv\nid;sum\n1;2\n```\n")
    Story("page.md", tmp_path).play(block)
    assert (tmp_path / "ledgers" / "item.csv").read_text("utf-8") == "id;sum\n1;2\n"


def test_commands_are_told_from_what_they_print():
    code = "$ pip install dunning\n$ dunning plan \\\n    --json\nC7 ...\n\n$ dunning check\n"
    assert list(commands(code)) == [("dunning plan      --json", "C7 ...\n\n"), ("dunning check", "")]
