"""E-mails written by hand, read back by the standard library."""

import re
import string
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dunning_adapters.mailbox import read_address, usable
from dunning_adapters.message import serialise
from dunning_adapters.readback import assert_sound, read_back
from dunning_core.document import Attachment, Document, Mailbox
from dunning_core.errors import RenderError, TransportError

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LETTER = Document(
    key="ab12" * 16,
    customer="K-17",
    language="pl",
    level=2,
    level_name="demand",
    subject="Wezwanie do zapłaty nr 7/2026: zaległość 1 234,56 zł",
    text="Szanowni Państwo,\n\nprosimy o zapłatę 1 234,56 zł.\n.\n..\nFrom tu\nkoniec z odstępem \n",
    html="<p style='margin:0'>Szanowni Państwo, <b>1&nbsp;234,56 zł</b></p>",
    on=date(2026, 11, 20),
    sender=Mailbox("ksiegowosc@firma.pl", "Księgowość Żubr Sp. z o.o."),
    to=(Mailbox("jan@żółć.pl", "Kowalski, Jan"), Mailbox("biuro@kowalski.pl")),
    copies=(Mailbox("anna@firma.pl", "Anna Ńska"),),
    blind_copies=(Mailbox("archiwum@firma.pl", "Archiwum"),),
    reply_to=(Mailbox("anna@firma.pl"),),
    follows=("cd34" * 8 + ".1", "ef56" * 8 + ".2"),
)
HEADERS = [
    "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "Content-Language", "Auto-Submitted", "X-Dunning-Letter", "MIME-Version", "Content-Type",
]  # fmt: skip


def written(document=LETTER, **changes):
    return serialise(replace(document, **changes), domain="firma.pl", at=AT)


def parsed(raw):
    message = message_from_bytes(raw, policy=policy.default)
    assert not message.defects
    assert not any(part.defects for part in message.walk())
    return message


def body(message, kind):
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


def lines_of(text):
    """A text with its line ends as the mail brings them back."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def single(text):
    return re.sub(" +", " ", text).strip(" ")


def decoded(value):
    """A header value decoded as RFC 2047 says: white space between encoded words falls away."""
    return str(make_header(decode_header(value)))


def people(header):
    return [(single(address.display_name), address.addr_spec) for address in header.addresses]


def test_a_letter_as_it_stands_on_the_wire():
    raw = written()
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert head.decode("ascii").split("\r\n") == [
        "From: =?utf-8?b?S3NpxJlnb3dvxZvEhyDFu3ViciBTcC4geiBvLm8u?=",
        " <ksiegowosc@firma.pl>",
        'To: "Kowalski, Jan" <jan@xn--kda4b0koi.pl>,',
        " biuro@kowalski.pl",
        "Cc: =?utf-8?b?QW5uYSDFg3NrYQ==?= <anna@firma.pl>",
        "Reply-To: anna@firma.pl",
        "Subject: =?utf-8?b?V2V6d2FuaWUgZG8gemFwxYJhdHkgbnIgNy8yMDI2OiA=?=",
        " =?utf-8?b?emFsZWfFgm/Fm8SHIDEgMjM0LDU2IHrFgg==?=",
        "Date: Fri, 20 Nov 2026 09:30:00 +0000",
        "Message-ID: <ab12ab12ab12ab12ab12ab12ab12ab12.1@firma.pl>",
        "In-Reply-To: <ef56ef56ef56ef56ef56ef56ef56ef56.2@firma.pl>",
        "References: <cd34cd34cd34cd34cd34cd34cd34cd34.1@firma.pl>",
        " <ef56ef56ef56ef56ef56ef56ef56ef56.2@firma.pl>",
        "Content-Language: pl",
        "Auto-Submitted: auto-generated",
        "X-Dunning-Letter: ab12ab12ab12ab12ab12ab12ab12ab12.1",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        ' boundary="=_alternative.ab12ab12ab12ab12ab12ab12ab12ab12.1"',
    ]
    assert "prosimy o zapłatę 1 234,56 zł.".encode().hex() not in rest.hex()  # nothing but ASCII
    assert b"\r\n\r\nprosimy o zap=C5=82at=C4=99 1 234,56 z=C5=82.\r\n=2E\r\n" in rest


def test_everything_is_read_back():
    message = parsed(written())
    assert message.keys() == HEADERS
    assert people(message["From"]) == [("Księgowość Żubr Sp. z o.o.", "ksiegowosc@firma.pl")]
    assert people(message["To"]) == [("Kowalski, Jan", "jan@xn--kda4b0koi.pl"), ("", "biuro@kowalski.pl")]
    assert people(message["Cc"]) == [("Anna Ńska", "anna@firma.pl")]
    assert message["Subject"] == LETTER.subject
    assert message["Date"].datetime == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert body(message, "plain") == LETTER.text
    assert body(message, "html") == LETTER.html


def test_blind_copies_leave_no_trace():
    assert b"archiwum" not in written().lower()
    assert b"bcc" not in written().lower()


def test_the_same_letter_is_the_same_bytes():
    assert written() == written()
    assert written(attempt=2) != written()


def test_what_is_not_there_is_not_written():
    bare = Document("ab", "K", "", 1, "notice", "Zapytanie", "tekst", sender=LETTER.sender, to=LETTER.to)
    message = parsed(written(bare))
    missing = {"Cc", "Reply-To", "In-Reply-To", "References", "Content-Language"}
    assert message.keys() == [name for name in HEADERS[:-1] if name not in missing] + [
        "Content-Type",
        "Content-Transfer-Encoding",
    ]
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "tekst"
    assert message["Date"].datetime == AT


def test_a_letter_by_post_needs_nobody():
    message = parsed(written(channel="letter", to=(), sender=Mailbox("")))
    assert "From" not in message
    assert "To" not in message


def test_the_zone_of_the_given_time_is_kept():
    at = datetime(2026, 11, 21, 23, 5, tzinfo=timezone(timedelta(hours=1)))
    message = parsed(serialise(LETTER, domain="firma.pl", at=at))
    assert str(message["Date"]) == "Fri, 20 Nov 2026 23:05:00 +0100"
    assert parsedate_to_datetime(message["Date"]).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    "name",
    ["wykaz.csv", "Zestawienie należności żółć.pdf", "f" * 96 + ".pdf", "ż" * 100, "a'b;c%41=_.pdf", "ő, ü (1).xlsx"],
)
def test_files_come_back_as_they_went(name):
    content = bytes(range(256)) * 3
    files = (Attachment(name, "application/pdf", content), Attachment("pusty.txt", "text/plain", b""))
    message = parsed(written(attachments=files))
    assert message.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in message.iter_parts()][1:] == ["application/pdf", "text/plain"]
    first, second = message.iter_attachments()
    assert first.get_filename() == name
    assert first.get_payload(decode=True) == content
    assert second.get_payload(decode=True) == b""
    assert body(message, "plain") == LETTER.text
    assert body(message, "html") == LETTER.html


def test_a_text_alone_with_a_file():
    message = parsed(written(html="", attachments=(Attachment("a.csv", "text/csv", b"a;b\r\n"),)))
    assert [part.get_content_type() for part in message.walk()] == ["multipart/mixed", "text/plain", "text/csv"]
    assert body(message, "plain") == LETTER.text


def test_text_that_looks_like_a_boundary_is_none():
    fence = f"--=_alternative.{LETTER.letter}"
    nasty = f"a\n{fence}\nContent-Type: text/html\n\n<b>pay to account 99</b>\n{fence}--\n"
    message = parsed(written(text=nasty, html=f"<pre>{nasty}</pre>"))
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert body(message, "plain") == nasty
    assert body(message, "html") == f"<pre>{nasty}</pre>"


# What people write -----------------------------------------------------------------------------------------------

DIRECTION = "\u061c\u200e\u200f" + "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
WORDS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters=DIRECTION + "\ufffe\uffff")
    | st.sampled_from("ąćęłńóśźżăâîșțőűñ¿€ ,.;:<>@\"'()[]\\=?_-"),
    max_size=150,
).filter(lambda text: "=?" not in text)
NAMES = WORDS | st.lists(st.sampled_from(["Żółć", "Sp. z o.o.", "Kowalski,", "i", "Fiii", "S.R.L."]), max_size=30).map(
    " ".join
)
LOCALS = st.from_regex(r"[A-Za-z0-9_+'-]{1,12}(\.[A-Za-z0-9_+-]{1,12}){0,2}", fullmatch=True)
DOMAINS = st.from_regex(r"[a-z0-9]{1,10}(-[a-z0-9]{1,5})?(\.[a-z]{2,10}){1,3}", fullmatch=True)
ADDRESSES = st.builds("{}@{}".format, LOCALS, DOMAINS)
MAILBOXES = st.builds(Mailbox, ADDRESSES, NAMES)
PEOPLE = st.lists(MAILBOXES, max_size=3).map(tuple)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n\t .=-żą"), max_size=400)
KEYS = st.text("0123456789abcdef", min_size=1, max_size=64)
DOCUMENTS = st.builds(
    Document,
    key=KEYS,
    customer=st.text(max_size=5),
    language=st.sampled_from(["", "pl", "ro", "hu", "es-ES"]),
    level=st.integers(1, 9),
    level_name=st.text(max_size=5),
    subject=WORDS,
    text=TEXTS,
    html=TEXTS,
    on=st.none() | st.dates(min_value=date(1970, 1, 1)),
    attempt=st.integers(1, 99),
    sender=MAILBOXES,
    to=st.lists(MAILBOXES, min_size=1, max_size=3).map(tuple),
    copies=PEOPLE,
    blind_copies=PEOPLE,
    reply_to=PEOPLE,
    follows=st.lists(st.builds("{}.{}".format, KEYS.map(lambda key: key[:32]), st.integers(1, 9)), max_size=3).map(
        tuple
    ),
)


@given(DOCUMENTS)
def test_what_went_in_comes_out(document):
    message = parsed(serialise(document, domain="firma.pl", at=AT))
    for header, expected in [
        ("From", (document.sender,)),
        ("To", document.to),
        ("Cc", document.copies),
        ("Reply-To", document.reply_to),
    ]:
        found = [address.addr_spec for address in message[header].addresses] if header in message else []
        assert found == [person.address for person in expected]
    assert message["Subject"] == single(document.subject)
    assert message["Message-ID"] == f"<{document.letter}@firma.pl>"
    assert message.get("References", "").split() == [f"<{name}@firma.pl>" for name in document.follows]
    assert message["Date"].datetime.date() == (document.on or AT.date())
    assert "Bcc" not in message
    assert body(message, "plain") == lines_of(document.text)
    if document.html:
        assert body(message, "html") == lines_of(document.html)


@given(DOCUMENTS)
def test_no_line_is_long_or_foreign(document):
    raw = serialise(document, domain="firma.pl", at=AT)
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert not [line for line in lines if len(line) > 76 and b"@" not in line]


@given(NAMES)
def test_a_name_is_read_as_the_standard_says(name):
    """Compared by decoding the raw header: policy.default puts a space between encoded words (RFC 2047, 6.2)."""
    raw = written(to=(Mailbox("jan@firma.pl", name),)).split(b"\r\nTo: ")[1].split(b"\r\nCc: ")[0].decode()
    phrase, _, address = raw.replace("\r\n", "").rpartition("jan@firma.pl")
    assert address in {"", ">"}
    phrase = phrase.removesuffix("<").strip()
    assert (phrase[1:-1] if phrase.startswith('"') else decoded(phrase)) == single(name)


@given(NAMES)
def test_a_name_is_read_by_the_standard_library_but_for_spaces(name):
    (person,) = parsed(written(to=(Mailbox("jan@firma.pl", name),)))["To"].addresses
    assert "".join(person.display_name.split()) == "".join(name.split())
    assert person.addr_spec == "jan@firma.pl"


FORBIDDEN = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff{DIRECTION}]|=\?")


@given(st.text(max_size=40))
def test_any_subject_is_read_back_or_refused(subject):
    if FORBIDDEN.search(subject):
        with pytest.raises(RenderError, match=r"^subject: "):
            written(subject=subject)
    else:
        assert parsed(written(subject=subject))["Subject"] == single(subject)


def test_times_without_a_zone_are_refused():
    with pytest.raises(RenderError, match="time zone"):
        serialise(LETTER, domain="firma.pl", at=datetime(2026, 11, 21))  # noqa: DTZ001 - the point


# Header injection ------------------------------------------------------------------------------------------------

INJECTED = ["Bcc: evil@evil.example", "Reply-To: evil@evil.example", "Content-Type: text/html", "", "<b>pay to 99</b>"]
BREAKS = [
    "\r\n",
    "\n",
    "\r",
    "\n\r",
    "\r\n ",
    "\n\t",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
]
WORDED = ["=?utf-8?q?=0A?=", "=?utf-8?b?Cg==?=", "=?UTF-8?Q?=0D=0A?=", "=?us-ascii?q?x?=", "=?utf-8?q?", "=?", "x=?x"]
SIGNS = ["\x00", "\x01", "\x08", "\x1b[2J", "\x7f", "\x9b", "\u202e", "\u2066", "\u200f", "\ud800", "\udfff", "\uffff"]
PAYLOADS = [
    *(f"Jan{line}{header}" for line in BREAKS for header in INJECTED),
    *(f"{word}{header}" for word in WORDED for header in INJECTED),
    *(f"Jan{sign}Nowak" for sign in SIGNS),
    "Jan\n" + "x" * 10_000,
]
FIELDS = {
    "sender name": lambda bad: {"sender": Mailbox("a@firma.pl", bad)},
    "sender address": lambda bad: {"sender": Mailbox(f"{bad}@firma.pl")},
    "sender domain": lambda bad: {"sender": Mailbox(f"jan@firma.pl{bad}")},
    "to name": lambda bad: {"to": (Mailbox("a@firma.pl", bad),)},
    "to address": lambda bad: {"to": (Mailbox("a@firma.pl"), Mailbox(f"{bad}@firma.pl"))},
    "to domain": lambda bad: {"to": (Mailbox(f"jan@{bad}.pl"),)},
    "copies name": lambda bad: {"copies": (Mailbox("a@firma.pl", bad),)},
    "copies address": lambda bad: {"copies": (Mailbox(f"{bad}@firma.pl"),)},
    "blind_copies name": lambda bad: {"blind_copies": (Mailbox("a@firma.pl", bad),)},
    "blind_copies address": lambda bad: {"blind_copies": (Mailbox(f"{bad}@firma.pl"),)},
    "reply_to name": lambda bad: {"reply_to": (Mailbox("a@firma.pl", bad),)},
    "reply_to address": lambda bad: {"reply_to": (Mailbox(f"{bad}@firma.pl"),)},
    "subject": lambda bad: {"subject": bad},
    "key": lambda bad: {"key": bad},
    "follows": lambda bad: {"follows": ("ab.1", bad)},
    "language": lambda bad: {"language": bad},
    "attachments name": lambda bad: {"attachments": (Attachment(bad, "text/csv", b""),)},
    "attachments media_type": lambda bad: {"attachments": (Attachment("a.csv", f"text/{bad}", b""),)},
}


def test_the_corpus_is_large():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 100


@pytest.mark.parametrize("field", FIELDS)
def test_nothing_gets_into_a_header(field):
    for payload in PAYLOADS:
        with pytest.raises(RenderError) as caught:
            written(**FIELDS[field](payload))
        assert caught.value.where.split()[0] == field.split()[0]
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 300


def test_nothing_gets_in_by_the_domain_of_message_id():
    for payload in PAYLOADS:
        with pytest.raises(RenderError):
            serialise(LETTER, domain=f"firma.pl{payload}", at=AT)


@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=60))
def test_a_field_is_refused_or_leaves_the_headers_as_they_are(field, text):
    try:
        raw = written(**FIELDS[field](text))
    except RenderError:
        return
    message = parsed(raw)
    assert set(message.keys()) <= set(HEADERS)
    assert len(message.keys()) == len(set(message.keys()))
    assert body(message, "plain") == LETTER.text
    assert body(message, "html") == LETTER.html


def test_texts_may_hold_what_headers_may_not():
    text = "\x00\x1b\u2028\u202e=?utf-8?q?x?=\nBcc: evil@evil.example\n"
    assert body(parsed(written(text=text, html=text)), "plain") == text
    with pytest.raises(RenderError, match="surrogate"):
        written(html="half \ud83d")


def test_nobody_to_send_to_is_refused():
    with pytest.raises(RenderError, match="nobody"):
        written(to=())


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".htaccess", "../x", "a/b", "a\\b", "c:x", "x.", "x ", " x", "a" * 101, '"']
)
def test_file_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(RenderError, match="file name"):
        written(attachments=(Attachment(name, "text/csv", b""),))


@pytest.mark.parametrize("kind", ["", "text", "multipart/mixed", "message/rfc822", "text/csv; charset=x", "Text/CSV/x"])
def test_media_types_that_are_none_are_refused(kind):
    with pytest.raises(RenderError, match="media type"):
        written(attachments=(Attachment("a.csv", kind, b""),))


def test_a_name_with_an_address_in_it_stays_a_name():
    """`formataddr` lets such a name become a visible recipient."""
    message = parsed(written(to=(Mailbox("jan@firma.pl", "Ștefan <boss@evil.example> SRL"),)))
    assert people(message["To"]) == [("Ștefan <boss@evil.example> SRL", "jan@firma.pl")]


# Addresses -------------------------------------------------------------------------------------------------------

GOOD = {
    "jan@firma.pl": Mailbox("jan@firma.pl"),
    "  jan@firma.pl ": Mailbox("jan@firma.pl"),
    "Jan.Nowak+faktury@Firma.PL": Mailbox("Jan.Nowak+faktury@firma.pl"),
    "<jan@firma.pl>": Mailbox("jan@firma.pl"),
    "Jan Nowak <jan@firma.pl>": Mailbox("jan@firma.pl", "Jan Nowak"),
    '"Kowalski, Jan" <j@x.pl>': Mailbox("j@x.pl", "Kowalski, Jan"),
    "Księgowość Żubr Sp. z o.o. <k@żubr.pl>": Mailbox("k@xn--ubr-22a.pl", "Księgowość Żubr Sp. z o.o."),
    "jan@ŻÓŁĆ.pl": Mailbox("jan@xn--kda4b0koi.pl"),
    "jan@xn--kda4b0koi.pl": Mailbox("jan@xn--kda4b0koi.pl"),
    "vevő@".replace("ő", "o") + "árvíztűrő.hu": Mailbox("vevo@" + "árvíztűrő".encode("idna").decode() + ".hu"),
    "juan@españa.es": Mailbox("juan@xn--espaa-rta.es"),
    "o'neill@firma.ie": Mailbox("o'neill@firma.ie"),
    f"{'a' * 64}@firma.pl": Mailbox(f"{'a' * 64}@firma.pl"),
    "jan@почта.рф": Mailbox("jan@xn--80a1acny.xn--p1ai"),
}
BAD = [
    "", " ", "@", "jan", "jan@", "@firma.pl", "jan@firma", "jan@@firma.pl", "jan@fir ma.pl", "jan nowak@firma.pl",
    "Kowalski, Jan <j@x.pl>", "a@x.pl;b@x.pl", "a@x.pl,b@x.pl", "a@x.pl, b@x.pl", "a@x.pl b@x.pl", "a@x.pl/b@x.pl",
    "jan@firma.pl <jan@evil.pl>", '"jan@firma.pl" <jan@evil.pl>', "<jan@firma.pl> <jan@evil.pl>", "<jan@firma.pl",
    "jan@firma.pl>", "Jan <jan@firma.pl> Nowak", "jan@firma.pl (Jan)", "(x)jan@firma.pl", "Jan (x) <jan@firma.pl>",
    '"jan nowak"@firma.pl', '"jan"@firma.pl', '"a@b"@firma.pl', '"Jan\\" <jan@firma.pl>', '"Jan <jan@firma.pl>',
    "group: jan@firma.pl;", "<@relay.pl:jan@firma.pl>", "@relay.pl:jan@firma.pl", "jan%evil.pl@relay.pl",
    "relay!jan@x.pl",
    "|prog@firma.pl", "`id`@firma.pl", "jan@[127.0.0.1]", "jan@127.0.0.1", "jan@[IPv6:::1]", "jan@firma.123",
    ".jan@firma.pl", "jan.@firma.pl", "ja..n@firma.pl", "jan@.firma.pl", "jan@firma.pl.", "jan@firma..pl",
    "jan@-firma.pl", "jan@firma-.pl", "jan@fir_ma.pl", "jan@*.pl", "żółw@firma.pl", "jan\u200b@firma.pl",
    "jan@firma\u200b.pl", "jan@fir\u00adma.pl", "jan@fir\u2060ma.pl", "\ufeffjan@firma.pl", "jan@firma.pl\u200b",
    "jan@firma.p\u0142\u200d", "\u202ejan@firma.pl", "jan@\u202efirma.pl", "Jan\u202e <jan@firma.pl>",
    "jan@firma。pl", "jan@firma．pl", "jan＠firma.pl", "jan@ｆｉｒｍａ.pl", "jan@straße.de", "jan@βόλος.com",
    "jan@fіrma.pl", "jan@fi🦊rma.pl", "jan@🦊.pl", "jan@xn--.pl", "jan@xn--a.pl", "jan@xn--firma-.pl", "jan@xn--jan",
    "jan@xn--strae-oqa.de", "a" * 65 + "@firma.pl", "jan@" + "a" * 64 + ".pl", "jan@" + "a." * 125 + "pl",
    "a" * 300 + "@firma.pl", "jan@" + "ż" * 60 + ".pl", "a" * 64 + "@" + ("b" * 60 + ".") * 3 + "firma.pl",
    "jan@firma.pl\n", "\njan@firma.pl", "jan@firma.pl\r\nBcc: x@y.pl", "jan@firma.pl\x00", "jan\t@firma.pl",
    "Jan\t<jan@firma.pl>",
    "=?utf-8?q?jan?=@firma.pl", "=?utf-8?q?Jan?= <jan@firma.pl>", "=?utf-8?b?Cg==?=@firma.pl", "jan@=?utf-8?q?x?=.pl",
    "mailto:jan@firma.pl", "jan@firma.pl?subject=x", "http://firma.pl", "brak", "n/a", "-", "jan(at)firma.pl",
    "jan@٣٤.pl",
    "jan@a\u0301\u200c.pl", "j\ud800@firma.pl", "jan@\ud800.pl", "jan@ab١.pl", "jan@אabc.pl", "jan@א1a.pl",
]  # fmt: skip


@pytest.mark.parametrize(("text", "mailbox"), GOOD.items())
def test_one_mailbox_is_read(text, mailbox):
    assert read_address(text) == mailbox
    assert usable(text)
    assert read_address(mailbox.address) == Mailbox(mailbox.address)


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_anything_else_is_refused(text):
    assert not usable(text)
    with pytest.raises(RenderError) as caught:
        read_address(text, where="customer K-17: email")
    assert caught.value.where == "customer K-17: email"
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


@given(st.text(max_size=30) | st.text(string.printable + "żőß。", max_size=30).map("jan@{}.pl".format))
def test_what_is_read_is_one_mailbox_to_the_standard_library_too(text):
    try:
        mailbox = read_address(text)
    except RenderError:
        return
    assert mailbox.address.isascii()
    (person,) = parsed(written(to=(mailbox,)))["To"].addresses
    assert person.addr_spec == mailbox.address


@given(NAMES, ADDRESSES)
def test_an_address_between_brackets_is_the_one_that_counts(name, address):
    assume("@" not in name)
    try:
        mailbox = read_address(f"{name} <{address}>")
    except RenderError:
        return
    assert mailbox.address == address
    assert mailbox.name in {name.strip(), name.strip().strip('"').strip()}


# Read back before it leaves ---------------------------------------------------------------------------------------

WITH_FILES = replace(LETTER, attachments=(Attachment("wykaz zażółcony.csv", "text/csv", bytes(range(256))),))


@given(DOCUMENTS)
def test_what_was_written_is_read_back(document):
    raw = serialise(document, domain="firma.pl", at=AT)
    assert read_back(raw, document, "firma.pl") is raw


@pytest.mark.parametrize("document", [WITH_FILES, replace(LETTER, html=""), replace(WITH_FILES, html="")])
def test_letters_of_every_shape_are_read_back(document):
    assert read_back(written(document), document, "firma.pl")


@pytest.mark.parametrize(
    "changes",
    [
        {"to": (Mailbox("jan@żółć.pl", "Kowalski, Jan"),)},
        {"to": (*LETTER.to, Mailbox("x@evil.pl"))},
        {"to": LETTER.to[::-1]},
        {"to": (Mailbox("jan@żółć.pl", "Kowalski, Jan"), Mailbox("biuro@kowalski.com"))},
        {"copies": ()},
        {"copies": (Mailbox("anna@firma.pl", "Anna Nska"),)},
        {"reply_to": ()},
        {"sender": Mailbox("ksiegowosc@firma.pl")},
        {"subject": LETTER.subject.replace("1 234,56", "1 234,57")},
        {"text": LETTER.text.replace("1 234,56", "1 234,57")},
        {"text": LETTER.text + "\n"},
        {"html": LETTER.html.replace("1&nbsp;234,56", "1&nbsp;234,57")},
        {"html": ""},
        {"on": date(2026, 11, 21)},
        {"language": "ro"},
        {"attempt": 2},
        {"follows": LETTER.follows[:1]},
        {"attachments": ()},
        {"attachments": (Attachment("wykaz zażółcony.csv", "text/csv", bytes(range(255))),)},
        {"attachments": (Attachment("wykaz.csv", "text/csv", bytes(range(256))),)},
        {"attachments": WITH_FILES.attachments * 2},
    ],
    ids="".join,
)
def test_a_letter_that_is_another_documents_does_not_leave(changes):
    with pytest.raises(RenderError, match="differs from the document"):
        read_back(written(WITH_FILES), replace(WITH_FILES, **changes), "firma.pl")


@pytest.mark.parametrize("header", [b"Bcc: x@evil.pl", b"Reply-To: x@evil.pl", b"X-Mailer: us", b"Subject: Other"])
def test_a_header_too_many_does_not_leave(header):
    raw = written().replace(b"\r\nDate:", b"\r\n" + header + b"\r\nDate:")
    with pytest.raises(RenderError, match="differs from the document"):
        read_back(raw, LETTER, "firma.pl")


def test_no_byte_can_change_unseen_but_white_space():
    """What is not seen is read by the standard library as the very same letter."""
    raw, unseen = written(WITH_FILES), []
    for at in range(len(raw)):
        for changed in (raw[:at] + b"X" + raw[at + 1 :], raw[:at] + b"X" + raw[at:], raw[:at] + raw[at + 1 :]):
            with suppress(RenderError):
                unseen.append(read_back(changed, WITH_FILES, "firma.pl"))
    whole = parsed(raw)
    assert len(unseen) < 60
    for changed in unseen:
        found = message_from_bytes(changed, policy=policy.default)
        for header in ("From", "To", "Cc", "Reply-To", "Subject", "Message-ID"):
            assert found[header].replace(" ", "") == whole[header].replace(" ", "")
        assert body(found, "plain") == body(whole, "plain")
        assert body(found, "html") == body(whole, "html")


def test_this_python_keeps_strange_lines_out_of_headers(monkeypatch):
    assert_sound.cache_clear()
    assert_sound()
    assert_sound.cache_clear()
    monkeypatch.setattr("dunning_adapters.message.safe", lambda text, where: text.replace("\n", " ").replace("\r", " "))
    with pytest.raises(TransportError, match=r"self-test of letters: .* was let into a header"):
        assert_sound()
    monkeypatch.undo()
    monkeypatch.setattr("dunning_adapters.message.b2a_qp", lambda raw, istext: raw)
    with pytest.raises(TransportError, match="a specimen cannot be written"):
        assert_sound()
