"""A strict Odoo: it answers what real servers of version 16 and 18 answered, word for word, to what they were asked.

What they were not asked in these very words is computed from what they answered: records are gathered out of the
recorded rows, and of two companies whose invoices were not recorded, out of the ground truth. Models, fields, domains
and keywords are held to what was recorded; anything else is a stranger, and a test that made one fails with the
difference to the nearest recorded request.
"""

from __future__ import annotations

import difflib
import json
import operator
from datetime import date
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from dunning_adapters.odoo import OdooSettings, OdooSource

DATA = Path(__file__).resolve().parents[2] / "data" / "odoo"
ACCESS = "odoo.exceptions.AccessError"
COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
    "in": lambda value, among: value in among,
}
KEYWORDS = {
    "search": {"offset", "limit", "order", "context"},
    "search_read": {"offset", "limit", "order", "context", "load"},
    "read": {"load", "context"},
    "fields_get": {"allfields", "attributes", "context"},
    "read_group": {"lazy", "context"},
    "formatted_read_group": {"domain", "groupby", "aggregates", "context"},
    "context_get": {"context"},
    "message_post": {
        "body", "body_is_html", "subject", "message_id", "message_type", "subtype_xmlid", "context",
    },
    "load": {"context"},
}  # fmt: skip
NOT_RECORDED_FIELDS = {  # of models whose fields nobody asked for: what every Odoo has
    "res.users": {"id", "name", "login", "email", "company_ids", "company_id", "lang", "tz"},
    "res.currency": {"id", "name", "active", "rate", "decimal_places", "rounding", "symbol"},
    "account.journal": {"id", "name", "type", "code", "company_id", "currency_id", "bank_account_id"},
    "res.company": {"id", "name", "currency_id", "partner_id", "country_id", "vat", "email"},
    "res.country": {"id", "name", "code"},
    "mail.message": {"id", "message_id", "model", "res_id", "body", "subject"},
    "mail.activity": {"id"},
}


class Fault(Exception):  # noqa: N818 - what the server answers with
    def __init__(self, name, message):
        super().__init__(message)
        self.name, self.message = name, message


def words(request):
    """What a request says, without its number."""
    said = {key: value for key, value in request.items() if key != "id"} if isinstance(request, dict) else request
    return json.dumps(said, sort_keys=True, ensure_ascii=False)


@cache
def recorded(version):
    """What was asked and answered, in order."""
    return [json.loads(line) for line in (DATA / f"exchanges_{version}.jsonl").read_text("utf-8").splitlines()]


@cache
def truth(version):
    """What is truly open, from the database itself."""
    return json.loads((DATA / f"truth_{version}.json").read_text("utf-8"))


def call_of(exchange):
    """Model, method, arguments and keywords of a recorded call, or None."""
    request = exchange["request"]
    params = request.get("params") if isinstance(request, dict) else None
    if exchange["path"] != "/jsonrpc" or not params or params.get("service") != "object" or len(params["args"]) < 7:
        return None
    return params["args"][3:]


class Odoo:
    """The records, the users and the answers of one server."""

    def __init__(self, version, speaks=None):
        self.data_of, self.version = version, speaks or version
        self.exact = {}
        for exchange in recorded(version):
            self.exact.setdefault(words(exchange["request"]), []).append(exchange)
        self.database = f"o{version}"
        self.users = {
            2: ("admin", "<ADMIN_PASSWORD>", {2, 3, 4, 5}, {"read", "invoicing", "contacts"}),
            6: ("dunning_bot", "<API_KEY>", {2, 3}, {"read"}),
            7: ("dunning_invoicing", "<API_KEY_INVOICING>", {2, 3}, {"read", "invoicing"}),
            8: ("plain_user", "<PASSWORD_PLAIN_USER>", {2, 3}, set()),
        }
        self.log, self.strangers, self.notes, self.trouble = [], [], [], []
        self.fields = {model: set(names) for model, names in NOT_RECORDED_FIELDS.items()}
        self.definitions = {}
        self.tables = {model: {} for model in NOT_RECORDED_FIELDS}
        self._gather()
        self._complete()

    refused = Fault

    # -- records

    def _gather(self):
        for exchange in recorded(self.data_of):
            call = call_of(exchange)
            result = exchange["response"].get("result") if isinstance(exchange["response"], dict) else None
            if call is None or result is None or exchange["step"].startswith("error"):
                continue
            model, method, arguments, _ = call
            if method == "fields_get":
                self.definitions.setdefault(model, {}).update(
                    {name: {**self.definitions.get(model, {}).get(name, {}), **spec} for name, spec in result.items()}
                )
                self.fields.setdefault(model, set()).update(result)
            elif method in {"read", "search_read"} and not model.startswith("mail."):
                given = {}
                if method == "search_read":
                    leaves = [leaf for leaf in arguments[0] if isinstance(leaf, list)]
                    given = {name: value for name, how, value in leaves if how == "=" and "." not in name}
                for row in result:
                    self._keep(model, {**given, **row})

    def _keep(self, model, row):
        plain = {}
        for name, value in row.items():
            pair = isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)
            plain[name] = value[0] if pair else value
            if pair and name in {"journal_id", "currency_id", "invoice_user_id"}:
                other = {"journal_id": "account.journal", "currency_id": "res.currency"}.get(name, "res.users")
                self.tables[other].setdefault(value[0], {"id": value[0], "name": value[1]})
        self.tables.setdefault(model, {}).setdefault(row["id"], {}).update(plain)

    def _complete(self):
        """What was recorded of two companies only, for the other two, and what nobody asked."""
        facts = truth(self.data_of)
        lines = self.tables["account.move.line"]
        for line in lines.values():
            journal = self.tables["account.journal"][line["journal_id"]]
            journal.setdefault("type", "bank" if journal["name"] == "Bank" else "sale")
            journal.setdefault("company_id", line["company_id"])
        for company in facts["companies"]:
            self.tables["res.company"].setdefault(company["id"], company)
        for items in facts["items"].values():
            for item in items:
                self._from_truth(item, lines)
        for payment in facts["payments"]:
            codes = {row["name"]: id_ for id_, row in self.tables["res.currency"].items()}
            row = {**payment, "amount": float(payment["amount"]), "currency_id": codes[payment["currency"]]}
            row |= {"partner_type": "customer", "move_id": False}
            self.tables["account.payment"].setdefault(payment["id"], {}).update(
                {name: value for name, value in row.items() if name in self.fields["account.payment"]}
            )
        for id_, (login, _, companies, _) in self.users.items():
            row = self.tables["res.users"].setdefault(id_, {"name": login})
            row.update(id=id_, login=login, company_ids=sorted(companies, reverse=True))
        for currency in self.tables["res.currency"].values():
            currency.update(rate=1.0, active=True)
            if currency["name"] == "EUR":  # "converted 6868.43 PLN -> 1591.86 EUR at the company's rate"
                currency["rate"] = 1591.86 / 6868.43

    def _from_truth(self, item, lines):
        moves, partners = self.tables["account.move"], self.tables["res.partner"]
        id_, partner = item["move_id"], item.get("partner_id", False)
        contact = item.get("document_contact") or {"id": partner}
        if id_ not in moves and item["line_id"] in lines:
            amounts = [row for row in lines.values() if row["move_id"] == id_]
            kinds = {"invoice": "out_invoice", "credit": "out_refund"}
            moves[id_] = dict.fromkeys(self.fields["account.move"], False) | {
                "id": id_, "name": item["number"], "move_type": kinds.get(item["kind"], "entry"), "state": "posted",
                "payment_state": item["payment_state"], "invoice_date": item.get("invoice_date", False),
                "date": item["date"], "partner_id": contact["id"], "company_id": amounts[0]["company_id"],
                "amount_total": abs(sum(row["amount_currency"] for row in amounts)),
                "amount_residual": abs(sum(row["amount_residual_currency"] for row in amounts)),
            }  # fmt: skip
        known = [
            {"id": partner, "name": item.get("partner_name"), "email": item.get("partner_email", False),
             "lang": item.get("partner_lang", False), "active": item.get("partner_active", True),
             "type": "contact", "is_company": True, "commercial_partner_id": partner}
        ]  # fmt: skip
        for other in (contact, item.get("invoice_contact") or {}):
            if other.get("id") and other["id"] != partner:
                kind = other.get("type", "invoice")
                known.append({**other, "type": kind, "active": True, "commercial_partner_id": partner})
        for row in known:
            if row["id"] and row["id"] not in partners:
                empty = dict.fromkeys(self.fields["res.partner"], False)
                partners[row["id"]] = empty | {name: value or False for name, value in row.items()}

    # -- domains

    def _values(self, model, row, path):
        name, _, rest = path.partition(".")
        if name not in self.fields[model]:
            raise Fault("builtins.ValueError", f"Invalid field {model}.{name} in leaf")
        if name not in row:
            raise AssertionError(f"{model}.{name} was never recorded")
        value = row[name]
        if not rest:
            return [value]
        other = self.definitions[model][name]["relation"]
        ids = value if isinstance(value, list) else [value] if value else []
        return [
            one
            for id_ in ids
            if id_ in self.tables[other]
            for one in self._values(other, self.tables[other][id_], rest)
        ]

    def _holds(self, model, row, leaf):
        path, how, wanted = leaf
        if how not in COMPARE:
            raise Fault("builtins.ValueError", f"Invalid leaf {leaf}")
        found = self._values(model, row, path)
        if wanted is False and how == "=":
            return not any(found)
        return any((not isinstance(value, bool) or how in "=in") and COMPARE[how](value, wanted) for value in found)

    def _fits(self, model, row, domain):
        stack = []
        for term in reversed(domain):
            if term == "|":
                stack.append(any([stack.pop(), stack.pop()]))
            elif term == "&":
                stack.append(all([stack.pop(), stack.pop()]))
            elif not isinstance(term, list):
                raise Fault("builtins.TypeError", "'int' object is not subscriptable")
            else:
                stack.append(self._holds(model, row, term))
        return all(stack)

    # -- methods

    def search(self, user, model, domain, *, offset=0, limit=None, order="id", context=None):
        companies = self._companies(user, context)
        rows = [row for row in self.tables[model].values() if self._may_see(model, row, companies)]
        if (context or {}).get("active_test") is not False:
            rows = [row for row in rows if row.get("active", True)]
        rows = [row for row in rows if self._fits(model, row, domain)]
        for part in reversed(order.split(",")):
            name, _, way = part.strip().partition(" ")
            self._values(model, {name: 0}, name)
            rows.sort(key=lambda row, name=name: row[name], reverse=way == "desc")
        return [row["id"] for row in rows[offset:][:limit]]

    def search_read(self, user, model, domain, fields, *, load="_classic_read", context=None, **limits):
        return self.read(
            user, model, self.search(user, model, domain, context=context, **limits), fields, load, context
        )

    def read(self, user, model, ids, fields, load="_classic_read", context=None):
        companies = self._companies(user, context)
        found = []
        for id_ in ids:
            row = self.tables[model].get(id_)
            if row is None:
                continue
            if not self._may_see(model, row, companies):
                raise Fault(ACCESS, "Due to security restrictions, you are not allowed to access this")
            found.append({"id": id_, **{name: self._shown(model, row, name, load) for name in fields}})
        return found

    def _shown(self, model, row, name, load):
        if name not in self.fields[model]:
            raise Fault("builtins.ValueError", f"Invalid field {name!r} on model {model!r}")
        value = row.get(name, False)
        relation = self.definitions.get(model, {}).get(name, {}).get("type") == "many2one"
        return [value, f"record {value}"] if relation and value and load else value

    def fields_get(self, user, model, *, allfields=None, attributes=None, context=None):
        known = self.definitions[model]
        names = known if allfields is None else [name for name in allfields if name in known]
        return {name: {key: value for key, value in known[name].items() if key in attributes} for name in names}

    def read_group(self, user, model, domain, fields, groupby, *, lazy=True, context=None):
        ids = self.search(user, model, domain, context=context)
        groups = {}
        for row in (self.tables[model][id_] for id_ in ids):
            groups.setdefault(row[groupby[0]], []).append(row)
        name = fields[0].partition(":")[0]
        return [
            {groupby[0]: [key, str(key)], "__count": len(rows), name: sum(row[name] for row in rows)}
            for key, rows in sorted(groups.items())
        ]

    def formatted_read_group(self, user, model, *, domain, groupby, aggregates, context=None):
        groups = self.read_group(user, model, domain, aggregates, groupby, lazy=False, context=context)
        return [
            {(f"{name}:sum" if name.startswith("amount") else name): value for name, value in group.items()}
            for group in groups
        ]

    def context_get(self, user, model, *, context=None):
        return {"lang": "en_US", "tz": False, "uid": user}

    def message_post(self, user, model, ids, *, context=None, **values):
        if model == "res.partner" and "contacts" not in self.users[user][3]:
            raise Fault(ACCESS, "You are not allowed to modify 'Contact' (res.partner) records.")
        (id_,) = ids
        if id_ not in self.tables[model]:
            raise Fault("odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        known = self.tables["mail.message"]
        new = max(known, default=5000) + 1
        known[new] = {"id": new, "model": model, "res_id": id_, "context": context, **values}
        self.notes.append(known[new])
        return new

    def load(self, user, model, columns, rows, *, context=None):
        (row,) = rows
        values = dict(zip(columns, row, strict=True))
        if "invoicing" not in self.users[user][3]:
            refused = "You are not allowed to modify 'Journal Entry' (account.move) records.\n\nAsk for it."
            return {"ids": False, "messages": [{"type": "error", "message": refused}], "nextrow": 0}
        known = self.tables["mail.activity"]
        same = [id_ for id_, activity in known.items() if activity["xmlid"] == values["id"]]
        new = same[0] if same else max(known, default=40) + 1
        known[new] = {**values, "id": new, "xmlid": values["id"], "context": context}
        return {"ids": [new], "messages": [], "nextrow": 0}

    # -- rights

    def _companies(self, user, context):
        allowed = (context or {}).get("allowed_company_ids")
        if allowed is not None and not set(allowed) <= self.users[user][2]:
            raise Fault(ACCESS, "Access to unauthorized or invalid companies.")
        return set(allowed or self.users[user][2])

    @staticmethod
    def _may_see(model, row, companies):
        return not model.startswith("account.") or row.get("company_id") in companies

    def call(self, user, model, method, arguments, named):
        self.log.append((model, method, arguments, named))
        if model not in self.fields or method not in KEYWORDS:
            raise LookupError(f"{model}.{method} was never recorded")
        unknown = set(named) - KEYWORDS[method]
        broken = self.data_of == 16 and (model, method) == ("account.move.line", "search_read") and "load" in named
        if unknown or broken:
            name = "load" if broken else min(unknown)
            raise Fault("builtins.TypeError", f"{method}() got an unexpected keyword argument {name!r}")
        if model.startswith("account.") and "read" not in self.users[user][3]:
            raise Fault(ACCESS, f"You are not allowed to access {model}.\n\nAsk.")
        for trouble in list(self.trouble):
            trouble(model, method, arguments, named)
        return getattr(self, method)(user, model, *arguments, **named)

    # -- the wire

    def answer(self, path, request, headers):
        """Status and body for a request."""
        same = self.exact.get(words(request), [])
        known = same.pop(0) if len(same) > 1 else same[0] if same else None  # asked twice, answered in turn
        try:
            if known is not None and known["path"] == path and self.version < 19:
                response = known["response"]
                return known["status"], {**response, "id": request["id"]} if "id" in response else response
            if path.startswith("/json/2/") and self.version >= 19:
                return 200, self._json_2(path, dict(request), headers)
            if path == "/web/webclient/version_info":
                return 200, {"result": {"server_version_info": [self.version, 0, 0, "final", 0, ""]}}
            if path == "/jsonrpc" and self.version < 19:
                return 200, {"jsonrpc": "2.0", "id": request["id"], "result": self._rpc(request["params"])}
        except Fault as fault:
            data = {"name": fault.name, "message": fault.message}
            if self.version >= 19:
                return 401 if "Unauthorized" in fault.name else 403, data
            return 200, {"jsonrpc": "2.0", "id": request["id"], "error": {"code": 200, "message": "no", "data": data}}
        except Dropped:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a request that nobody recorded
            self.strangers.append(f"{error!r}\n{self._difference(request)}")
            return 500, {"stranger": repr(error)}
        return 404, "no such page"

    def _rpc(self, params):
        if params["method"] == "version":
            return {"server_version_info": [self.version, 0, 0, "final", 0, ""]}
        if params["service"] == "common":
            database, login, key, _ = params["args"]
            if database != self.database:
                raise Fault("psycopg2.OperationalError", f'database "{database}" does not exist\n')
            return next((id_ for id_, user in self.users.items() if user[:2] == (login, key)), False)
        database, user, key, model, method, arguments, named = params["args"]
        if database != self.database or self.users[user][1] != key:
            raise Fault("odoo.exceptions.AccessDenied", "Access Denied")
        return self.call(user, model, method, arguments, named)

    def _json_2(self, path, named, headers):
        key = headers["Authorization"].removeprefix("bearer ")
        assert headers["X-Odoo-Database"] == self.database
        user = next((id_ for id_, user in self.users.items() if user[1] == key), None)
        if user is None:
            raise Fault("werkzeug.exceptions.Unauthorized", "Invalid apikey")
        model, method = path.split("/")[3:]
        names = {"load": ["fields", "data"], "read": ["ids", "fields"], "message_post": ["ids"]}
        names |= {"search_read": ["domain", "fields"], "search": ["domain"]}
        return self.call(user, model, method, [named.pop(name) for name in names.get(method, [])], named)

    def _difference(self, request):
        said = words(request)
        known = [words(exchange["request"]) for exchange in recorded(self.data_of)]
        (near,) = difflib.get_close_matches(said[:400], [text[:400] for text in known], 1, 0)
        whole = next(text for text in known if text.startswith(near))
        before, after = (json.dumps(json.loads(text), indent=1, ensure_ascii=False) for text in (whole, said))
        return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "recorded", "asked", n=1))


class Dropped(Exception):  # noqa: N818 - what happened
    """The connection is cut; `after` the work was done or before."""


def handler(odoo):
    """Puts each request before a server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                status, answer = odoo.answer(self.path, json.loads(body), self.headers)
            except Dropped:
                self.close_connection = True
                return
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture
def start(listening):
    """Start a server: start(18) or start(18, speaks=19). At the end nobody may have asked what was never recorded."""
    opened = []

    def started(version, speaks=None):
        odoo = Odoo(version, speaks)
        context = listening(handler(odoo))
        odoo.url = context.__enter__()
        opened.append((odoo, context))
        return odoo

    yield started
    for _, context in opened:
        context.__exit__(None, None, None)
    strangers = [stranger for odoo, _ in opened for stranger in odoo.strangers]
    assert not strangers, "\n\n".join(strangers)


@pytest.fixture(params=[16, 18])
def odoo(request, start):
    return start(request.param)


@pytest.fixture
def odoo_18(start):
    return start(18)


def settings_of(odoo, company=2, user=None, **given):
    login, key, *_ = odoo.users[user or (6 if company in {2, 3} else 2)]
    given = {"page": 25, **given}
    return OdooSettings(url=odoo.url, database=odoo.database, login=login, key=key, company=company, **given)


@pytest.fixture
def source_of():
    def made(odoo, company=2, user=None, **given):
        return OdooSource(settings_of(odoo, company, user, **given))

    return made


@pytest.fixture
def settings_for():
    return settings_of


@pytest.fixture
def truth_of():
    return truth


@pytest.fixture
def exchanges():
    return recorded


@pytest.fixture
def dropped():
    return Dropped


@pytest.fixture
def as_of():
    return date(2026, 11, 21)
