"""Adapters that break every promise: each is told in one line, nothing goes out wrongly, nothing is lost in silence.

Two lies no program can see, because nothing contradicts them: a transport that delivers one letter twice, and one that
says `accepted` and throws the letter away. The conformance class finds them at the other end. A port that never
returns is left to a time limit of whoever starts the run.
"""

import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, getcontext
from itertools import count

import pytest

from dunning_adapters.folder import FolderSettings, FolderTransport
from dunning_adapters.hookspecs import hookimpl
from dunning_adapters.memory import MemoryHistory, MemorySource, MemoryTransport
from dunning_adapters.plugins import Plugins
from dunning_adapters.ports import Control, Receipt, Verdict
from dunning_adapters.report import write_report
from dunning_adapters.result import End
from dunning_core.decision import Outcome
from dunning_core.errors import HistoryError, SourceError
from dunning_core.event import EventKind
from dunning_core.ledger import Creditor, Customer, Hold, Ledger, OpenItem
from dunning_core.values import total

NO_MONEY = "X" * 3  # what ISO 4217 writes where no currency is meant
DISPATCHED, ACCEPTED, IN_DOUBT = EventKind.DISPATCHED, EventKind.ACCEPTED, EventKind.IN_DOUBT


def item(name, customer="A", balance="100", currency="RON", due=date(2026, 11, 17), **more):
    return OpenItem(
        name, customer, due, balance if not isinstance(balance, str) else Decimal(balance), currency, **more
    )


def ledger_of(creditor, *items, holds=(), **customers):
    names = {one.customer: Customer(one.customer, one.customer, emails=(f"{one.customer}@x.example",)) for one in items}
    return Ledger(creditor, {**names, **customers}, tuple(items), tuple(holds))


# -- sources that cannot be believed at all


class Hostile(MemorySource):
    """What its `pieces` yield comes after the good ledgers; it announces all of it as it is."""

    def read(self, creditor, as_of, customers=None):
        bad = self.pieces(creditor)
        if customers is not None:
            bad = MemorySource(*bad).read(creditor, as_of, customers)
        yield from (*super().read(creditor, as_of, customers), *bad)

    def control(self):
        ledgers = (*self.ledgers, *self.pieces(Creditor("", "", "")))
        found = [one for ledger in ledgers for one in ledger.items]
        sums = total((one.currency, one.balance) for one in found if one.balance.is_finite())
        return Control(len(found), len(found), balances=sums)

    def pieces(self, creditor):
        return ()


def yielding(title, *pieces):
    """A hostile source of this name that yields further pieces, each made of the creditor."""
    return type(title, (Hostile,), {"pieces": lambda self, creditor: [piece(creditor) for piece in pieces]})


def with_item(title, **fields):
    changed = {"id": "X/1", "customer": "X", "due_date": date(2026, 11, 1), "balance": Decimal(1), "currency": "RON"}
    made = OpenItem(**changed | fields)
    return yielding(title, lambda creditor: ledger_of(creditor, made))


def with_customer(title, key="X", **fields):
    made = Customer(**{"id": "X", "name": "X"} | fields)
    return yielding(title, lambda creditor: Ledger(creditor, {key: made}, (item("X/1", "X"),)))


class EndlessPages(MemorySource):
    """A generator that never stops."""

    def read(self, creditor, as_of, customers=None):
        yield from (ledger_of(creditor, item(f"{number}/1", str(number))) for number in count())


class EndlessEmptyPages(MemorySource):
    """A page that is always there and never holds anything."""

    def read(self, creditor, as_of, customers=None):
        while True:
            yield Ledger(creditor)


class EndsTheProgram(MemorySource):
    """Calls sys.exit, with the code that says that all is well."""

    def read(self, creditor, as_of, customers=None):
        yield from super().read(creditor, as_of, customers)
        raise SystemExit(0)


class BreaksInTheMiddle(MemorySource):
    def read(self, creditor, as_of, customers=None):
        for ledger in super().read(creditor, as_of, customers):
            yield ledger
            message = "cursor closed\nby the server"
            raise ConnectionResetError(message)


class BreaksBeforeItBegins(MemorySource):
    def read(self, creditor, as_of, customers=None):
        return 1 / 0


class YieldsNothing(MemorySource):
    def read(self, creditor, as_of, customers=None):
        return None


class CannotCount(MemorySource):
    def control(self):
        raise NotImplementedError


class Announces(MemorySource):
    """Announces whatever it likes."""

    def control(self):
        return self.made(super().control())


def announcing(name, made):
    return type(name, (Announces,), {"made": lambda self, control: made(control)})


class Impudent(MemorySource):
    """Puts a ledger of another creditor before the good ones."""

    def read(self, creditor, as_of, customers=None):
        yield ledger_of(replace(creditor, id="another"), item("X/1", "X"))
        yield from super().read(creditor, as_of, customers)


UNBELIEVABLE = [
    (with_item("FloatBalance", balance=100.10), "balance of OpenItem 'X/1' is float, not Decimal"),
    (with_item("IntBalance", balance=100), "balance of OpenItem 'X/1' is int, not Decimal"),
    (with_item("NoBalance", balance=None), "balance of OpenItem 'X/1' is NoneType, not Decimal"),
    (with_item("TextDate", due_date="2026-11-01"), "due_date of OpenItem 'X/1' is str, not date"),
    (with_item("MomentForDate", due_date=datetime(2026, 11, 1)), "due_date of OpenItem 'X/1' is datetime, not date"),  # noqa: DTZ001 - as databases give it
    (with_item("NumberForId", id=17), "id of OpenItem 17 is int, not str"),
    (with_item("FloatAmount", amount=1.5), "amount of OpenItem 'X/1' is float, not Decimal or NoneType"),
    (with_item("HalfACharacter", number="F\ud800"), "'X/1' has a text with a character that cannot be written"),
    (with_item("ZeroByte", reference="F\x00"), "'X/1' has a text with a character that cannot be written"),
    (with_item("ForgedGroup", customer="A\x1fRON"), "has a text with a character that cannot be written"),
    (with_customer("OneTextOfAddresses", emails="x@x.example"), "emails of Customer 'X' is str, not tuple"),
    (with_customer("AddressesOfNumbers", emails=(5,)), "has an e-mail address, phone or address line that is no text"),
    (with_customer("WithoutName", name=None), "name of Customer 'X' is NoneType, not str"),
    (with_customer("UnderAnotherName", key="A", id="X"), "customer 'X' stands under the name 'A'"),
    (
        with_customer("NobodyInParticular", responsible="Ana"),
        "responsible of Customer 'X' is str, not NoneType or Person",
    ),
    (with_customer("AddressInOneLine", address="Str. Lungă 5"), "address of Customer 'X' is str, not Address"),
    (yielding("YieldsNone", lambda creditor: None), "it gave a NoneType in the place of a Ledger"),
    (yielding("YieldsRows", lambda creditor: {"id": 1}), "it gave a dict in the place of a Ledger"),
    (
        yielding("ItemsInAList", lambda creditor: Ledger(creditor, {}, [item("X/1", "X")])),
        "items of a Ledger is list, not tuple",
    ),
    (
        yielding("RowsForItems", lambda creditor: Ledger(creditor, {}, ({"id": 1},))),
        "it gave a dict in the place of an OpenItem",
    ),
    (
        yielding("MomentOfPayments", lambda creditor: Ledger(creditor, payments_as_of=datetime(2026, 11, 1))),  # noqa: DTZ001 - as databases give it
        "payments_as_of of a Ledger is datetime, not NoneType or date",
    ),
    (
        yielding("ProblemsAsText", lambda creditor: Ledger(creditor, problems=("row 7 is bad",))),
        "it gave a str in the place of a Problem",
    ),
    (
        yielding("TwiceInOneLedger", lambda creditor: ledger_of(creditor, item("X/1", "X"), item("X/1", "X", "7"))),
        "there are two items 'X/1'",
    ),
    (
        yielding("TwiceInTwoLedgers", lambda creditor: ledger_of(creditor, item("A/1", "X"))),
        "there are two items 'A/1'",
    ),
    (
        yielding("CustomerInTwoLedgers", lambda creditor: ledger_of(creditor, item("X/1", "A"))),
        "customer 'A' is in two ledgers: more may be open of him than either of them shows",
    ),
    (
        yielding("CreditOfACustomerElsewhere", lambda creditor: Ledger(creditor, {}, (item("X/1", "A", "-100"),))),
        "customer 'A' is in two ledgers",
    ),
    (
        yielding(
            "HoldOfACustomerElsewhere",
            lambda creditor: ledger_of(creditor, item("X/1", "X"), holds=[Hold(customer="A")]),
        ),
        "a hold of 'A' is in another ledger than what it holds",
    ),
    (
        yielding(
            "HoldBeforeItsItem",
            lambda creditor: ledger_of(creditor, item("X/1", "X"), holds=[Hold(item="Y/1")]),
            lambda creditor: ledger_of(creditor, item("Y/1", "Y")),
        ),
        "a hold of 'Y/1' is in another ledger than what it holds",
    ),
    (
        yielding("HoldOfNothing", lambda creditor: ledger_of(creditor, item("X/1", "X"), holds=[Hold()])),
        "a hold must name either an item or a customer",
    ),
    (
        yielding(
            "HoldOfBoth", lambda creditor: ledger_of(creditor, item("X/1", "X"), holds=[Hold(item="X/1", customer="X")])
        ),
        "a hold must name either an item or a customer",
    ),
    (
        yielding(
            "BeyondAllNumbers",
            lambda creditor: ledger_of(creditor, item("X/1", "X", "9E+999999"), item("X/2", "X", "9E+999999")),
        ),
        "it failed with Overflow",
    ),
    (Impudent, "it yielded a ledger of creditor 'another', not of 'abm'"),
    (EndlessPages, "it yields more than 1000 items and does not end (repair it, or raise run.max_items)"),
    (EndlessEmptyPages, "it yields more than 1000 items and does not end"),
    (EndsTheProgram, "it failed with SystemExit: 0"),
    (BreaksInTheMiddle, "it failed with ConnectionResetError: cursor closed by the server"),
    (BreaksBeforeItBegins, "it failed with ZeroDivisionError: division by zero"),
    (YieldsNothing, "it failed with TypeError: 'NoneType' object is not iterable"),
    (CannotCount, "it failed with NotImplementedError"),
    (announcing("AnnouncesNothing", lambda control: None), "it gave a NoneType in the place of a Control"),
    (announcing("AnnouncesMore", lambda control: replace(control, rows=9, read=9)), "9 rows announced, 2 read"),
    (announcing("AnnouncesFewer", lambda control: replace(control, rows=1, read=1)), "1 rows announced, 2 read"),
    (
        announcing("AnnouncesLessThanNothing", lambda control: replace(control, rows=1, rejected=-1)),
        "it announces 1 rows, 2 read and -1 rejected",
    ),
    (
        announcing("AnnouncesRejectedRowsOnly", lambda control: replace(control, rows=5, rejected=3)),
        "3 rows rejected, and no problem says which and why",
    ),
    (announcing("AnnouncesText", lambda control: replace(control, rows="2")), "rows of a Control is str, not int"),
    (
        announcing("AnnouncesOtherMoney", lambda control: replace(control, balances={"RON": Decimal(1)})),
        "1 RON announced, 200 read",
    ),
    (
        announcing("AnnouncesAnotherCurrency", lambda control: replace(control, balances={"EUR": Decimal(200)})),
        "200 EUR announced, 0 read",
    ),
    (
        announcing("AnnouncesFloats", lambda control: replace(control, balances={"RON": 200.0})),
        "which is no amount of money",
    ),
    (
        announcing("AnnouncesNoNumber", lambda control: replace(control, balances={"RON": Decimal("sNaN")})),
        "which is no amount of money",
    ),
]


@pytest.mark.parametrize(("source", "said"), UNBELIEVABLE, ids=lambda each: getattr(each, "__name__", ""))
def test_what_cannot_be_believed_stops_everything_in_one_line(stage, source, said):
    firm = stage(run="max_items = 1000").owes("A").owes("B")
    firm.source = source()
    for use in (firm.run, firm.plan, lambda: firm.plan(lean=True)):
        with pytest.raises(SourceError) as caught:
            use()
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith("source: ")
    assert firm.kinds() == []
    assert firm.transport.receipts == []


# -- sources with rows that are bad, and others that are good


def rows(*items):
    return yielding("Rows", lambda creditor: ledger_of(creditor, *items))


BAD_ROWS = [
    ("not a number", [item("X/1", "X", "NaN")], "the balance NaN is no number"),
    ("signalling", [item("X/1", "X", "sNaN")], "the balance sNaN is no number"),
    ("infinite", [item("X/1", "X", "Infinity")], "the balance Infinity is no number"),
    ("both infinities", [item("X/1", "X", "Infinity"), item("X/2", "X", "-Infinity")], "is no number"),
    ("infinite debt, and a credit", [item("X/1", "X", "Infinity"), item("X/2", "X", "-5")], "is no number"),
    ("larger than exact", [item("X/1", "X", "1E+40")], "is no amount in which RON is booked"),
    ("finer than booked", [item("X/1", "X", "0.004")], "is no amount in which RON is booked"),
    ("no currency", [item("X/1", "X", currency="")], "'' is no ISO 4217 currency"),
    ("lower case", [item("X/1", "X", currency="ron")], "'ron' is no ISO 4217 currency"),
    ("no money", [item("X/1", "X", currency=NO_MONEY)], f"the creditor has no account in {NO_MONEY}"),
    ("no such policy", [item("X/1", "X", policy="never heard of")], "never heard of"),
]


@pytest.mark.parametrize(("items", "because"), [case[1:] for case in BAD_ROWS], ids=[case[0] for case in BAD_ROWS])
def test_a_bad_row_is_told_and_the_others_are_decided(stage, tmp_path, items, because):
    firm = stage(policy='credits = "net"').owes("A").owes("B")
    firm.source = rows(*items)()
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED, "B": End.ACCEPTED}
    told = [decision for decision in run.decisions if decision.customer == "X"]
    assert sorted(decision.item for decision in told) == sorted(one.id for one in items)
    assert any(because in decision.because for decision in told)
    assert {d.outcome for d in told} <= {Outcome.UNUSABLE, Outcome.NO_ACCOUNT, Outcome.CREDIT, Outcome.WAITING}
    assert write_report(run, tmp_path).html.exists()


def test_items_of_a_customer_whom_the_source_does_not_describe(stage):
    firm = stage().owes("A")
    firm.source = yielding("Orphans", lambda creditor: Ledger(creditor, {}, (item("X/1", "X"),)))()
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED}
    assert [(d.item, d.outcome) for d in run.decisions if d.customer == "X"] == [("X/1", Outcome.UNKNOWN_CUSTOMER)]


@pytest.mark.parametrize("due", [date.min, date(1, 1, 31), date(9999, 12, 31), date(9999, 2, 28)])
def test_dates_at_the_ends_of_the_calendar(stage, tmp_path, due):
    firm = stage().owes("A")
    firm.source = rows(item("X/1", "X", due=due, issue_date=date.min))()
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED} | ({"X": End.ACCEPTED} if due.year == 1 else {})
    assert write_report(run, tmp_path).html.exists()


LETTERS = {
    "two lines": "Firma\r\nBcc: everybody@x.example",
    "controls": "Firma\x1b[2J\x07\x08\u202e",
    "huge": "Ł" * 100_000,
    "formula": "=HYPERLINK(1)",
    "markup": "<script>{{ creditor.name }}</script>",
}


@pytest.mark.parametrize("text", LETTERS.values(), ids=LETTERS)
def test_texts_of_an_enemy_stay_text(stage, tmp_path, text):
    firm = stage(transport=FolderTransport(FolderSettings(), tmp_path)).owes("A")
    named = Customer("X", text, emails=("x@x.example",), country="RO")
    firm.source = yielding("Texts", lambda creditor: ledger_of(creditor, item("X/1", "X", number=text), X=named))()
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED, "X": End.ACCEPTED}
    assert write_report(run, tmp_path).html.exists()
    for path in (tmp_path / "out").glob("*.eml"):
        head = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        assert b"everybody" not in b"".join(line for line in head.split(b"\n") if line.lower().startswith(b"bcc"))
        assert b"\x1b" not in head


# -- sources that read otherwise the second time


class Later(MemorySource):
    """Reads the truth first, and `changed` of it afterwards."""

    reads = 0

    def read(self, creditor, as_of, customers=None):
        self.reads += 1
        for ledger in super().read(creditor, as_of, customers):
            yield ledger if self.reads == 1 else self.changed(ledger)


def later(name, changed):
    return type(name, (Later,), {"changed": lambda self, ledger: changed(ledger)})


def items(ledger, change):
    return replace(ledger, items=tuple(change(one) if one.customer == "A" else one for one in ledger.items))


SECOND_READS = [
    later("ItemVanishes", lambda ledger: replace(ledger, items=tuple(x for x in ledger.items if x.customer != "A"))),
    later("BalanceChanges", lambda ledger: items(ledger, lambda one: replace(one, balance=Decimal(99)))),
    later("CurrencyChanges", lambda ledger: items(ledger, lambda one: replace(one, currency="EUR"))),
    later("ItemIsRenamed", lambda ledger: items(ledger, lambda one: replace(one, id="A/9"))),
    later(
        "CustomerVanishes",
        lambda ledger: replace(ledger, customers={n: c for n, c in ledger.customers.items() if n != "A"}),
    ),
    later(
        "AddressChanges",
        lambda ledger: replace(
            ledger,
            customers={
                name: replace(customer, emails=("thief@x.example",)) if name == "A" else customer
                for name, customer in ledger.customers.items()
            },
        ),
    ),
    later("BecomesNoNumber", lambda ledger: items(ledger, lambda one: replace(one, balance=Decimal("sNaN")))),
]


@pytest.mark.parametrize("source", SECOND_READS, ids=lambda each: each.__name__)
def test_what_reads_otherwise_the_second_time_stays_at_home(stage, source):
    firm = stage().owes("A").owes("B")
    firm.source = source()
    run = firm.run()
    assert firm.ends(run) == {"A": End.OVERTAKEN, "B": End.ACCEPTED}
    assert [(letter.customer, letter.to[0].address) for letter in firm.transport.documents] == [
        ("B", "b@client.example")
    ]
    assert firm.kinds("A") == []


def test_an_item_that_changes_hands_is_asked_of_neither(stage):
    firm = stage().owes("A").owes("B").owes("C")  # A and C come in one ledger
    firm.source = later("ItemChangesHands", lambda ledger: items(ledger, lambda one: replace(one, customer="C")))()
    assert firm.ends(firm.run()) == {"A": End.OVERTAKEN, "B": End.ACCEPTED, "C": End.OVERTAKEN}


class IgnoresTheNarrowing(MemorySource):
    def read(self, creditor, as_of, customers=None):
        yield from super().read(creditor, as_of)


class FloatsTheSecondTime(Later):
    def changed(self, ledger):
        return items(ledger, lambda one: replace(one, balance=100.0))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (IgnoresTheNarrowing, "customer 'B' was not asked for"),
        (FloatsTheSecondTime, "balance of OpenItem 'A/1' is float, not Decimal"),
    ],
)
def test_a_second_reading_that_cannot_be_believed_sends_nothing(stage, source, said):
    firm = stage().owes("A").owes("B", late=-5)
    firm.source = source()
    with pytest.raises(SourceError, match=said):
        firm.run()
    assert firm.kinds() == []
    assert firm.transport.documents == []


class Spoils(MemorySource):
    """Changes what it handed out and what it was handed, and how the whole program calculates."""

    def read(self, creditor, as_of, customers=None):
        for ledger in super().read(creditor, as_of, customers):
            getcontext().prec = 3
            mine = dict(ledger.customers)
            yield replace(ledger, customers=mine)
            mine.clear()
        if customers is not None:
            customers.clear()


def test_a_source_that_changes_shared_state_changes_nothing(stage):
    firm = stage().owes("A", balance="12345.67").owes("B").owes("C")
    firm.source = Spoils()
    before = getcontext().prec
    run = firm.run()
    assert firm.ends(run) == dict.fromkeys("ABC", End.ACCEPTED)
    assert run.deliveries[0].action.totals == {"RON": Decimal("12345.67")}
    assert getcontext().prec == before


@pytest.mark.parametrize("fault", [ValueError("two\nlines"), SystemExit(0), NotImplementedError()])
def test_notes_that_fail_are_a_problem_of_the_report(stage, fault):
    class Forgets(MemorySource):
        def note(self, contacts):
            raise fault

    firm = stage().owes("A")
    firm.source = Forgets()
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED}
    assert [problem.where for problem in run.problems] == ["contact log"]
    assert type(fault).__name__ in run.problems[0].what


# -- histories


class BlackHole(MemoryHistory):
    """Takes events and keeps none."""

    def append(self, events):
        list(events)


class LosesYesterday(MemoryHistory):
    """Forgets what it showed when the plan was made."""

    looks = 0

    def events(self, customers=None):
        self.looks += 1
        found = list(super().events(customers))
        return iter(found if self.looks == 1 else [event for event in found if event.kind is not DISPATCHED])


class Backwards(MemoryHistory):
    def events(self, customers=None):
        yield from reversed(list(super().events(customers)))


class OfOthers(MemoryHistory):
    """Gives every event, whoever it concerns."""

    def events(self, customers=None):
        yield from super().events()


class KeepsRows(MemoryHistory):
    def events(self, customers=None):
        yield from ({"kind": event.kind} for event in super().events(customers))


class KeepsTextDates(MemoryHistory):
    def events(self, customers=None):
        yield from (replace(event, on=str(event.on)) for event in super().events(customers))


class CannotBeRead(MemoryHistory):
    def events(self, customers=None):
        message = "database is locked"
        raise TimeoutError(message)


class NamesNumbers(MemoryHistory):
    def customers(self):
        yield 17


class CannotRecord(MemoryHistory):
    def append(self, events):
        if list(events):
            raise SystemExit(0)


HISTORIES = [
    (BlackHole, False, "was recorded and is lost"),
    (CannotBeRead, False, "it failed with TimeoutError: database is locked"),
    (NamesNumbers, False, "it names a customer that is no text"),
    (CannotRecord, False, "it failed with SystemExit: 0"),
    (LosesYesterday, True, "is accepted before it was dispatched"),
    (Backwards, True, "is accepted before it was dispatched (events are missing or out of order"),
    (OfOthers, True, "it gave an event of customer 'Z', who was not asked for"),
    (KeepsRows, True, "it gave a dict in the place of an Event"),
    (KeepsTextDates, True, "on of an Event is str, not date"),
]


@pytest.mark.parametrize(("history", "before", "said"), HISTORIES, ids=lambda each: getattr(each, "__name__", ""))
def test_a_history_that_cannot_be_believed_lets_nothing_out(stage, history, before, said):
    firm = stage(history=history()).owes("A", late=20).owes("B")
    if before:
        for action in stage().owes("A").owes("Z").plan().plan.actions:
            letter = action.dispatched(date(2026, 11, 1))
            firm.history.append([letter, replace(letter, kind=ACCEPTED)])
    with pytest.raises(HistoryError) as caught:
        firm.run()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert firm.transport.documents == []


def test_a_letter_that_the_history_lost_since_the_plan_stops_the_posting(stage):
    class Loses(MemoryHistory):
        """Loses everything of the customer after the facts were read again."""

        lost = False

        def events(self, customers=None):
            found = list(super().events(customers))
            yield from () if self.lost else found

    firm = stage(history=Loses()).owes("A", late=20)
    letter = stage().owes("A").plan().plan.actions[0].dispatched(date(2026, 11, 1))
    firm.history.append([letter])
    firm.history.append([replace(letter, kind=ACCEPTED)])
    runner = firm.runner
    standing, _ = runner._still_wanted(runner.plan(firm.day).cases, firm.day)
    firm.history.lost = True
    with pytest.raises(HistoryError, match="was recorded and is lost"):
        list(runner._posting().post(standing, firm.day))
    assert firm.transport.documents == []


# -- transports


class Answers(MemoryTransport):
    """Answers the third letter as it likes."""

    calls = 0

    def deliver(self, document):
        self.calls += 1
        receipt = super().deliver(document)
        return self.answer(document) if self.calls == 3 else receipt


def answering(name, answer):
    return type(name, (Answers,), {"answer": lambda self, document: answer(document)})


def raising(name, error):
    def answer(document):
        raise error

    return answering(name, answer)


TRANSPORTS = [
    (answering("AnswersNothing", lambda document: None), "it answered with NoneType, not with a Receipt"),
    (answering("AnswersYes", lambda document: True), "it answered with bool, not with a Receipt"),
    (
        answering("AnswersAboutAnother", lambda document: Receipt("another.1", Verdict.ACCEPTED)),
        "it answered about letter 'another.1', not about",
    ),
    (
        answering("UnknownVerdict", lambda document: Receipt(document.letter, "perhaps")),
        "'perhaps' is not a valid Verdict",
    ),
    (answering("NoVerdict", lambda document: Receipt(document.letter, None)), "None is not a valid Verdict"),
    (raising("Raises", ValueError("two\nlines")), "it failed with ValueError: two lines"),
    (raising("RunsOutOfMemory", MemoryError()), "it failed with MemoryError"),
    (raising("EndsTheProgram", SystemExit(0)), "it failed with SystemExit: 0"),
]


@pytest.mark.parametrize("batch", [1, 2, 1000])
@pytest.mark.parametrize(("transport", "said"), TRANSPORTS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_letter_without_an_answer_is_in_doubt_and_the_rest_waits(stage, transport, said, batch):
    firm = stage(transport=transport(), run=f"batch = {batch}")
    for name in "ABCDE":
        firm.owes(name)
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED, "B": End.ACCEPTED, "C": End.IN_DOUBT, "D": End.LATER, "E": End.LATER}
    assert said in next(delivery.text for delivery in run.deliveries if delivery.end is End.IN_DOUBT)
    assert firm.kinds("C") == [DISPATCHED, IN_DOUBT]
    assert said in list(firm.history.events(["C"]))[1].because
    assert [contact.customer for contact in firm.source.contacts] == ["A", "B", "C"]
    assert [customer for customer, _, _ in firm.later().wanted()] == ["D", "E"]
    assert firm.tally(firm.run()) == {End.ACCEPTED: 2}


def test_a_verdict_in_plain_text_is_a_verdict(stage):
    firm = stage(transport=answering("Plain", lambda document: Receipt(document.letter, "refused"))())
    for name in "ABC":
        firm.owes(name)
    assert firm.ends(firm.run()) == {"A": End.ACCEPTED, "B": End.ACCEPTED, "C": End.REFUSED}


class CannotOpen(MemoryTransport):
    def __enter__(self):
        message = "no such printer"
        raise ValueError(message)


class CannotClose(MemoryTransport):
    def __exit__(self, *error):
        message = "already gone"
        raise ValueError(message)


class HidesErrors(MemoryTransport):
    """Its __exit__ answers that nothing happened."""

    def __exit__(self, *error):
        return True


def test_a_transport_that_cannot_be_opened_records_nothing(stage):
    firm = stage(transport=CannotOpen()).owes("A")
    with pytest.raises(stage.out_of_order.__class__, match=r"^transport: it failed with ValueError: no such printer"):
        firm.run()
    assert firm.kinds() == []


def test_a_transport_that_cannot_be_closed_has_delivered(stage):
    firm = stage(transport=CannotClose()).owes("A").owes("B")
    assert firm.ends(firm.run()) == {"A": End.ACCEPTED, "B": End.ACCEPTED}


def test_a_transport_cannot_hide_that_nothing_was_recorded(stage):
    class Full(MemoryHistory):
        def append(self, events):
            events = list(events)
            if any(event.kind is ACCEPTED for event in events):
                message = "the disk is full"
                raise HistoryError(message)
            super().append(events)

    firm = stage(transport=HidesErrors(), history=Full()).owes("A").owes("B")
    with pytest.raises(HistoryError, match="the disk is full"):
        firm.run()
    assert [document.customer for document in firm.transport.documents] == ["A"]


# -- hooks


def plugged(**hooks):
    plugins = Plugins(installed=False)
    plugins.manager.register(
        type("Bad", (), {name: staticmethod(hookimpl(hook)) for name, hook in hooks.items()})(), "bad"
    )
    return plugins


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        ({"dunning_holds": lambda: [Hold()]}, "a hold must name either an item or a customer"),
        ({"dunning_holds": lambda: ["A"]}, "it gave str, not Hold"),
        ({"dunning_holds": lambda: Hold(customer="A")}, "'Hold' object is not iterable"),
        ({"dunning_holds": lambda: (_ for _ in [1 / 0])}, "ZeroDivisionError"),
        ({"dunning_eligible": lambda: True}, "it gave bool, not str"),
        ({"dunning_eligible": lambda: sys.exit(0)}, "SystemExit: 0"),
    ],
)
def test_a_plugin_whose_objection_cannot_be_understood_stops_everything(stage, hooks, said):
    firm = stage(plugins=plugged(**hooks)).owes("A")
    with pytest.raises(SourceError) as caught:
        firm.run()
    assert str(caught.value).startswith("plugin bad: ")
    assert said in str(caught.value)
    assert firm.kinds() == []


def test_variables_that_are_none_leave_the_letter_unwritten(stage):
    firm = stage(plugins=plugged(dunning_variables=lambda: ["portal"])).owes("A")
    run = firm.run()
    assert firm.ends(run) == {"A": End.NOT_WRITTEN}
    assert run.deliveries[0].text == "plugin bad: dunning_variables failed: TypeError: it gave list, not Mapping"


def test_an_observer_that_ends_the_program_is_a_problem(stage):
    firm = stage(plugins=plugged(dunning_recorded=lambda: sys.exit(0))).owes("A")
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED}
    assert [str(problem) for problem in run.problems] == ["plugin bad: dunning_recorded failed: SystemExit: 0"]
