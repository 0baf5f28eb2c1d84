"""The chain of the journal: every entry commits to what it says, and to everything before it.

An entry has two parts that can be forgotten one without the other: its `WORDS` and its `FACTS`. Each is committed to by
SHA-256 over a random salt and the canonical payload. The hash of an entry covers the hash before it, its kind, its date
and the two commitments, and nothing else: when a part is blanked and its salt destroyed, the chain holds as before, and
nobody can try out names until the commitment matches.

Letters are kept apart by keys under a secret of the installation. The key of a letter is a hash of customer, invoice
numbers and level, which somebody who knows these could compute; without the secret nobody can.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import json.encoder
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

WORDS: Final = ("recipients", "subject", "body", "because")
"""What a letter said and to whom, and what mail servers and people said about it."""

FACTS: Final = (
    "customer", "customer_hash", "letter_key", "attempt", "creditor", "group_name", "level", "level_name", "items",
    "carried", "totals", "deadline", "channel", "chosen_by", "at_us",
)  # fmt: skip
"""What levels, deadlines and quiet periods are folded from."""

SALT_BYTES: Final = 16

Row = dict[str, object]

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _encoder() -> Callable[[object], str]:
    """Compact JSON. `json` makes its fast encoder anew for each text, which takes longer than a row does."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # pragma: no cover - Python without the accelerator
        return _JSON.encode
    parts = make(None, _JSON.default, json.encoder.encode_basestring, None, ":", ",", False, False, True)  # noqa: FBT003 - as json calls it
    return lambda values: "".join(parts(values, 0))


encoded: Final = _encoder()


def beginning(secret: str) -> str:
    """What the first entry has before it. It names the journal: no two installations have the same."""
    return keyed(secret, "dunning journal")


def keyed(secret: str, text: str) -> str:
    """HMAC-SHA-256 of a text, lowercase hex."""
    made = _under(secret).copy()
    made.update(text.encode())
    return made.hexdigest()


@lru_cache(maxsize=8)
def _under(secret: str) -> hmac.HMAC:
    return hmac.new(secret.encode(), digestmod="sha256")


def commitment(salt: str, values: Sequence[object]) -> str:
    """SHA-256 over the salt and the canonical payload: the values as compact JSON."""
    return hashlib.sha256((salt + encoded(values)).encode()).hexdigest()


def link(before: str, kind: str, on_date: str, facts: str, words: str) -> str:
    """The hash of an entry: `before` is the hash of the one before it, `facts` and `words` are its commitments."""
    return hashlib.sha256(f"{before}\n{kind}\n{on_date}\n{facts}\n{words}".encode()).hexdigest()


def chained(rows: Iterable[Mapping[str, object]], entry: int, before: str, salts: bytes) -> Iterator[Row]:
    """The rows as entries that follow the entry of that number and hash; `salts` has 32 random bytes for each."""
    for place, row in enumerate(rows):
        salt, words_salt = (salts[(2 * place + n) * SALT_BYTES :][:SALT_BYTES].hex() for n in (0, 1))
        facts = commitment(salt, [row[name] for name in FACTS])
        words = commitment(words_salt, [row[name] for name in WORDS])
        now = link(before, str(row["kind"]), str(row["on_date"]), facts, words)
        yield {
            **row,
            "seq": entry + place + 1,
            "salt": salt,
            "commitment": facts,
            "words_salt": words_salt,
            "words_commitment": words,
            "prev_hash": before,
            "hash": now,
        }
        before = now
