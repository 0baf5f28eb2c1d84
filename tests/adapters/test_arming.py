"""The arming file by itself: where it lies, what it says when it cannot be had, and which machine it is of."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunning_adapters.baseline import Baseline, in_order
from dunning_adapters.safety import machine
from dunning_adapters.safety.arming import Arming, ArmingFile, Installation, until
from dunning_core.errors import ConfigError
from dunning_core.ledger import OpenItem

HERE = Installation("x/dunning.toml", "erp", "m1", "sqlite:///x/dunning.db", "id", "smtp mail.example:587")
TODAY = date(2026, 11, 20)


def file(tmp_path):
    return ArmingFile(tmp_path / "state" / "arming.json")


def test_what_is_written_is_read(tmp_path):
    arming = Arming(HERE, TODAY, 7)
    file(tmp_path).write(arming)
    assert file(tmp_path).read() == arming
    assert file(tmp_path).why_not(HERE, TODAY) == ""
    assert file(tmp_path).why_not(HERE, TODAY + timedelta(1)) == "the arming ended on 2026-11-20"


@pytest.mark.parametrize("field", Installation.__dataclass_fields__)
def test_everything_that_is_bound_counts(tmp_path, field):
    file(tmp_path).write(Arming(HERE, TODAY))
    assert file(tmp_path).why_not(replace(HERE, **{field: "other"}), TODAY)


@pytest.mark.parametrize("name", ["host", "until", "events", "seal", "history"])
def test_no_field_can_be_changed_or_left_out(tmp_path, name):
    made = file(tmp_path)
    made.write(Arming(HERE, TODAY))
    text = made.path.read_text()
    made.path.write_text(text.replace(f'"{name}": ', f'"{name}x": '))
    with pytest.raises(ConfigError, match=r"it was changed, or its key was|it is no arming file"):
        made.read()


def test_what_is_remembered_only_grows(tmp_path):
    made = file(tmp_path)
    made.remember(5)
    assert made.read() is None, "what is not armed remembers nothing"
    made.write(Arming(HERE, TODAY, 3))
    for events, expected in ((5, 5), (4, 5), (9, 9)):
        made.remember(events)
        assert made.read().events == expected


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "state").write_text("a file in the way")
    with pytest.raises(
        ConfigError, match=r"state/arming.json: the arming file cannot be written: .*safety.arming_file"
    ):
        file(tmp_path).write(Arming(HERE, TODAY))
    (tmp_path / "state").unlink()
    (tmp_path / "state" / "arming.json").mkdir(parents=True)
    with pytest.raises(ConfigError, match="it cannot be removed"):
        file(tmp_path).remove()


def test_where_it_lies(tmp_path):
    config, state = tmp_path / "Să dun" / "dunning.toml", {"XDG_STATE_HOME": str(tmp_path)}
    own = ArmingFile.of(config, None, state).path
    assert own.parent == tmp_path / "dunning"
    assert own != ArmingFile.of(config.with_name("other.toml"), None, state).path
    assert ArmingFile.of(config, Path("../a.json"), state).path == tmp_path / "a.json"
    assert ArmingFile.of(config, Path("a.json"), {"DUNNING_ARMING_FILE": str(own)}).path == own
    assert ArmingFile.of(config, Path("a.json"), state).misplaced(config)
    assert not ArmingFile.of(config, Path("../a.json"), state).misplaced(config)


@pytest.mark.parametrize("given", [{}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}])
def test_without_a_state_directory_it_is_that_of_the_home(given):
    assert machine.state_folder(given) == Path.home() / ".local" / "state" / "dunning"


@pytest.mark.parametrize(("days", "lawful"), [(-1, False), (0, True), (400, True), (401, False)])
def test_how_long_an_arming_may_last(days, lawful):
    day = TODAY + timedelta(days)
    if lawful:
        assert until(day, TODAY) == day
    else:
        with pytest.raises(ConfigError, match="at the latest"):
            until(day, TODAY)


# -- the machine


def test_a_machine_is_known_by_a_hash_of_its_id(tmp_path, monkeypatch):
    first, second = tmp_path / "machine-id", tmp_path / "other"
    monkeypatch.setattr(machine, "MACHINE_IDS", (tmp_path / "none", first, second))
    first.write_text("0123456789abcdef\n")
    second.write_text("fedcba\n")
    found = machine.machine()
    assert len(found) == 32
    assert "0123456789abcdef" not in found
    first.write_text("")
    assert machine.machine() not in {found, ""}


def test_without_an_id_the_network_card_tells(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "MACHINE_IDS", (tmp_path,))
    monkeypatch.setattr("uuid.getnode", lambda: 0x0A0000000001)
    assert machine.machine()
    monkeypatch.setattr("uuid.getnode", lambda: 0x010000000001)  # made up at random by Python
    assert machine.machine() == ""


# -- the baseline as a value


def test_the_ramp_steps_once_a_day_of_sending():
    state, seen = Baseline(TODAY, adopted=70), []
    for day in (0, 1, 1, 5, 6, 7):
        state = state.on_day(TODAY + timedelta(day), (10, 50))
        seen.append(state.released)
    assert seen == [0, 10, 10, 60, 70, 70]
    assert state.waiting == 0


def test_without_a_ramp_nobody_is_let_in_by_itself():
    assert Baseline(TODAY, adopted=70).on_day(TODAY + timedelta(30), ()).released == 0


def test_the_order_keeps_customers_together():
    def item(name, customer, days, balance):
        return OpenItem(name, customer, TODAY - timedelta(days), balance, "RON")

    items = [item("a", "C1", 5, 10), item("b", "C2", 90, 30), item("c", "C2", 1, 5), item("d", "C1", 5, 9)]
    assert [one.id for one in in_order(items)] == ["b", "c", "d", "a"]
