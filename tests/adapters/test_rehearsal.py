"""A rehearsed letter is for nobody but us: looked at as a value, and as the bytes that a mail program reads."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from math import inf
from pathlib import Path

import pytest

from dunning_adapters.folder import FolderSettings, FolderTransport
from dunning_adapters.memory import MemoryTransport
from dunning_adapters.message import serialise
from dunning_adapters.ports import Receipt, Transport, Verdict
from dunning_adapters.safety.rehearsal import GuardedMarking, guarded, harmless, redirected
from dunning_adapters.smtp import SmtpTransport
from dunning_adapters.testing.transport import TransportConformance
from dunning_core.document import Document, Mailbox
from dunning_core.errors import TransportError

OWN = Mailbox("test@levente.example", "Tests")
LETTER = Document(
    "ab" * 32, "C1", "hu", 2, "demand", "Fizetési felszólítás", "Tisztelt Partnerünk!",
    "<html><body class='x'>Kedves</body></html>",
    on=date(2026, 11, 20), sender=Mailbox("penzugy@levente.example", "Levente"),
    to=(Mailbox("a@ontode.example", "Öntöde <b>"), Mailbox("b@ontode.example")),
    copies=(Mailbox("boss@levente.example"),), blind_copies=(Mailbox("archive@levente.example"),),
    reply_to=(Mailbox("ana@levente.example"),), follows=("cd" * 16 + ".1",),
)  # fmt: skip
WHY = "this installation is not armed"


def test_only_the_text_says_whom_it_was_meant_for():
    mail = message_from_bytes(
        serialise(redirected(LETTER, OWN, WHY), domain="levente.example", at=datetime(2026, 11, 20, tzinfo=UTC)),
        policy=policy.default,
    )
    assert mail["To"].addresses[0].addr_spec == "test@levente.example"
    assert mail["Subject"] == "[REHEARSAL] Fizetési felszólítás"
    heads = "\n".join(f"{name}: {value}" for name, value in mail.items())
    for stranger in ("ontode", "boss@", "archive@", "ana@"):
        assert stranger not in heads
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert "REHEARSAL: this letter did not go to the customer." in text
        assert "a@ontode.example" in text
        assert "Meant blind copy: archive@levente.example" in text
        assert WHY in text


def test_the_banner_stands_inside_the_page_and_names_are_no_markup():
    html = redirected(LETTER, OWN, "<script>").html
    assert html.startswith("<html><body class='x'><div")
    assert html.endswith("Kedves</body></html>")
    assert "<script>" not in html
    assert "Öntöde &lt;b&gt;" in html


def test_a_letter_without_a_page_gets_none():
    assert redirected(replace(LETTER, html=""), OWN, WHY).html == ""
    assert redirected(replace(LETTER, html="Kedves"), OWN, WHY).html.endswith("</div>Kedves")


def test_it_is_not_taken_for_the_letter_itself():
    rehearsed = redirected(LETTER, OWN, WHY)
    assert rehearsed.letter != LETTER.letter
    assert rehearsed.follows == ()
    assert redirected(LETTER, None, WHY).to == (LETTER.sender,)


def test_who_is_harmless():
    class Liar(MemoryTransport):
        harmless = "no"

    assert harmless(MemoryTransport())
    assert harmless(FolderTransport(FolderSettings(), Path()))
    assert not harmless(Liar())
    assert not hasattr(SmtpTransport, "harmless")


class Real(MemoryTransport):
    """A transport that says nothing of itself."""

    harmless = False

    def __init__(self):
        super().__init__()
        self.entered = 0

    def __enter__(self):
        self.entered += 1
        return self


class Marking(Real):
    def deliver_marked(self, document, mark):
        if mark() is None:
            return Receipt(document.letter, Verdict.LATER, phase="mark")
        return super().deliver_marked(document, lambda: inf)


@pytest.mark.parametrize("catch_all", [OWN, None])
def test_unarmed_the_customer_gets_nothing(tmp_path, catch_all):
    real = Real()
    with guarded(real, lambda: WHY, catch_all, tmp_path / "r") as transport:
        receipt = transport.deliver(LETTER)
    assert (receipt.letter, receipt.verdict) == (LETTER.letter, Verdict.ACCEPTED)
    assert len(list((tmp_path / "r").glob("*.eml"))) == (catch_all is None)
    assert [document.to for document in real.documents] == ([(OWN,)] if catch_all else [])
    assert real.entered == bool(catch_all), "into a folder the server is not even connected to"


def test_armed_the_letter_is_untouched(tmp_path):
    real = Real()
    with guarded(real, str, OWN, tmp_path) as transport:
        transport.deliver(LETTER)
    assert real.documents == [LETTER]


def test_who_did_not_enter_did_not_ask(tmp_path):
    transport = guarded(Real(), str, OWN, tmp_path)
    with pytest.raises(TransportError, match="it was not entered"):
        transport.deliver(LETTER)
    with transport:
        transport.deliver(LETTER)
    with pytest.raises(TransportError, match="it was not entered"):
        transport.deliver(LETTER)


def test_a_transport_without_e_mail_rehearses_into_the_folder(tmp_path):
    real = Real()
    real.channel = "sms"
    with guarded(real, lambda: WHY, OWN, tmp_path) as transport:
        transport.deliver(replace(LETTER, channel="sms"))
    assert real.documents == []
    assert len(list(tmp_path.glob("*.eml"))) == 1


@pytest.mark.parametrize(("why", "catch_all"), [("", OWN), (WHY, OWN), (WHY, None)])
@pytest.mark.parametrize("moment", [inf, None])
def test_a_transport_that_marks_is_asked_to_mark(tmp_path, why, catch_all, moment):
    real, marked = Marking(), []
    transport = guarded(real, lambda: why, catch_all, tmp_path)
    assert isinstance(transport, GuardedMarking)

    def mark():
        marked.append(1)
        return moment

    with transport:
        receipt = transport.deliver_marked(LETTER, mark)
    assert (receipt.letter, marked) == (LETTER.letter, [1])
    assert receipt.verdict is (Verdict.ACCEPTED if moment else Verdict.LATER)
    to_customer = [document for document in real.documents if document.to == LETTER.to]
    assert len(to_customer) == bool(moment and not why)
    assert len(real.documents) + len(list(tmp_path.glob("*.eml"))) == bool(moment)


class TestGuardedKeepsThePort(TransportConformance):
    """Around a folder, armed or not, it is a transport like any other."""

    @pytest.fixture(params=["", WHY], autouse=True)
    def standing(self, request):
        self.why = request.param

    def make(self, tmp_path) -> Transport:
        inner = FolderTransport(FolderSettings(path="out"), tmp_path)
        return guarded(inner, lambda: self.why, None, tmp_path / "out")

    def delivered(self, transport, tmp_path):
        return len(list((tmp_path / "out").glob("*.eml")))
