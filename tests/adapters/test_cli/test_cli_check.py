"""Whatever could fail tonight is found, all of it at once."""

import socket
from datetime import date
from decimal import Decimal

import pytest

from dunning_adapters.cli.examine import Ports, books_agree
from dunning_adapters.cli.findings import Findings
from dunning_adapters.memory import MemorySource
from dunning_adapters.plugins import Plugins
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Customer, Ledger, OpenItem
from dunning_core.render import Templates


def findings(firm, code=1):
    return firm("check", code=code).stderr.splitlines()


def add(firm, text):
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + text)


def change(firm, old, new):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    assert old in text
    firm.settings(text.replace(old, new))


def test_books_in_order_have_no_error(firm):
    checked = firm("check")
    assert checked.stdout.splitlines() == [
        "ok: policies: standard",
        "ok: history: it answers and is empty",
        "ok: transport: folder answers",
        "ok: source: 9 items of 5 customers, 4 letters on 2026-11-21",
        "ok: templates: notice, demand, final_demand in es, hu, pl, ro",
        "0 errors, 1 warning. Nothing was sent.",
    ]
    assert checked.stderr == (
        "warning: source: 1 customer has no usable address: C5 Pokój i Spółka; they go to the call list\n"
    )
    assert firm.letters() == []


def test_accounts_that_no_payment_code_can_name(firm):
    add(firm, "[templates]\npayment_codes = true\n")
    firm("check")
    change(firm, "HU93116000060000000012345676", "HU93116000060000000012345677")
    assert (
        "error: creditor.accounts, EUR: payment code: the check digits of 'HU93116000060000000012345677' are wrong "
        "(compare it with the bank's)"
    ) in findings(firm)


def test_everything_wrong_is_listed_at_once(firm):
    change(firm, 'email = "penzugy@levente.example"', 'email = ""')
    change(firm, '  { currency = "RON", number = "RO49AAAA1B31007593840000" },\n', "")
    add(
        firm,
        '[history]\nadapter = "sqll"\n[transport]\nadapter = "smtp"\nhost = "mail.levente.example"\n'
        '[run]\napprove = ["demnd"]\n[templates]\nfolder = "nowhere"\n[senders.levels.7]\nsender = "creditor"\n'
        '[report]\nmail_to = ["no address"]\n'
        '[policies.p]\nlevels = [{name = "notice", when = [{days = 3}]}]\nrepeat_after_days = 9\n',
    )
    found = findings(firm)
    for wanted in (
        "warning: policies.p.repeat_after_days: has no effect",
        "error: run.approve: there is no level 'demnd' (levels are notice)",
        "warning: senders.levels.7: no policy has a level 7",
        "error: creditor.email: it is empty",
        "error: report.mail_to: ",
        "error: history.adapter: there is no history named 'sqll' (did you mean 'sql'?)",
        "error: transport",
        "error: templates: ",
        "error: creditor.accounts: there is none in RON, so 2 open items cannot be asked for",
        "error: letter to C2 Cerámicas Ibáñez S.L.: ",
        "warning: source: 1 customer has no usable address",
    ):
        assert any(line.startswith(wanted) for line in found), (wanted, found)


@pytest.mark.parametrize("levels", ['"all"', "[]"])
def test_a_page_of_ones_own_that_the_fast_way_does_not_print(firm, levels):
    own = firm.folder / "own"
    own.mkdir()
    stock = Templates.stock().texts["letter.html.j2"]
    (own / "letter.html.j2").write_text(stock, "utf-8")
    add(firm, f'[templates]\nfolder = "own"\n[pdf]\nengine = "fast"\nlevels = {levels}\n')
    warning = 'warning: pdf: engine = "fast" does not print your letter.html.j2: it has a page of its own'
    assert warning not in findings(firm, code=0)  # it is as good as the stock one
    (own / "letter.html.j2").write_text(stock.replace("<body", "<body id='ours'"), "utf-8")
    assert (warning in findings(firm, code=0)) == (levels != "[]")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[creditor]\nname = ", "error: dunning.toml: Invalid value"),
        ('[creditor]\nnome = "x"\n', "error: dunning.toml: creditor.nome: there is no such field"),
        ("", "error: dunning.toml: the table [creditor] is missing"),
    ],
)
def test_settings_that_cannot_be_read_are_the_only_finding(firm, text, wanted):
    firm.settings(text)
    (found,) = findings(firm)
    assert found.startswith(wanted)


def test_every_table_that_is_wrong_is_named(firm):
    change(firm, 'name = "Levente', 'nome = "Levente')
    add(
        firm,
        '[run]\nchannel = ["email"]\nbatch = 0\n[report]\nfolders = "x"\n[policies.a]\nlevels = []\n'
        '[policies.b]\npreset = "standart"\n[polices]\nx = 1\n',
    )
    found = findings(firm)
    for wanted in (
        "error: dunning.toml: creditor.nome: there is no such field",
        "error: dunning.toml: run.batch: ",
        "error: dunning.toml: run.channel: there is no such field",
        "error: dunning.toml: report.folders: there is no such field",
        "error: dunning.toml: policies.a",
        "error: dunning.toml: policies.b",
        "error: dunning.toml: polices: there is no such field",
    ):
        assert len([line for line in found if line.startswith(wanted)]) == 1, (wanted, found)
    assert len(found) == 7


@pytest.mark.parametrize(
    "text", ["policies = 1\n[creditor]\nname = 'x'\ncountry = 'RO'\n", "creditor = 1\n", "[creditor]\nname = 'x'\n"]
)
def test_tables_that_are_none_are_named_once(firm, text):
    firm.settings(text + ("" if "creditor = 1" in text else "[source]\nadapter = 'files'\n"))
    assert len(findings(firm)) == 1


def test_a_plugin_that_is_not_there(firm):
    add(firm, '[plugins]\nmodules = ["no_such_module_anywhere"]\n')
    (found,) = findings(firm)
    assert found.startswith("error: plugin no_such_module_anywhere: cannot be loaded")


def test_a_mail_server_that_does_not_answer(firm):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening
        port = taken.getsockname()[1]
        add(
            firm,
            '[transport]\nadapter = "smtp"\nhost = "127.0.0.1"\nsecurity = "none"\ndomain = "a.example"\n'
            f"port = {port}\n",
        )
        (error, rehearsal, _) = sorted(findings(firm))
    assert "127.0.0.1" in error
    assert rehearsal.startswith("warning: safety: letters go to ")


def test_a_history_that_cannot_be_opened_hides_nothing_else(firm):
    add(firm, '[history]\nadapter = "sql"\nurl = "sqlite:///nowhere/dunning.db"\n')
    found = findings(firm)
    assert any(line.startswith("error: history sqlite") for line in found)
    assert any("no usable address" in line for line in found)


def test_a_source_that_cannot_be_trusted(firm):
    change(firm, 'customers = "customers.csv"', 'customers = "customers.csv"\nexpect_rows = 12')
    (found,) = findings(firm)
    assert found.startswith("error: ")
    assert "12" in found


def test_stale_payments_and_a_channel_that_nobody_carries(firm):
    add(firm, '[run]\npayments_max_age_days = 3\nchannels = ["email", "letter"]\n')
    found = findings(firm)
    assert "error: run.channels: 'letter' is wanted, but the transport carries only 'email'" in found
    assert any("the source does not say how new payments are" in line for line in found)


def test_rows_that_are_rejected_items_of_nobody_and_languages_that_nobody_writes(firm):
    firm.items(
        "id,customer,number,issue_date,due_date,currency,amount,balance\n"
        "A,C1,A,2026-10-01,2026-10-31,RON,100.00,100.00\n"
        "B,C9,B,2026-10-01,2026-10-31,RON,100.00,100.00\n"
        "C,C1,C,2026-10-01,2026-13-31,RON,100.00,100.00\n"
    )
    firm.customers("id,name,country,language,kind,email\nC1,Fabrika d.o.o.,HR,hr,business,a@fabrika.example\n")
    found = findings(firm, code=0)
    assert any("items.csv" in line and "2026-13-31" in line for line in found)
    assert any("an item's customer is not among them: 'C9'" in line for line in found)
    assert "warning: templates: there is nothing in 'hr', so customers who read it get letters in 'hu'" in found


def test_an_empty_source_is_worth_a_word(firm):
    firm.items("id,customer,number,due_date,currency,amount,balance\n")
    firm.customers("id,name,country,language,kind,email\n")
    assert "warning: source: there is no open item in it" in findings(firm, code=0)


def test_a_broken_template_of_ours_is_tried_in_every_language(firm):
    folder = firm.folder / "wording" / "ro"
    folder.mkdir(parents=True)
    (folder / "demand.j2").write_text("{% block title %}{{ nobody }}{% endblock %}", "utf-8")
    add(firm, '[templates]\nfolder = "wording"\n')
    found = findings(firm)
    assert any(line.startswith("error: templates: ro/demand.j2") for line in found)


def test_a_level_without_wording(firm):
    add(firm, '[policies.own]\nlevels = [{name = "threat", when = [{days = 90}]}]\n')
    found = findings(firm)
    assert any("level 'threat' has no wording" in line for line in found)


def test_no_accounts_at_all(firm):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    start, end = text.index("accounts"), text.index("[source]")
    firm.settings(text[:start] + text[end:])
    assert "error: creditor.accounts: there is none, so no letter can say where to pay" in findings(firm)


def test_letters_in_doubt_are_remembered(firm):
    history = Runner.of(load(firm.folder / "dunning.toml")).history
    history.append([Event(EventKind.DISPATCHED, date(2026, 11, 20), "C1", key="k", items=(("RO-1", 1),), level=1)])
    assert "warning: history: 1 letter is in doubt; see dunning history" in findings(firm, code=0)


def test_many_customers_without_address_are_counted(firm):
    rows = "".join(f"X{n},Firma {n},RO,ro,business,\n" for n in range(5))
    firm.customers("id,name,country,language,kind,email\n" + rows)
    firm.items("id,customer,due_date,currency,balance\n" + "".join(f"I{n},X{n},2026-11-01,RON,5\n" for n in range(5)))
    wanted = "5 customers have no usable address: X0 Firma 0, X1 Firma 1, X2 Firma 2 and 2 more"
    assert any(wanted in line for line in findings(firm, code=0))


def test_what_init_writes_can_be_loaded(firm, tmp_path):
    (tmp_path / "dunning.toml").unlink()
    said = firm("init").stdout
    assert said.endswith("then: dunning check\n")
    settings = load(tmp_path / "dunning.toml")
    assert (settings.creditor.name, settings.source.adapter, settings.transport.adapter) == (
        "Example SRL", "files", "folder",
    )  # fmt: skip
    before = (tmp_path / "dunning.toml").read_bytes()
    assert "it is there already and is not overwritten" in firm("init", code=2).stderr
    assert (tmp_path / "dunning.toml").read_bytes() == before
    rows = (firm.folder / "items.csv").read_text("utf-8").splitlines(keepends=True)
    firm.items("".join(row for row in rows if row.startswith(("id", "RO"))))
    assert firm("check").stdout.endswith("0 errors, 1 warning. Nothing was sent.\n")


def test_items_that_a_source_lets_through_without_customer_or_currency(firm):
    settings = load(firm.folder / "dunning.toml")
    customers = {"C1": Customer("C1", "Țesătoria Brașov SRL", "RO", emails=("a@tesatoria.example",))}
    items = (
        OpenItem("A", "C9", date(2026, 10, 1), Decimal(5), "RON"),
        OpenItem("B", "C1", date(2026, 10, 1), Decimal(5), "LEI"),
    )
    ports = Ports(Plugins(), Templates.stock(), MemorySource(Ledger(settings.creditor, customers, items)))
    found = Findings()
    books_agree(ports.runner(settings, lambda *told: None), date(2026, 11, 21), found)
    assert [(finding.kind, finding.text) for finding in found.found] == [
        ("error", "creditor.accounts: there is none in LEI, so 1 open item cannot be asked for"),
        ("warning", "source: 1 item of customers that it does not describe; they get no letter"),
        ("warning", "source: 1 item whose facts cannot be used; see dunning plan"),
    ]


def test_a_wording_of_ours_that_threatens_or_asks_for_a_fee_is_told(firm):
    wording = Templates.stock().texts["pl/demand.j2"]
    told = wording.replace(
        "{% block closing %}", "{% block closing %}\nZawiadomimy policję; opłata za wezwanie 50 zł.\n"
    )
    (firm.folder / "wording" / "pl").mkdir(parents=True)
    (firm.folder / "wording" / "pl" / "demand.j2").write_text(told, encoding="utf-8")
    add(firm, '[templates]\nfolder = "wording"\n')
    found = [line for line in findings(firm) if line.startswith("error: templates")]
    where = told[: told.index("policję")].count("\n") + 1
    fee = f"error: templates: pl/demand.j2:{where}: it asks for a fee that no statute gives: 'opłata za' ("
    threat = (
        f"error: templates: pl/demand.j2:{where}: it threatens with what an unpaid bill does not lead to: 'policj' ("
    )
    assert sorted(line.partition("(")[0] + "(" for line in found) == [fee, threat]
