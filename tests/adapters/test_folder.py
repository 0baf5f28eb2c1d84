"""Letters in a folder: whole files under safe names, the same again for the same letter."""

import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dunning_adapters.folder import FolderSettings, FolderTransport, dunning_adapters, file_stem
from dunning_adapters.ports import Transport, Verdict
from dunning_adapters.testing import MarkingConformance
from dunning_core.document import Document, Mailbox
from dunning_core.errors import RenderError, TransportError

LETTER = Document(
    key="ab12" * 16,
    customer="Łódź K/17",
    language="pl",
    level=1,
    level_name="notice",
    subject="Przypomnienie <o płatności>",
    text="Prosimy o zapłatę & pozdrawiamy.\n",
    html="<p>Prosimy o zapłatę.</p>",
    on=date(2026, 11, 20),
    sender=Mailbox("ksiegowosc@firma.pl", "Księgowość"),
    to=(Mailbox("jan@kowalski.pl", "Kowalski, Jan"),),
)
NAME = f"2026-11-20_odz-k-17_{'ab12' * 8}.1"


def transport(base, **settings):
    return FolderTransport(FolderSettings.model_validate(settings), base)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_letter_becomes_two_files(tmp_path):
    with transport(tmp_path, path="letters/today") as folder:
        receipt = folder.deliver(LETTER)
    assert (receipt.verdict, receipt.letter, receipt.text) == (Verdict.ACCEPTED, LETTER.letter, f"{NAME}.eml")
    found = files(tmp_path / "letters" / "today")
    assert found.keys() == {f"{NAME}.eml", f"{NAME}.html"}
    assert found[f"{NAME}.html"].decode() == LETTER.html
    message = message_from_bytes(found[f"{NAME}.eml"], policy=policy.default)
    assert message["To"].addresses[0].addr_spec == "jan@kowalski.pl"
    assert message["Date"].datetime == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert message["Message-ID"] == f"<{LETTER.letter}@dunning.invalid>"


def test_the_same_letter_again_is_the_same_files(tmp_path):
    with transport(tmp_path) as folder:
        folder.deliver(LETTER)
        before = files(tmp_path / "out")
        assert folder.deliver(LETTER).verdict is Verdict.ACCEPTED
        assert files(tmp_path / "out") == before
        folder.deliver(replace(LETTER, attempt=2))
        assert len(files(tmp_path / "out")) == 4


def test_a_text_alone_becomes_a_page_with_nothing_live_in_it(tmp_path):
    with transport(tmp_path) as folder:
        folder.deliver(replace(LETTER, html="", text="1 < 2 & <script>alert(1)</script>\n"))
    page = (tmp_path / "out" / f"{NAME}.html").read_text("utf-8")
    assert "<pre>1 &lt; 2 &amp; &lt;script&gt;alert(1)&lt;/script&gt;\n</pre>" in page
    assert "<title>Przypomnienie &lt;o płatności&gt;</title>" in page
    assert '<html lang="pl">' in page


def test_a_letter_by_post_needs_no_addresses(tmp_path):
    with transport(tmp_path, channel="letter") as folder:
        assert folder.channel == "letter"
        receipt = folder.deliver(replace(LETTER, channel="letter", to=(), sender=Mailbox("")))
    assert receipt.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"on": None}, "on: "),
        ({"to": ()}, "to: "),
        ({"key": "../../x"}, "key: "),
        ({"subject": "a\nb"}, "subject: "),
        ({"text": "\ud800"}, "text: "),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path, changes, said):
    with transport(tmp_path) as folder:
        receipt = folder.deliver(replace(LETTER, **changes))
    assert (receipt.verdict, receipt.phase) == (Verdict.REFUSED, "message")
    assert receipt.text.startswith(said)
    assert files(tmp_path / "out") == {}


NASTY = [
    "../../etc/passwd", "/etc/passwd", "C:\\windows\\system32", "..\\..\\x", "CON", "NUL.txt", "aux", "COM1",
    "a\x00b",
    "a\nb", "a\r\nb", "-rf", "--help", "~root", "$(id)", "`id`", "a;b", "a|b", "a&b", "a>b", "*", "?", "a:b", "a.",
    "a ",
    " a", ".", "..", "...", ".hidden", "", " ", "x" * 300, "ż" * 300, "\u202egpj.exe", "a\u2044b", "a\uff0fb",
    "\uff0e\uff0e\uff0f",
    "ﬁle", "İ", "ß", "K-17", "k-17", "🦊", "\ud800", "%2e%2e%2f", "a\u200bb", "Σίσυφος", "名前",
]  # fmt: skip


@pytest.mark.parametrize("customer", NASTY, ids=ascii)
def test_an_identifier_never_leads_elsewhere(tmp_path, customer):
    with transport(tmp_path) as folder:
        assert folder.deliver(replace(LETTER, customer=customer)).verdict is Verdict.ACCEPTED
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(files(tmp_path / "out")) == 2


@given(st.text())
def test_names_are_plain_short_and_told_apart_by_the_letter(customer):
    name = file_stem(replace(LETTER, customer=customer))
    assert re.fullmatch(r"2026-11-20_[a-z0-9]+(-[a-z0-9]+)*_[0-9a-f]{32}\.1", name)
    assert len(name) <= 90


@given(st.text(max_size=64))
def test_a_key_names_a_file_safely_or_not_at_all(key):
    try:
        name = file_stem(replace(LETTER, key=key))
    except RenderError:
        return
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", name)
    assert ".." not in name


def test_a_folder_that_cannot_be_made_is_an_error_before_any_letter(tmp_path):
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(TransportError, match="make the folder writable") as caught, transport(tmp_path):
        pass
    assert caught.value.where == str(tmp_path / "out")


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_a_full_disk_is_an_error_and_leaves_no_halves(tmp_path, monkeypatch, failing):
    def full(*_):
        raise OSError(28, "No space left on device")

    with transport(tmp_path) as folder:
        if failing == "fsync":
            monkeypatch.setattr(os, "fsync", full)
        else:
            monkeypatch.setattr("dunning_adapters.durable.tempfile.mkstemp", lambda **_: full())
        with pytest.raises(TransportError, match="No space left on device"):
            folder.deliver(LETTER)
        assert files(tmp_path / "out") == {}


def test_the_message_appears_only_when_the_page_is_there(tmp_path, monkeypatch):
    seen, replaced = [], Path.replace

    def watched(self, target):
        seen.append(target.suffix)
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    with transport(tmp_path) as folder:
        folder.deliver(LETTER)
    assert seen == [".html", ".eml"]


def test_settings_name_only_what_there_is():
    for wrong in ({"chanel": "email"}, {"channel": "sms"}):
        with pytest.raises(ValidationError):
            FolderSettings.model_validate(wrong)


def test_the_adapter_is_offered_by_name(tmp_path):
    (adapter,) = dunning_adapters()
    assert (adapter.port, adapter.name) == ("transport", "folder")
    made = adapter.build(adapter.settings(), tmp_path)
    assert isinstance(made, Transport)
    assert (made.channel, made.idempotent) == ("email", True)
    assert not (tmp_path / "out").exists()


class TestFolderConformance(MarkingConformance):
    def make(self, tmp_path):
        return transport(tmp_path)

    def delivered(self, transport, tmp_path):
        return len(list((tmp_path / "out").glob("*.eml")))


class TestFolderOfLettersConformance(TestFolderConformance):
    def make(self, tmp_path):
        return transport(tmp_path, channel="letter")

    def document(self, **changes):
        return super().document(**{"channel": "letter", "sender": Mailbox(""), "to": ()} | changes)
