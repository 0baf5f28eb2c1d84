"""Going live, step by step, and the ways back: rehearse, arm, baseline, caps, the window and the switch."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from inbox import mail_server

from dunning_adapters.runner import Runner
from dunning_adapters.settings import load

CUSTOMERS = {
    "contabilitate@tesatoria.example", "ksiegowosc@zaklady.example", "pagos@ceramicas.example",
    "szamlak@ontode.example",
}  # fmt: skip


@pytest.fixture
def inbox(firm):
    with mail_server() as server:
        knows_the_bank = "[run]\nunconfirmed_level = 9\n"
        firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + server.transport + knows_the_bank)
        yield server


def safety(firm, text, table="safety"):
    written = (firm.folder / "dunning.toml").read_text("utf-8").partition("\n[safety")[0]
    firm.settings(f"{written}\n[{table}]\n{text}\n")


def live(firm):
    """Armed, with nothing adopted."""
    firm("baseline", as_of="2026-09-01")
    firm.arm()


def kinds(firm):
    return [event.kind.value for event in Runner.of(load(firm.folder / "dunning.toml")).history.events()]


def database(firm, statement):
    with sqlite3.connect(firm.folder / "dunning.db") as connection:
        found = connection.execute(statement).fetchall()
    connection.close()
    return found


# -- the rehearsal


def test_a_rehearsal_goes_into_a_folder_and_is_the_same_tomorrow(firm, inbox):
    for _ in range(2):
        ran = firm("run", "--send", code=1)
        assert ran.stderr == (
            f"rehearsal: letters go to {firm.folder / 'rehearsal'} and nothing is recorded, because this installation "
            "is not armed (see: dunning armed)\n"
        )
        assert ran.stdout.splitlines()[-1] == (
            "Rehearsal of 2026-11-21: 4 letters. None went to a customer, and nothing was recorded."
        )
    letters = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (firm.folder / "rehearsal").glob("*.eml")
    ]
    assert len(letters) == 4
    assert {letter["To"] for letter in letters} == {letters[0]["From"]}
    said = "".join(letter.get_body(("plain",)).get_content() for letter in letters)
    assert all(address in said for address in CUSTOMERS)
    assert inbox.envelopes == []
    assert kinds(firm) == []
    assert not (firm.folder / "reports").exists()
    assert firm.told() == []


def test_a_rehearsal_to_an_address_of_our_own_leaves_out_every_copy(firm, inbox):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text + '[senders]\ncopies = ["responsible"]\nblind_copies = ["archive@levente.example"]\n')
    safety(firm, 'catch_all = "test@levente.example"')
    firm("run", "--send", code=1)
    assert inbox.envelopes == [("test@levente.example",)] * 4
    assert kinds(firm) == []


def test_the_erp_is_not_told_of_a_rehearsal(firm, inbox):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text.replace('customers = "customers.csv"', 'customers = "customers.csv"\ncontact_log = "log.csv"'))
    firm("run", "--send", code=1)
    assert not (firm.folder / "log.csv").exists()
    live(firm)
    firm("run", "--send")
    assert len((firm.folder / "log.csv").read_text("utf-8").splitlines()) > 4


def test_a_saved_plan_is_rehearsed_too(firm, inbox):
    firm("plan", "--json", firm.path("plan.json"))
    said = firm("send", firm.path("plan.json"), "--send", code=1)
    assert "rehearsal: letters go to" in said.stderr
    assert inbox.envelopes == []
    assert len(list((firm.folder / "rehearsal").glob("*.eml"))) == 4


PIGEON = """
from pathlib import Path
from pydantic import BaseModel
from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.ports import Receipt, Verdict

class Loft(BaseModel):
    town: str = "Brasov"
    password: str = ""

class Pigeon:
    channel, idempotent = "email", {idempotent}
    def __init__(self, settings, folder):
        self.log = folder / "flown.txt"
    def __enter__(self):
        print("entered", file=self.log.open("a"))
        return self
    def __exit__(self, *_):
        pass
    def deliver(self, document):
        print(document.to[0].address, file=self.log.open("a"))
        return Receipt(document.letter, Verdict.ACCEPTED)

@hookimpl
def dunning_adapters():
    return [Adapter("transport", "pigeon", "", Loft, Pigeon)]
"""


@pytest.mark.filterwarnings("ignore:unclosed file")
@pytest.mark.parametrize("idempotent", [True, False])
def test_a_transport_of_a_plugin_is_guarded_like_ours(firm, tmp_path, idempotent):
    name = f"pigeons_{idempotent}".lower()
    (firm.folder / f"{name}.py").write_text(PIGEON.replace("{idempotent}", str(idempotent)))
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    settings = f'{text}[plugins]\nmodules = ["{name}"]\n[transport]\nadapter = "pigeon"\n'
    firm.settings(settings)
    firm("run", "--send", code=1)
    assert not (firm.folder / "flown.txt").exists()
    live(firm)
    firm.settings(settings + 'password = "new"\n')  # which is no other place
    firm("run", "--send")
    flown = (firm.folder / "flown.txt").read_text().split()
    assert set(flown) == CUSTOMERS | {"entered"}
    firm.settings(settings + 'town = "Oradea"\n')
    assert "it was armed for pigeon " in firm("run", "--send", as_of="2026-12-04", code=1).stderr
    assert (firm.folder / "flown.txt").read_text().split() == flown


def test_a_dry_run_says_that_it_would_be_a_rehearsal(firm, inbox):
    said = firm("run", code=0).stdout
    assert said.startswith("Rehearsal: letters go to ")
    assert said.splitlines()[-1].startswith("Dry run of 2026-11-21: 4 letters would be sent.")


# -- arming


def test_who_is_armed_is_told_so(firm, inbox):
    assert "Not armed: letters go to" in firm("armed", code=1).stdout
    live(firm)
    said = firm("armed").stdout
    assert f"letters go to smtp 127.0.0.1:{inbox.port}." in said
    assert "Sending is not stopped." in said
    assert firm("disarm").stdout == "It is not armed any more.\n"
    assert firm("disarm").stdout == "It was not armed.\n"


@pytest.mark.parametrize(("days", "code"), [(-1, 2), (0, 0), (399, 0), (402, 2)])
def test_an_arming_ends(firm, inbox, days, code):
    until = datetime.now().astimezone().date() + timedelta(days)
    said = firm("arm", "--until", str(until), code=code)
    if code:
        assert f"error: --until: {until} is not between today and " in said.stderr
        assert "after 400 days at the latest" in said.stderr


def test_it_does_not_arm_without_an_end(firm, inbox):
    assert "Missing option '--until'" in firm("arm", code=2).stderr


def test_a_folder_needs_no_arming_and_takes_none(firm):
    assert "reaches no customer: there is nothing to arm" in firm("arm", "--until", "2026-12-01", code=2).stderr
    assert "The transport 'folder' reaches no customer." in firm("armed").stdout
    assert firm("run", "--send").stderr == ""
    assert len(firm.letters()) == 4


def test_an_arming_inside_the_folder_is_refused(firm, inbox):
    safety(firm, 'arming_file = "arming.json"')
    said = firm("arm", "--until", str(datetime.now(UTC).date() + timedelta(9)), code=2).stderr
    assert "lies in the folder of dunning.toml and would be copied with it" in said
    assert not (firm.folder / "arming.json").exists()


def test_only_the_owner_may_read_an_arming(firm, inbox):
    live(firm)
    path = Runner.of(load(firm.folder / "dunning.toml")).guard.file.path
    assert {file.stat().st_mode & 0o777 for file in (path, path.with_name(path.name + ".key"))} == {0o600}
    assert "machine" in json.loads(path.read_text())


# -- the first run


def test_the_first_run_sends_nothing_and_the_second_nothing_old(firm, inbox):
    firm.arm()
    assert "look: safety: the first run sends nothing" in firm("run", code=1).stderr
    said = firm("run", "--send", code=1).stderr
    assert said == (
        "look: safety: the first run sends nothing: what is overdue today is taken as known (7 items) "
        "(to let them in: dunning baseline --release N, or --all)\n"
    )
    assert inbox.envelopes == []
    assert firm("run", "--send").stdout.splitlines()[-1] == "Run of 2026-11-21: 0 letters sent."
    assert "overdue before dunning began" in firm("explain", "ES-1").stdout


def test_what_becomes_overdue_after_the_first_run_is_dunned(firm, inbox):
    firm.arm()
    firm("run", "--send", code=1)
    firm("run", "--send", as_of="2026-12-05")  # HU-2 was due on 1 December
    assert set(inbox.take()) == {"szamlak@ontode.example"}


def test_the_oldest_are_let_in_first(firm, inbox):
    firm.arm()
    firm("run", "--send", code=1)
    said = firm("baseline", "--release", "1").stdout
    assert said == "Baseline of 2026-11-21: 7 items were overdue, 1 let in, 6 not dunned.\n"
    firm("run", "--send")
    assert set(inbox.take()) == {"pagos@ceramicas.example"}
    assert "7 let in, 0 not dunned" in firm("baseline", "--all").stdout
    firm("run", "--send")
    assert set(inbox.take()) == CUSTOMERS - {"pagos@ceramicas.example"}


def test_the_ramp_lets_some_in_on_each_day_of_sending(firm, inbox):
    safety(firm, "ramp_per_day = [1, 2]")
    firm.arm()
    firm("run", "--send", code=1)
    let_in = []
    for day in ("2026-11-21", "2026-11-22", "2026-11-22", "2026-11-25", "2026-11-26", "2026-11-27"):
        firm("run", "--send", as_of=day)
        let_in.append(firm("baseline").stdout.split(", ")[1])
    assert let_in == ["0 let in", "1 let in", "1 let in", "3 let in", "5 let in", "7 let in"]


def test_ten_thousand_old_items_are_adopted_and_let_in_by_the_ramp(firm, inbox):
    rows = [f"O{n},C4,O{n},invoice,2025-01-01,2025-02-01,HUF,100,100," for n in range(10_000)]
    text = (firm.folder / "items.csv").read_text("utf-8")
    firm.items(text + "\n".join(rows) + "\n")
    safety(firm, "ramp_per_day = [10, 50, 200]")
    firm.arm()
    assert "(10007 items)" in firm("run", "--send", code=1).stderr
    firm("run", "--send", as_of="2026-11-23")
    assert inbox.envelopes == [("szamlak@ontode.example",)]
    (event,) = [e for e in Runner.of(load(firm.folder / "dunning.toml")).history.events() if e.kind == "dispatched"]
    assert len(event.items) == 10


def test_a_baseline_is_not_recorded_twice(firm, inbox):
    assert "Baseline of 2026-11-21: 7 items were overdue" in firm("baseline").stdout
    assert "Baseline of 2026-11-21: 7 items were overdue" in firm("baseline", as_of="2026-12-30").stdout


# -- caps


def capped(firm, inbox, text):
    live(firm)
    safety(firm, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("messages_per_run = 3", "messages_per_run: 4 messages, at most 3 are allowed"),
        ("messages_per_day = 3", "messages_per_day: 4 messages on one day, at most 3 are allowed"),
        ("floor = 3", "customers_share: 4 of 5 customers who owe something, at most 25 % are allowed"),
        ("floor = 3\ncustomers_share = 79", "customers_share: 4 of 5 customers"),
        (
            "floor = 3\ncustomers_share = 80\namount_share = 66",
            "amount_share: 900 of 900 EUR that are open, at most 66 %",
        ),
        ("floor = 3\ncustomers_share = 80\namount_share = 100", ""),
        ("messages_per_run = 4\nmessages_per_day = 4\nfloor = 4", ""),
    ],
)
def test_over_a_cap_nothing_of_the_run_is_sent(firm, inbox, text, said):
    capped(firm, inbox, text)
    if not said:
        firm("run", "--send")
        assert set(inbox.take()) == CUSTOMERS
        return
    ran = firm("run", "--send", code=2)
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"error: safety: {said}")
    cap = said.split(":")[0]
    assert f"nothing was sent (if it is meant: --override {cap}" in line
    assert (inbox.envelopes, kinds(firm)) == ([], [])
    dry = firm("run", code=1)
    assert said in dry.stderr
    assert dry.stderr.startswith("look: safety: ")


def test_what_left_earlier_on_the_day_counts(firm, inbox):
    capped(firm, inbox, "messages_per_day = 7")
    firm("run", "--send")
    inbox.take()
    said = firm("run", "--send", as_of="2026-12-04", code=2).stderr
    assert "messages_per_day: 8 messages on one day, at most 7 are allowed" in said
    assert inbox.envelopes == []


def test_final_demands_have_a_cap_of_their_own(firm, inbox):
    capped(firm, inbox, "final_demands_per_run = 1")
    for day in ("2026-11-21", "2026-12-04"):
        firm("run", "--send", as_of=day)
    inbox.take()
    said = firm("run", "--send", as_of="2026-12-30", code=2).stderr
    assert "final_demands_per_run: 4 final demands, at most 1 are allowed" in said
    assert inbox.envelopes == []
    firm("run", "--send", "--override", "final_demands_per_run", "--because", "the board", as_of="2026-12-30")
    assert len(inbox.take()) == 4


def test_an_override_is_for_one_run_and_is_recorded(firm, inbox):
    capped(firm, inbox, "messages_per_run = 3")
    firm("run", "--send", "--override", "messages_per_run", "--because", "Christmas")
    assert set(inbox.take()) == CUSTOMERS
    ((cap, because, used),) = database(firm, "SELECT cap, because, used_us FROM dunning_override")
    assert (cap, because, used > 0) == ("messages_per_run", "Christmas", True)
    assert "messages_per_run" in firm("run", "--send", as_of="2026-12-04", code=2).stderr
    assert inbox.envelopes == []


def test_an_override_that_was_not_needed_waits_until_it_expires(firm, inbox):
    capped(firm, inbox, "messages_per_run = 4")
    firm("run", "--send", "--override", "messages_per_run", "--because", "Christmas")
    inbox.take()
    safety(firm, "messages_per_run = 3")
    firm("run", "--send", as_of="2026-12-04")
    assert len(inbox.take()) == 4


def test_an_override_that_expired_lets_nothing_through(firm, inbox):
    capped(firm, inbox, "messages_per_run = 3")
    guard = Runner.of(load(firm.folder / "dunning.toml")).guard
    guard.clock = lambda: datetime.now(UTC) - timedelta(hours=25)
    guard.allow(["messages_per_run"], "yesterday", "csilla")
    assert "messages_per_run" in firm("run", "--send", code=2).stderr
    assert inbox.envelopes == []


def test_an_override_of_one_cap_does_not_let_another_through(firm, inbox):
    capped(firm, inbox, "messages_per_run = 3\nmessages_per_day = 3")
    said = firm("run", "--send", "--override", "messages_per_run", "--because", "x", code=2).stderr
    assert "if it is meant: --override messages_per_day --because" in said
    assert inbox.envelopes == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--send", "--override", "messages_per_run"], "an override is recorded with its reason"),
        (["--send", "--override", "messages_per_run", "--because", "  "], "an override is recorded with its reason"),
        (["--override", "messages_per_run", "--because", "x"], "for a run that sends"),
        (["--send", "--override", "everything", "--because", "x"], "Invalid value for '--override'"),
    ],
)
def test_an_override_needs_a_cap_a_reason_and_a_run(firm, inbox, arguments, said):
    live(firm)
    assert said in firm("run", *arguments, code=2).stderr
    assert inbox.envelopes == []


def test_a_rehearsal_has_the_caps_of_the_real_thing(firm, inbox):
    safety(firm, "messages_per_run = 3")
    assert "messages_per_run" in firm("run", "--send", code=2).stderr
    assert not (firm.folder / "rehearsal").exists()


# -- the window


def test_outside_the_window_nothing_leaves(firm, inbox):
    live(firm)
    today = datetime.now(UTC).weekday()
    closed = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][(today + 3) % 7]
    safety(firm, f'time_zone = "UTC"\nweekdays = ["{closed}"]', "safety.window")
    said = firm("run", "--send", code=2).stderr
    assert "error: safety.window: letters leave only in the window; it opens on " in said
    assert "it opens on" in firm("run", code=1).stderr
    assert inbox.envelopes == []
    every = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    safety(firm, f'time_zone = "UTC"\nweekdays = {every}\nopens = 00:00:00\ncloses = 23:59:59.999999', "safety.window")
    firm("run", "--send")
    assert set(inbox.take()) == CUSTOMERS


def test_a_rehearsal_needs_no_window(firm, inbox):
    closed = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][(datetime.now(UTC).weekday() + 3) % 7]
    safety(firm, f'time_zone = "UTC"\nweekdays = ["{closed}"]', "safety.window")
    firm("run", "--send", code=1)
    assert len(list((firm.folder / "rehearsal").glob("*.eml"))) == 4


# -- the switch


def by_row(firm):
    value = json.dumps({"by": "x", "at": "y", "because": "z"})
    database(firm, f"UPDATE dunning_state SET value = '{value}' WHERE name = 'sending'")  # noqa: S608 - ours
    return "stopped by x on y: z"


def by_a_row_that_is_missing(firm):
    database(firm, "DELETE FROM dunning_state WHERE name = 'sending'")
    return "the switch in the history is missing"


def by_a_row_that_nobody_understands(firm):
    database(firm, "UPDATE dunning_state SET value = 'gO' WHERE name = 'sending'")
    return "the switch in the history cannot be read"


def by_an_empty_row(firm):
    database(firm, "UPDATE dunning_state SET value = '' WHERE name = 'sending'")
    return "the switch in the history cannot be read"


def by_a_table_without_its_columns(firm):
    database(firm, "ALTER TABLE dunning_state RENAME COLUMN value TO other")
    return "the database says: no such column"


def by_file(firm):
    (firm.folder / "STOP").write_text("fire in the\nserver room")
    return "STOP is there: fire in the server room"


def by_an_empty_file(firm):
    (firm.folder / "STOP").touch()
    return "STOP is there"


def by_a_file_of_bytes(firm):
    (firm.folder / "STOP").write_bytes(b"\xff\x00")
    return "STOP is there"


def by_a_folder_of_that_name(firm):
    (firm.folder / "STOP").mkdir()
    return "STOP is there"


def by_a_link_to_nowhere(firm):
    (firm.folder / "STOP").symlink_to(firm.folder / "nowhere")
    return "STOP is there"


def by_the_command(firm):
    firm("stop", "--because", "wrong prices", "--by", "csilla")
    return "STOP is there: wrong prices"


STOPS = [
    by_row, by_a_row_that_is_missing, by_a_row_that_nobody_understands, by_an_empty_row,
    by_a_table_without_its_columns, by_file, by_an_empty_file, by_a_file_of_bytes, by_a_folder_of_that_name,
    by_a_link_to_nowhere, by_the_command,
]  # fmt: skip


@pytest.mark.parametrize("stops", STOPS, ids=lambda case: case.__name__)
def test_a_stop_before_the_run(firm, inbox, stops):
    live(firm)
    firm("plan", "--json", firm.path("plan.json"))
    reason = stops(firm)
    for command in (["run", "--send"], ["send", firm.path("plan.json"), "--send"]):
        ran = firm(*command, code=2)
        assert reason in ran.stderr.splitlines()[-1]
    assert (inbox.envelopes, kinds(firm)) == ([], [])


@pytest.mark.parametrize("taken", [1, 2, 3])
@pytest.mark.parametrize("stops", STOPS, ids=lambda case: case.__name__)
def test_a_stop_between_two_letters(firm, inbox, stops, taken):
    live(firm)
    reasons = []
    inbox.arrived = lambda: reasons.append(stops(firm)) if len(inbox.envelopes) == taken else None
    ran = firm("run", "--send", code=1)
    assert len(inbox.envelopes) == taken
    assert kinds(firm) == ["dispatched", "accepted"] * taken
    assert ran.stderr.count("not sent, the next run tries again: sending is stopped") == 4 - taken
    assert reasons[0] in ran.stderr


def test_a_stop_holds_for_letters_into_a_folder_too(firm):
    firm("stop", "--because", "wrong prices")
    assert "sending is stopped" in firm("run", "--send", code=2).stderr
    assert firm.letters() == []
    assert "look: safety: sending is stopped" in firm("run", code=1).stderr
    assert "Sending is stopped: " in firm("armed", code=1).stdout
    assert "warning: safety: sending is stopped" in firm("check", code=0).stderr


def test_go_lets_letters_leave_again(firm, inbox):
    live(firm)
    firm("stop", "--because", "wrong prices")
    assert firm("go").stdout == "Letters may leave.\n"
    firm("run", "--send")
    assert set(inbox.take()) == CUSTOMERS


def test_go_mends_a_missing_row(firm, inbox):
    live(firm)
    by_a_row_that_is_missing(firm)
    firm("go")
    firm("run", "--send")
    assert set(inbox.take()) == CUSTOMERS


def test_where_nobody_can_look_for_the_file_it_stops(firm, inbox):
    live(firm)
    for place, said in (("nowhere/STOP", "is missing"), ("items.csv/STOP", "cannot be looked at")):
        safety(firm, f'stop_file = "{place}"')
        assert said in firm("run", "--send", code=2).stderr
    assert inbox.envelopes == []


def test_a_stop_without_a_database_still_stops(firm, inbox):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text + '[history]\nadapter = "sql"\nurl = "sqlite:///nowhere/dunning.db"\n')
    said = firm("stop", "--because", "the disk is broken")
    assert "look: only the file stops it: " in said.stderr
    assert (firm.folder / "STOP").exists()
    assert "error: history sqlite:///" in firm("go", code=2).stderr
    assert (firm.folder / "STOP").exists(), "what nobody can see stays stopped"


def test_a_stop_without_a_folder_to_write_to_still_stops(firm, inbox):
    live(firm)
    safety(firm, 'stop_file = "nowhere/STOP"')
    said = firm("stop", "--because", "wrong prices", "--by", "csilla")
    assert "could not be written" in said.stderr
    safety(firm, "")
    assert "stopped by csilla on " in firm("run", "--send", code=2).stderr


def test_what_cannot_be_stopped_says_so(firm, inbox):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text + '[history]\nadapter = "sql"\nurl = "sqlite:///nowhere/dunning.db"\n')
    safety(firm, 'stop_file = "nowhere/STOP"')
    assert "error: history sqlite:///" in firm("stop", "--because", "x", code=2).stderr


def test_a_stop_with_a_history_that_forgets_is_the_file(firm, inbox):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text + '[history]\nadapter = "memory"\n')
    firm("stop", "--because", "wrong prices")
    assert "STOP is there: wrong prices" in firm("run", "--send", code=2).stderr
    firm("go")
    assert not (firm.folder / "STOP").exists()
    safety(firm, 'stop_file = "nowhere/STOP"')
    assert "sending could not be stopped" in firm("stop", "--because", "x", code=2).stderr
