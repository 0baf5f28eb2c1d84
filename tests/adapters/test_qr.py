"""Payment codes as a banking app sees them: drawn, put into mails and pages, and read by another library."""

import base64
import re
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email import message_from_bytes, policy
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from dunning_adapters.folder import FolderSettings, FolderTransport
from dunning_adapters.message import serialise
from dunning_adapters.qr import png, svg
from dunning_adapters.readback import read_back
from dunning_adapters.safety.rehearsal import redirected
from dunning_adapters.settings import parse
from dunning_adapters.wording import templates
from dunning_core.document import Attachment, Code, Document, Mailbox
from dunning_core.errors import MissingExtra, RenderError
from dunning_core.payment_code import epc, zbp

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ES, PL = "ES9121000418450200051332", "PL61109010140000071219812874"
PAYLOADS = {
    "euro": epc(name="Țesătoria Peñalver & Őr, S.L.", iban=ES, amount=Decimal("1234.50"), text="F-1042, F-1043"),
    "zloty": zbp(name="Łącz-Bud Sp. z o.o.", account=PL, amount=Decimal("1234.56"), title="FV/2026/żółć"),
    "longest": epc(name="N" * 70, iban=ES, amount=Decimal("999999999.99"), bic="CAIXESBBXXX", text="Ő" * 95 + "x"),
    "of digits": "1234567890",
}
LETTER = Document(
    key="ab12" * 16,
    customer="K-17",
    language="pl",
    level=2,
    level_name="demand",
    subject="Wezwanie do zapłaty",
    text="Prosimy o zapłatę.\n",
    html='<p>Prosimy o <b>zapłatę</b>.</p><img src="cid:pln.1@a.invalid"><img src="cid:eur.1@a.invalid">',
    on=date(2026, 11, 20),
    sender=Mailbox("ksiegowosc@firma.pl", "Żubr"),
    to=(Mailbox("jan@kowalski.pl", "Jan"),),
    codes=(Code("pln.1@a.invalid", PAYLOADS["zloty"]), Code("eur.1@a.invalid", PAYLOADS["euro"])),
)


def seen(picture):
    """What a reader finds in a picture, and how much of it could be damaged."""
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    return found.bytes.decode(), found.ec_level


def raster(drawing, scale=4):
    """The SVG as a picture: horizontal strokes, each module a unit, on white."""
    root = ET.fromstring(drawing)  # noqa: S314 - our own
    size = int(root.get("width"))
    ground, lines = root
    assert ground.get("d") == f"M0 0h{size}v{size}h-{size}z"
    assert lines.get("stroke-width") is None  # one unit
    picture = Image.new("L", (size * scale, size * scale), 255)
    pen = ImageDraw.Draw(picture)
    for x, middle, wide in re.findall(r"M(\d+) (\d+\.5)h(\d+)", lines.get("d")):
        left, top = int(x) * scale, (float(middle) - 0.5) * scale
        pen.rectangle([left, top, left + int(wide) * scale - 1, top + scale - 1], fill=0)
    return picture


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_code_is_read_as_it_was_meant(payload):
    assert seen(Image.open(BytesIO(png(payload)))) == (payload, "M")
    assert seen(raster(svg(payload))) == (payload, "M")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
def test_a_code_is_the_same_in_mails_and_on_paper(payload):
    assert raster(svg(payload)).tobytes() == Image.open(BytesIO(png(payload))).convert("L").tobytes()


def test_the_longest_code_has_all_the_bytes_that_the_convention_allows():
    assert len(PAYLOADS["longest"].encode()) == 331


def test_a_code_survives_a_poor_printer():
    picture = Image.open(BytesIO(png(PAYLOADS["euro"]))).convert("L")
    picture = picture.resize((picture.width * 2 // 3, picture.height * 2 // 3)).rotate(3, fillcolor=255, expand=True)
    ImageDraw.Draw(picture).rectangle([60, 60, 68, 68], fill=255)
    assert seen(picture)[0] == PAYLOADS["euro"]


# In mails ---------------------------------------------------------------------------------------------------------


def raw(document=LETTER):
    return serialise(document, domain="firma.pl", at=AT)


def test_a_mail_brings_its_codes_as_parts_of_the_page():
    message = message_from_bytes(raw(), policy=policy.default)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png",
    ]  # fmt: skip
    assert not any(part.defects for part in message.walk())
    assert message.get_body(("html",)).get_content() == LETTER.html
    assert list(message.iter_attachments()) == []
    related = next(part for part in message.walk() if part.get_content_type() == "multipart/related")
    assert related.get_param("type") == "text/html"
    images = {str(part["Content-ID"]): part for part in related.iter_parts() if part.get_content_maintype() == "image"}
    for code in LETTER.codes:
        part = images[f"<{code.name}>"]
        assert part.get_content_disposition() == "inline"
        assert seen(Image.open(BytesIO(part.get_content())))[0] == code.payload


def test_every_line_of_such_a_mail_is_short_ascii():
    assert raw().isascii()
    assert max(map(len, raw().split(b"\r\n"))) <= 76


def test_a_page_with_codes_and_files():
    document = replace(LETTER, attachments=(Attachment("a.csv", "text/csv", b"a;b"),))
    message = message_from_bytes(raw(document), policy=policy.default)
    assert message.get_content_type() == "multipart/mixed"
    assert [part.get_filename() for part in message.iter_attachments()] == ["a.csv"]
    assert read_back(raw(document), document, "firma.pl") == raw(document)


def test_without_a_page_there_is_nothing_to_show_codes_in():
    document = replace(LETTER, html="")
    assert message_from_bytes(raw(document), policy=policy.default).get_content_type() == "text/plain"
    assert read_back(raw(document), document, "firma.pl")


def test_a_mail_with_codes_is_read_back():
    assert read_back(raw(), LETTER, "firma.pl") == raw()


@pytest.mark.parametrize(
    "other",
    [
        replace(LETTER, codes=LETTER.codes[::-1]),
        replace(LETTER, codes=LETTER.codes[:1]),
        replace(LETTER, codes=()),
        replace(LETTER, codes=(LETTER.codes[0], replace(LETTER.codes[1], payload=PAYLOADS["zloty"]))),
        replace(LETTER, html=LETTER.html + "x"),
    ],
)
def test_a_code_for_another_payment_does_not_leave(other):
    with pytest.raises(RenderError, match="differs from the document"):
        read_back(raw(), other, "firma.pl")


@pytest.mark.parametrize("name", ["", "a", "a@b\r\nBcc: x@evil.example", "a@b>", "ż@b", "a@" + "b" * 61])
def test_a_name_that_could_become_a_header_is_refused(name):
    with pytest.raises(RenderError, match="cannot name an image"):
        raw(replace(LETTER, codes=(Code(name, "1"),)))


def test_a_rehearsal_shows_the_codes_too():
    rehearsed = redirected(LETTER, None, "not armed")
    assert read_back(raw(rehearsed), rehearsed, "firma.pl")
    assert b"Content-ID: <eur.1@a.invalid>" in raw(rehearsed)


# On pages ---------------------------------------------------------------------------------------------------------


def test_a_page_in_a_folder_stands_alone(tmp_path):
    with FolderTransport(FolderSettings(path=tmp_path), tmp_path) as transport:
        transport.deliver(LETTER)
    (page,) = tmp_path.glob("*.html")
    drawn = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page.read_text("utf-8"))
    payloads = [seen(raster(base64.b64decode(each)))[0] for each in drawn]
    assert payloads == [code.payload for code in LETTER.codes]
    assert "cid:" not in page.read_text("utf-8")


# Wanted -----------------------------------------------------------------------------------------------------------

SETTINGS = """
[creditor]
name = "Acme"
country = "ES"
accounts = [{ currency = "EUR", number = "ES9121000418450200051332" }]

[source]
adapter = "memory"

[templates]
payment_codes = true
"""


def test_codes_that_cannot_be_drawn_are_missed_before_the_first_letter(monkeypatch):
    assert templates(parse(SETTINGS))
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(MissingExtra, match=r"drawing payment codes needs segno.*pip install 'dunning\[codes\]'"):
        templates(parse(SETTINGS))
    assert templates(parse(SETTINGS.replace("true", "false")))
