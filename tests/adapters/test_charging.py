"""`[law]` as a run takes it: what letters charge, and claims that are too old."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dunning_adapters.memory import MemoryHistory, MemorySource, MemoryTransport
from dunning_adapters.plan_file.rows import CLAIMED, claimed
from dunning_adapters.plugins import Plugins
from dunning_adapters.result import End
from dunning_adapters.runner import Runner
from dunning_adapters.settings import parse
from dunning_core.decision import Outcome
from dunning_core.errors import ConfigError, LawError, SourceError
from dunning_core.ledger import Customer, CustomerKind, Ledger, OpenItem
from dunning_core.render import Templates

AS_OF = date(2026, 6, 7)
SETTINGS = """
[creditor]
id = "m"
name = "Moja Firma"
country = "PL"
language = "pl"
email = "fk@moja.example"
accounts = [{ currency = "PLN", number = "PL61109010140000071219812874" }]
[source]
adapter = "files"
[policies.ladder]
levels = [{ name = "final_demand", when = [{ days = 30 }], interest = "claim", compensation = "claim" }]
"""


@pytest.fixture
def runner(tmp_path):
    """A runner of one customer with one item of 12 400.00 PLN, due when the test says."""

    def make(due="2026-04-24", kind=CustomerKind.BUSINESS, law=""):
        settings = parse(SETTINGS + law, folder=tmp_path)
        customer = Customer("k", "Klient", "PL", kind=kind, emails=("fk@klient.example",))
        item = OpenItem("1", "k", date.fromisoformat(due), Decimal("12400.00"), "PLN", number="FV/1")
        source = MemorySource(Ledger(settings.creditor, {"k": customer}, (item,)))
        return Runner(settings, source, MemoryHistory(), MemoryTransport(), Templates.stock(), Plugins(installed=False))

    return make


def test_the_final_demand_claims_what_the_law_gives(runner, tmp_path):
    (tmp_path / "rates.csv").write_text("date,currency,rate,source\n2026-03-31,PLN,4.2512,NBP table A\n")
    made = runner(law='[law]\nexchange = ["rates.csv"]\n').plan(AS_OF)
    [action] = made.plan.actions
    assert action.totals == {"PLN": Decimal("12400.00") + Decimal("209.27") + Decimal("297.58")}
    assert made.plan.problems == ()


def test_what_cannot_be_charged_is_told_in_the_plan(runner):
    made = runner().plan(AS_OF)
    assert made.plan.actions[0].totals == {"PLN": Decimal("12609.27")}
    assert [problem.where for problem in made.plan.problems] == ["customer k"]
    assert "exchange rate" in str(made.plan.problems[0])


def test_the_rate_of_the_contracts(runner):
    [action] = runner(law="[law]\nagreed_percent = 0\n").plan(AS_OF).plan.actions
    assert action.totals == {"PLN": Decimal("12400.00")}


@pytest.mark.parametrize(
    ("law", "error"),
    [
        ('[law]\nstatutes = "mine.toml"\n', ConfigError),
        ('[law]\nexchange = ["nbp.csv"]\n', SourceError),
    ],
)
def test_a_file_that_is_not_there_stops_before_anything_is_planned(runner, law, error):
    with pytest.raises(error):
        runner(law=law).plan(AS_OF)


def test_statutes_that_cannot_be_stop_as_well(runner, tmp_path):
    (tmp_path / "mine.toml").write_text('[XX]\ncountry = "XX"\n')
    with pytest.raises(LawError, match="there is no country 'XX'"):
        runner(law='[law]\nstatutes = "mine.toml"\n').plan(AS_OF)


def test_a_consumer_is_not_asked_for_what_is_time_barred(runner):
    made = runner("2022-05-05", CustomerKind.CONSUMER).plan(AS_OF)
    [decision] = made.plan.decisions
    assert (made.plan.actions, decision.outcome) == ((), Outcome.VETOED)
    assert decision.because == "became time-barred after 2024-12-31 (art. 554, 118 KC); a consumer is not asked for it"


def test_a_business_is_but_the_plan_says_so(runner):
    made = runner("2022-05-05").plan(AS_OF)
    assert len(made.plan.actions) == 1
    told = [str(problem) for problem in made.plan.problems if "time-barred" in str(problem)]
    what = "FV/1: became time-barred after 2024-12-31 (art. 554, 118 KC)"
    assert told == [f"customer k: {what} (write it off, unless something interrupted the period)"]


def test_a_claim_that_soon_will_be_is_told_in_time(runner):
    def told(made):
        return [problem.what for problem in made.plan.problems if "time-barred" in problem.what]

    assert told(runner("2024-05-06").plan(date(2026, 10, 31))) == []
    near = "FV/1: becomes time-barred after 2026-12-31 (art. 554, 118 KC)"
    assert told(runner("2024-05-06").plan(date(2026, 11, 1))) == [near]
    assert told(runner("2024-05-06", law="[law]\nlimitation_warning_days = 90\n").plan(date(2026, 10, 2))) == [near]


def test_letters_sent_later_in_the_day_ask_for_the_same(runner):
    """What was planned is what goes out: the facts are read again, and give the same charges."""
    made = runner(law="[law]\n")
    plan = made.plan(AS_OF)
    made.clock = lambda: datetime(2026, 6, 7, 12, tzinfo=UTC)
    [delivery] = made.send(plan, today=AS_OF).deliveries
    assert delivery.end is End.ACCEPTED
    assert "209,27" in delivery.document.text
    assert delivery.action == plan.plan.actions[0]


def test_the_workbook_shows_what_is_charged_beside_each_item(runner):
    made = runner().plan(AS_OF)
    items = {item.id: item for item in made.ledger.items}
    [row] = claimed(made.plan, made.ledger.customers, items)
    cells = dict(zip(CLAIMED, row.cells, strict=True))
    assert (cells["Outstanding"], cells["Interest"], cells["Compensation"]) == (
        Decimal("12400.00"),
        Decimal("209.27"),
        None,
    )


def test_other_settings_charge_otherwise(runner):
    made = runner()
    assert made.plan(AS_OF).plan.actions[0].totals == {"PLN": Decimal("12609.27")}
    made.settings = parse(SETTINGS + "[law]\nagreed_percent = 0\n", folder=made.settings.folder)
    assert made.plan(AS_OF).plan.actions[0].totals == {"PLN": Decimal("12400.00")}
