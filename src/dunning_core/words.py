"""The words of a language that layouts print: labels, kinds of documents, nouns after numbers. TOML, merged by key."""

from __future__ import annotations

import re
from typing import Any

from dunning_core.complaints import read_toml
from dunning_core.errors import TemplateError

Data = dict[str, Any]


def parsed(text: str, name: str) -> Data:
    """The words of one file. Raises TemplateError naming file and line."""
    try:
        return read_toml(text)
    except ValueError as error:
        line = re.search(r"line (\d+)", str(error))
        raise TemplateError(str(error), where=f"{name}:{line[1]}" if line else name) from error


def merged(base: Data, above: Data) -> Data:
    """`base` with the words of `above` in the place of those of the same name."""
    both = dict(base)
    for key, value in above.items():
        below = base.get(key)
        both[key] = merged(below if isinstance(below, dict) else {}, value) if isinstance(value, dict) else value
    return both


def complete(words: Data, model: Data | None, name: str) -> None:
    """Raises TemplateError for a word that `model` has and `words` lacks, or the other way round (a slip): a letter
    half in another language is worse than none. Own words go under [own], own nouns under [counted]."""
    spelled, wanted = _spelled(words), _spelled(model or words)
    for path in sorted(wanted.keys() - spelled.keys()):
        raise TemplateError(f"the word {path!r} is missing", where=name)
    for path in sorted(spelled.keys() - wanted.keys()):
        if not path.startswith(("own.", "counted.")):
            raise TemplateError(f"nothing prints the word {path!r}", where=name, mend="own words go into [own]")
    for noun in sorted(words["counted"]):
        if f"counted.{noun}.other" not in spelled:
            raise TemplateError(f"the word 'counted.{noun}.other' is missing", where=name)
    for path, value in spelled.items():
        if not isinstance(value, str):
            raise TemplateError(f"the word {path!r} must be text", where=name)


def _spelled(words: Data, prefix: str = "") -> Data:
    """Words by path ("kinds.invoice"); of a noun's forms only "other", as each language has its own categories."""
    flat: Data = {}
    for key, value in words.items():
        if isinstance(value, dict):
            flat |= _spelled(value, f"{prefix}{key}.")
        elif not prefix.startswith("counted.") or key == "other":
            flat[prefix + key] = value
    return flat
