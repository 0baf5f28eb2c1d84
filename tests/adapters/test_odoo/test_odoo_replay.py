"""The client against every recorded exchange: it asks in the same words, and understands what was answered."""

import json
from decimal import Decimal
from itertools import pairwise

import pytest

from dunning_adapters.odoo.client import Client
from dunning_adapters.odoo.faults import MissingRight
from dunning_core.errors import SourceError

VERSIONS = [16, 18]


def as_sent(value):
    return json.loads(json.dumps(value, default=float))


@pytest.fixture
def client_for(start, settings_for):
    """A client that says it is the user of a recorded request."""

    def made(version, login=(None, 6, "<API_KEY>")):
        odoo = start(version)
        client = Client(settings_for(odoo))
        client.version = version
        _, client.uid, client._key = login
        return odoo, client

    return made


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_call_is_sent_in_the_same_words_and_understood(version, client_for, exchanges):
    odoo, client = client_for(version)
    said = []
    for exchange in exchanges(version):
        params = exchange["request"].get("params") if isinstance(exchange["request"], dict) else None
        if exchange["path"] != "/jsonrpc" or not params or params.get("service") != "object" or len(params["args"]) < 7:
            continue
        _, client.uid, client._key, *call = params["args"]
        answer = exchange["response"]
        if "error" in answer:
            with pytest.raises(SourceError) as caught:
                client.execute(*call)
            message = str(caught.value)
            assert "\n" not in message
            assert client._key not in message
            right = answer["error"]["data"]["name"] == "odoo.exceptions.AccessError"
            assert isinstance(caught.value, MissingRight) == right
        else:
            assert as_sent(client.execute(*call)) == answer["result"]
        said.append(exchange["step"])
    client.wire.close()
    assert len(said) > 120
    assert not odoo.log, "every answer was a recorded one"


@pytest.mark.parametrize("version", VERSIONS)
def test_logging_in_asks_as_it_was_recorded(version, client_for):
    odoo, client = client_for(version)
    client.open()
    client.wire.close()
    assert (client.version, client.uid, odoo.log) == (version, 6, [])


@pytest.mark.parametrize("version", VERSIONS)
def test_amounts_are_exact(version, client_for, exchanges):
    _, client = client_for(version)
    (totals,) = [exchange for exchange in exchanges(version) if exchange["step"] == "totals read_group PL"]
    *_, model, method, arguments, named = totals["request"]["params"]["args"]
    amounts = [group["amount_residual_currency"] for group in client.execute(model, method, arguments, named)]
    client.wire.close()
    assert amounts
    assert all(isinstance(amount, Decimal) for amount in amounts)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_source_asks_its_pages_as_they_were_recorded(version, start, source_of, as_of, exchanges):
    """The same domain, order and context as the recorded pages; only the list of fields is a shorter one."""
    odoo = start(version)
    source_of(odoo).read(None, as_of).__next__()
    asked = [(arguments, named) for model, method, arguments, named in odoo.log
             if model == "account.move.line" and method in {"search", "search_read"}]  # fmt: skip
    pages = [exchange["request"]["params"]["args"][5:] for exchange in exchanges(version)
             if exchange["step"].startswith("open_lines PL page")]  # fmt: skip
    assert len(pages) == 3
    for ((domain, fields), named), (arguments, said) in zip(pages, asked, strict=False):
        assert arguments[0] == domain
        assert {name: value for name, value in said.items() if name != "load"} == named
        assert version < 18 or set(arguments[1]) <= {*fields, "account_type", "parent_state"}


@pytest.mark.parametrize("version", VERSIONS)
def test_pages_follow_each_other_by_id(version, start, source_of, as_of):
    odoo = start(version)
    list(source_of(odoo, page=7).read(None, as_of))
    domains = [
        arguments[0]
        for model, method, arguments, _ in odoo.log
        if model == "account.move.line" and method in {"search", "search_read"}
    ]
    last = [domain[-1][2] for domain in domains if domain[-1][0] == "id"]
    assert last[0] == 0
    assert all(before < after for before, after in pairwise(last))


def test_a_request_that_was_never_recorded_is_a_stranger_shown_with_its_difference(start, settings_for):
    odoo = start(18)
    client = Client(settings_for(odoo))
    client.open()
    with pytest.raises(SourceError, match="HTTP 500"):
        client.execute("account.move", "write", [[1], {"ref": "y"}])
    client.wire.close()
    (stranger,) = odoo.strangers
    assert '-    "ref": "x"' in stranger or '+    "ref": "y"' in stranger or '"y"' in stranger
    odoo.strangers.clear()


def test_the_stand_in_refuses_what_16_refuses(start, settings_for):
    odoo = start(16)
    client = Client(settings_for(odoo))
    client.open()
    with pytest.raises(SourceError, match=r"builtins\.TypeError"):
        client.execute("account.move.line", "search_read", [[["id", ">", 5]], ["id"]], {"load": None})
    with pytest.raises(SourceError, match=r"builtins\.ValueError"):
        client.execute("account.move.line", "search", [[["payment_date", "=", False]]])
    client.context = {"allowed_company_ids": [4]}
    with pytest.raises(MissingRight):
        client.rows("account.move.line", [["id", ">", 5]], ["id"])
    client.wire.close()
