"""The decision table read over columns: a data frame is sifted, and only customers about whom something may have to
be done become objects. Needs the extra `fast` (polars)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from dunning_core.decision import Outcome
from dunning_core.errors import MissingExtra
from dunning_core.rules import Rules
from dunning_core.table import ALL_LEVELS, Comparison

if TYPE_CHECKING:
    import polars as pl

BUSY = frozenset({Outcome.DUN, Outcome.FALLEN})
AHEAD = frozenset({Outcome.NOT_DUE, Outcome.IN_GRACE})


def _polars() -> Any:
    try:
        import polars as pl
    except ImportError:
        raise MissingExtra("polars", "fast", "judging whole columns") from None
    return pl


@dataclass(frozen=True, slots=True)
class Sifted:
    """`busy`: every row of the customers who may get a letter, to be planned the ordinary way.

    `idle`: outcome, currency, count and balance of everybody else's rows, which are decided.
    """

    busy: pl.DataFrame
    idle: pl.DataFrame


def number_of_row(rules: Rules) -> pl.Expr:
    """An expression over the columns of `Facts` that gives the position, in `rules.table.rows`, of the row that
    decides. An empty column is the same as a missing fact."""
    pl = _polars()
    rows = rules.table.rows
    chosen = pl.lit(-1, pl.Int16)
    for position, row in reversed(list(enumerate(rows))):
        chosen = pl.when(_all(row.conditions)).then(pl.lit(position, pl.Int16)).otherwise(chosen)
    return chosen  # type: ignore[no-any-return]


def _all(conditions: tuple[Comparison, ...]) -> Any:
    pl = _polars()
    parts = [_one(pl.col(condition.column), condition) for condition in conditions]
    return reduce(lambda left, right: left & right, parts) if parts else pl.lit(True)  # noqa: FBT003 - polars' word


def _one(column: Any, condition: Comparison) -> Any:
    match condition.op:
        case "<=":
            return column <= condition.value
        case ">=":
            return column >= condition.value
        case "<":
            return column < condition.value
        case ">":
            return column > condition.value
        case "==":
            return column == condition.value
        case "has":
            return (column // 2**condition.value) % 2 == 1  # type: ignore[operator]


def sift(items: pl.LazyFrame, rules: Rules) -> Sifted:
    """Sift open items: columns `customer`, `currency`, `balance`, `held`, `due_date`, and any of the other `Facts`.

    No customer is idle who would get a letter or a fall today: minimums, credits and quiet periods of the customer are
    taken at their most generous, and on ladders where the oldest item climbs for its group everything overdue is busy.
    """
    pl = _polars()
    frame = _with_all_facts(items)
    open_item = (pl.col("balance") > 0) & ~pl.col("held")
    row = pl.when(open_item).then(number_of_row(rules)).otherwise(pl.lit(-1, pl.Int16)).alias("row")
    outcomes = [decided.outcome for decided in rules.table.rows]
    wanted = BUSY if rules.policy.ladder == "item" else frozenset(Outcome) - AHEAD
    busy_rows = [position for position, outcome in enumerate(outcomes) if outcome in wanted]
    judged = frame.with_columns(row).collect(engine="streaming")
    customers = judged.filter(pl.col("row").is_in(busy_rows)).select("customer").unique()
    busy = judged.join(customers, on="customer", how="semi")
    idle = (
        judged.join(customers, on="customer", how="anti")
        .group_by(_outcome(outcomes).alias("outcome"), "currency")
        .agg(pl.len().alias("count"), pl.col("balance").sum())
    )
    return Sifted(busy.drop("row"), idle)


def _outcome(outcomes: list[Outcome]) -> Any:
    pl = _polars()
    stopped = pl.when(pl.col("balance") < 0).then(pl.lit(Outcome.CREDIT.value))
    stopped = stopped.when(pl.col("balance") == 0).then(pl.lit(Outcome.SETTLED.value))
    stopped = stopped.when(pl.col("held")).then(pl.lit(Outcome.HELD.value))
    names = pl.col("row").replace_strict(
        list(range(len(outcomes))), [outcome.value for outcome in outcomes], default=None, return_dtype=pl.String
    )
    return stopped.otherwise(names)


def _with_all_facts(items: pl.LazyFrame) -> pl.LazyFrame:
    """Columns that the frame does not have, as they are for what was never dunned."""
    pl = _polars()
    have = set(items.collect_schema().names())
    missing: dict[str, Any] = {
        "issue_date": pl.col("due_date"),
        "level": pl.lit(0, pl.Int16),
        "last_notice": pl.lit(None, pl.Date),
        "deadline": pl.lit(None, pl.Date),
        "notices": pl.lit(0, pl.Int32),
        "contacted": pl.col("last_notice") if "last_notice" in have else pl.lit(None, pl.Date),
        "minimums": pl.lit(ALL_LEVELS, pl.Int64),
    }
    filled = [expression.alias(name) for name, expression in missing.items() if name not in have]
    return items.with_columns(filled).with_columns(pl.col("issue_date").fill_null(pl.col("due_date")))
