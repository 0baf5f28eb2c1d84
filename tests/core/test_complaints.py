"""What is wrong is said in the words of the person who wrote it."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from dunning_core.complaints import Complaint, complaints, read_toml
from dunning_core.errors import PolicyError
from dunning_core.policy import policy, policy_from_toml


class Rung(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=10)
    days: Annotated[int, Field(ge=-5, lt=10)] = 0
    limit: Annotated[Decimal, Field(gt=0, le=1000)] | dict[str, Annotated[Decimal, Field(ge=0)]] | None = None
    code: str = Field(default="abc", min_length=3)


class Ladder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rungs: tuple[Rung, ...] = Field(min_length=1, max_length=2)
    which: Literal["all"] | tuple[str, ...] = "all"
    order: Literal["rising", "falling"] = "rising"
    sure: bool = True
    start: date = date(2026, 1, 1)
    named: dict[str, Rung] = {}
    colours: dict[Literal["red", "green", "blue", "white", "black", "grey"], int] = {}
    share: float = 0
    even: int = 0
    odd: complex = 1

    @field_validator("even")
    @classmethod
    def _even(cls, value):
        if value % 2:
            message = "must be even: 2, 4, 6"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _lawful(self):
        if self.share > 1:
            message = "share: must not exceed 1"
            raise ValueError(message)
        if self.share < 0:
            message = "look out: less than nothing"
            raise ValueError(message)
        return self


def said(given):
    with pytest.raises(ValidationError) as caught:
        Ladder.model_validate(given)
    return complaints(caught.value, given, Ladder)


RUNG = {"name": "notice"}


@pytest.mark.parametrize(
    ("given", "path", "what", "mend"),
    [
        ({}, "rungs", "is missing", ""),
        (7, "", "must be a table, not 7", ""),
        ({"rungs": "x"}, "rungs", "must be a list, not 'x'", ""),
        ({"rungs": RUNG}, "rungs", "must be a list, not a table", ""),
        ({"rungs": []}, "rungs", "must not be empty", ""),
        ({"rungs": [RUNG] * 3}, "rungs", "must have at most 2 entries, not 3", ""),
        ({"rungs": [{"name": ""}]}, "rungs[0].name", "must not be empty", ""),
        ({"rungs": [{"name": "ăîșțâłóżę ő"}]}, "rungs[0].name",
         "must have at most 10 characters, not 'ăîșțâłóżę ő'", ""),
        ({"rungs": [RUNG | {"code": "ab"}]}, "rungs[0].code", "must have at least 3 characters, not 'ab'", ""),
        ({"rungs": [RUNG | {"name": "x" * 41}]}, "rungs[0].name",
         f"must have at most 10 characters, not '{'x' * 40}…'", ""),
        ({"rungs": [{"name": 5}]}, "rungs[0].name", "must be text", "put it in quotes"),
        ({"rungs": [{"name": date(2026, 1, 1)}]}, "rungs[0].name", "must be text", "put it in quotes"),
        ({"rungs": [{"name": True}]}, "rungs[0].name", "must be text", ""),
        ({"rungs": [{"name": ["canary"]}]}, "rungs[0].name", "must be text", ""),
        ({"rungs": [RUNG | {"days": 1.5}]}, "rungs[0].days", "must be a whole number, not 1.5", ""),
        ({"rungs": [RUNG | {"days": "three"}]}, "rungs[0].days", "must be a whole number, not 'three'", ""),
        ({"rungs": [RUNG | {"days": -6}]}, "rungs[0].days", "must be at least -5, not -6", ""),
        ({"rungs": [RUNG | {"days": 10}]}, "rungs[0].days", "must be less than 10, not 10", ""),
        ({"rungs": [RUNG, RUNG | {"limit": 0}]}, "rungs[1].limit", "must be more than 0, not 0", ""),
        ({"rungs": [RUNG | {"limit": 1001}]}, "rungs[0].limit", "must be at most 1000, not 1001", ""),
        ({"rungs": [RUNG | {"limit": "much"}]}, "rungs[0].limit", "must be a number or a table, not 'much'", ""),
        ({"rungs": [RUNG | {"limit": [1]}]}, "rungs[0].limit", "must be a number or a table, not a list", ""),
        ({"rungs": [RUNG | {"limit": {"EUR": -1}}]}, "rungs[0].limit.EUR", "must be at least 0, not -1", ""),
        ({"rungs": [RUNG | {"limit": Decimal("NaN")}]}, "rungs[0].limit", "must be a number or a table, not NaN", ""),
        ({"rungs": [{"nam": "x"}]}, "rungs[0].nam", "there is no such field", "there are name, days, limit, code"),
        ({"rungs": [RUNG], "ordr": "x"}, "ordr", "there is no such field", "did you mean 'order'?"),
        ({"rungs": [RUNG | {"zzz": 1}]}, "rungs[0].zzz", "there is no such field", "there are name, days, limit, code"),
        ({"rungs": [RUNG], "named": {"a b": {"dys": 1, "name": "x"}}}, "named.a b.dys", "there is no such field",
         "there are name, days, limit, code"),
        ({"rungs": [RUNG], "colours": {"gren": 1}}, "colours.gren", "there is no such field", "did you mean 'green'?"),
        ({"rungs": [RUNG], "which": "everything"}, "which", "must be 'all' or a list, not 'everything'", ""),
        ({"rungs": [RUNG], "which": ["a", 1]}, "which[1]", "must be text", "put it in quotes"),
        ({"rungs": [RUNG], "order": "fallin"}, "order", "must be 'rising' or 'falling', not 'fallin'",
         "did you mean 'falling'?"),
        ({"rungs": [RUNG], "order": 3}, "order", "must be 'rising' or 'falling', not 3", ""),
        ({"rungs": [RUNG], "sure": "perhaps"}, "sure", "must be true or false, not 'perhaps'", ""),
        ({"rungs": [RUNG], "share": True, "even": 3}, "even", "must be even: 2, 4, 6", ""),
        ({"rungs": [RUNG], "start": True}, "start", "must be a date such as 2026-12-24, not true", ""),
        ({"rungs": [RUNG], "start": b"2"}, "start", "must be a date such as 2026-12-24", ""),
        ({"rungs": [RUNG], "share": 2}, "share", "must not exceed 1", ""),
        ({"rungs": [RUNG], "share": -1}, "", "look out: less than nothing", ""),
    ],
)  # fmt: skip
def test_the_field_the_fault_and_the_way_out(given, path, what, mend):
    assert said(given)[0] == Complaint(path, what, mend)


def test_a_kind_of_error_that_has_no_words_here_keeps_its_own():
    (found,) = said({"rungs": [RUNG], "odd": "x"})
    assert found.path == "odd"
    assert "complex" in found.what


def test_every_field_is_named_once_and_no_list_for_its_entries():
    found = said({"rungs": [{"name": "", "days": "x"}], "which": 5, "order": "up", "surely": True})
    assert [each.path for each in found] == ["rungs[0].name", "rungs[0].days", "which", "order", "surely"]


def test_a_nameless_kind_of_value_needs_no_model():
    given = {"a": "x"}
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[str, int]).validate_python(given)
    assert complaints(caught.value, given) == [Complaint("a", "must be a whole number, not 'x'")]
    with pytest.raises(ValidationError) as caught:
        Rung.model_validate(RUNG | {"x": 1})
    assert complaints(caught.value, RUNG | {"x": 1}) == [Complaint("x", "there is no such field")]


def test_toml_is_read_or_refused_in_a_line():
    assert read_toml('a = "ő"') == {"a": "ő"}
    with pytest.raises(ValueError, match=r"line 1, column 5"):
        read_toml("a = ?")
    with pytest.raises(ValueError, match=r"^Cannot declare \[run\.ő\] twice \(at line 2, column"):
        read_toml("[run.'ő']\n[run.'ő']\n")
    with pytest.raises(ValueError, match=r"^a number is too long$"):
        read_toml("a = " + "9" * 5000)
    with pytest.raises(ValueError, match=r"^lists or tables stand too deep inside each other$"):
        read_toml("a = " + "[" * 100_000)


def test_a_preset_that_is_no_name_is_refused():
    with pytest.raises(PolicyError, match=r"^policy\.preset: there is no preset \['standard'\] \(presets are standard"):
        policy({"preset": ["standard"]})


def test_a_policy_in_toml_names_the_place():
    with pytest.raises(PolicyError, match=r"^p\.toml: .*line 1"):
        policy_from_toml("levels = ?", where="p.toml")
    with pytest.raises(PolicyError) as caught:
        policy_from_toml('levels = [{name = "n", when = [{days = 3, afer = "x"}]}]', where="p.toml")
    assert (
        str(caught.value)
        == "p.toml: levels[0].when[0].afer: there is no such field (there are days, after, month_end, exclusive)"
    )
