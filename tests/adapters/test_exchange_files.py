"""Exchange rates as the banks publish them are read to the last digit; anything else is refused."""

from datetime import date
from decimal import Decimal

import pytest

from dunning_adapters.exchange import exchange
from dunning_core.errors import LawError, SourceError

DAY = date(2026, 3, 31)
NBP_DAY = """<?xml version="1.0" encoding="UTF-8"?>
<tabela_kursow typ="A" uid="26a062">
  <numer_tabeli>062/A/NBP/2026</numer_tabeli>
  <data_publikacji>2026-03-31</data_publikacji>
  <pozycja><nazwa_waluty>dolar amerykański</nazwa_waluty><przelicznik>1</przelicznik>
    <kod_waluty>USD</kod_waluty><kurs_sredni>3,7012</kurs_sredni></pozycja>
  <pozycja><nazwa_waluty>euro</nazwa_waluty><przelicznik>1</przelicznik>
    <kod_waluty>EUR</kod_waluty><kurs_sredni>4,2567</kurs_sredni></pozycja>
</tabela_kursow>"""
NBP_TABLE = """<ArrayOfExchangeRatesTable><ExchangeRatesTable><Table>A</Table><No>062/A/NBP/2026</No>
<EffectiveDate>2026-03-31</EffectiveDate><Rates>
<Rate><Currency>dolar</Currency><Code>USD</Code><Mid>3.7012</Mid></Rate>
<Rate><Currency>euro</Currency><Code>EUR</Code><Mid>4.2567</Mid></Rate>
</Rates></ExchangeRatesTable></ArrayOfExchangeRatesTable>"""
NBP_SERIES = """<ExchangeRatesSeries><Table>A</Table><Currency>euro</Currency><Code>EUR</Code><Rates>
<Rate><No>062/A/NBP/2026</No><EffectiveDate>2026-03-31</EffectiveDate><Mid>4.2567</Mid></Rate>
</Rates></ExchangeRatesSeries>"""
NBP_JSON = """{"table":"A","currency":"euro","code":"EUR","rates":[
{"no":"062/A/NBP/2026","effectiveDate":"2026-03-31","mid":4.2567}]}"""
NBP_TABLES = """[{"table":"A","no":"062/A/NBP/2026","effectiveDate":"2026-03-31","rates":[
{"currency":"dolar","code":"USD","mid":3.7012},{"currency":"euro","code":"EUR","mid":4.2567}]}]"""
NBP_ARCHIVE = """data;1THB;1USD;1EUR;100HUF;nr tabeli;pełny numer tabeli
;bat (Tajlandia);dolar amerykański;euro;forint (Węgry);;
20260331;0,1151;3,7012;4,2567;1,0612;062;062/A/NBP/2026
;;;;;;
kod ISO;THB;USD;EUR;HUF;;
"""
NBP_SAYS = ("PLN", "4.2567", "NBP table 062/A/NBP/2026 of 2026-03-31")
BNR = """<?xml version="1.0" encoding="utf-8"?>
<DataSet xmlns="http://www.bnr.ro/xsd"><Header><Publisher>National Bank of Romania</Publisher></Header>
<Body><Subject>Reference rates</Subject><OrigCurrency>RON</OrigCurrency>
<Cube date="2026-03-31"><Rate currency="HUF" multiplier="100">1.3085</Rate><Rate currency="EUR">5.0912</Rate></Cube>
</Body></DataSet>"""
MNB = """<MNBExchangeRates><Day date="2026-03-31"><Rate curr="USD" unit="1">338,11</Rate>
<Rate curr="EUR" unit="1">389,07</Rate></Day></MNBExchangeRates>"""
ECB = """<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><gesmes:subject>Reference rates</gesmes:subject>
<Cube><Cube time="2026-03-31"><Cube currency="PLN" rate="4.2567"/><Cube currency="HUF" rate="389.07"/></Cube></Cube>
</gesmes:Envelope>"""
ECB_HISTORY = "Date,USD,PLN,HUF,CYP,\n2026-03-31,1.1501,4.2567,389.07,N/A,\n"
TABLE = "date,currency,rate,source\n2026-03-31,PLN,4.2567,our bank\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NBP_DAY, NBP_SAYS),
        (NBP_TABLE, NBP_SAYS),
        (NBP_SERIES, NBP_SAYS),
        (NBP_JSON, NBP_SAYS),
        (NBP_TABLES, NBP_SAYS),
        (NBP_ARCHIVE, NBP_SAYS),
        (BNR, ("RON", "5.0912", "BNR of 2026-03-31")),
        (MNB, ("HUF", "389.07", "MNB of 2026-03-31")),
        (MNB.replace("MNBExchangeRates", "MNBCurrentExchangeRates"), ("HUF", "389.07", "MNB of 2026-03-31")),
        (ECB, ("HUF", "389.07", "ECB of 2026-03-31")),
        (ECB_HISTORY, ("PLN", "4.2567", "ECB of 2026-03-31")),
        (TABLE, ("PLN", "4.2567", "our bank")),
        ("\ufeff" + TABLE, ("PLN", "4.2567", "our bank")),
    ],
)  # fmt: skip
def test_a_published_file_is_read(tmp_path, text, expected):
    file = tmp_path / "rates"
    file.write_text(text, "utf-8")
    currency, rate, source = expected
    found = exchange([file]).rate(currency, DAY)
    assert (found.rate, found.source, found.on) == (Decimal(rate), source, DAY)


def test_the_archive_comes_in_a_code_page(tmp_path):
    file = tmp_path / "archiwum_tab_a_2026.csv"
    file.write_bytes(NBP_ARCHIVE.encode("cp1250"))
    assert exchange([file]).rate("PLN", DAY).rate == Decimal("4.2567")


def test_a_rate_for_several_units_is_one_for_a_euro(tmp_path):
    file = tmp_path / "mnb.xml"
    file.write_text(MNB.replace('curr="EUR" unit="1">389,07', 'curr="EUR" unit="100">38907'), "utf-8")
    assert exchange([file]).rate("HUF", DAY).rate == Decimal("389.07")
    file.write_text(BNR.replace('currency="EUR">5.0912', 'currency="EUR" multiplier="100">509.12'), "utf-8")
    assert exchange([file]).rate("RON", DAY).rate == Decimal("5.0912")


def test_files_are_put_together(tmp_path):
    for name, text in (("a", BNR), ("b", MNB)):
        (tmp_path / name).write_text(text, "utf-8")
    table = exchange([tmp_path / "a", tmp_path / "b"])
    assert (table.rate("RON", DAY).rate, table.rate("HUF", DAY).rate) == (Decimal("5.0912"), Decimal("389.07"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no exchange rate of the euro in it"),
        ("hello", "there is no exchange rate of the euro in it"),
        ("a,b\n1,2\n", "KeyError: 'currency'"),
        ("<a", "ParseError"),
        ("<html></html>", "<html> is no file of NBP, BNR, MNB or ECB"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><DataSet>&b;</DataSet>', "a bank's file has no document type"),
        ("{", "JSONDecodeError"),
        ('{"code": "EUR", "rates": 3}', "TypeError"),
        ('{"code": "USD", "rates": []}', "there is no exchange rate of the euro in it"),
        (NBP_SERIES.replace("EUR", "USD"), "there is no exchange rate of the euro in it"),
        (TABLE.replace("4.2567", "four"), "'four' is no exchange rate"),
        (TABLE.replace("2026-03-31", "31.03.2026"), "ValueError"),
        (BNR.replace('currency="EUR">', 'currency="EUR" multiplier="0">'), "DivisionByZero"),
        (NBP_DAY.replace("4,2567", ""), "'' is no exchange rate"),
        (NBP_ARCHIVE.replace("1EUR", "EUR"), "ValueError"),
    ],
)
def test_what_is_no_file_of_rates_is_refused_in_one_line(tmp_path, text, message):
    file = tmp_path / "rates"
    file.write_text(text, "utf-8")
    with pytest.raises(SourceError) as raised:
        exchange([file])
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.where == str(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        exchange([tmp_path / "none"])


def test_files_that_disagree_are_refused(tmp_path):
    for name, rate in (("a", "4.2567"), ("b", "4.2568")):
        (tmp_path / name).write_text(TABLE.replace("4.2567", rate), "utf-8")
    with pytest.raises(LawError, match="exchange rate PLN of 2026-03-31: there are two"):
        exchange([tmp_path / "a", tmp_path / "b"])


def test_a_table_without_a_source_is_refused(tmp_path):
    (tmp_path / "a").write_text("date,currency,rate,source\n2026-03-31,PLN,4.2567\n", "utf-8")
    with pytest.raises(LawError, match="it has no source"):
        exchange([tmp_path / "a"])
