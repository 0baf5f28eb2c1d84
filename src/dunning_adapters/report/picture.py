"""How old the open items are: one bar per currency, as SVG for the page and as table cells for mail readers.

Every bar is the whole of its own currency. Bars of different currencies are equally long, because their amounts
cannot be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from itertools import accumulate

from dunning_adapters.report.figures import ZERO
from dunning_adapters.report.wording import Wording

# From calm to alarming; the lightness alone tells them apart as well, on paper and for those who see no red.
_CALM, _RAMP = "#8fbf9f", ("#f6e27f", "#f2b84b", "#e07b39", "#b8412c", "#6d1f1f")
_ROOM, _BAR, _LABEL, _WIDTH, _LEGEND = 46, 24, 64, 1116, 34
_TOTAL = 170  # room for the total, right of the bar
_ROOMY = Decimal(7)  # percent of the bar from which on a share is written into it
_DARK_ON_LIGHT = 4  # of the colours, so many need dark letters


@dataclass(frozen=True, slots=True)
class Part:
    """One bucket's share of a bar: percent from `start` on."""

    label: str
    amount: str
    colour: str
    ink: str
    start: float
    share: float

    @property
    def written(self) -> str:
        """The share where there is room for it."""
        return f"{self.share:.0f} %" if self.share >= _ROOMY else ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One currency."""

    currency: str
    total: str
    parts: tuple[Part, ...]


def colours(count: int) -> list[tuple[str, str]]:
    """(colour, ink) of so many buckets; the first is what is not due."""
    steps = [_RAMP[round(index * (len(_RAMP) - 1) / max(count - 2, 1))] for index in range(count - 1)]
    return [
        (colour, "#222222" if colour in (_CALM, *_RAMP[: _DARK_ON_LIGHT - 1]) else "#ffffff")
        for colour in (_CALM, *steps)
    ]


def bars(aging: Mapping[str, Sequence[Decimal]], labels: Sequence[str], wording: Wording) -> list[Bar]:
    """A bar per currency with something open. Buckets in which credits prevail have no length."""
    paint, made = colours(len(labels)), []
    for currency, amounts in aging.items():
        debts = [max(amount, ZERO) for amount in amounts]
        whole = sum(debts, ZERO)
        if not whole:
            continue
        shares = [float(amount * 100 / whole) for amount in debts]
        starts = (0.0, *accumulate(shares))
        rows = zip(labels, amounts, paint, starts, shares, strict=False)
        parts = tuple(
            Part(wording.bucket(label), wording.money(amount, currency), *look, start, share)
            for label, amount, look, start, share in rows
            if share > 0
        )
        made.append(Bar(currency, wording.money(sum(amounts, ZERO), currency), parts))
    return made


def svg(made: Sequence[Bar], labels: Sequence[str], wording: Wording) -> str:
    """The picture. It has a title and says in words what it shows, for those who do not see it."""
    told = " ".join(
        f"{bar.currency} {bar.total}: " + ", ".join(f"{p.label} {p.amount} ({p.share:.0f} %)" for p in bar.parts) + "."
        for bar in made
    )
    head = _filled(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" role="img" aria-labelledby="age-t age-d" '
        'style="max-width:{0}px;width:100%;height:auto" font-family="Segoe UI,Helvetica,Arial,sans-serif" '
        'font-size="13">\n<title id="age-t">{2}</title>\n<desc id="age-d">{3} {4}</desc>\n',
        _WIDTH,
        _LEGEND + _ROOM * len(made) + 4,
        wording.page("picture"),
        wording.page("picture_text"),
        told,
    )
    return head + _legend(labels, wording) + "".join(_row(bar, row) for row, bar in enumerate(made)) + "</svg>"


def _legend(labels: Sequence[str], wording: Wording) -> str:
    step = (_WIDTH - _LABEL) / len(labels)
    return "".join(
        _filled(
            '<rect x="{:.1f}" y="6" width="13" height="13" rx="3" fill="{}"/>'
            '<text x="{:.1f}" y="17" fill="#444">{}</text>\n',
            _LABEL + step * place,
            colour,
            _LABEL + step * place + 19,
            wording.bucket(label),
        )
        for place, (label, (colour, _)) in enumerate(zip(labels, colours(len(labels)), strict=True))
    )


def _row(bar: Bar, row: int) -> str:
    top = _LEGEND + row * _ROOM
    name = '<text x="0" y="{}" font-weight="600" font-size="15" fill="#1f3a5f">{}</text>\n'
    total = '<text x="{}" y="{}" text-anchor="end" font-weight="600" fill="#222">{}</text>\n'
    pieces = "".join(_piece(bar, part, top) for part in bar.parts)
    return _filled(name, top + 26, bar.currency) + pieces + _filled(total, _WIDTH, top + 25, bar.total)


def _piece(bar: Bar, part: Part, top: int) -> str:
    """One share of a bar, with its amount as a hint."""
    length = _WIDTH - _LABEL - _TOTAL
    left, width = _LABEL + part.start * length / 100, part.share * length / 100
    shape = (
        '<g><title>{}</title><rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" fill="{}" stroke="#fff"/>'
        '<text x="{:.1f}" y="{}" fill="{}" text-anchor="middle">{}</text></g>\n'
    )
    hint = f"{bar.currency}, {part.label}: {part.amount} ({part.share:.1f} %)"
    box = (left, top + 8, max(width, 1), _BAR, part.colour)
    return _filled(shape, hint, *box, left + width / 2, top + 25, part.ink, part.written)


def mail_table(made: Sequence[Bar], labels: Sequence[str], wording: Wording) -> str:
    """The same as tables with coloured cells, since mail readers drop SVG."""
    key = '<td width="12" bgcolor="{}">&nbsp;</td><td style="padding:0 14px 0 5px">{}</td>'
    keys = "".join(
        _filled(key, colour, wording.bucket(label))
        for label, (colour, _) in zip(labels, colours(len(labels)), strict=True)
    )
    return (
        f'<table role="presentation" cellspacing="0" style="font-size:12px"><tr>{keys}</tr></table>\n'
        '<table role="presentation" width="100%" cellspacing="0" cellpadding="4">\n'
        f"{''.join(map(_mail_row, made))}</table>"
    )


def _mail_row(bar: Bar) -> str:
    cell = '<td width="{}%" bgcolor="{}" title="{}" style="color:{};font-size:12px;text-align:center">{}&nbsp;</td>'
    cells = "".join(
        _filled(cell, max(round(p.share), 1), p.colour, f"{p.label}: {p.amount}", p.ink, p.written) for p in bar.parts
    )
    shares = f'<table role="presentation" width="100%" cellspacing="1" cellpadding="3"><tr>{cells}</tr></table>'
    name, total = '<tr><td width="50"><b>{}</b></td><td>', '</td><td width="150" align="right"><b>{}</b></td></tr>\n'
    return _filled(name, bar.currency) + shares + _filled(total, bar.total)


def _filled(shape: str, *values: str | float) -> str:
    """Markup with its values put in; text is escaped."""
    return shape.format(*(escape(value) if isinstance(value, str) else value for value in values))
