"""What a letter must never say, or only under conditions: phrases in the wordings that a firm writes itself.

A phrase that is found is no proof, and one that is not found no acquittal: this reads words, not meaning.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dunning_core.interest import Mark
from dunning_core.values import Problem


@dataclass(frozen=True)
class Prohibition:
    """Phrases by language, why they must not stand in a letter, and how to say it instead.

    `grave`: with it no letter should go out; otherwise a person has to look at it.
    """

    name: str
    phrases: Mapping[str, str]
    why: str
    mend: str
    basis: str
    mark: Mark
    grave: bool = True

    @cached_property
    def patterns(self) -> Mapping[str, re.Pattern[str]]:
        """The phrases of each language, compiled."""
        return {language: re.compile(phrase, re.IGNORECASE) for language, phrase in self.phrases.items()}


PROHIBITIONS = (
    Prohibition(
        "threat",
        {
            "en": r"\bpolice\b|\bprison\b|\bjail\b|criminal (?:complaint|report|charge|offen[cs]e)|\bblack ?list",
            "ro": r"\bpoliți|\bînchiso|plângere penală|dosar penal|list[aă] neagră",
            "es": r"\bpolicía|\bcárcel|\bdenuncia|\bdelito|lista negra",
            "pl": r"\bpolicj|\bwięzieni|\bprokurat|popełnieni\w* przestępstwa|\bczarn\w+ list",
            "hu": r"\brendőr|\bbörtön|\bfeljelent|büntetőeljárás|\bfeketelist",
        },
        "it threatens with what an unpaid bill does not lead to",
        "say that you reserve the right to sue",
        "UCPD art. 8-9; PL art. 190-191 KK; RO Legea 363/2007; HU 2008. XLVII. tv.",
        Mark.VERIFY,
    ),
    Prohibition(
        "court",
        {
            "en": r"\bbailiff|court (?:has|had) (?:ruled|decided|ordered)|judgment against you|enforcement order",
            "ro": r"executare silită|executor(?:ul)? judecătoresc|titlu executoriu|hotărâre judecătorească",
            "es": r"\bembargo|\bsentencia|orden judicial|ejecución forzosa",
            "pl": r"\bkomornik|\begzekucj|tytuł\w* wykonawcz|\bwyrok",
            "hu": r"\bvégrehajtó|\bvégrehajtás|\bvégrehajtható|\bítélet",
        },
        "it may sound as if a court had decided",
        "make sure that it only says what may follow a suit",
        "UCPD art. 6",
        Mark.VERIFY,
        grave=False,
    ),
    Prohibition(
        "register",
        {
            "en": r"credit (?:bureau|register|reference agency)",
            "ro": r"birou\w* de credit",
            "es": r"\bASNEF\b|\bBADEXCUG\b|ficheros? de (?:solvencia|moros)",
            "pl": r"\bBIG\b|\bKRD\b|\bERIF\b|biur\w+ informacji gospodarcz",
            "hu": r"\bKHR\b|\bBAR\b|hitelinformáció",
        },
        "it announces an entry in a register of debtors, which the law allows under conditions only",
        "set law.register and use {{ register }}, which stands only on letters that meet them",
        "PL ustawa z 9.04.2010 art. 14-15; ES art. 20 LOPDGDD",
        Mark.SECONDARY,
    ),
    Prohibition(
        "fee",
        {
            "en": r"(?:reminder|dunning|late|collection|administrat\w+) (?:fee|charge)s?\b",
            "ro": r"tax[aăe] de (?:notificare|somare|administrare)|\bpenalităț",
            "es": r"gastos de (?:gestión|reclamación|recobro)|\brecargo|\bpenalizaci",
            "pl": r"opłat\w* (?:za|windykac|manipul|upomin)|koszt\w* (?:wezwania|upomnienia|monitu)|kar\w+ umown",
            "hu": r"felszólítási (?:díj|költség)|kezelési költség|késedelmi pótlék|\bkötbér",
        },
        "it asks for a fee that no statute gives",
        'claim compensation = "claim" in the policy, or leave it to your lawyer',
        "Dir. 2011/7/EU art. 6(3); CJEU C-287/17",
        Mark.VERIFY,
    ),
    Prohibition(
        "charges",
        {
            "en": r"\binterest\b(?! in\b)|\bcompensation\b",
            "ro": r"\bdobân|\bdespăgubi|\bdaune",
            "es": r"intereses de demora|interés legal|\bindemniza",
            "pl": r"\bodset|\brekompensat",
            "hu": r"kamat|költségátalány",
        },
        "a wording that speaks of interest or compensation speaks of it to consumers as well",
        "let the policy announce or claim it: only who owes it then reads of it",
        "Dir. 2011/7/EU art. 1-2",
        Mark.OFFICIAL,
        grave=False,
    ),
    Prohibition(
        "imitation",
        dict.fromkeys(("en", "ro", "es", "pl", "hu"), r"\bveri ?factu\b|\bKSeF\b"),
        "it looks like a letter of an authority",
        "leave the name out",
        "UCPD art. 6",
        Mark.VERIFY,
        grave=False,
    ),
)
SOMATIE = Prohibition(
    "somatie",
    {"ro": r"\bsomați"},
    "a somație needs a channel that proves its receipt; what goes by e-mail or SMS is a notificare",
    "call it notificare, or send it by registered letter with declared content",
    "art. 1015 CPC; Legea 72/2013",
    Mark.SECONDARY,
)
NEGOTIATION = re.compile(r"negocia", re.IGNORECASE)
THIRTY_DAYS = re.compile(r"\b(?:30|treinta) días")


@dataclass(frozen=True, slots=True)
class Objection:
    """A phrase that a wording should not have, or one that it lacks."""

    grave: bool
    problem: Problem


def objections(
    texts: Mapping[str, str], *, channels: Collection[str], country: str, register: bool = False
) -> Iterator[Objection]:
    """What is wrong with wordings, files by name as `Templates` has them.

    `channels` are those by which letters go out, `country` is the creditor's. With `register` the creditor may announce
    an entry in a register of debtors.
    """
    proven = set(channels) <= {"letter"}
    rules = [rule for rule in PROHIBITIONS if not (rule.name == "register" and register)]
    for name, text in sorted(texts.items()):
        language = name.partition("/")[0]
        for rule in rules if proven else [*rules, SOMATIE]:
            pattern = rule.patterns.get(language)
            for found in pattern.finditer(text) if pattern else ():
                line = text.count("\n", 0, found.start()) + 1
                yield Objection(rule.grave, Problem(f"{name}:{line}", rule.why, found.group(), rule.mend))
        if (
            country == "ES"
            and name == "es/final_demand.j2"
            and not (NEGOTIATION.search(text) and THIRTY_DAYS.search(text))
        ):
            what = "before a suit Spanish law wants a proposal to negotiate, with 30 days for an answer"
            mend = "take the paragraph of the stock wording (LO 1/2025 art. 5, 10, 17)"
            yield Objection(grave=False, problem=Problem(name, what, mend=mend))
