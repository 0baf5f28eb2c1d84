"""The ladder as people write it, and what makes it lawful."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dunning_core.complaints import complaints, read_toml
from dunning_core.dates import Shift
from dunning_core.errors import ConfigError, PolicyError
from dunning_core.values import known_currencies

Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Minimum = Amount | dict[str, Amount]
"""A limit for every currency alike, or one per currency (a currency that is not named has no limit)."""

Days = Annotated[int, Field(ge=-3660, le=3660)]
LARGEST_COUNT = 1000


class Anchor(StrEnum):
    """What a wait counts from. The last two are undefined before the first notice: the wait cannot pass then."""

    DUE_DATE = "due_date"
    ISSUE_DATE = "issue_date"
    PREVIOUS_NOTICE = "previous_notice"
    PREVIOUS_DEADLINE = "previous_deadline"


OF_THE_ITEM = (Anchor.DUE_DATE, Anchor.ISSUE_DATE)


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wait(_Written):
    """`days` after the anchor (negative: before it). Day n counts, unless `exclusive`: then the day after it."""

    days: Days
    after: Anchor = Anchor.DUE_DATE
    month_end: bool = False
    exclusive: bool = False


Wish = Literal["nothing", "announce", "claim"]


class Level(_Written):
    """One rung. It is reached when ALL waits of `when` have passed and its minimums hold; none at all = manual.

    `interest` and `compensation`: whether its letter claims what the law or the contract gives for late payment, only
    says that it accrues, or says nothing of it. `register_entry`: whether it announces an entry in a register of
    debtors, where the law allows that.
    """

    name: str = Field(min_length=1, max_length=60)
    when: tuple[Wait, ...] = ()
    pay_within_days: int | None = Field(default=None, ge=0, le=3660)
    minimum_amount: Minimum | None = None
    minimum_share_percent: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    minimum_item: Minimum | None = None
    minimum_total: Minimum | None = None
    interest: Wish = "nothing"
    compensation: Wish = "nothing"
    register_entry: Literal["nothing", "announce"] = "nothing"

    @property
    def manual(self) -> bool:
        """Only an operator sends it."""
        return not self.when


class QuietPeriod(_Written):
    """No further notice for `days` days: of what climbs (the item, the oldest item, the group), or of the whole
    customer with `per = "customer"`. The last day counts as quiet only if `exclusive`."""

    days: int = Field(default=1, ge=1, le=3660)
    per: Literal["item", "group", "customer"] = "item"
    exclusive: bool = False


class Policy(_Written):
    """How open items climb from level to level. Every field has the default that the plainest process would want.

    Raises pydantic's ValidationError; `policy()` and `policy_from_toml()` turn it into one line that names the field.
    """

    levels: tuple[Level, ...] = Field(min_length=1, max_length=20)
    name: str = ""
    ladder: Literal["item", "oldest_item", "group"] = "item"
    oldest_by: Literal["due_date", "issue_date"] = "due_date"
    first_level: Literal["first", "by_age"] = "first"
    climb: Literal["one_level", "next_reached", "highest_reached"] = "one_level"
    may_fall: bool = False
    after_last_level: Literal["stop", "repeat"] = "stop"
    repeat_after_days: int | None = Field(default=None, ge=1, le=3660)
    max_notices: int | None = Field(default=None, ge=1, le=LARGEST_COUNT)
    resend_same_level: bool = False
    grace_days: int = Field(default=0, ge=0, le=3660)
    overdue_only: bool = True
    trigger_days: int | None = Field(default=None, ge=0, le=3660)
    quiet_period: QuietPeriod = QuietPeriod()
    on_non_working_day: Shift = "keep"
    catch_up: bool = True
    minimum_item: Minimum | None = None
    minimum_total: Minimum | None = None
    minimums_joined_by: Literal["and", "or"] = "and"
    below_minimum: Literal["skip", "demote"] = "skip"
    credits: Literal["ignore", "net", "net_top_down"] = "ignore"
    group_by: tuple[Literal["customer", "currency", "creditor", "item"], ...] = ("customer", "currency", "creditor")
    letter_level: Literal["highest", "own"] = "highest"
    record_level: Literal["own", "highest", "carrier"] = "own"
    list_items: Literal["reached", "overdue", "open"] = "reached"

    @field_validator("group_by", mode="before")
    @classmethod
    def _one_word_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _lawful(self) -> Self:
        fault = next(_faults(self), None)
        if fault is not None:
            where, what = fault
            message = f"{where}: {what}"
            raise ValueError(message)
        return self

    @cached_property
    def joins_currencies(self) -> bool:
        """Whether one letter may ask for money in several currencies."""
        return not {"currency", "item"} & set(self.group_by)

    def level(self, number: int) -> Level:
        """Level by its number, counted from 1."""
        return self.levels[number - 1]

    def number(self, name_or_number: str | int) -> int:
        """The number of a level given by name or number. Raises PolicyError when there is no such level."""
        names = [level.name for level in self.levels]
        if name_or_number in names:
            return names.index(str(name_or_number)) + 1
        text = str(name_or_number)
        if text.isascii() and text.isdigit() and 1 <= int(text) <= len(names):
            return int(text)
        message = f"there is no level {text!r}"
        raise PolicyError(message, where=self.name or "policy", mend=f"levels are {', '.join(names)}")


def minimum_for(minimum: Minimum | None, currency: str) -> Decimal | None:
    """The limit that applies in a currency, or None."""
    return minimum.get(currency) if isinstance(minimum, dict) else minimum


Fault = tuple[str, str]


def _faults(policy: Policy) -> Iterator[Fault]:
    """Every reason why the policy cannot work: (field, what is wrong)."""
    yield from _waits(policy)
    yield from _combinations(policy)
    yield from _minimums(policy)
    yield from _unreachable(policy)


def _waits(policy: Policy) -> Iterator[Fault]:
    for index, level in enumerate(policy.levels):
        for place, wait in enumerate(level.when):
            field = f"levels[{index}].when[{place}]"
            if wait.after in OF_THE_ITEM:
                continue
            if index == 0:
                yield f"{field}.after", f"the first level cannot wait for the {wait.after.value}: there is none yet"
            elif wait.after is Anchor.PREVIOUS_NOTICE and wait.days < 1:
                yield f"{field}.days", "at least 1 day must lie between two notices"
            elif wait.after is Anchor.PREVIOUS_DEADLINE and policy.levels[index - 1].pay_within_days is None:
                name = policy.levels[index - 1].name
                yield f"{field}.after", f"level {name!r} sets no deadline to wait for; give it pay_within_days"


def _combinations(policy: Policy) -> Iterator[Fault]:
    names = [level.name for level in policy.levels]
    if len(set(names)) < len(names):
        yield "levels", "two levels have the same name"
    if policy.after_last_level == "repeat" and policy.repeat_after_days is None:
        yield "repeat_after_days", "after_last_level = 'repeat' needs to know after how many days"
    if policy.after_last_level == "repeat" and policy.may_fall:
        yield "after_last_level", "with may_fall a level is not repeated; use resend_same_level"
    if policy.below_minimum == "demote" and "quiet_period" not in policy.model_fields_set:
        yield "quiet_period", "below_minimum = 'demote' may send a level again, so it needs a quiet_period"
    if policy.letter_level == "own" and policy.ladder != "item":
        yield "letter_level", "'own' needs ladder = 'item': otherwise all items are at one level"
    if not {"customer", "item"} & set(policy.group_by):
        yield "group_by", "a letter goes to one customer, so it must contain 'customer' or 'item'"


def _minimums(policy: Policy) -> Iterator[Fault]:
    fields: list[tuple[str, Minimum | None]] = [
        ("minimum_item", policy.minimum_item),
        ("minimum_total", policy.minimum_total),
    ]
    for index, level in enumerate(policy.levels):
        names = ("minimum_amount", "minimum_item", "minimum_total")
        fields += [(f"levels[{index}].{name}", getattr(level, name)) for name in names]
    for field, minimum in fields:
        if not isinstance(minimum, dict):
            continue
        if policy.joins_currencies:
            yield field, "one limit per currency cannot be applied where group_by joins currencies"
        for currency in sorted(minimum.keys() - known_currencies()):
            yield field, f"{currency!r} is no ISO 4217 currency"


def _unreachable(policy: Policy) -> Iterator[Fault]:
    for index, level in enumerate(policy.levels):
        field = f"levels[{index}].when"
        last_day = max((wait.days for wait in level.when if _plain_due(wait)), default=None)
        only_due = bool(level.when) and all(_plain_due(wait) for wait in level.when)
        if not policy.catch_up and policy.overdue_only and only_due and last_day is not None:
            day = last_day + any(wait.exclusive for wait in level.when)
            if policy.on_non_working_day == "keep" and day <= policy.grace_days:
                yield field, "never reached: its only day passes before the item is overdue"
        if policy.may_fall or (policy.first_level == "by_age" and policy.climb == "highest_reached"):
            higher = [other for other in policy.levels[index + 1 :] if _always_sooner(other, level)]
            if higher:
                yield field, f"never reached: level {higher[0].name!r} is above it and always comes sooner"


def _plain_due(wait: Wait) -> bool:
    return wait.after is Anchor.DUE_DATE and not wait.month_end


def _always_sooner(higher: Level, lower: Level) -> bool:
    """Only the plain case is judged: one wait each, alike but for its days."""
    if len(higher.when) != 1 or len(lower.when) != 1 or higher.minimum_item or higher.minimum_total:
        return False
    first, second = higher.when[0], lower.when[0]
    return (
        first.after in OF_THE_ITEM
        and first.model_copy(update={"days": second.days}) == second
        and (first.days < second.days)
    )


def remarks(policy: Policy) -> list[str]:
    """What is lawful but does perhaps not mean what its author thinks; for `dunning check`."""
    found = []
    if policy.quiet_period.per == "group" and policy.ladder == "item":
        found.append("quiet_period.per: with ladder = 'item' the items climb, so each item has its own quiet period")
    if policy.repeat_after_days is not None and policy.after_last_level == "stop":
        found.append("repeat_after_days: has no effect while after_last_level = 'stop'")
    if policy.max_notices is not None and policy.max_notices < len(policy.levels):
        found.append(f"max_notices: {policy.max_notices} notices end before the last of {len(policy.levels)} levels")
    if any(level.manual for level in policy.levels[:-1]) and policy.climb == "one_level":
        found.append("levels: the ladder waits at a manual level until somebody sends it (climb = 'one_level')")
    return found


def policy(given: Mapping[str, Any], *, where: str = "policy") -> Policy:
    """A policy from plain data; `preset` names one to start from, every other field replaces the preset's.

    Raises PolicyError with one line that names the field.
    """
    fields = dict(given)
    name = fields.pop("preset", None)
    if name is not None:
        if not isinstance(name, str) or name not in PRESETS:
            message = f"there is no preset {name!r}"
            raise PolicyError(message, where=_field(where, "preset"), mend=f"presets are {', '.join(PRESETS)}")
        fields = {**PRESETS[name], **fields}
    try:
        return Policy.model_validate(fields)
    except ValidationError as error:
        found = complaints(error, fields, Policy)[0]
        raise PolicyError(found.what, where=_field(where, found.path), mend=found.mend) from None


def _field(where: str, path: str) -> str:
    """A field of a file (`own.toml: levels`), or of a table (`dunning.toml: policies.own.levels`)."""
    return (": " if where.endswith(".toml") else ".").join(filter(None, (where, path)))


def policy_from_toml(text: str, *, where: str = "policy") -> Policy:
    """A policy from the text of a TOML file. Raises PolicyError."""
    try:
        given = read_toml(text)
    except ValueError as error:
        raise PolicyError(str(error), where=where) from None
    return policy(given, where=where)


class PolicyBook(_Written):
    """All policies by name, and who gets which: the creditor's default < customer group < customer < item."""

    policies: dict[str, Policy] = Field(min_length=1)
    default: str
    groups: dict[str, str] = {}

    @model_validator(mode="after")
    def _known(self) -> Self:
        for field, name in [("default", self.default), *((f"groups.{k}", v) for k, v in self.groups.items())]:
            if name not in self.policies:
                message = f"{field}: there is no policy {name!r}; there are {', '.join(self.policies)}"
                raise ValueError(message)
        return self

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """A book of one policy for everybody."""
        name = policy.name or "policy"
        return cls(policies={name: policy}, default=name)

    def refuse_unknown(self, names: Iterable[str], where: str) -> None:
        """Raise ConfigError for a level that no policy has: misspelt, it would mean no letter, or no safeguard."""
        known = {level.name for policy in self.policies.values() for level in policy.levels}
        for name in names:
            if name not in known:
                mend = f"levels are {', '.join(sorted(known))}"
                raise ConfigError(f"no policy has a level {name!r}", where=where, mend=mend)

    def choose(self, *, creditor: str = "", group: str = "", customer: str = "", item: str = "") -> str:
        """Name of the policy, from the most special name given. Raises PolicyError if it is not in the book."""
        name = item or customer or self.groups.get(group) or creditor or self.default
        if name not in self.policies:
            message = f"there is no policy {name!r}"
            raise PolicyError(message, where="policy", mend=f"there are {', '.join(self.policies)}")
        return name


def _due(days: int, **more: Any) -> dict[str, Any]:
    return {"days": days, "after": "due_date", **more}


PRESETS: dict[str, dict[str, Any]] = {
    # Notice soon after the due date, then a demand and a final demand, each a while after the deadline before it.
    "standard": {
        "levels": [
            {"name": "notice", "when": [_due(3)], "pay_within_days": 7},
            {"name": "demand", "when": [_due(15), {"days": 3, "after": "previous_deadline"}], "pay_within_days": 7},
            {
                "name": "final_demand",
                "when": [_due(30), {"days": 3, "after": "previous_deadline"}],
                "pay_within_days": 8,
            },
        ],
        "credits": "net",
        "quiet_period": {"days": 7, "per": "customer"},
        "list_items": "overdue",
    },
    # The same steps; the demand says that interest accrues, the final demand claims it, and the compensation.
    "with_interest": {
        "levels": [
            {"name": "notice", "when": [_due(3)], "pay_within_days": 7},
            {
                "name": "demand",
                "when": [_due(15), {"days": 3, "after": "previous_deadline"}],
                "pay_within_days": 7,
                "interest": "announce",
                "compensation": "announce",
            },
            {
                "name": "final_demand",
                "when": [_due(30), {"days": 3, "after": "previous_deadline"}],
                "pay_within_days": 8,
                "interest": "claim",
                "compensation": "claim",
            },
        ],
        "credits": "net",
        "quiet_period": {"days": 7, "per": "customer"},
        "list_items": "overdue",
    },
    # Reminder on the day, a week and two weeks later.
    "three_notices": {
        "levels": [
            {"name": "courtesy", "when": [_due(0)]},
            {"name": "notice", "when": [_due(7)], "pay_within_days": 7},
            {"name": "demand", "when": [_due(14)], "pay_within_days": 7},
        ],
        "overdue_only": False,
    },
    # Some tolerance, then the same notice every fortnight until paid.
    "until_paid": {
        "levels": [{"name": "notice", "when": [_due(5)], "pay_within_days": 7}],
        "after_last_level": "repeat",
        "repeat_after_days": 14,
    },
    # Dunning interval, minimums per level with demotion, credits from the top down, one letter at the highest level.
    "sap_like": {
        "levels": [
            {"name": "notice", "when": [_due(5)], "pay_within_days": 7},
            {"name": "demand", "when": [_due(20)], "pay_within_days": 7},
            {"name": "final_demand", "when": [_due(40)], "pay_within_days": 7},
        ],
        "below_minimum": "demote",
        "quiet_period": {"days": 14},
        "credits": "net_top_down",
    },
    # Each level some days after the one before; the end of the month for the second.
    "oca_like": {
        "levels": [
            {"name": "notice", "when": [_due(10)]},
            {"name": "demand", "when": [_due(30, month_end=True)]},
            {"name": "final_demand", "when": [{"days": 10, "after": "previous_notice"}]},
        ],
    },
    # Grace after the due date, then after each reminder's own deadline; the letter's level is recorded for all.
    "business_central_like": {
        "levels": [
            {"name": "notice", "when": [_due(5, exclusive=True)], "pay_within_days": 14},
            {
                "name": "demand",
                "when": [{"days": 3, "after": "previous_deadline", "exclusive": True}],
                "pay_within_days": 14,
            },
            {
                "name": "final_demand",
                "when": [{"days": 3, "after": "previous_deadline", "exclusive": True}],
                "pay_within_days": 14,
            },
        ],
        "credits": "net",
        "record_level": "highest",
    },
    # Nothing goes out by itself: a person ticks rows and names the level.
    "manual_only": {
        "levels": [
            {"name": "notice", "pay_within_days": 7},
            {"name": "demand", "pay_within_days": 7},
            {"name": "final_demand", "pay_within_days": 7},
        ],
        "credits": "net",
    },
}
