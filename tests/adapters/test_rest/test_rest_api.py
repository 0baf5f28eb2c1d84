"""What any service may answer instead of what was asked for, each in one line; amounts are exact."""

import shutil
import socket
import ssl
import subprocess
import threading
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from dunning_adapters.endpoint import Endpoint
from dunning_adapters.rest import Api, Gathered, Missing, Refused, RestSource, Unusable, cells
from dunning_adapters.wire import Wire
from dunning_core.errors import ConfigError, SourceError
from dunning_core.ledger import Creditor

KEY = {"Authorization": "Basic c2VjcmV0OnNlY3JldA=="}


class Anything:
    """Answers what it is told, and keeps what it was asked."""

    prefix = ""

    def __init__(self):
        self.replies, self.asked, self.strangers = [], [], []

    def answer(self, asked):
        self.asked.append(asked)
        return self.replies.pop(0)


@pytest.fixture
def anything(serve):
    return serve(Anything())


@pytest.fixture
def api(anything):
    pauses = []
    wire = Wire("Shop", anything.url, 5, pauses.append, pauses=(1.0, 5.0), largest=3_000_000)
    made = Api(wire, "see the key", "see the rights")
    anything.pauses = pauses
    yield made
    wire.close()


def test_amounts_are_exact(api, anything, reply):
    anything.replies = [reply(raw=b'{"a": 0.1, "b": 12345678901234567.89, "c": 1e-2, "d": 7}')]
    assert api.get("/x", KEY) == {
        "a": Decimal("0.1"), "b": Decimal("12345678901234567.89"), "c": Decimal("0.01"), "d": 7,
    }  # fmt: skip


def test_questions_are_written_as_they_must(api, anything, reply):
    anything.replies = [reply(json=[]), reply(204)]
    assert api.get("/x", KEY, **{"$filter": "Name eq 'Łódź & Sons'", "$top": 5}) == []
    assert anything.asked[0].query == {"$filter": "Name eq 'Łódź & Sons'", "$top": "5"}
    assert anything.asked[0].headers["authorization"] == KEY["Authorization"]
    assert api.get("/x", KEY) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"raw": b'{"a": NaN}'}, "/x answers no JSON: NaN is no amount"),
        ({"raw": b'{"a": -Infinity}'}, "/x answers no JSON: -Infinity is no amount"),
        ({"raw": b'{"a": [1, 2'}, "/x answers no JSON"),
        ({"raw": b"[" * 100_000}, "/x answers no JSON"),
        ({"raw": b"\xff\xfe\x00"}, "/x answers no JSON"),
        ({"raw": b""}, "/x answers no JSON"),
        ({"raw": b"<html><title>Bejelentkez\xc3\xa9s</title>", "headers": {"Content-Type": "text/html"}},
         "/x answers text/html in the place of JSON: <html><title>Bejelentkezés</title>"),
        ({"status": 302, "headers": {"Location": "/login"}, "raw": b"moved"}, "/x: HTTP 302: moved"),
        ({"status": 400, "json": {"error": "bad"}}, "/x: HTTP 400"),
        ({"status": 403, "json": {}}, r"the key may not read /x: {} \(see the rights\)"),
        ({"status": 500, "raw": b"Server Error"}, r"/x: HTTP 500: Server Error \(run again later\)"),
        ({"status": 429, "json": {}, "headers": {"Retry-After": "9999"}},
         "no more requests are allowed, and none before 9999 seconds are over"),
    ],
)  # fmt: skip
def test_what_is_no_answer(api, anything, reply, answer, said):
    anything.replies = [reply(**answer)]
    with pytest.raises(SourceError, match=f"^Shop at 127.0.0.1: {said}"):
        api.get("/x", KEY)
    assert not anything.pauses


def test_json_of_another_name(api, anything, reply):
    anything.replies = [reply(json=1, headers={"Content-Type": "application/hal+json"})]
    assert api.get("/x", KEY) == 1


@pytest.mark.parametrize(("status", "kind"), [(401, Refused), (404, Missing)])
def test_faults_that_a_source_can_answer_for(api, anything, reply, status, kind):
    anything.replies = [reply(status, {})]
    with pytest.raises(kind):
        api.get("/x", KEY)


def test_a_key_that_is_echoed_is_not_shown(api, anything, reply):
    token = KEY["Authorization"].split()[1]
    anything.replies = [reply(401, {"message": f"{KEY['Authorization']} or {token} is wrong"})]
    with pytest.raises(Refused) as caught:
        api.get("/x", KEY)
    assert token not in str(caught.value)
    assert "*** or *** is wrong" in str(caught.value)
    assert token not in repr(api)


def test_reading_is_tried_again_and_not_for_ever(api, anything, reply):
    anything.replies = [reply(0), reply(raw=b"[1", cut=True), reply(json=[1])]
    assert api.get("/x", KEY) == [1]
    assert anything.pauses == [1.0, 5.0]
    anything.replies = [reply(0)] * 3
    with pytest.raises(SourceError, match="no answer"):
        api.get("/x", KEY)
    anything.replies = [reply(503, {}, headers={"Retry-After": "soon"})] * 3
    with pytest.raises(SourceError, match="HTTP 503"):
        api.get("/x", KEY)
    assert anything.pauses[-2:] == [1.0, 5.0]


def test_an_answer_that_is_cut_off_is_no_answer(api, anything, reply):
    anything.replies = [reply(raw=b"[1, 2]", cut=True)] * 3
    with pytest.raises(SourceError, match="no answer: IncompleteRead"):
        api.get("/x", KEY)


def test_an_answer_may_not_fill_the_memory(api, anything, reply):
    anything.replies = [reply(raw=b" " * 3_000_001)] * 3
    with pytest.raises(SourceError, match="longer than 3000000 bytes"):
        api.get("/x", KEY)
    anything.replies = [reply(raw=b"[" + b" " * 2_999_998 + b"]")]
    assert api.get("/x", KEY) == []


def test_one_connection_serves_many_questions(api, anything, reply):
    anything.replies = [reply(json=1), reply(json=2)]
    assert api.get("/x", KEY) == 1
    first = api.wire._connection
    assert api.get("/x", KEY) == 2
    assert api.wire._connection is first


def test_an_answer_without_a_length_is_read_to_its_end():
    pieces = [b"5\r\n[1, 2\r\n", b"1\r\n]\r\n", b"0\r\n\r\n"]
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(chunked + b"".join(pieces))

        thread = threading.Thread(target=answer)
        thread.start()
        wire = Wire("Shop", f"http://127.0.0.1:{server.getsockname()[1]}", 5, pauses=())
        assert Api(wire, "", "").get("/x", {}) == [1, 2]
        wire.close()
        thread.join()


def test_a_certificate_nobody_vouches_for_gets_no_key(tmp_path):
    program = shutil.which("openssl")
    assert program, "these tests make their certificates with the program openssl"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"]
    subprocess.run([program, *made, *names], cwd=tmp_path, check=True, capture_output=True)  # noqa: S603 - words are ours
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake():
            line, _ = server.accept()
            with line:
                try:
                    context.wrap_socket(line, server_side=True).close()
                except OSError:
                    return

        thread = threading.Thread(target=shake)
        thread.start()
        wire = Wire("Shop", f"https://localhost:{server.getsockname()[1]}", 5, pauses=())
        with pytest.raises(SourceError, match=r"no connection: .*CERTIFICATE_VERIFY_FAILED"):
            wire.get("/x", KEY)
        thread.join()


# -- where, and the key


class Place(Endpoint):
    url: str = "https://shop.example.com"


@pytest.mark.parametrize(
    "given", [{"url": "http://shop.example.com"}, {"key": "a"}, {"key_env": ""}, {"url": "ftp://x"}, {"other": 1}]
)
def test_places_that_cannot_be_meant(given):
    with pytest.raises(ValidationError):
        Place.model_validate({"key_env": "SHOP_KEY", **given})


@pytest.mark.parametrize("key", ["two words", "złoty", "line\n", "\x7f"])
def test_a_key_that_cannot_travel_is_not_shown(monkeypatch, key):
    with pytest.raises(ConfigError, match=r"^source.key: it holds a space or a letter") as caught:
        Place(key=key).secret()
    assert key not in str(caught.value)
    monkeypatch.setenv("SHOP_KEY", "good")
    assert Place(key_env="SHOP_KEY").secret() == "good"
    assert "good" not in repr(Place(key="good"))


# -- values


@pytest.mark.parametrize(
    ("value", "amount"),
    [(7, "7"), (Decimal("-0.5"), "-0.5"), ("2031.0000", "2031"), ("-12", "-12"), (0, "0"), (Decimal("0E-20"), "0")],
)
def test_amounts(value, amount):
    assert cells.amount({"a": value}, "a") == Decimal(amount)


@pytest.mark.parametrize(
    "value",
    [None, True, "", "1,5", "1e5", " 1", "٣", [], {}, Decimal("1E+999999"), Decimal("1E-999999"), 10**40, "1" * 20],
)
def test_what_is_no_amount(value):
    with pytest.raises(Unusable, match="a is no amount"):
        cells.amount({"a": value}, "a")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-11-30", date(2026, 11, 30)), ("2026-11-30T00:00:00", date(2026, 11, 30)),
        ("2026-11-30 00:00:00.000", date(2026, 11, 30)), ("2026-11-30T00:00", date(2026, 11, 30)),
        ("2026-11-30T22:15:00", date(2026, 11, 30)), ("2026-11-30T00:00:00+01:00", date(2026, 11, 30)),
        ("2026-11-30T00:00:00Z", date(2026, 11, 30)),
        ("0000-00-00", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_days(value, day):
    assert cells.day({"a": value}, "a") == day


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-30T22:00:00Z",
        "2026-11-30T23:00:00+00:00",
        "2026-11-30T22",
        "30.11.2026",
        "2026-11-31",
        20261130,
        ["2026-11-30"],
        True,
    ],
)
def test_what_is_no_day(value):
    with pytest.raises(Unusable, match="a is no date"):
        cells.day({"a": value}, "a")


def test_texts_and_numbers():
    assert cells.text({"a": " Łódź "}, "a") == "Łódź"
    assert cells.text({"a": "O\u030b"}, "a") == "\u0150"
    assert cells.text({}, "a") == ""
    assert cells.number({"a": "0042"}, "a") == 42
    for value in (0, -1, True, "4 2", "٤", 1.5, None, 10**19):
        with pytest.raises(Unusable):
            cells.number({"a": value}, "a")
    assert cells.shown(Decimal("2031.0000"), "EUR") == Decimal("2031.00")
    assert str(cells.shown(Decimal("0.005"), "EUR")) == "0.005", "finer than the currency: the plan will say so"


def test_a_row_that_gets_lost_leaves_a_difference():
    class Lossy(RestSource):
        def gather(self, as_of, chosen):
            gathered = Gathered()
            gathered.announce("EUR", Decimal(5))
            return gathered

    source = Lossy()
    (ledger,) = source.read(Creditor("us", "Us", "HU"), date(2026, 11, 21))
    assert (len(ledger.items), source.control().read, source.control().balances) == (0, 1, {"EUR": Decimal(5)})
    assert source.note([]) is None
