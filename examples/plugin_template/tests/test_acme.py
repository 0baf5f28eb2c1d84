from pathlib import Path

import pytest
from dunning_adapters.plugins import Plugins
from dunning_adapters.testing import SourceConformance
from dunning_core.errors import SourceError

from dunning_acme import AcmeSource, dunning_eligible

ORDERS = Path(__file__).parent / "orders.jsonl"


class TestAcme(SourceConformance):
    """Everything that a source promises."""

    def make(self, tmp_path):
        return AcmeSource(ORDERS)


def test_a_bad_order_is_told_with_its_line_and_the_others_are_read():
    source = AcmeSource(ORDERS)
    (ledger,) = source.read(TestAcme.creditor, TestAcme.as_of)
    assert [item.id for item in ledger.items] == ["A-1001", "A-1002", "A-1003", "TRIAL-7"]
    assert [problem.where for problem in ledger.problems] == ["orders.jsonl, line 5"]
    assert source.control().rejected == 1


def test_a_file_that_is_not_there_stops_everything(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        list(AcmeSource(tmp_path / "none.jsonl").read(TestAcme.creditor, TestAcme.as_of))


def test_trial_orders_are_vetoed():
    (ledger,) = AcmeSource(ORDERS).read(TestAcme.creditor, TestAcme.as_of)
    assert [item.id for item in ledger.items if dunning_eligible(item)] == ["TRIAL-7"]


def test_the_installed_package_announces_itself():
    assert ("source", "acme") in {(adapter.port, adapter.name) for adapter in Plugins().adapters()}
