"""What a dunning.toml means: defaults, every table, and all of its faults at once."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError

from dunning_adapters.runner import Runner
from dunning_adapters.settings import NAME, faults, load, parse
from dunning_core.aging import DEFAULT_BUCKETS
from dunning_core.errors import ConfigError, PolicyError
from dunning_core.policy import PRESETS

COUNTRIES = "for example RO, ES, PL or HU"
EDGES = "for example 30, 60, 90, 120"
LEAST = '[creditor]\nname = "Óbuda Kft."\ncountry = "HU"\n[source]\nadapter = "files"\nitems = "items.csv"\n'
MOST = """
[creditor]
id = "obuda"
name = "Óbuda Kft."
country = "hu"
language = "hu"
address = { lines = ["Fő tér 1."], postcode = "1033", city = "Budapest", country = "HU" }
policy = "gentle"
[[creditor.accounts]]
currency = "HUF"
number = "HU42117730161111101800000000"
[[creditor.accounts]]
currency = "EUR"
number = "HU93116000060000000012345676"
[source]
adapter = "sql"
url_env = "ERP"
[history]
adapter = "memory"
[transport]
adapter = "smtp"
host = "mail.obuda.example"
domain = "obuda.example"
[policies.gentle]
preset = "until_paid"
repeat_after_days = 21
[policies.strict]
levels = [{ name = "notice", when = [{ days = 1 }] }]
[policy]
default = "strict"
groups = { vip = "gentle", "köz intézmény" = "strict" }
[run]
channels = ["sms", "email"]
approve = ["notice"]
plan_valid_days = 0
payments_max_age_days = 3
batch = 50
holidays = [2026-12-25, 2026-12-26]
[templates]
folder = "wording"
[senders]
sender = "responsible"
[senders.levels.2]
copies = ["Könyvelés <konyveles@obuda.example>"]
[report]
folder = "jelentések"
mail_to = ["cfo@obuda.example"]
mail_responsible = true
[aging]
edges = [15, 45]
[plugins]
modules = ["json"]
blocked = ["memory"]
"""


def test_the_least_that_must_be_written():
    settings = parse(LEAST)
    assert (settings.creditor.id, settings.creditor.language) == ("Óbuda Kft.", "en")
    assert (settings.history.adapter, settings.transport.adapter) == ("sql", "folder")
    assert settings.policies.default == "standard"
    assert [level.name for level in settings.policies.policies["standard"].levels] == [
        "notice",
        "demand",
        "final_demand",
    ]
    assert (settings.run.channels, settings.run.approve, settings.run.plan_valid_days) == (("email",), "all", 3)
    assert (settings.run.batch, settings.run.payments_max_age_days) == (None, None)
    assert settings.buckets == DEFAULT_BUCKETS
    assert settings.source.own == {"items": "items.csv"}


def test_every_table():
    settings = parse(MOST, folder=Path("office"))
    creditor = settings.creditor
    assert (creditor.id, creditor.address.city, creditor.account("EUR").number) == (
        "obuda", "Budapest", "HU93116000060000000012345676",
    )  # fmt: skip
    assert settings.source.own == {"url_env": "ERP"}
    assert settings.transport.own == {"host": "mail.obuda.example", "domain": "obuda.example"}
    book = settings.policies
    assert book.choose(creditor=creditor.policy) == "gentle"
    assert book.choose(group="köz intézmény") == "strict"
    assert book.policies["gentle"].repeat_after_days == 21
    assert settings.run.holidays == (date(2026, 12, 25), date(2026, 12, 26))
    assert settings.run.approve == ("notice",)
    assert settings.senders.levels[2].copies == ("Könyvelés <konyveles@obuda.example>",)
    assert settings.buckets.labels == ("not due", "1-15", "16-45", "over 45")
    assert (settings.folder, settings.templates.folder) == (Path("office"), Path("wording"))
    assert (settings.plugins.modules, settings.plugins.blocked) == (("json",), ("memory",))


def test_settings_do_not_change():
    settings = parse(LEAST)
    with pytest.raises(ValidationError):
        settings.run.batch = 5


def test_the_first_policy_is_the_default_unless_another_is_named():
    two = '[policies.b]\npreset = "until_paid"\n[policies.a]\npreset = "standard"\n'
    assert parse(LEAST + two).policies.default == "b"
    assert parse(LEAST + two + '[policy]\ndefault = "a"\n').policies.default == "a"
    assert parse(LEAST + two).policies.policies["b"].name == "b"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_chosen(preset):
    book = parse(f'{LEAST}[policies.mine]\npreset = "{preset}"\n').policies
    assert book.policies["mine"].levels


def test_what_init_writes_is_good_as_it_stands(tmp_path):
    text = files("dunning_adapters.cli").joinpath("starter.toml").read_text("utf-8")
    (tmp_path / NAME).write_text(text, "utf-8")
    settings = load(tmp_path / NAME)
    assert faults(tmp_path / NAME) == []
    assert Runner.of(settings).creditor.accounts[0].currency == "RON"


def test_every_line_that_init_leaves_off_would_be_understood():
    """What stands behind a # in the starter file is a setting that exists."""
    text = files("dunning_adapters.cli").joinpath("starter.toml").read_text("utf-8")
    head, tail = text.split("[policies.standard]")
    lines = [line.removeprefix("# ") for line in tail.splitlines()]
    on = "\n".join(line for line in lines if line.startswith("[") or " = " in line.split("#")[0])
    settings = parse(head + "[policies.standard]\n" + on)
    assert set(settings.policies.policies) == {"standard", "gentle"}
    assert settings.plugins.modules
    assert settings.run.payments_max_age_days == 3


def test_all_faults_are_found_at_once(tmp_path):
    path = tmp_path / NAME
    path.write_text(
        '[creditor]\nname = "x"\ncountry = "România"\n[source]\nadapter = 5\n[run]\nbatch = 0\nchanels = ["fax"]\n'
        '[aging]\nedges = [9, 3]\n[policies.a]\npreset = "sap"\n[policies.b]\ngrace_days = -1\n[transprt]\nx = 1\n',
        "utf-8",
    )
    assert [str(fault) for fault in faults(path)] == [
        f"dunning.toml: creditor.country: must be a country's code of two letters, not 'România' ({COUNTRIES})",
        "dunning.toml: source.adapter: must be text (put it in quotes)",
        "dunning.toml: run.batch: must be at least 1, not 0",
        "dunning.toml: run.chanels: there is no such field (did you mean 'channels'?)",
        f"dunning.toml: aging.edges: bucket edges must be rising whole days from 1 on, not [9, 3]; {EDGES}",
        f"dunning.toml: policies.a.preset: there is no preset 'sap' (presets are {', '.join(PRESETS)})",
        "dunning.toml: policies.b.grace_days: must be at least 0, not -1",
        "dunning.toml: transprt: there is no such field (did you mean 'transport'?)",
    ]
    path.write_text("[creditor\n", "utf-8")
    assert [str(fault) for fault in faults(path)] == [
        "dunning.toml: Expected ']' at the end of a table declaration (at line 1, column 10)"
    ]
    assert len(faults(tmp_path / "none.toml")) == 1


def test_no_secret_gets_into_a_message():
    text = LEAST + '[transport]\nadapter = "smtp"\nhost = "m.example"\ndomain = "m.example"\nusername = "u"\n'
    for password in ('["canary"]', '{ a = "canary" }'):
        with pytest.raises(ConfigError) as caught:
            Runner.of(parse(f"{text}password = {password}\n"))
        assert str(caught.value) == "transport.password: must be text"


def test_a_policy_says_where_it_stands():
    with pytest.raises(PolicyError, match=r"^office\.toml: policies\.p\.levels: must not be empty$"):
        parse(LEAST + "[policies.p]\nlevels = []\n", where="office.toml")


SEVERAL = LEAST + '[sources.old]\nadapter = "sql"\nurl_env = "OLD"\n[sources.odoo]\nadapter = "odoo"\n'


@pytest.mark.parametrize(("name", "adapter"), [("", "files"), ("files", "files"), ("old", "sql"), ("odoo", "odoo")])
def test_a_source_is_chosen_by_its_name(name, adapter):
    assert parse(SEVERAL, source=name).source.adapter == adapter


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (SEVERAL, "odo", "dunning.toml: sources: there is no source named 'odo' (there are files, odoo, old)"),
        (LEAST, "sql", "dunning.toml: sources: there is no source named 'sql' (there are files)"),
        (
            SEVERAL.replace('[source]\nadapter = "files"\nitems = "items.csv"\n', ""),
            "",
            "dunning.toml: no source is chosen (say --source with one of odoo, old)",
        ),
        (LEAST + "sources = 5\n", "", "dunning.toml: sources: must be a table, not 5"),
    ],
)
def test_a_source_that_is_not_there_is_named(text, name, said):
    text = text if "sources = 5" not in text else "sources = 5\n" + LEAST
    with pytest.raises(ConfigError) as caught:
        parse(text, source=name)
    assert str(caught.value) == said
