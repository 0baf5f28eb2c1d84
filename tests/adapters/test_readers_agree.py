"""One decision table, several readers: a data frame and a database say what `Table.judge` says."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Date, Integer, MetaData, Table, create_engine, insert, select

from dunning_adapters import sieve
from dunning_adapters.sql import judging
from dunning_core.decision import Outcome
from dunning_core.plan import plan
from dunning_core.rules import Rules
from dunning_core.table import ALL_LEVELS, Facts
from dunning_core.testing.laws import readers_agree
from dunning_core.testing.strategies import dates, dates_near_thresholds, policies, situations

SCHEMA = {
    "due_date": pl.Date, "issue_date": pl.Date, "level": pl.Int16, "last_notice": pl.Date, "deadline": pl.Date,
    "notices": pl.Int32, "contacted": pl.Date, "minimums": pl.Int64,
}  # fmt: skip


@st.composite
def facts_at_thresholds(draw):
    policy, as_of = draw(policies()), draw(dates)
    near = dates_near_thresholds(policy, as_of, frozenset())
    recent = st.none() | st.sampled_from([1, 0, 1, 2, 7, 14]).map(lambda days: as_of - timedelta(days))
    level = draw(st.integers(0, len(policy.levels) + 1))
    minimums = draw(st.sampled_from([ALL_LEVELS, ALL_LEVELS & ~2, ALL_LEVELS & ~4]))
    notices = draw(st.integers(0, 5))
    return (
        policy,
        Facts(draw(near), draw(near), level, draw(recent), draw(recent), notices, draw(recent), minimums),
        as_of,
    )


def by_frame(rules, facts):
    frame = pl.DataFrame([facts._asdict()], schema=SCHEMA)
    row = rules.table.rows[frame.select(sieve.number_of_row(rules)).item()]
    return row.outcome.value, row.level


@given(facts_at_thresholds())
def test_a_data_frame_agrees(situation):
    policy, facts, as_of = situation
    readers_agree(policy, facts, as_of, by_frame)


@pytest.fixture(scope="module")
def database():
    engine = create_engine("sqlite://")
    kinds = {name: Integer if name in {"level", "notices", "minimums"} else Date for name in Facts._fields}
    table = Table("facts", MetaData(), *(Column(name, kind) for name, kind in kinds.items()))
    table.create(engine)
    yield engine, table
    engine.dispose()


def test_a_database_agrees(database):
    engine, table = database

    def by_database(rules, facts):
        with engine.begin() as connection:
            connection.execute(table.delete())
            connection.execute(insert(table), facts._asdict())
            number = connection.scalar(select(judging.number_of_row(rules, table.c)))
            row = rules.table.rows[number]
            assert (
                connection.scalar(select(table.c.level).where(judging.where(rules, table.c, [row.outcome]))) is not None
            )
        return row.outcome.value, row.level

    @given(facts_at_thresholds())
    def agrees(situation):
        policy, facts, as_of = situation
        readers_agree(policy, facts, as_of, by_database)

    agrees()


def frame_of(ledger, as_of):
    held = {hold.item for hold in ledger.holds if hold.stands(as_of)}
    rows = [
        {"id": x.id, "customer": x.customer, "currency": x.currency, "balance": float(x.balance),
         "held": x.id in held, "due_date": x.due_date, "issue_date": x.issue_date}
        for x in ledger.items
    ]  # fmt: skip
    schema = {"id": pl.String, "customer": pl.String, "currency": pl.String, "balance": pl.Float64,
              "held": pl.Boolean, "due_date": pl.Date, "issue_date": pl.Date}  # fmt: skip
    return pl.LazyFrame(rows, schema=schema)


@given(situations())
def test_nobody_falls_through_the_sieve(situation):
    policy, ledger, as_of = situation
    fresh = ledger.__class__(ledger.creditor, ledger.customers, ledger.items, ledger.holds)
    sifted = sieve.sift(frame_of(fresh, as_of), Rules(policy, as_of))
    busy = set(sifted.busy["customer"])
    made = plan(fresh, policy, as_of)
    assert {action.customer for action in made.actions} <= busy
    idle = sum(sifted.idle["count"])
    assert idle + len(sifted.busy) == len(fresh.items)
    assert Outcome.DUN.value not in sifted.idle["outcome"].to_list() or policy.ladder != "item"
