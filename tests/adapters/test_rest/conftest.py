"""Strict services on a port of this machine: a wrong path, parameter, header or key is a stranger and fails the test.

They answer in the documented formats. `trouble` are functions that see each request first and may answer in its place.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

import pytest

from dunning_core.ledger import Creditor


@dataclass
class Asked:
    method: str
    path: str
    query: dict
    headers: dict
    body: str


@dataclass
class Reply:
    status: int = 200
    json: object = None
    raw: bytes | None = None
    headers: dict = field(default_factory=dict)
    cut: bool = False  # announce more than comes

    @property
    def bytes(self):
        return self.raw if self.raw is not None else json.dumps(self.json, ensure_ascii=False).encode()


class Stranger(Exception):  # noqa: N818 - what it is
    """A request that the documentation does not know."""


def only(asked, *names, needed=()):
    if set(asked.query) - set(names) or set(needed) - set(asked.query):
        raise Stranger(f"{asked.path} with {asked.query}")


class Service:
    """What all fakes have. A subclass gives `reply`."""

    prefix = ""

    def __init__(self):
        self.asked, self.strangers, self.trouble = [], [], []
        self.url = ""

    def answer(self, asked):
        self.asked.append(asked)
        try:
            for trouble in list(self.trouble):
                reply = trouble(asked)
                if reply is not None:
                    return reply
            return self.reply(asked, self._path(asked))
        except Stranger as stranger:
            self.strangers.append(str(stranger))
            return Reply(500, {"stranger": str(stranger)})

    def _path(self, asked):
        if not asked.path.startswith(self.prefix) or asked.headers.get("accept") != "application/json":
            raise Stranger(f"{asked.path} {asked.headers}")
        return asked.path.removeprefix(self.prefix)

    def once(self, path, reply, after=0):
        """Answer the request to `path` that comes after some others once in another way."""
        left = [after]

        def trouble(asked):
            if asked.path.endswith(path):
                left[0] -= 1
                if left[0] == -1:
                    return reply
            return None

        self.trouble.append(trouble)


def handler(service):
    """Puts each request before a service."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def _any(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
            reply = service.answer(Asked(self.command, parts.path, query, headers, body))
            if reply.status == 0:  # hang up without a word
                self.close_connection = True
                return
            content = b"" if reply.status == 204 else reply.bytes
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) + (50 if reply.cut else 0)))
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = self.close_connection or reply.cut

        def do_GET(self):
            self._any()

        def do_POST(self):
            self._any()

        def log_message(self, *args):
            pass

    return Handler


@pytest.fixture
def serve(listening):
    """Start a service; at the end nobody may have asked what is not documented, or written anything."""
    opened = []

    def started(service):
        context = listening(handler(service))
        service.url = context.__enter__() + service.prefix
        opened.append((service, context))
        return service

    yield started
    for _, context in opened:
        context.__exit__(None, None, None)
    for service, _ in opened:
        assert not service.strangers
        assert all(asked.method == "GET" or asked.path.endswith("/token") for asked in service.asked)


class Billingo(Service):
    """Documents by payment status, the newest first; pages count from 1 (OpenAPI document 3.0.15)."""

    prefix = "/v3"
    STATUSES = ("expired", "none", "outstanding", "paid", "partially_paid")

    def __init__(self, key="billingo-key-0123456789"):
        super().__init__()
        self.key, self.documents, self.payments, self.partners = key, [], {}, []
        self.organization = {"tax_code": "23456789-2-41", "has_nav_connection": True}

    def reply(self, asked, path):
        if asked.headers.get("x-api-key") != self.key:
            return Reply(401, {"error": {"message": f"The key {asked.headers.get('x-api-key')} is not valid."}})
        match path.strip("/").split("/"):
            case ["organization"]:
                only(asked)
                return Reply(json=self.organization)
            case ["documents"]:
                only(asked, "page", "per_page", "payment_status", needed=("page", "per_page"))
                status = asked.query.get("payment_status")
                if status not in {None, *self.STATUSES}:
                    raise Stranger(f"payment_status {status}")
                rows = [row for row in self.documents if status is None or row["payment_status"] == status]
                return self._page(asked, sorted(rows, key=lambda row: -row["id"]))
            case ["documents", id_]:
                only(asked)
                return self._one(self.documents, id_)
            case ["documents", id_, "payments"]:
                only(asked)
                return Reply(json=self.payments.get(int(id_), []))
            case ["partners"]:
                only(asked, "page", "per_page", needed=("page", "per_page"))
                return self._page(asked, self.partners)
            case ["partners", id_]:
                only(asked)
                return self._one(self.partners, id_)
        raise Stranger(asked.path)

    def _one(self, rows, id_):
        found = [row for row in rows if row["id"] == int(id_)]
        return Reply(json=found[0]) if found else Reply(404, {"error": {"message": "Not found"}})

    def _page(self, asked, rows):
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        if page < 1 or not 1 <= size <= 100:
            raise Stranger(f"page {page} of {size}")
        last = max(1, -(-len(rows) // size))
        body = {"data": rows[(page - 1) * size : page * size], "total": len(rows), "per_page": size}
        body |= {"current_page": page, "last_page": last, "prev_page_url": None, "next_page_url": None}
        return Reply(json=body)


class ErpXt(Service):
    """Lists with $filter, $orderby and $top; tokens of 10 minutes (help pages of ERP XT, API 1.4)."""

    prefix = "/api2/public"

    def __init__(self):
        super().__init__()
        self.client, self.secret = "Rg+9hk1UF5", "c2VjcmV0LXh0"
        self.now, self.tokens, self.most = 0.0, {}, 1000
        self.lists = {"/v1.4/paymentdetails": [], "/v1.2/customers": []}
        for name in ("invoices", "advanceinvoices", "profitmargininvoices", "correctiveinvoices"):
            self.lists[f"/v1.4/{name}"] = []

    def clock(self):
        return self.now

    def reply(self, asked, path):
        if path == "/token":
            return self._token(asked)
        if self.tokens.get(asked.headers.get("authorization", "").removeprefix("Bearer "), -1) <= self.now:
            return Reply(401, {"Message": "Authorization has been denied for this request."})
        if path not in self.lists or asked.method != "GET":
            raise Stranger(asked.path)
        only(asked, "$filter", "$orderby", "$top", needed=("$filter", "$orderby", "$top"))
        key = "PaymentId" if path.endswith("/paymentdetails") else "Id"
        name, how, above = asked.query["$filter"].split(" ")
        by, way = asked.query["$orderby"].split(" ")
        if (name, how, by) != (key, "gt", key) or way not in {"asc", "desc"}:
            raise Stranger(str(asked.query))
        rows = sorted((row for row in self.lists[path] if row[key] > int(above)), key=lambda row: row[key])
        rows = (rows[::-1] if way == "desc" else rows)[: min(int(asked.query["$top"]), self.most)]
        return Reply(json=rows) if rows else Reply(204)

    def _token(self, asked):
        kind = asked.headers.get("content-type")
        if asked.method != "POST" or asked.body != "grant_type=client_credentials" or "urlencoded" not in kind:
            raise Stranger(f"{asked.method} {asked.body}")
        how, _, pair = asked.headers["authorization"].partition(" ")
        if how != "Basic":
            raise Stranger(how)
        if b64decode(pair).decode() != f"{self.client}:{self.secret}":
            return Reply(400, {"error": "invalid_client"})
        token = f"token-{len(self.tokens) + 1}"
        self.tokens[token] = self.now + 600
        return Reply(json={"access_token": token, "token_type": "bearer", "expires_in": 600})


class MiniCrm(Service):
    """Invoices, the last modified first, a hundred a page; pages count from 0 (manual of integrations)."""

    def __init__(self):
        super().__init__()
        self.system, self.key, self.size = "12345", "minicrm-key-abc", 100
        self.invoices, self.details, self.cards, self.contacts = [], {}, {}, {}

    def reply(self, asked, path):
        how, _, pair = asked.headers.get("authorization", "").partition(" ")
        if how != "Basic":
            raise Stranger(how)
        if b64decode(pair).decode() != f"{self.system}:{self.key}":
            return Reply(401, raw=b"Unauthorized", headers={"Content-Type": "text/html"})
        match path.strip("/").split("/"):
            case ["Api", "Invoice", "List"]:
                only(asked, "Page", needed=("Page",))
                start = int(asked.query["Page"]) * self.size
                rows = self.invoices[start : start + self.size]
                results = {str(row["Id"]): row for row in rows} or []
                return Reply(json={"Count": len(self.invoices), "Results": results})
            case ["Api", "Invoice", id_]:
                return self._one(asked, self.details, id_)
            case ["Api", "R3", "Project", id_]:
                return self._one(asked, self.cards, id_)
            case ["Api", "R3", "Contact", id_]:
                return self._one(asked, self.contacts, id_)
        raise Stranger(asked.path)

    def _one(self, asked, rows, id_):
        only(asked)
        return Reply(json=rows[int(id_)]) if int(id_) in rows else Reply(404, {"Message": "Not Found"})


@pytest.fixture
def read():
    """What a source reads, of everybody or of some customers, as one ledger."""

    def one(source, customers=None):
        (ledger,) = source.read(Creditor("us", "Levente Szerszám Kft.", "HU"), date(2026, 11, 21), customers)
        return ledger

    return one


@pytest.fixture
def balances():
    """What is open, by item."""
    return lambda ledger: {item.id: (item.balance, item.currency) for item in ledger.items}


@pytest.fixture
def reply() -> Callable[..., Reply]:
    return Reply


@pytest.fixture
def billingo(serve):
    return serve(Billingo())


@pytest.fixture
def erpxt(serve):
    return serve(ErpXt())


@pytest.fixture
def minicrm(serve):
    return serve(MiniCrm())


SETTINGS = """
[creditor]
name = "Levente Szerszám Kft."
country = "HU"
language = "hu"
email = "penzugy@levente.example"
accounts = [
  {{ currency = "HUF", number = "HU42117730161111101800000000" }},
  {{ currency = "EUR", number = "HU93116000060000000012345676" }},
  {{ currency = "PLN", number = "PL61109010140000071219812874" }},
]
[source]
adapter = "{adapter}"
url = "{url}"
key_env = "DUNNING_REST_KEY"
{more}
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The command line with a settings file for a service: program(service, "billingo", 'more = 1')("check")."""
    from click.testing import CliRunner

    from dunning_adapters.cli.app import dunning

    def made(service, adapter, key, more=""):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DUNNING_REST_KEY", key)
        text = SETTINGS.format(adapter=adapter, url=service.url, more=more)
        (tmp_path / "dunning.toml").write_text(text, "utf-8")

        def ran(*arguments):
            return CliRunner().invoke(dunning, [*arguments, "--as-of", "2026-11-21"], catch_exceptions=False)

        return ran

    return made
