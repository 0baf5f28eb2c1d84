"""Tables in the reader's language: words, dates and amounts as text."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from dunning_adapters.report.figures import Cell, Code, Column, Money, Reason, Several, Term
from dunning_core.formats import Formats, formats

Words = Mapping[str, Mapping[str, str]]
LANGUAGES = ("en", "ro", "es", "pl", "hu")


class Wording:
    """Writes cells in one language; a language that the report does not speak is English, its numbers stay its own."""

    def __init__(self, language: str, country: str = "") -> None:
        self.language = language if language in LANGUAGES else "en"
        self.words = words(self.language)
        self.formats = _formats(language, country)

    def page(self, name: str, **values: object) -> str:
        """A sentence or a label with its values filled in."""
        text = self.words["page"][name]
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", str(value))
        return text

    def word(self, group: str, name: str) -> str:
        """A word of a group; a name that has none (a level of one's own, a bucket) stands for itself."""
        return self.words[group].get(name, name)

    def bucket(self, label: str) -> str:
        """The label of an aging bucket: 'not due', '1-30' or 'over 120'."""
        over = label.removeprefix("over ")
        return self.page("over", n=over) if over != label else self.word("columns", label)

    def title(self, column: Column) -> str:
        """The heading of a column."""
        return self.bucket(column.title)

    def text(self, cell: Cell) -> str:
        """A cell as people read it."""
        match cell:
            case None:
                return ""
            case Money(amount, currency):
                return self.formats.number(amount, currency) if currency else str(amount)
            case Term(group, name):
                return self.word(group, name)
            case Several(parts):
                return "; ".join(map(self.text, parts))
            case Code(parts):
                return ", ".join(parts)
            case Reason(word, text):
                return f"{self.text(word)}: {text}" if text else self.text(word)
            case date():
                return self.formats.short_day(cell)
        return str(cell)

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount with the sign or code of its currency."""
        return self.formats.money(amount, currency)


@cache
def words(language: str) -> Words:
    """The words of one of `LANGUAGES`."""
    found: Words = tomllib.loads(files(__package__).joinpath("words", f"{language}.toml").read_text("utf-8"))
    return found


def _formats(language: str, country: str) -> Formats:
    try:
        return formats(language or "en", country)
    except ValueError:
        return formats("en", country)
