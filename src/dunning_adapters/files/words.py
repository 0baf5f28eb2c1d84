"""Words that exports in five languages use for yes and no, kinds, currencies and reasons."""

from __future__ import annotations

import re
import unicodedata

from dunning_core.ledger import CustomerKind, HoldReason, ItemKind

_STROKES = str.maketrans("łŁøØđĐ✓✔☑", "lLoOdDxxx")


def fold(text: str) -> str:
    """One spelling for headers and words: no case, no diacritics, single spaces, no punctuation."""
    parts = unicodedata.normalize("NFKD", text.translate(_STROKES)).casefold()
    kept = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", kept).split())


YES = frozenset(("1", "yes", "y", "true", "t", "da", "d", "si", "s", "tak", "igen", "i", "x", "prawda", "igaz"))
NO = frozenset(("", "0", "no", "n", "false", "f", "nu", "nie", "nem", "falsz", "hamis"))

ITEM_KINDS = {
    "invoice": ItemKind.INVOICE,
    "inv": ItemKind.INVOICE,
    "factura": ItemKind.INVOICE,
    "factura fiscala": ItemKind.INVOICE,
    "fct": ItemKind.INVOICE,
    "faktura": ItemKind.INVOICE,
    "faktura vat": ItemKind.INVOICE,
    "faktura sprzedazy": ItemKind.INVOICE,
    "fv": ItemKind.INVOICE,
    "fs": ItemKind.INVOICE,
    "szamla": ItemKind.INVOICE,
    "credit note": ItemKind.CREDIT_NOTE,
    "credit": ItemKind.CREDIT_NOTE,
    "refund": ItemKind.CREDIT_NOTE,
    "storno": ItemKind.CREDIT_NOTE,
    "factura storno": ItemKind.CREDIT_NOTE,
    "nota de credit": ItemKind.CREDIT_NOTE,
    "abono": ItemKind.CREDIT_NOTE,
    "factura rectificativa": ItemKind.CREDIT_NOTE,
    "rectificativa": ItemKind.CREDIT_NOTE,
    "korekta": ItemKind.CREDIT_NOTE,
    "faktura korygujaca": ItemKind.CREDIT_NOTE,
    "kfs": ItemKind.CREDIT_NOTE,
    "fk": ItemKind.CREDIT_NOTE,
    "jovairas": ItemKind.CREDIT_NOTE,
    "jovairo szamla": ItemKind.CREDIT_NOTE,
    "sztorno": ItemKind.CREDIT_NOTE,
    "sztorno szamla": ItemKind.CREDIT_NOTE,
    "helyesbito szamla": ItemKind.CREDIT_NOTE,
    "debit note": ItemKind.DEBIT_NOTE,
    "nota de debit": ItemKind.DEBIT_NOTE,
    "nota de debito": ItemKind.DEBIT_NOTE,
    "nota de cargo": ItemKind.DEBIT_NOTE,
    "nota obciazeniowa": ItemKind.DEBIT_NOTE,
    "nota odsetkowa": ItemKind.DEBIT_NOTE,
    "terhelo level": ItemKind.DEBIT_NOTE,
    "payment": ItemKind.PAYMENT,
    "incasare": ItemKind.PAYMENT,
    "plata": ItemKind.PAYMENT,
    "chitanta": ItemKind.PAYMENT,
    "avans": ItemKind.PAYMENT,
    "cobro": ItemKind.PAYMENT,
    "anticipo": ItemKind.PAYMENT,
    "pago": ItemKind.PAYMENT,
    "wplata": ItemKind.PAYMENT,
    "zaliczka": ItemKind.PAYMENT,
    "przelew": ItemKind.PAYMENT,
    "kp": ItemKind.PAYMENT,
    "befizetes": ItemKind.PAYMENT,
    "eloleg": ItemKind.PAYMENT,
    "fizetes": ItemKind.PAYMENT,
}
CREDIT_KINDS = frozenset((ItemKind.CREDIT_NOTE, ItemKind.PAYMENT))

CUSTOMER_KINDS = {
    "": CustomerKind.UNKNOWN,
    "unknown": CustomerKind.UNKNOWN,
    **dict.fromkeys(
        ("business", "company", "firma", "persoana juridica", "pj", "empresa", "ceg", "vallalkozas"),
        CustomerKind.BUSINESS,
    ),
    **dict.fromkeys(
        ("public body", "institutie publica", "administracion publica", "jednostka publiczna", "koltsegvetesi szerv"),
        CustomerKind.PUBLIC_BODY,
    ),
    **dict.fromkeys(
        (
            "consumer",
            "individual",
            "persoana fizica",
            "pf",
            "particular",
            "konsument",
            "osoba fizyczna",
            "maganszemely",
        ),
        CustomerKind.CONSUMER,
    ),
}

REASONS = {
    "": None,
    "manual": HoldReason.MANUAL,
    **dict.fromkeys(("dispute", "litigiu", "disputa", "spor", "vita", "vitatott"), HoldReason.DISPUTE),
    **dict.fromkeys(("promise", "promisiune", "promesa", "obietnica", "igeret"), HoldReason.PROMISE),
    **dict.fromkeys(
        ("insolvency", "insolventa", "concurso", "upadlosc", "restrukturyzacja", "csod", "felszamolas"),
        HoldReason.INSOLVENCY,
    ),
    **dict.fromkeys(
        ("agreement", "esalonare", "acuerdo", "aplazamiento", "ugoda", "reszletfizetes"), HoldReason.AGREEMENT
    ),
}

CURRENCIES = {"LEI": "RON", "LEU": "RON", "ZŁ": "PLN", "ZL": "PLN", "FT": "HUF", "€": "EUR", "EURO": "EUR", "$": "USD"}
