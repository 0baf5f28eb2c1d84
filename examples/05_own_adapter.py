"""An adapter of your own: a source for a web shop in 30 lines, and the kit that proves that it keeps every promise."""

import io
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import redirect_stdout
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.ports import Control
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Creditor, Customer, Ledger, OpenItem

ORDERS = Path(__file__).parent / "data" / "shop.json"


class ShopSource:
    """Open orders of a web shop that sells in EUR; buyers are known by their e-mail address."""

    can_recheck = False

    def __init__(self, path: Path) -> None:
        self.orders = json.loads(path.read_text("utf-8"))
        self.figures = Control(rows=0, read=0)

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:  # noqa: ARG002 - it knows today only
        """One ledger with everything, or with the chosen customers."""
        picked = [o for o in self.orders if customers is None or o["buyer"] in customers]
        people = {o["buyer"]: Customer(o["buyer"], o["name"], emails=(o["buyer"],)) for o in picked}
        items = [OpenItem(o["no"], o["buyer"], date.fromisoformat(o["due"]), Decimal(o["open"]), "EUR") for o in picked]
        if customers is None:  # counted from the rows, not from what they became
            balances = {"EUR": sum(Decimal(o["open"]) for o in self.orders)}
            self.figures = Control(rows=len(self.orders), read=len(self.orders), balances=balances)
        yield Ledger(creditor, people, tuple(items))

    def control(self) -> Control:
        """The figures of the last full read."""
        return self.figures

    def note(self, contacts: Iterable[object]) -> None:
        """The shop keeps no contact log."""


class TestShop(SourceConformance):
    """What every source must keep, tried on what `make` returns."""

    def make(self, tmp_path: Path) -> ShopSource:  # noqa: ARG002 - for sources that are files of the test's own
        """A source with at least two customers."""
        return ShopSource(ORDERS)


if __name__ == "__main__":
    with redirect_stdout(io.StringIO()) as said:
        failed = pytest.main(["-p", "no:cacheprovider", __file__])
    print(said.getvalue() if failed else "every promise of a source is kept")
    (ledger,) = ShopSource(ORDERS).read(Creditor("shop", "Atelier Brașov S.R.L.", "RO"), date(2026, 11, 20))
    print(*(f"{item.id} {item.balance} {item.currency} {item.customer}" for item in ledger.items), sep="\n")
