"""What every transport must keep."""

from __future__ import annotations

from datetime import date
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Final

import pytest

from dunning_adapters.convoy import convoy, outcome
from dunning_adapters.ports import Mark, Marking, Receipt, Stepwise, Transport, Verdict
from dunning_core.document import Attachment, Document, Mailbox
from dunning_core.values import digest

_DOCUMENT: Final = Document(
    key=digest("conformance"),
    customer="K-17",
    language="pl",
    level=2,
    level_name="demand",
    subject="Wezwanie do zapłaty – Țepeș & Fiii, ñandú, őrült",
    text="Szanowni Państwo,\n\nprosimy o zapłatę 1\N{NO-BREAK SPACE}234,56 zł.\n.\nFrom tu\n" + "długa " * 400 + "\n",
    html="<p>Szanowni Państwo,</p><p>prosimy o zapłatę <b>1&nbsp;234,56 zł</b>.</p>",
    on=date(2026, 3, 2),
    sender=Mailbox("windykacja@example.com", "Dział Windykacji"),
    to=(Mailbox("ksiegowosc@example.pl", 'Księgowość, "Żubr" Sp. z o.o.'),),
    attachments=(Attachment("wykaz.csv", "text/csv", b"a;b\r\n1;2\r\n"),),
)


class TransportConformance:
    """Subclass and give `make`; if something can be looked at, `delivered` as well."""

    def make(self, tmp_path: Path) -> Transport:
        """A transport that works (its server, if it has one, is up and takes everything)."""
        raise NotImplementedError

    def delivered(self, transport: Transport, tmp_path: Path) -> int | None:
        """How many letters have arrived at the other end; None when that cannot be seen."""
        return None

    def document(self, **changes: Any) -> Document:
        """A document as your transport expects it (channel, addresses); override it to fit."""
        values = {name: getattr(_DOCUMENT, name) for name in Document.__dataclass_fields__}
        return Document(**values | changes)

    @pytest.fixture
    def transport(self, tmp_path: Path) -> Transport:
        """The transport under test."""
        return self.make(tmp_path)

    def test_is_a_transport_with_a_channel(self, transport: Transport) -> None:
        assert isinstance(transport, Transport)
        assert transport.channel
        assert isinstance(transport.idempotent, bool)

    def test_the_receipt_names_the_letter(self, transport: Transport) -> None:
        first, second = self.document(), self.document(attempt=2)
        with transport as open_transport:
            receipts = [open_transport.deliver(first), open_transport.deliver(second)]
        assert all(isinstance(receipt, Receipt) for receipt in receipts)
        assert [receipt.letter for receipt in receipts] == [first.letter, second.letter]
        assert [receipt.verdict for receipt in receipts] == [Verdict.ACCEPTED] * 2

    def test_what_is_accepted_arrives(self, transport: Transport, tmp_path: Path) -> None:
        with transport as open_transport:
            for number in range(3):
                open_transport.deliver(self.document(key=digest(number)))
        assert self.delivered(transport, tmp_path) in {None, 3}

    def test_it_may_be_entered_again(self, transport: Transport) -> None:
        for attempt in (1, 2):
            with transport as open_transport:
                assert open_transport.deliver(self.document(attempt=attempt)).verdict is Verdict.ACCEPTED

    def test_it_lets_errors_of_the_caller_through(self, transport: Transport) -> None:
        with pytest.raises(KeyError), transport:
            raise KeyError

    def test_it_works_as_it_is_entered(self, transport: Transport) -> None:
        with transport as open_transport:  # a run delivers through the transport that it was given
            assert open_transport is transport

    @pytest.mark.parametrize(
        "trouble",
        [
            {"to": ()},
            {"to": (Mailbox(""),)},
            {"to": (Mailbox("no address at all"),)},
            {"to": (Mailbox("a@example.com\r\nBcc: b@example.com"),)},
            {"subject": "two\r\nBcc: b@example.com"},
            {"subject": ""},
            {"text": ""},
            {"html": ""},
            {"customer": "../../etc/passwd"},
            {"text": "lone \ud800 surrogate"},
            {"attachments": (Attachment("../a\n.csv", "nonsense", b""),)},
        ],
        ids="-".join,
    )
    def test_one_bad_document_is_a_verdict_and_no_exception(
        self, transport: Transport, tmp_path: Path, trouble: dict[str, Any]
    ) -> None:
        bad, good = self.document(**trouble), self.document(key=digest("good"))
        with transport as open_transport:
            receipt = open_transport.deliver(bad)
            assert receipt.letter == bad.letter
            assert receipt.verdict in Verdict
            assert open_transport.deliver(good).verdict is Verdict.ACCEPTED  # the next letter does not suffer for it
        assert self.delivered(transport, tmp_path) in {None, 1 + (receipt.verdict is Verdict.ACCEPTED)}

    def test_an_idempotent_transport_delivers_once(self, transport: Transport, tmp_path: Path) -> None:
        if not transport.idempotent:
            pytest.skip("this transport says that it is not idempotent")
        with transport as open_transport:
            verdicts = {open_transport.deliver(self.document()).verdict for _ in range(3)}
        assert verdicts == {Verdict.ACCEPTED}
        assert self.delivered(transport, tmp_path) in {None, 1}


class MarkingConformance(TransportConformance):
    """The same for a transport that keeps `Marking` as well."""

    @pytest.fixture
    def marking(self, transport: Transport) -> Marking:
        """The transport under test, as what it is beyond a transport."""
        assert isinstance(transport, Marking)
        return transport

    def test_a_letter_is_marked_once_before_it_is_out(
        self, transport: Transport, marking: Marking, tmp_path: Path
    ) -> None:
        out_when_marked = []

        def mark() -> float:
            out_when_marked.append(self.delivered(transport, tmp_path) or 0)
            return monotonic() + 60

        with transport:
            receipt = marking.deliver_marked(self.document(), mark)
        assert (receipt.letter, receipt.verdict) == (self.document().letter, Verdict.ACCEPTED)
        assert out_when_marked == [0]
        assert self.delivered(transport, tmp_path) in {None, 1}

    @pytest.mark.parametrize(("until", "phase"), [(None, "mark"), (-inf, "deadline")])
    def test_what_its_mark_forbids_stays_here(
        self, transport: Transport, marking: Marking, tmp_path: Path, until: float | None, phase: str
    ) -> None:
        kept, good = self.document(), self.document(key=digest("good"))
        with transport:
            receipt = marking.deliver_marked(kept, lambda: until)
            assert (receipt.letter, receipt.verdict, receipt.phase) == (kept.letter, Verdict.LATER, phase)
            assert receipt.text
            assert self.delivered(transport, tmp_path) in {None, 0}
            assert marking.deliver_marked(good, lambda: inf).verdict is Verdict.ACCEPTED
        assert self.delivered(transport, tmp_path) in {None, 1}

    def test_what_a_mark_raises_comes_through_and_nothing_is_sent(
        self, transport: Transport, marking: Marking, tmp_path: Path
    ) -> None:
        def mark() -> float:
            message = "the database is gone"
            raise ConnectionError(message)

        with transport:
            with pytest.raises(ConnectionError, match="the database is gone"):
                marking.deliver_marked(self.document(), mark)
            assert marking.deliver_marked(self.document(key=digest("good")), lambda: inf).verdict is Verdict.ACCEPTED
        assert self.delivered(transport, tmp_path) in {None, 1}


class StepwiseConformance(MarkingConformance):
    """The same for a transport that keeps `Stepwise` as well: its steps end as `deliver_marked` does."""

    @pytest.fixture(params=["at once", "in steps"])
    def marking(self, request: pytest.FixtureRequest, transport: Transport) -> Marking:
        """The transport under test, and the same transport by its steps."""
        assert isinstance(transport, Marking)
        assert isinstance(transport, Stepwise)
        return transport if request.param == "at once" else _InSteps(transport)

    def test_a_delivery_that_is_given_up_at_its_mark_sends_nothing(self, transport: Transport, tmp_path: Path) -> None:
        assert isinstance(transport, Stepwise)
        with transport:
            steps = transport.in_steps(self.document(), _unasked)
            while next(steps) is not _unasked:
                pass
            steps.close()
            assert transport.deliver(self.document(key=digest("good"))).verdict is Verdict.ACCEPTED
        assert self.delivered(transport, tmp_path) in {None, 1}


class _InSteps:
    """Delivers in steps, as a worker does."""

    def __init__(self, transport: Stepwise) -> None:
        self._transport = transport

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        receipts: list[Receipt] = list(
            convoy(
                [lambda hand: hand.in_steps(document, mark)], [self._transport], lambda marks: [*map(outcome, marks)]
            )
        )
        return receipts[0]


def _unasked() -> float | None:
    """A mark of which nobody asks anything."""
    raise NotImplementedError
