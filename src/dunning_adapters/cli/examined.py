"""What an examination found, on the screen, as a page to send and as data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby

from dunning_adapters.cli.letters import count
from dunning_adapters.cli.screen import clean, say, show
from dunning_adapters.examination import Line, Section

FORMAT = "dunning-doctor/1"
_MARKS = {"fine": "", "look": "look", "failed": "failed"}
_NAMED = 3
_LONG = 30
"""Lines of a section that a screen shows whole; of a longer one it shows what wants a look and counts the rest."""


@dataclass(frozen=True, slots=True)
class Examined:
    """`subject` is what the source is called in the settings; `stopped` says why nothing more could be looked at."""

    on: date
    version: str
    subject: str
    sections: Sequence[Section]
    stopped: str = ""

    def lines(self, *states: str) -> list[Line]:
        """Lines in one of these states."""
        return [line for section in self.sections for line in section.lines if line.state in states]

    def mends(self) -> Iterator[tuple[str, Sequence[Line]]]:
        """What to do, each advice once with the lines that call for it."""
        wanted = sorted((line for line in self.lines("look", "failed") if line.mend), key=lambda line: line.mend)
        for mend, lines in groupby(wanted, key=lambda line: line.mend):
            yield mend, list(lines)

    def verdict(self) -> str:
        """The whole in one line."""
        looks, failed = len(self.lines("look")), len(self.lines("failed"))
        found = f"{count(looks, 'finding')}, {count(failed, 'check')} that could not be made"
        return f"{found}; then it stopped: {self.stopped}" if self.stopped else found


def on_screen(found: Examined) -> None:
    """A table per section, without what is fine in the long ones; then what to do."""
    for section in found.sections:
        short = len(section.lines) <= _LONG
        rows = [_row(line) for line in section.lines if short or line.state != "fine" or line.what == "checksum"]
        more = len(section.lines) - len(rows)
        title = f"{section.title} ({more} more in order)" if more else section.title
        show((("What", "lines"), ("Found", "lines"), ""), rows, title=title)
    for number, (mend, lines) in enumerate(found.mends(), 1):
        if number == 1:
            say("What to do next:")
        say(f"{number}. {mend} ({_whats(lines)})")


def _row(line: Line) -> tuple[str, str, str]:
    return line.what, line.found, _MARKS[line.state]


def _whats(lines: Sequence[Line]) -> str:
    names = list(dict.fromkeys(line.what.strip() for line in lines))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def page(found: Examined) -> str:
    """The report in Markdown, which is read as plain text as well."""
    parts = [f"# Examination of {found.subject}", f"{found.on}, dunning {found.version}: {found.verdict()}.", _PROMISE]
    for section in found.sections:
        parts += [f"## {section.title}", "\n".join(_page_row(line) for line in section.lines) or "Nothing."]
        if section.statements:
            statements = "\n".join(map(clean, section.statements))
            parts.append(f"A user that may read what is read, and nothing else:\n\n```sql\n{statements}\n```")
    mends = [
        f"{number}. {clean(mend)} ({clean(_whats(lines))})" for number, (mend, lines) in enumerate(found.mends(), 1)
    ]
    parts += ["## What to do next", "\n".join(mends) or "Nothing."]
    return "\n\n".join(parts) + "\n"


_PROMISE = (
    "There is no name, address, number or amount of a customer in this report. What stands for an identifier is eight\n"
    "digits of a salted hash."
)


def _page_row(line: Line) -> str:
    indent, mark = "  " * (len(line.what) - len(line.what.lstrip()) > 0), _MARKS[line.state]
    what = f"{indent}- {f'**{mark}** ' if mark else ''}{clean(line.what.strip())}"
    return f"{what}: {clean(line.found)}" if line.found else what


def as_json(found: Examined) -> str:
    """The report as one object."""
    told = {
        "format": FORMAT,
        "on": str(found.on),
        "version": found.version,
        "subject": found.subject,
        "stopped": found.stopped,
        "sections": [asdict(section) for section in found.sections],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
