"""Four eyes: a letter leaves when somebody else approved exactly this one and this attempt; by a run, by workers."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from dunning_adapters.approvals import WAITS, Approvals, ApprovalTable, Request, seal
from dunning_adapters.memory import MemoryTransport
from dunning_adapters.pending import of_outbox, of_plan, record
from dunning_adapters.ports import Verdict
from dunning_adapters.result import End
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.approvals import approved
from dunning_adapters.sql.outbox import Lost, Outbox, State
from dunning_adapters.worker import Worker, queue
from dunning_core.document import Attachment, Document, Mailbox
from dunning_core.errors import ConfigError, PlanError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Account

RULE = '[approval]\nlevels = ["notice"]\napprovers = ["Béla", "Csilla"]\n'


class Office:
    """A stage on which letters wait for somebody, and leave by a run or through the outbox."""

    def __init__(self, stage, url, way, rule=RULE, verdicts=()):
        self.engine = sa.create_engine(url)
        self.history, self.way = SqlHistory(self.engine), way
        self.stage = stage(history=self.history, transport=MemoryTransport(*verdicts), more=rule)
        self.outbox = Outbox(self.history)
        self.operator, self.proposal = "Ana", None

    @property
    def runner(self):
        runner = self.stage.runner
        runner.operator = self.operator
        return runner

    def plans(self, *items, by="Ana"):
        """A plan of the rules; with items, what somebody chose."""
        runner, day = self.runner, self.stage.day
        self.proposal = runner.choose(day, items, "notice", by=by) if items else runner.plan(day)
        if self.way == "outbox":
            assert queue(runner, self.outbox, self.proposal) == []
        return self

    def asked(self):
        runner = self.runner
        runner.operator = ""  # whoever approves lets nothing go
        if self.way == "outbox":
            return list(of_outbox(runner, self.outbox))
        return list(of_plan(runner, self.proposal, self.stage.day))

    def approve(self, by="Béla"):
        made = []
        for one in self.asked():
            made.append(self.runner.settings.approvals.approve(one.request, by, "looked at it", self.stage.clock()))
            record(self.history, one, made[-1])
        return made

    def send(self):
        """How the letters ended, and why."""
        if self.way == "outbox":
            deliveries = Worker(self.runner, self.outbox, "w1").work()
        else:
            deliveries = self.runner.send(self.proposal).deliveries
        return [(delivery.end, delivery.text) for delivery in deliveries]

    def said(self, kind=EventKind.DECLINED):
        return [event.because for event in self.history.events() if event.kind is kind]

    def resettle(self, **fields):
        table = self.stage.settings.approval.model_copy(update=fields)
        self.stage.settings = self.stage.settings.model_copy(update={"approval": table})


@pytest.fixture(params=["run", "outbox"])
def way(request):
    return request.param


@pytest.fixture
def office(stage, sqlite_url, way):
    made = []

    def opened(rule=RULE, *verdicts):
        made.append(Office(stage, sqlite_url, way, rule, verdicts))
        return made[-1]

    yield opened
    for one in made:
        one.engine.dispose()


def test_it_waits_for_somebody_and_then_leaves_once(office):
    here = office()
    here.stage.owes("A", 5).owes("B", 12)
    here.plans()
    assert here.send() == [(End.UNAPPROVED, WAITS)] * 2
    assert here.stage.letters() == []
    assert [event.kind for event in here.history.events()] == []
    assert [event.kind for event in here.approve()] == [EventKind.APPROVED] * 2
    assert [end for end, _ in here.send()] == [End.ACCEPTED] * 2
    assert len(here.stage.letters()) == 2
    assert here.stage.wanted() == []


def test_a_letter_that_has_itself_with_it_as_pdf_is_approved_with_it(office):
    here = office(RULE + '[pdf]\nengine = "fast"\nlevels = "all"\n')
    here.stage.owes("A", 5)
    here.plans().approve()
    assert [end for end, _ in here.send()] == [End.ACCEPTED]
    [document] = here.stage.transport.documents
    assert document.attachments[0].content.startswith(b"%PDF")


def test_it_may_be_approved_before_anybody_tried_to_send_it(office):
    here = office()
    here.stage.owes("A", 5)
    here.plans().approve()
    assert [end for end, _ in here.send()] == [End.ACCEPTED]


def test_what_needs_no_approval_does_not_wait(office):
    here = office('[approval]\nlevels = ["final_demand"]\nabove = { RON = "100" }\napprovers = ["Béla"]\n')
    here.stage.owes("A", 5, "100").owes("B", 5, "100.01").owes("C", 5, "5000", "EUR")
    assert [one.customer.id for one in here.plans().asked()] == ["B"]
    here.send()
    assert sorted(document.customer for document in here.stage.transport.documents) == ["A", "C"]


def renamed(here):
    here.stage.customers["A"] = replace(here.stage.customers["A"], name="Somebody Else S.R.L.")


def readdressed(here):
    creditor = replace(here.stage.settings.creditor, accounts=(Account("RON", "RO00EVIL1B31007593840000"),))
    here.stage.settings = here.stage.settings.model_copy(update={"creditor": creditor})


def signed(here):
    creditor = replace(here.stage.settings.creditor, signatory="N. Obody")
    here.stage.settings = here.stage.settings.model_copy(update={"creditor": creditor})


def copied(here):
    senders = here.stage.settings.senders.model_copy(update={"blind_copies": ("spy@evil.example",)})
    here.stage.settings = here.stage.settings.model_copy(update={"senders": senders})


@pytest.mark.parametrize("change", [renamed, readdressed, signed, copied])
def test_whatever_changes_in_the_letter_voids_the_approval(office, change):
    here = office()
    here.stage.owes("A", 5)
    here.plans().approve()
    change(here)
    why = "the letter is not the one that Béla approved"
    assert here.send() == [(End.UNAPPROVED, why)]
    assert here.said() == [why]
    assert here.stage.letters() == []
    here.send()
    assert here.said() == [why]  # once
    here.approve("Csilla")
    assert [end for end, _ in here.send()] == [End.ACCEPTED]


def test_another_wording_voids_the_approval(office, monkeypatch):
    here = office()
    here.stage.owes("A", 5)
    here.plans().approve()
    runner = type(here.stage.runner)
    written = runner.write
    monkeypatch.setattr(runner, "write", lambda *given: replace(written(*given), text="Pay, or else."))
    assert here.send() == [(End.UNAPPROVED, "the letter is not the one that Béla approved")]


@pytest.mark.parametrize("change", ["amount", "recipient", "paid"])
def test_what_the_plan_would_not_want_any_more_is_left_out_although_it_was_approved(office, change):
    here = office()
    here.stage.owes("A", 5, item="one")
    here.plans().approve()
    match change:
        case "amount":
            here.stage.pays("one", "60")
        case "paid":
            here.stage.pays("one")
        case "recipient":
            here.stage.customers["A"] = replace(here.stage.customers["A"], emails=("b@evil.example",))
    assert [end for end, _ in here.send()] == [End.OVERTAKEN]
    assert here.stage.letters() == []


@pytest.mark.parametrize("name", ["Béla", "Csilla"])
def test_nobody_approves_what_he_chose(office, name):
    here = office()
    here.stage.owes("A", 1, item="one")
    here.plans("one", by=name)
    (event,) = here.approve(name)
    own = f"{name} chose it or lets it go, and cannot approve it as well"
    assert (event.kind, event.because, event.by) == (EventKind.DECLINED, own, "")
    assert here.send() == [(End.UNAPPROVED, WAITS)]
    here.approve({"Béla": "Csilla", "Csilla": "Béla"}[name])
    assert [end for end, _ in here.send()] == [End.ACCEPTED]


def test_nobody_approves_what_he_lets_go(office):
    here = office()
    here.operator = "Béla"
    here.stage.owes("A", 5)
    here.plans().approve("Béla")
    ((end, why),) = here.send()
    assert end is End.UNAPPROVED
    # The outbox knows who put it in when it is approved, a run only when it sends.
    assert why == (WAITS if here.way == "outbox" else here.said()[0])
    assert here.said() == ["Béla chose it or lets it go, and cannot approve it as well"]
    assert here.stage.letters() == []


def test_an_approval_forged_into_the_history_by_the_chooser_does_not_hold(office):
    here = office()
    here.stage.owes("A", 1, item="one")
    here.plans("one", by="Béla")
    (one,) = here.asked()
    here.history.append(
        [one.request.event(EventKind.APPROVED, "", here.stage.clock(), by="Béla", text=one.request.seal)]
    )
    assert here.send() == [(End.UNAPPROVED, "Béla chose it or lets it go, and cannot approve it as well")]
    assert len(here.said()) == 1


def test_who_may_not_approve_is_told_so(office):
    here = office()
    here.stage.owes("A", 5)
    here.plans()
    with pytest.raises(PlanError, match=r"--by: Dénes may not approve letters \(approval.approvers are Béla, Csilla\)"):
        here.approve("Dénes")
    assert here.said(EventKind.APPROVED) == []


def test_an_approver_who_was_removed_has_approved_nothing(office):
    here = office()
    here.stage.owes("A", 5)
    here.plans().approve("Béla")
    here.resettle(approvers=("Csilla",))
    why = "Béla is not one of approval.approvers"
    assert here.send() == [(End.UNAPPROVED, why)]
    assert here.said() == [why]
    assert here.stage.letters() == []


def test_two_letters_cannot_swap_their_approvals(office):
    here = office()
    here.stage.owes("A", 5, "10").owes("B", 5, "9000")
    here.plans()
    first, second = here.asked()
    for one, other in ((first, second), (second, first)):
        event = one.request.event(EventKind.APPROVED, "", here.stage.clock(), by="Béla", text=other.request.seal)
        here.history.append([event])
    assert here.send() == [(End.UNAPPROVED, "the letter is not the one that Béla approved")] * 2
    assert len(here.said()) == 2


def test_an_approval_is_good_for_one_attempt(office):
    here = office(RULE, Verdict.REFUSED)
    here.stage.owes("A", 5)
    here.plans().approve()
    assert [end for end, _ in here.send()] == [End.REFUSED]
    here.plans()
    why = "the approval of Béla was for attempt 1"
    assert here.send() == [(End.UNAPPROVED, why)]
    assert here.said() == [why]
    here.approve()
    assert [end for end, _ in here.send()] == [End.ACCEPTED]


def test_an_approval_of_one_day_does_not_hold_for_the_letter_of_the_next(office):
    here = office()
    here.stage.owes("A", 5)
    here.way = "run"
    here.plans().approve()
    here.stage.later()
    here.plans()
    assert [end for end, _ in here.send()] == [End.UNAPPROVED]


def test_who_approved_may_think_again_and_once_more(office):
    here = office()
    here.stage.owes("A", 5)
    here.plans().approve()
    (one,) = here.asked()
    no = one.request.event(EventKind.DECLINED, "he called", here.stage.clock(), by="Csilla")
    here.history.append([no])
    assert here.send() == [(End.UNAPPROVED, "Csilla declined it: he called")]
    assert here.said() == ["he called"]
    here.approve()
    assert [end for end, _ in here.send()] == [End.ACCEPTED]


def test_a_letter_in_the_outbox_that_was_declined_is_not_sent_and_not_put_in_again_unseen(office):
    here = office()
    here.way = "outbox"
    here.stage.owes("A", 5)
    here.plans()
    (one,) = here.asked()
    record(here.history, one, one.request.event(EventKind.DECLINED, "no", here.stage.clock(), by="Csilla"))
    assert [waiting.state for waiting in here.outbox.letters()] == [State.CANCELLED]
    here.plans()
    assert here.send() == [(End.UNAPPROVED, "Csilla declined it: no")]
    with pytest.raises(Lost):  # it is seen in another state
        record(here.history, one, one.request.event(EventKind.APPROVED, "", here.stage.clock(), by="Béla"))


def test_who_thinks_again_in_the_last_moment_is_heard(office, monkeypatch):
    here = office()
    here.stage.owes("A", 5)
    here.plans().approve()
    (one,) = here.asked()
    runner = type(here.stage.runner)
    written = runner.write

    def write(*given):
        if not here.said():
            here.history.append([one.request.event(EventKind.DECLINED, "wait", here.stage.clock(), by="Csilla")])
        return written(*given)

    monkeypatch.setattr(runner, "write", write)
    assert here.send()[-1] == (End.UNAPPROVED, "Csilla declined it: wait")
    assert here.stage.letters() == []


def test_an_approval_whose_words_were_erased_does_not_hold(office):
    here = office()
    here.stage.owes("A", 5)
    here.plans().approve()
    with here.engine.begin() as connection:
        connection.execute(sa.text("UPDATE dunning_event SET body = '' WHERE kind = 'approved'"))
    assert [end for end, _ in here.send()] == [End.UNAPPROVED]


@pytest.mark.parametrize("undo", ["decline", "erase"])
def test_the_mark_itself_asks_for_the_approval(stage, database_url, undo):
    here = Office(stage, database_url, "outbox")
    here.stage.owes("A", 5)
    here.plans().approve()
    (one,) = here.asked()

    def between(moment):
        if moment == "marking" and undo == "decline":
            here.history.append([one.request.event(EventKind.DECLINED, "no", here.stage.clock(), by="Csilla")])
        elif moment == "marking":
            with here.engine.begin() as connection:
                connection.execute(sa.text("UPDATE dunning_event SET body = '' WHERE kind = 'approved'"))

    worker = Worker(here.runner, here.outbox, "w1", pause=between)
    ends = [delivery.end for delivery in worker.work()]
    here.engine.dispose()
    assert ends == [End.LATER, End.UNAPPROVED]
    assert here.stage.letters() == []


def test_a_dry_run_says_what_would_wait(office):
    here = office()
    here.stage.owes("A", 5)
    run = here.runner.propose(here.runner.plan(here.stage.day))
    assert [(one.end, one.text) for one in run.deliveries] == [(End.UNAPPROVED, WAITS)]
    assert list(here.history.events()) == []


def test_a_customer_whose_letter_came_back_is_called_although_the_next_one_is_approved(stage):
    here = stage()
    here.owes("A", 5).run()
    sent = next(iter(here.history.events()))
    here.history.append([replace(sent, kind=EventKind.BOUNCED)])
    here.history.append([replace(sent, kind=EventKind.APPROVED, attempt=2)])
    assert here.plan().bounced == {"A"}


def test_a_level_that_no_policy_has_is_an_error_and_so_is_a_rule_without_approvers(stage):
    with pytest.raises(ConfigError, match=r"approval.levels: no policy has a level 'notise' \(levels are demand"):
        stage(more='[approval]\nlevels = ["notise"]\napprovers = ["Béla"]\n')
    with pytest.raises(ConfigError, match="approvers must name who may approve"):
        stage(more='[approval]\nlevels = "final"\n')
    with pytest.raises(ConfigError, match="'EURO' is no ISO 4217 currency"):
        stage(more='[approval]\nabove = { EURO = 1 }\napprovers = ["Béla"]\n')


def test_final_is_the_highest_level_of_each_policy(stage):
    rule = stage(more='[approval]\nlevels = "final"\napprovers = ["Béla"]\n').runner.settings.approvals
    (action,) = stage().owes("A", 25).plan().plan.actions
    assert [rule.needed(replace(action, level=level)) for level in (1, 2, 3)] == [False, False, True]


# -- the statement that marks a letter, and the rule in Python, agree

NAMES = ("Béla", "Csilla", "béla", "Ana", "")
SAID = st.lists(
    st.tuples(
        st.sampled_from((EventKind.APPROVED, EventKind.DECLINED)), st.sampled_from(NAMES), st.sampled_from((1, 2)),
        st.booleans(), st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


@pytest.fixture(scope="module")
def letter(stage):
    here = stage(more=RULE).owes("A", 5)
    (delivery,) = here.runner.propose(here.plan()).deliveries
    return delivery.action, delivery.document


def changed(value):
    match value:
        case str():
            return value + "x"
        case int():
            return value + 1
        case date():
            return value.replace(year=value.year + 1)
        case tuple():
            return (
                *value,
                Attachment("a.pdf", "application/pdf", b"%PDF") if value is ATTACHED else Mailbox("x@evil.example"),
            )


ATTACHED = (Attachment("b.pdf", "application/pdf", b"%PDF"),)


@pytest.mark.parametrize("name", [field.name for field in fields(Document)])
def test_everything_of_a_document_is_under_the_seal(letter, name):
    action, document = letter
    document = replace(document, attachments=ATTACHED)
    other = replace(document, **{name: changed(getattr(document, name))})
    assert seal(action, other) != seal(action, document)


@pytest.mark.parametrize("change", [{"content": b"%PDF-"}, {"name": "c.pdf"}, {"media_type": "text/html"}])
def test_every_byte_of_an_attachment_is_under_the_seal(letter, change):
    action, document = letter
    other = replace(document, attachments=(replace(ATTACHED[0], **change),))
    assert seal(action, other) != seal(action, replace(document, attachments=ATTACHED))


@pytest.mark.parametrize(
    "change", [{"level_name": "x"}, {"channel": "sms"}, {"recipients": ("x",)}, {"deadline": None}]
)
def test_what_the_history_would_remember_of_the_letter_is_under_the_seal(letter, change):
    action, document = letter
    line = replace(action.lines[0], level=3)
    assert len({seal(action, document), seal(replace(action, **change), document)}) == 2
    assert seal(replace(action, lines=(line, *action.lines[1:])), document) != seal(action, document)


@settings(max_examples=60, deadline=None)
@given(said=SAID, chooser=st.sampled_from(NAMES), operator=st.sampled_from(NAMES))
def test_the_statement_and_the_rule_agree(letter, said, chooser, operator):
    (action, document), on, at = letter, date(2026, 11, 20), datetime(2026, 11, 20, 12, tzinfo=UTC)
    action = replace(action, by=chooser)
    rule = Approvals(ApprovalTable(levels=("notice",), approvers=("Béla", "Csilla")), {})
    sealed = seal(action, document)
    events = []
    for kind, by, attempt, same_letter, same_words in said:
        text = sealed if same_words else "0" * 64
        key = action.key if same_letter else "f" * 64
        events.append(Event(kind, on, "A", key=key, attempt=attempt, by=by, text=text, at=at))
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    history = SqlHistory(engine)
    history.append(events)
    holds = not rule.missing(Request(action, document, on, events, operator))
    with history.reading() as connection:
        asked = approved(action.key, 1, sealed, rule.may(action, operator))
        assert connection.scalar(sa.select(asked)) == holds
    engine.dispose()
