"""Puts an action into words: one action, its ledger and the templates give one document, always the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

from babel.languages import get_official_languages

from dunning_core import specimen
from dunning_core.action import Action
from dunning_core.document import Code, Document, Mailbox
from dunning_core.errors import RenderError, TemplateError
from dunning_core.filters import ALIGNING, VALUES
from dunning_core.formats import formats
from dunning_core.ledger import Creditor, Customer, Ledger
from dunning_core.particulars import Data, Particulars, clean, discreet, fresh, plain
from dunning_core.sandbox import Compiled, Sandbox
from dunning_core.words import complete, merged, parsed

BLOCKS = frozenset({"title", "subject", "opening", "closing", "claims", "sms"})
NEEDED = ("title", "subject", "opening", "closing")
LAYOUTS = ("letter.txt.j2", "letter.html.j2")
NAMES = frozenset({
    "claims", "closing", "contact", "count", "creditor", "customer", "deadline", "deadline_short", "direction",
    "earlier", "extra", "facts", "first", "fresh", "language", "level", "level_name", "oldest_days", "opening",
    "payments_as_of", "place_and_date", "reference", "register", "repeat", "salutation", "sections", "subject", "title",
    "total", "what", "words",
})  # fmt: skip
"""Every name that a template may use."""

_SUBJECT = 200  # characters
_NOTHING: Mapping[str, object] = MappingProxyType({})
_FILE = re.compile(r"[a-z]{2,3}/([^/]+\.j2|words\.toml)")


class Templates:
    """The wording and layouts of letters, compiled once.

    Files by name: `<language>/<level name>.j2` with the blocks title, subject, opening, closing (and claims, sms),
    `<language>/words.toml` with labels, and the layouts `letter.txt.j2` and `letter.html.j2`, which put the
    particulars around the words. Wording is plain text; the layout escapes it for HTML.
    """

    def __init__(self, texts: Mapping[str, str], under: Templates | None = None) -> None:
        """Files `texts`, and beneath them those of `under`. Raises TemplateError for broken words."""
        self._texts: dict[str, str] = {**(under.texts if under else {}), **texts}
        self._words: dict[str, Data] = dict(under.words if under else {})
        self._compiled: dict[str, Compiled] = {}
        for name, text in texts.items():
            language, _, file = name.partition("/")
            if file == "words.toml":
                _known_language(language, name)
                self._words[language] = merged(self._words.get(language, {}), parsed(text, name))
                complete(self._words[language], (under.words if under else self._words).get("en"), name)

    @property
    def texts(self) -> Mapping[str, str]:
        """The files by name; of a `words.toml` given in parts, the last part."""
        return MappingProxyType(self._texts)

    @property
    def words(self) -> Mapping[str, Data]:
        """The words of the layouts by language."""
        return MappingProxyType(self._words)

    @staticmethod
    @cache
    def stock() -> Templates:
        """The templates of the package: English, Romanian, Spanish, Polish and Hungarian."""
        root = files("dunning_core") / "templates"
        folders = {"": root} | {f"{entry.name}/": entry for entry in root.iterdir() if entry.is_dir()}
        return Templates({
            prefix + file.name: file.read_text("utf-8")
            for prefix, folder in sorted(folders.items())
            for file in sorted(folder.iterdir(), key=lambda file: file.name)
            if file.name.endswith((".j2", ".toml"))
        })  # fmt: skip

    def overridden(self, texts: Mapping[str, str]) -> Templates:
        """These templates with others in the place of those of the same name; of a `words.toml` word by word.

        Raises TemplateError for broken words and for a file that no letter would ever use.
        """
        for name in texts:
            if name not in LAYOUTS and not _FILE.fullmatch(name):
                raise TemplateError("no letter uses a file of this name", where=name, mend="say <language>/<level>.j2")
        return Templates(texts, self)

    def has(self, level_name: str, language: str = "") -> bool:
        """Whether a level can be put into words, in that language or in any."""
        return any(f"{code}/{level_name}.j2" in self._texts for code in ([language] if language else self._words))

    def language(self, level_name: str, customer: Customer, creditor: Creditor) -> str:
        """The language to write in: the customer's own, else his country's, else the creditor's, else English.

        Raises TemplateError when the level has no wording at all, RenderError when it has none that would do here.
        """
        wishes = (_code(customer.language), *_spoken(customer.country), _code(creditor.language), "en")
        for wish in wishes:
            if wish in self._words and f"{wish}/{level_name}.j2" in self._texts:
                return wish
        tried = " or ".join(f"{wish}/{level_name}.j2" for wish in dict.fromkeys(filter(None, wishes)))
        kind = RenderError if self.has(level_name) else TemplateError
        raise kind(f"level {level_name!r} has no wording", where=f"customer {customer.id}", mend=f"write {tried}")

    def check(
        self, level_names: Collection[str], languages: Iterable[str], extra: Mapping[str, object] = _NOTHING
    ) -> None:
        """Compile everything and try every letter on invented data. Raises TemplateError naming file and line.

        `extra` holds sample values; a wording that uses others as `extra.<name>` is compiled but not tried.
        """
        for language in dict.fromkeys(languages):
            layouts = [self.layout(name, language) for name in LAYOUTS]
            for level_name in dict.fromkeys(level_names):
                if language not in self._words or not self.has(level_name, language):
                    raise TemplateError("there is no such file", where=f"{language}/{level_name}.j2")
                used = {*self.wording(language, level_name).extra}.union(*(layout.extra for layout in layouts))
                if used <= extra.keys():
                    self._try(level_name, language, extra)

    def _try(self, level_name: str, language: str, extra: Mapping[str, object]) -> None:
        try:
            for channel in ("email", "sms"):
                for action, ledger in specimen.specimens(level_name, language, channel):
                    if channel == "email" or "sms" in self.wording(language, level_name).blocks:
                        for follows in ((), specimen.EARLIER):
                            render(action, ledger, self, on=specimen.ON, extra=extra, follows=follows, codes=True)
        except RenderError as error:
            raise TemplateError(error.what, where=error.where, mend=error.mend) from error

    def wording(self, language: str, level_name: str) -> Compiled:
        """The compiled wording of a level. Raises TemplateError when it is broken or a block is missing."""
        name = f"{language}/{level_name}.j2"
        if name not in self._compiled:
            wording = _WORDING.compiled(self._texts[name], name, NAMES)
            for block in NEEDED:
                if block not in wording.blocks:
                    raise TemplateError(f"block {block!r} is missing", where=f"{name}:1")
            for block in sorted(wording.blocks - BLOCKS):
                raise TemplateError(
                    f"no letter uses a block {block!r}", where=f"{name}:1", mend=f"blocks: {', '.join(sorted(BLOCKS))}"
                )
            self._compiled[name] = wording
        return self._compiled[name]

    def layout(self, name: str, language: str) -> Compiled:
        """A compiled layout with the words of a language in it. Raises TemplateError when it is broken."""
        key = f"{name} {language}"
        if key not in self._compiled:
            sandbox = _HTML if name.endswith(".html.j2") else _TEXT
            known = {"words": self._words.get(language, {})}
            self._compiled[key] = sandbox.compiled(self._texts[name], name, NAMES, known)
        return self._compiled[key]


def render(
    action: Action,
    ledger: Ledger,
    templates: Templates,
    *,
    on: date,
    extra: Mapping[str, object] = _NOTHING,
    follows: Collection[str] = (),
    attempt: int = 1,
    codes: bool = False,
) -> Document:
    """The document of one action, dated `on`; days late are counted up to that day.

    `extra` are further plain values for the templates, `follows` the names of the earlier letters of the case; what
    they were about is taken from the ledger's events. With `codes` the payment details have a payment code for each
    currency in which there is a public convention and an account that fits. Sender and copies are left empty.
    Raises RenderError when this letter cannot be written: no account for a currency, nothing to pay, an item or a
    customer missing from the ledger; TemplateError when no letter of this level can.
    """
    customer = _addressee(action, ledger)
    language = templates.language(action.level_name, customer, ledger.creditor)
    known = formats(language, customer.country)
    words = templates.words[language]
    particulars = Particulars(action, ledger, words, known, on, codes=codes)
    data = particulars.data() | {
        "_formats": known,
        "language": language,
        "direction": known.locale.text_direction,
        "extra": plain(extra, "extra"),
        "earlier": len(follows),
        "fresh": fresh(action, ledger, follows),
    }
    text, html = _parts(action, customer, templates, data)
    return Document(
        key=particulars.key,
        customer=action.customer,
        language=language,
        level=action.level,
        level_name=action.level_name,
        subject=data["subject"],
        text=text,
        html=html,
        on=on,
        channel=action.channel,
        attempt=attempt,
        to=tuple(Mailbox(address, clean(customer.contact or customer.name)) for address in action.recipients),
        follows=tuple(follows),
        codes=_shown(html, data),
        data={name: value for name, value in data.items() if name in NAMES},
    )


def _shown(html: str, data: Data) -> tuple[Code, ...]:
    """The payment codes whose images the page asks for; a layout of the user's may have none."""
    codes = (section["code"] for section in data["sections"] if section["code"])
    return tuple(Code(code["name"], code["payload"]) for code in codes if code["src"] in html)


def _addressee(action: Action, ledger: Ledger) -> Customer:
    where = f"letter to customer {action.customer}"
    if action.customer not in ledger.customers:
        raise RenderError("the customer is not in the ledger", where=where)
    return ledger.customers[action.customer]


def _parts(action: Action, customer: Customer, templates: Templates, data: Data) -> tuple[str, str]:
    """Text and HTML; the blocks of the wording are rendered once, and are data for the layouts."""
    wording = templates.wording(data["language"], action.level_name)
    said = wording.over(data)
    data["title"] = _line(said("title"))
    data["subject"] = _subject(said("subject"), customer, data)
    if action.channel == "sms":
        text = _line(said("sms"))
        if not text:
            raise RenderError("there is no block 'sms'", where=wording.name, mend="write one, or use another channel")
        return text, ""
    for name in ("opening", "closing", "claims"):
        data[name] = _paragraphs(said(name))
    text, html = (templates.layout(name, data["language"]).whole(data) for name in LAYOUTS)
    return text, html


def _subject(text: str, customer: Customer, data: Data) -> str:
    if discreet(customer):
        text = data["words"]["neutral_subject"].replace("{reference}", data["reference"])
    line = _line(text).replace("=?", "= ?")  # nobody's name may become an encoded word
    return line if len(line) <= _SUBJECT else line[: _SUBJECT - 1] + "…"


def _line(text: str) -> str:
    return " ".join(text.split())


@lru_cache(1024)  # the closing of most letters of a level is the same
def _paragraphs(text: str) -> tuple[str, ...]:
    """Blank lines part paragraphs; the layout, not the file, decides where lines break."""
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        stripped = line.strip(" \t")
        if stripped:
            paragraphs[-1].append(stripped)
        elif paragraphs[-1]:
            paragraphs.append([])
    return tuple(" ".join(lines) for lines in paragraphs if lines)


def _known_language(language: str, name: str) -> None:
    try:
        formats(language)
    except ValueError as error:
        raise TemplateError(f"the language {language!r} is not known", where=name) from error


@lru_cache(512)
def _code(language: str) -> str:
    return re.split(r"[-_]", language.strip().lower())[0]


@lru_cache(512)
def _spoken(country: str) -> tuple[str, ...]:
    return get_official_languages(country.upper(), de_facto=True) if country else ()


_WORDING = Sandbox(VALUES, html=False, trim=False)  # blank lines part paragraphs, also after a tag
_TEXT = Sandbox({**VALUES, **ALIGNING}, html=False, trim=True)
_HTML = Sandbox(VALUES, html=True, trim=True)
